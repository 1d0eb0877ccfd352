//! Reads along with `cargo test`: one line a suite, and what failed.

use std::fmt::Write as _;

/// The counts of one or more suites.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Counts {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) ignored: usize,
}

/// What has been read of the output of `cargo test`.
#[derive(Default)]
pub(crate) struct Suites {
    /// The crate whose suites are running: integration tests do not name theirs.
    owner: String,
    suite: String,
    /// What the suite printed so far, in case it fails.
    printed: String,
    total: Counts,
    failures: String,
}

impl Suites {
    /// Takes one line; hands back a line to print when a suite has ended.
    pub(crate) fn line(&mut self, line: &str) -> Option<String> {
        let text = line.trim_start();
        if let Some(name) = text.strip_prefix("Doc-tests ") {
            self.start(format!("{name} documentation"));
        } else if let Some(suite) = text.strip_prefix("Running ") {
            let name = self.named(suite);
            self.start(name);
        } else if let Some(result) = text.strip_prefix("test result: ") {
            return Some(self.ended(result));
        }
        writeln!(self.printed, "{line}").unwrap_or_default();
        None
    }

    pub(crate) fn total(&self) -> Counts {
        self.total
    }

    /// Everything that failing suites printed, or what was printed last if none was running.
    pub(crate) fn failures(&self) -> &str {
        if self.failures.is_empty() { &self.printed } else { &self.failures }
    }

    fn start(&mut self, suite: String) {
        self.suite = suite;
        self.printed.clear();
    }

    /// `unittests src/lib.rs (target/debug/deps/twiml-0a1b)` or
    /// `tests/it/main.rs (target/debug/deps/it-0a1b)`.
    fn named(&mut self, suite: &str) -> String {
        let (what, binary) = suite.split_once(" (").unwrap_or((suite, ""));
        match what.strip_prefix("unittests ") {
            Some(what) => {
                let file = binary.trim_end_matches(')').rsplit('/').next().unwrap_or_default();
                file.rsplit_once('-').map_or(file, |(name, _)| name).clone_into(&mut self.owner);
                format!("{} {what}", self.owner)
            }
            None => format!("{} {what}", self.owner),
        }
    }

    fn ended(&mut self, result: &str) -> String {
        let counts = counts(result);
        self.total.passed += counts.passed;
        self.total.failed += counts.failed;
        self.total.ignored += counts.ignored;
        if counts.failed > 0 {
            writeln!(self.failures, "{}:\n{}", self.suite, self.printed).unwrap_or_default();
        }
        let verdict = if counts.failed > 0 { "FAILED" } else { "ok" };
        let ignored = match counts.ignored {
            0 => String::new(),
            ignored => format!(", {ignored} ignored"),
        };
        let passed = counts.passed;
        format!(
            "{verdict:>12}  {passed:>4} passed, {} failed{ignored}  {}",
            counts.failed, self.suite
        )
    }
}

/// `ok. 63 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.05s`
fn counts(result: &str) -> Counts {
    let words: Vec<&str> = result.split([' ', ';']).collect();
    let count = |label: &str| {
        let at = words.iter().position(|word| *word == label);
        at.and_then(|at| words.get(at.checked_sub(1)?)?.parse().ok()).unwrap_or(0)
    };
    Counts { passed: count("passed"), failed: count("failed"), ignored: count("ignored") }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "   Compiling twiml v0.1.0
     Running unittests src/lib.rs (target/debug/deps/voice_token-0a1b2c)

running 2 tests
test a ... ok
test b ... FAILED

failures:

---- b stdout ----
left: 1

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.05s

     Running tests/it/main.rs (target/debug/deps/it-0d1e2f)
test c ... ok
test result: ok. 1 passed; 0 failed; 2 ignored; 0 measured; 0 filtered out; finished in 1.05s
   Doc-tests voice_token
test result: ok. 10 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.30s
";

    #[test]
    fn tells_every_suite_and_adds_them_up() {
        let mut suites = Suites::default();
        let told: Vec<String> = OUTPUT.lines().filter_map(|line| suites.line(line)).collect();
        let want = [
            "      FAILED     1 passed, 1 failed  voice_token src/lib.rs",
            "          ok     1 passed, 0 failed, 2 ignored  voice_token tests/it/main.rs",
            "          ok    10 passed, 0 failed  voice_token documentation",
        ];
        assert_eq!(told, want);
        assert_eq!(suites.total(), Counts { passed: 12, failed: 1, ignored: 2 });
    }

    #[test]
    fn keeps_what_a_failing_suite_printed() {
        let mut suites = Suites::default();
        for line in OUTPUT.lines() {
            suites.line(line);
        }
        assert!(
            suites.failures().starts_with("voice_token src/lib.rs:\n"),
            "{}",
            suites.failures()
        );
        assert!(suites.failures().contains("left: 1"));
        assert!(!suites.failures().contains("test c"));
    }

    #[test]
    fn keeps_the_compiler_errors_when_no_suite_ran() {
        let mut suites = Suites::default();
        assert_eq!(suites.line("error[E0425]: cannot find value"), None);
        assert_eq!(suites.failures(), "error[E0425]: cannot find value\n");
        assert_eq!(suites.total(), Counts::default());
    }
}
