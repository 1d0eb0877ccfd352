//! What went wrong, what was printed, and how to mend it.

use std::fmt;

/// One failed step.
#[derive(Debug)]
#[must_use]
pub struct Failure {
    /// What is wrong, one clause.
    pub what: String,
    /// What the failing program printed, or the list of faults; may be empty.
    pub output: String,
    /// What to do about it.
    pub mend: String,
}

impl Failure {
    /// With nothing printed yet.
    pub fn new(what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { what: what.into(), output: String::new(), mend: mend.into() }
    }

    /// The same with what was printed.
    pub fn output(self, output: impl Into<String>) -> Self {
        Self { output: output.into(), ..self }
    }

    /// A failure that lists its faults, one a line.
    pub fn faults(what: impl Into<String>, faults: &[String], mend: &str) -> Self {
        let lines: Vec<String> = faults.iter().map(|fault| format!("- {fault}")).collect();
        Self::new(what, mend).output(lines.join("\n"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "failed: {}", self.what)?;
        for line in self.output.trim_end().lines() {
            writeln!(f, "  | {line}")?;
        }
        write!(f, "mend:   {}", self.mend)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_was_printed_and_the_mend() {
        let failure = Failure::faults("two faults", &["one".into(), "two".into()], "mend both");
        assert_eq!(
            failure.to_string(),
            "failed: two faults\n  | - one\n  | - two\nmend:   mend both"
        );
        let bare = Failure::new("no node", "install it");
        assert_eq!(bare.to_string(), "failed: no node\nmend:   install it");
    }
}
