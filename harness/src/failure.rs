//! The problem, the output, and how to fix it.

use std::fmt;

/// One failed step.
#[derive(Debug)]
#[must_use]
pub struct Failure {
    /// The problem, in one clause.
    pub what: String,
    /// The output of the failed program, or the list of faults; may be empty.
    pub output: String,
    /// How to fix it.
    pub fix: String,
}

impl Failure {
    /// Without output.
    pub fn new(what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { what: what.into(), output: String::new(), fix: fix.into() }
    }

    /// The same failure with the output.
    pub fn output(self, output: impl Into<String>) -> Self {
        Self { output: output.into(), ..self }
    }

    /// A failure that lists its faults, one a line.
    pub fn faults(what: impl Into<String>, faults: &[String], fix: &str) -> Self {
        let lines: Vec<String> = faults.iter().map(|fault| format!("- {fault}")).collect();
        Self::new(what, fix).output(lines.join("\n"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "failed: {}", self.what)?;
        for line in self.output.trim_end().lines() {
            writeln!(f, "  | {line}")?;
        }
        write!(f, "fix:    {}", self.fix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_was_printed_and_the_fix() {
        let failure = Failure::faults("two faults", &["one".into(), "two".into()], "fix both");
        assert_eq!(
            failure.to_string(),
            "failed: two faults\n  | - one\n  | - two\nfix:    fix both"
        );
        let bare = Failure::new("no node", "install it");
        assert_eq!(bare.to_string(), "failed: no node\nfix:    install it");
    }
}
