//! Workspaces: the tenants.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use crate::ParseError;
use crate::text::text_forms;

/// The id of a workspace, as the live chat's tables carry it.
///
/// 1 to 128 letters, digits, `-`, `_`, `.` or `~`, which need no escaping in a path
/// (RFC 3986, 2.3), but neither `.` nor `..`. Upper and lower case are different workspaces.
///
/// # Examples
///
/// ```
/// use identity::WorkspaceId;
///
/// let workspace: WorkspaceId = "acme".parse()?;
/// assert_eq!(workspace.as_str(), "acme");
/// assert!("acme/../other".parse::<WorkspaceId>().is_err());
/// # Ok::<(), identity::ParseError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct WorkspaceId(String);

impl WorkspaceId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for WorkspaceId {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let what = "workspace id";
        if text.is_empty() {
            return Err(ParseError::Empty { what });
        }
        if text.len() > MAX_BYTES {
            return Err(ParseError::Length { what, min: 1, max: MAX_BYTES, found: text.len() });
        }
        let unreserved = |c: char| c.is_ascii_alphanumeric() || "-_.~".contains(c);
        let expected = "a letter, digit or one of -_.~";
        match text.find(|c| !unreserved(c)) {
            Some(at) => Err(ParseError::Character { what, at, expected }),
            None if text == "." || text == ".." => {
                Err(ParseError::Character { what, at: 0, expected: "more than dots" })
            }
            None => Ok(Self(text.into())),
        }
    }
}

impl fmt::Display for WorkspaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_forms!(WorkspaceId, {});

/// Long enough for two UUIDs and a name; short enough for a path and an index.
const MAX_BYTES: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_a_path_would_escape() {
        let what = "workspace id";
        let expected = "a letter, digit or one of -_.~";
        let wrong = |at| Err(ParseError::Character { what, at, expected });
        let long = "a".repeat(129);
        let cases = [
            ("a word", "acme", Ok("acme")),
            (
                "a UUID",
                "7f3c2d1e-0000-4000-8000-00000000000a",
                Ok("7f3c2d1e-0000-4000-8000-00000000000a"),
            ),
            ("nothing", "", Err(ParseError::Empty { what })),
            ("slash", "a/b", wrong(1)),
            ("percent", "a%2fb", wrong(1)),
            ("nul", "a\0", wrong(1)),
            (
                "parent",
                "..",
                Err(ParseError::Character { what, at: 0, expected: "more than dots" }),
            ),
            ("long", &long, Err(ParseError::Length { what, min: 1, max: 128, found: 129 })),
        ];
        for (name, text, want) in cases {
            let got = text.parse::<WorkspaceId>();
            assert_eq!(got.as_ref().map(WorkspaceId::as_str), want.as_ref().copied(), "{name}");
        }
    }
}
