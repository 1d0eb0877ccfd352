//! Errors, one type for each kind of call.

use std::fmt;
use std::io;

/// A failed disk operation: the operation and the error.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Fault {
    /// What the spool was doing, for example `sync a segment`.
    pub step: &'static str,
    /// The kind of the error.
    pub kind: io::ErrorKind,
    /// The error number of the operating system.
    pub os_code: Option<i32>,
}

impl Fault {
    pub(crate) fn new(step: &'static str, error: &io::Error) -> Self {
        Self { step, kind: error.kind(), os_code: error.raw_os_error() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}: ", self.step)?;
        match self.os_code {
            Some(code) => io::Error::from_raw_os_error(code).fmt(f),
            None => self.kind.fmt(f),
        }
    }
}

impl std::error::Error for Fault {}

/// Why a spool cannot be opened.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OpenError {
    /// The configuration is inconsistent.
    Config {
        /// The broken rule.
        rule: &'static str,
    },
    /// Another owner uses the directory.
    InUse {
        /// The owner's process id, if it could be read.
        owner: Option<u32>,
    },
    /// The disk refused.
    Storage(Fault),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config { rule } => write!(f, "spool configuration is wrong, {rule}"),
            Self::InUse { owner: Some(owner) } => {
                write!(f, "spool directory is in use by process {owner}, ")?;
                f.write_str("stop it or choose another directory")
            }
            Self::InUse { owner: None } => f.write_str(
                "spool directory is in use by another process, stop it or choose another directory",
            ),
            Self::Storage(fault) => write!(f, "spool directory is not usable, {fault}"),
        }
    }
}

impl std::error::Error for OpenError {}

/// Why a record was not acknowledged.
///
/// It may still be found and delivered after a restart: an error means *not promised*, not
/// *lost*.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AppendError {
    /// The payload does not fit into a segment.
    TooLarge {
        /// The most bytes a payload may have.
        limit: u64,
        /// The bytes that were given.
        found: u64,
    },
    /// The segments have reached their limit; their records wait to be applied.
    Full {
        /// [`Config::limit_bytes`](crate::Config::limit_bytes).
        limit: u64,
    },
    /// Too many bytes wait in memory for the disk.
    Overloaded {
        /// [`Config::waiting_bytes`](crate::Config::waiting_bytes).
        limit: u64,
    },
    /// The disk refused.
    Storage(Fault),
    /// A part of the segment in use was found damaged; the next append begins another.
    Damaged,
    /// The spool is closed.
    Closed,
}

impl fmt::Display for AppendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { limit, found } => {
                write!(f, "record has {found} bytes, allowed are {limit}")
            }
            Self::Full { limit } => {
                write!(
                    f,
                    "spool has reached its limit of {limit} bytes, its records wait to be applied"
                )
            }
            Self::Overloaded { limit } => {
                write!(f, "more than {limit} bytes wait for the disk")
            }
            Self::Storage(fault) => write!(f, "record was not stored, {fault}"),
            Self::Damaged => f.write_str("segment in use was found damaged"),
            Self::Closed => f.write_str("spool is closed"),
        }
    }
}

impl std::error::Error for AppendError {}

/// Why records could not be read, passed or set aside.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ConsumeError {
    /// The sequence is not one of the last batch.
    NotDelivered,
    /// The disk refused. If the cursor could not be written, the spool continues from the new
    /// place but may deliver the records again after a restart; the next call writes it again.
    Storage(Fault),
    /// The spool is closed.
    Closed,
}

impl fmt::Display for ConsumeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotDelivered => f.write_str("record is not one of the last batch"),
            Self::Storage(fault) => fault.fmt(f),
            Self::Closed => f.write_str("spool is closed"),
        }
    }
}

impl std::error::Error for ConsumeError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_the_mend() {
        let fault = Fault { step: "sync a segment", kind: io::ErrorKind::Other, os_code: Some(5) };
        let words = Fault { os_code: None, kind: io::ErrorKind::StorageFull, ..fault };
        let cases = [
            (
                OpenError::InUse { owner: Some(12) }.to_string(),
                "spool directory is in use by process 12, stop it or choose another directory",
            ),
            (
                AppendError::TooLarge { limit: 4080, found: 5000 }.to_string(),
                "record has 5000 bytes, allowed are 4080",
            ),
            (
                AppendError::Full { limit: 8192 }.to_string(),
                "spool has reached its limit of 8192 bytes, its records wait to be applied",
            ),
            (
                AppendError::Storage(words).to_string(),
                "record was not stored, cannot sync a segment: no storage space",
            ),
        ];
        for (got, want) in cases {
            assert_eq!(got, want);
        }
        assert!(fault.to_string().ends_with("(os error 5)"), "{fault}");
    }
}
