//! How long an attempt may take.

use std::time::Duration;

use store_pg::Limit;

/// What attempts took lately, and the limits that follow: the slower the machine, the longer they are.
pub(super) struct Limits {
    usual: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self { usual: SHORTEST / ROOM }
    }
}

impl Limits {
    /// The limits at a step. Each step gives twice the time of the one before.
    ///
    /// Who waits for a lock needs no processor, so that limit does not follow the machine.
    pub(super) fn at(&self, step: u32) -> Limit {
        let first = (self.usual * ROOM).clamp(SHORTEST, LONGEST_FIRST);
        let grown = |first| 2_u32.checked_pow(step).map_or(LONGEST, |times| first * times);
        Limit { statement: grown(first).min(LONGEST), lock: grown(SHORTEST / 2).min(LONGEST / 2) }
    }

    /// The first step at which a lane whose attempt took so long has time to spare.
    pub(super) fn step_for(&self, took: Duration) -> u32 {
        (0..LAST_STEP).find(|step| self.at(*step).statement >= 2 * took).unwrap_or(LAST_STEP)
    }

    /// Notes what an attempt took that nothing held up.
    pub(super) fn note(&mut self, took: Duration) {
        self.usual = (self.usual * 7 + took) / 8;
    }
}

/// A limit is so many times what is usual.
const ROOM: u32 = 8;

/// The first limit is between these. All workspaces may begin to hang at once, and each of them has it
/// once before it is known.
const SHORTEST: Duration = Duration::from_millis(50);
const LONGEST_FIRST: Duration = Duration::from_millis(400);

/// For a workspace that hangs or has very large calls.
const LONGEST: Duration = Duration::from_secs(10);

/// The first step with the longest limit, even on a quick machine.
pub(super) const LAST_STEP: u32 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_grows_with_each_step_and_with_what_is_usual() {
        let millis = |limits: &Limits| {
            [0, 1, 2, 3, 7, 8, 40].map(|step| limits.at(step).statement.as_millis())
        };
        let locks = |limits: &Limits| [0, 1, 40].map(|step| limits.at(step).lock.as_millis());
        let mut limits = Limits::default();
        assert_eq!(millis(&limits), [50, 100, 200, 400, 6_400, 10_000, 10_000]);
        for _ in 0..100 {
            limits.note(Duration::from_millis(20));
        }
        let first = limits.at(0);
        assert!((159..=160).contains(&first.statement.as_millis()), "{first:?}");
        assert_eq!(locks(&limits), [25, 50, 5_000]);
        for _ in 0..100 {
            limits.note(Duration::from_secs(1));
        }
        assert_eq!(millis(&limits), [400, 800, 1_600, 3_200, 10_000, 10_000, 10_000]);
        let limits = Limits::default();
        let steps = [0, 25, 26, 50, 51, 60_000].map(Duration::from_millis);
        assert_eq!(steps.map(|took| limits.step_for(took)), [0, 0, 1, 1, 2, 8]);
    }
}
