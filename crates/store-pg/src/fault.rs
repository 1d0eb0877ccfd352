//! A fault of the set-up.

use std::fmt;

/// One thing that is wrong with the set-up, and its fix.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    /// What is wrong.
    pub fault: String,
    /// What to do.
    pub fix: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.fault, self.fix)
    }
}
