//! What was found, what is read, what is made and altered, and what cannot be used.

use std::fmt;

use crate::fault::Fault;

/// What `switchroom migrate` found in a database, and what it does or did.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Look {
    /// Line by line, in the order in which they are shown.
    pub lines: Vec<Line>,
    /// What cannot be used, and its fix. With one of them nothing is changed.
    pub faults: Vec<Fault>,
}

/// One line of a [`Look`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Line {
    /// What it is about: a question that Switchroom asks the live chat, or a relation.
    pub about: String,
    /// What is said about it.
    pub kind: LineKind,
    /// The words.
    pub text: String,
}

/// What a [`Line`] says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum LineKind {
    /// A table, view or function that answers the question.
    ReadAs,
    /// Something of Switchroom's own is made.
    Made,
    /// A right, a policy or an index of the live chat is added or taken back.
    Altered,
    /// Something to know.
    Note,
}

impl Look {
    pub(super) fn line(&mut self, about: &str, kind: LineKind, text: impl Into<String>) {
        let line = Line { about: about.to_owned(), kind, text: text.into() };
        if !self.lines.contains(&line) {
            self.lines.push(line);
        }
    }

    /// Whether nothing has to be made or altered.
    pub fn is_done(&self) -> bool {
        let changes = |line: &Line| matches!(line.kind, LineKind::Made | LineKind::Altered);
        self.faults.is_empty() && !self.lines.iter().any(changes)
    }
}

impl fmt::Display for LineKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::ReadAs => "read as",
            Self::Made => "made",
            Self::Altered => "altered",
            Self::Note => "note",
        })
    }
}

/// A table of text.
impl fmt::Display for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.lines.iter().map(|line| line.about.chars().count()).max().unwrap_or(0);
        for Line { about, kind, text } in &self.lines {
            writeln!(f, "{about:width$}  {kind:8} {text}")?;
        }
        for Fault { fault, fix } in &self.faults {
            writeln!(f, "cannot be used: {fault}\n  fix: {fix}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_says_what_and_why_not() {
        let mut look = Look::default();
        look.line("members", LineKind::ReadAs, "the view v");
        look.line("log", LineKind::Made, "function livechat.log");
        assert!(!look.is_done());
        look.faults.push(Fault { fault: "a.b is json".to_owned(), fix: "drop it".to_owned() });
        assert_eq!(
            look.to_string(),
            "members  read as  the view v\n\
             log      made     function livechat.log\n\
             cannot be used: a.b is json\n  fix: drop it\n"
        );
    }
}
