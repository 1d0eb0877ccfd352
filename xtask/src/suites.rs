//! Reads the output of `cargo test`: one line for each suite, and the failures.

use std::fmt::Write as _;

/// The counts of one or more suites.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Counts {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) ignored: usize,
}

/// The state of the output that was read so far.
#[derive(Default)]
pub(crate) struct Suites {
    /// The crate whose suites are running: integration tests do not name theirs.
    owner: String,
    suite: String,
    /// What the suite printed so far, in case it fails.
    printed: String,
    total: Counts,
}

impl Suites {
    /// Takes one line. When a suite has ended, returns the text to print: one line, and below it
    /// the output of a suite that failed.
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

    /// What was printed since the last suite ended: the compiler's errors, if there are any.
    pub(crate) fn rest(&self) -> &str {
        &self.printed
    }

    fn start(&mut self, suite: String) {
        self.suite = suite;
        self.printed.clear();
    }

    /// `unittests src/lib.rs (target/debug/deps/twiml-0a1b)` or
    /// `tests/it/main.rs (target/debug/deps/it-0a1b)`.
    fn named(&mut self, suite: &str) -> String {
        let (what, binary) = suite.split_once(" (").unwrap_or((suite, ""));
        let Some(what) = what.strip_prefix("unittests ") else {
            return format!("{} {what}", self.owner);
        };
        let file = binary.trim_end_matches(')').rsplit('/').next().unwrap_or_default();
        let name = file.rsplit_once('-').map_or(file, |(name, _)| name);
        // A second program of a package does not own what follows.
        if !what.starts_with("src/bin/") {
            name.clone_into(&mut self.owner);
        }
        format!("{name} {what}")
    }

    fn ended(&mut self, result: &str) -> String {
        let counts = counts(result);
        self.total.passed += counts.passed;
        self.total.failed += counts.failed;
        self.total.ignored += counts.ignored;
        let verdict = if counts.failed > 0 { "FAILED" } else { "ok" };
        let ignored = match counts.ignored {
            0 => String::new(),
            ignored => format!(", {ignored} ignored"),
        };
        let Counts { passed, failed, .. } = counts;
        let mut told =
            format!("{verdict:>12}  {passed:>4} passed, {failed} failed{ignored}  {}", self.suite);
        if failed > 0 {
            let shown = self.printed.lines().filter(|line| !line.ends_with("... ok"));
            shown.for_each(|line| told.extend(["\n  | ", line]));
        }
        self.printed.clear();
        told
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
        let [unit, integration, documentation] = &told[..] else { panic!("three suites") };
        let (line, printed) = unit.split_once('\n').unwrap();
        assert_eq!(line, "      FAILED     1 passed, 1 failed  voice_token src/lib.rs");
        assert!(printed.contains("  | left: 1"), "{printed}");
        assert!(!printed.contains("test a ... ok"), "{printed}");
        let line = "          ok     1 passed, 0 failed, 2 ignored  voice_token tests/it/main.rs";
        assert_eq!(integration, line);
        assert_eq!(documentation, "          ok    10 passed, 0 failed  voice_token documentation");
        assert_eq!(suites.total(), Counts { passed: 12, failed: 1, ignored: 2 });
        assert_eq!(suites.rest(), "");
    }

    #[test]
    fn a_second_program_does_not_own_the_tests() {
        let mut suites = Suites::default();
        for line in [
            "Running unittests src/lib.rs (x/localpg-1)",
            "Running unittests src/bin/run.rs (x/run-2)",
        ] {
            assert_eq!(suites.line(line), None);
        }
        suites.line("Running tests/it/main.rs (x/it-3)");
        let told = suites.line("test result: ok. 1 passed; 0 failed; 0 ignored").unwrap();
        assert!(told.ends_with("localpg tests/it/main.rs"), "{told}");
    }

    #[test]
    fn keeps_the_compiler_errors_when_no_suite_ran() {
        let mut suites = Suites::default();
        assert_eq!(suites.line("error[E0425]: cannot find value"), None);
        assert_eq!(suites.rest(), "error[E0425]: cannot find value\n");
        assert_eq!(suites.total(), Counts::default());
    }
}
