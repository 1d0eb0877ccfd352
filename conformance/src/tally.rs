//! The result of one kind of case.

use std::collections::BTreeMap;

/// Counts of one kind, and the first faults.
pub(crate) struct Tally {
    kind: &'static str,
    /// Comparisons made.
    checks: usize,
    /// Differences that are documented, by library and reason.
    known: BTreeMap<(&'static str, &'static str), usize>,
    faults: usize,
    shown: Vec<String>,
}

impl Tally {
    pub(crate) fn new(kind: &'static str) -> Self {
        Self { kind, checks: 0, known: BTreeMap::new(), faults: 0, shown: Vec::new() }
    }

    /// Counts one comparison; `fault` describes it if it failed.
    pub(crate) fn check(&mut self, good: bool, fault: impl FnOnce() -> String) {
        self.checks += 1;
        if !good {
            self.faults += 1;
            if self.shown.len() < SHOWN {
                self.shown.push(fault());
            }
        }
    }

    /// Counts one comparison whose difference is documented.
    pub(crate) fn known(&mut self, library: &'static str, reason: &'static str) {
        self.checks += 1;
        *self.known.entry((library, reason)).or_default() += 1;
    }

    /// How often a documented difference was seen.
    pub(crate) fn seen(&self, library: &'static str, reason: &'static str) -> usize {
        self.known.get(&(library, reason)).copied().unwrap_or(0)
    }

    pub(crate) fn passed(&self) -> usize {
        self.checks - self.faults
    }

    pub(crate) fn failed(&self) -> usize {
        self.faults
    }

    /// The lines to print.
    pub(crate) fn lines(&self, seconds: f64) -> Vec<String> {
        let verdict = if self.faults == 0 { "ok" } else { "FAILED" };
        let differences: usize = self.known.values().sum();
        let mut lines = vec![format!(
            "{verdict:>12}  {:<18}{seconds:>6.1} s  {} comparisons, {} failed, {differences} known \
             differences",
            self.kind, self.checks, self.faults,
        )];
        lines.extend(self.known.iter().map(|((library, reason), count)| {
            format!("{:>14}{count:>7} x {library}: {reason}", "")
        }));
        lines.extend(self.shown.iter().map(|fault| format!("{:>14}- {fault}", "")));
        if self.faults > self.shown.len() {
            lines.push(format!("{:>14}- and {} more", "", self.faults - self.shown.len()));
        }
        lines
    }
}

/// Faults printed in full.
const SHOWN: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_shows_the_first_faults() {
        let mut tally = Tally::new("tokens");
        tally.check(true, || unreachable!("only for faults"));
        for number in 0..7 {
            tally.check(false, || format!("fault {number}"));
        }
        tally.known("node", "a reason");
        tally.known("node", "a reason");
        assert_eq!((tally.passed(), tally.failed(), tally.seen("node", "a reason")), (3, 7, 2));
        assert_eq!(tally.seen("python", "a reason"), 0);
        let lines = tally.lines(1.25);
        let first = "      FAILED  tokens               1.2 s  10 comparisons, 7 failed, 2 known differences";
        assert_eq!(lines[0], first);
        assert_eq!(lines[1], "                    2 x node: a reason");
        assert_eq!(lines[2], "              - fault 0");
        assert_eq!(lines[7], "              - and 2 more");
        assert_eq!(lines.len(), 8);
    }
}
