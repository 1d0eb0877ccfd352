//! The schema, which schemas this program works with, and which programs a schema is for.
//!
//! The comment on the schema `voice` says which version was applied. It can be read without any right on
//! a table. A program works with every schema from [`OLDEST_SCHEMA`] to its own [`SCHEMA_VERSION`], and
//! with a later one that says it is for programs of this version. So servers of two versions can run side
//! by side while a database is migrated. docs/upgrading.md says when to change these numbers.

use std::fmt::Write;

use sha2::{Digest, Sha256};
use tokio_postgres::Client;

use crate::error::StoreError;
use crate::fault::Fault;

/// What is ours of the database, as the top of the repository shows it.
pub const SCHEMA: &str = include_str!("../../../schema.sql");

/// The version of [`SCHEMA`].
pub const SCHEMA_VERSION: u32 = 5;

/// The oldest version of the schema with which this program works.
pub const OLDEST_SCHEMA: u32 = 5;

/// The oldest version of the program that works with [`SCHEMA`].
const OLDEST_PROGRAM: Release = Release([0, 1, 0]);

/// The last version of the schema whose comment was a checksum alone.
const LAST_UNNUMBERED: u32 = 3;

/// What the comment on the schema says.
#[derive(Debug, Eq, PartialEq)]
enum Applied {
    /// There is no schema.
    Nothing,
    /// No program of ours wrote the comment.
    Unknown,
    /// Version [`LAST_UNNUMBERED`] or an earlier one.
    Unnumbered,
    /// A numbered version.
    Numbered { version: u32, programs_from: Release, checksum: String },
}

/// The version of a program: major, minor, patch. What follows a hyphen does not count.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Release([u32; 3]);

impl Release {
    fn parse(text: &str) -> Option<Self> {
        let (numbers, _) = text.split_once(['-', '+']).unwrap_or((text, ""));
        let numbers = numbers.split('.').map(|number| number.parse().ok());
        Some(Self(numbers.collect::<Option<Vec<u32>>>()?.try_into().ok()?))
    }
}

impl std::fmt::Display for Release {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self([major, minor, patch]) = self;
        write!(f, "{major}.{minor}.{patch}")
    }
}

/// Names everything that a migration of an empty database depends on, for tests that keep one.
#[doc(hidden)]
pub fn template_key() -> String {
    [
        &schema_stamp(),
        include_str!("livechat/standard.sql"),
        include_str!("livechat/bodies.rs"),
        include_str!("livechat/plan.rs"),
        include_str!("livechat/shape/ids.rs"),
    ]
    .concat()
}

/// The comment that a migration writes.
pub fn schema_stamp() -> String {
    let checksum = checksum();
    format!(
        "Switchroom schema {SCHEMA_VERSION} for programs from {OLDEST_PROGRAM}, sha256 {checksum}"
    )
}

/// The SHA-256 of [`SCHEMA`] in hexadecimal digits.
fn checksum() -> String {
    Sha256::digest(SCHEMA.as_bytes()).iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Why this program does not work with the schema of the database.
pub(crate) async fn fault(client: &Client) -> Result<Option<Fault>, StoreError> {
    Ok(applied(client).await?.fault())
}

/// The version of the schema, if it is a later one than this program's. A migration by this program would
/// take it back.
pub(crate) async fn later(client: &Client) -> Result<Option<u32>, StoreError> {
    match applied(client).await? {
        Applied::Numbered { version, .. } if version > SCHEMA_VERSION => Ok(Some(version)),
        _ => Ok(None),
    }
}

async fn applied(client: &Client) -> Result<Applied, StoreError> {
    let sql = "select pg_catalog.obj_description(oid, 'pg_namespace') from pg_catalog.pg_namespace \
               where nspname = 'voice'";
    let row = client.query_opt(sql, &[]).await?;
    Ok(row.map_or(Applied::Nothing, |row| Applied::read(row.get(0))))
}

impl Applied {
    fn read(comment: Option<&str>) -> Self {
        let Some(rest) = comment.and_then(|text| text.strip_prefix("Switchroom ")) else {
            return Self::Unknown;
        };
        let numbered = || {
            let (version, rest) =
                rest.strip_prefix("schema ")?.split_once(" for programs from ")?;
            let (programs_from, checksum) = rest.split_once(", sha256 ")?;
            Some(Self::Numbered {
                version: version.parse().ok()?,
                programs_from: Release::parse(programs_from)?,
                checksum: checksum.to_owned(),
            })
        };
        let is_checksum = rest.len() == 64 && rest.bytes().all(|byte| byte.is_ascii_hexdigit());
        numbered().unwrap_or(if is_checksum { Self::Unnumbered } else { Self::Unknown })
    }

    fn fault(&self) -> Option<Fault> {
        let migrate = "run `switchroom migrate` with this version of the program";
        let fault = |fault: String, fix: &str| Some(Fault { fault, fix: fix.to_owned() });
        let this = program();
        match self {
            Self::Nothing => fault("the database has no Switchroom schema".to_owned(), migrate),
            Self::Unknown => fault(
                "the comment on the schema voice does not say which version it has".to_owned(),
                migrate,
            ),
            Self::Unnumbered => fault(
                format!(
                    "the database has schema {LAST_UNNUMBERED} or an earlier one, and this program \
                     works with schema {OLDEST_SCHEMA} or a later one"
                ),
                migrate,
            ),
            Self::Numbered { version, .. } if *version < OLDEST_SCHEMA => fault(
                format!(
                    "the database has schema {version}, and this program works with schema \
                     {OLDEST_SCHEMA} or a later one"
                ),
                migrate,
            ),
            Self::Numbered { version: SCHEMA_VERSION, checksum: theirs, .. } => {
                if *theirs == checksum() {
                    return None;
                }
                let text = format!("the database has schema {SCHEMA_VERSION} of another build");
                fault(text, migrate)
            }
            Self::Numbered { version, programs_from, .. }
                if *version > SCHEMA_VERSION && *programs_from > this =>
            {
                fault(
                    format!(
                        "the database has schema {version} for programs from {programs_from}, and \
                         this is {this}"
                    ),
                    "start that version of the program, or a later one",
                )
            }
            Self::Numbered { .. } => None,
        }
    }
}

/// The version of this program.
#[expect(clippy::expect_used, reason = "cargo takes no other versions")]
fn program() -> Release {
    Release::parse(env!("CARGO_PKG_VERSION")).expect("three numbers")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_works_with_the_schemas_of_its_range_and_later_ones_that_say_so() {
        let own = schema_stamp();
        let sum = "0".repeat(64);
        let comment = |version: u32, programs: &str| {
            Some(format!("Switchroom schema {version} for programs from {programs}, sha256 {sum}"))
        };
        let this = env!("CARGO_PKG_VERSION");
        let next = SCHEMA_VERSION + 1;
        let cases = [
            (Some(own.clone()), None),
            (comment(next, this), None),
            (comment(next + 7, "0.0.9"), None),
            (comment(next, "99.0.1"), Some("for programs from 99.0.1, and this is ")),
            (comment(SCHEMA_VERSION, this), Some("of another build")),
            (comment(OLDEST_SCHEMA - 1, this), Some("works with schema 5 or a later one")),
            (Some(format!("Switchroom {sum}")), Some("schema 3 or an earlier one")),
            (comment(next, "0.1"), Some("does not say which version")),
            (Some(format!("{own} ")), Some("of another build")),
            (Some("Switchroom".to_owned()), Some("does not say which version")),
            (Some("our voice schema".to_owned()), Some("does not say which version")),
            (None, Some("does not say which version")),
        ];
        for (comment, want) in cases {
            let fault = Applied::read(comment.as_deref()).fault();
            match (&fault, want) {
                (None, None) => {}
                (Some(fault), Some(want)) => {
                    assert!(fault.fault.contains(want), "{comment:?}: {fault}");
                }
                _ => panic!("{comment:?}: {fault:?}"),
            }
        }
    }

    #[test]
    fn releases_are_ordered_by_their_numbers() {
        let releases = ["0.1.0", "0.1.2", "0.1.10-rc.1", "0.2.0+build", "1.0.0"];
        let read: Vec<Release> = releases.iter().filter_map(|text| Release::parse(text)).collect();
        assert_eq!(read.len(), releases.len());
        assert!(read.is_sorted(), "{read:?}");
        for text in ["", "1", "1.0", "1.0.0.0", "1.x.0", "-1.0.0"] {
            assert_eq!(Release::parse(text), None, "{text}");
        }
        assert!(program() >= OLDEST_PROGRAM, "the schema is for the program that brings it");
    }
}
