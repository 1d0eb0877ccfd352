//! How many lines of the log somebody else may cause.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use identity::WorkspaceId;
use tokio::time::Instant;

/// The lines of one kind: a few in each second, and the number of those that were left out.
#[derive(Debug, Default)]
pub(crate) struct Quota {
    began: Option<Instant>,
    written: u32,
    left_out: u64,
}

impl Quota {
    /// Whether a line may be written now, and how many were left out before it.
    pub(crate) fn take(&mut self, most: u32, now: Instant) -> Option<u64> {
        if self.is_over(now) {
            (self.began, self.written) = (Some(now), 0);
        }
        if self.written == most {
            self.left_out += 1;
            return None;
        }
        self.written += 1;
        Some(std::mem::take(&mut self.left_out))
    }

    fn is_over(&self, now: Instant) -> bool {
        self.began.is_none_or(|began| now.saturating_duration_since(began) >= SECOND)
    }
}

/// The lines that signed requests of each workspace cause, by their kind.
#[derive(Debug, Default)]
pub(crate) struct Quotas(Mutex<BTreeMap<(WorkspaceId, &'static str), Quota>>);

impl Quotas {
    /// Whether a line of this kind may be written now, and how many were left out before it.
    pub(crate) fn take(
        &self,
        workspace: &WorkspaceId,
        kind: &'static str,
        now: Instant,
    ) -> Option<u64> {
        let mut quotas = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if quotas.len() >= MOST_KEPT {
            quotas.retain(|_, quota| quota.left_out > 0 || !quota.is_over(now));
        }
        quotas.entry((workspace.clone(), kind)).or_default().take(MOST_LINES, now)
    }
}

const SECOND: Duration = Duration::from_secs(1);

/// Lines of one kind about one workspace in one second: two ordinary calls a second are told in full.
const MOST_LINES: u32 = 20;

/// Quotas that say nothing any more are forgotten when there are so many.
const MOST_KEPT: usize = 4_096;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    #[test]
    fn a_flood_of_one_workspace_is_a_few_lines_and_a_number() {
        let (quotas, now) = (Quotas::default(), Clock::system().instant());
        let [loud, quiet] = ["loud", "quiet"].map(|id| id.parse::<WorkspaceId>().expect("an id"));
        let written = |now| {
            let lines = (0..10_000).filter_map(|_| quotas.take(&loud, "status", now));
            lines.collect::<Vec<_>>()
        };
        assert_eq!(written(now), [0; 20]);
        assert_eq!(written(now + SECOND / 2), [0; 0], "within the same second");
        assert_eq!(quotas.take(&quiet, "status", now), Some(0), "another workspace");
        assert_eq!(quotas.take(&loud, "ring", now), Some(0), "another kind");
        assert_eq!(quotas.take(&loud, "status", now + SECOND), Some(19_980));
        assert_eq!(quotas.take(&loud, "status", now + SECOND), Some(0));
    }

    #[test]
    fn workspaces_that_are_silent_are_forgotten() {
        let (quotas, now) = (Quotas::default(), Clock::system().instant());
        let ids = (0..2 * MOST_KEPT).map(|n| format!("w{n}").parse().expect("an id"));
        for (n, id) in ids.enumerate() {
            let now = now + SECOND * u32::try_from(n).expect("few");
            assert_eq!(quotas.take(&id, "status", now), Some(0));
        }
        assert!(quotas.0.lock().expect("no panic").len() <= MOST_KEPT);
    }
}
