//! What can go wrong between us and the database.

use std::fmt;

use deadpool_postgres::{HookError, PoolError};

use crate::guard::Fault;

/// Why the database did not do what it was asked.
#[non_exhaustive]
#[derive(Debug)]
pub enum StoreError {
    /// The database cannot be reached, or went away in between. Asking again may help.
    Away(Box<dyn std::error::Error + Send + Sync>),
    /// No connection was free in time. Asking again may help.
    Exhausted,
    /// The database refused the data itself: asking again gives the same answer.
    Data(Box<dyn std::error::Error + Send + Sync>),
    /// The set-up is unsafe; each fault has its mend.
    Refused(Vec<Fault>),
    /// A stored value breaks a rule of its type; the text names the column.
    Corrupt(String),
    /// The connection string cannot be read.
    Url(Box<dyn std::error::Error + Send + Sync>),
}

impl StoreError {
    /// Whether the same request may succeed later.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Away(_) | Self::Exhausted)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Away(_) => f.write_str("the database is away"),
            Self::Exhausted => f.write_str("no database connection was free in time"),
            Self::Data(_) => f.write_str("the database refused the data"),
            Self::Refused(faults) => {
                f.write_str("the database is not set up safely")?;
                for fault in faults {
                    write!(f, "\n  - {fault}")?;
                }
                Ok(())
            }
            Self::Corrupt(column) => write!(f, "a stored value is not valid: {column}"),
            Self::Url(_) => f.write_str("the connection string cannot be read"),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Away(source) | Self::Data(source) | Self::Url(source) => Some(source.as_ref()),
            Self::Exhausted | Self::Refused(_) | Self::Corrupt(_) => None,
        }
    }
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(state) = error.code() else { return Self::Away(Box::new(error)) };
        // 08 the connection, 25 a standby, 40 a deadlock, 53 resources, 55 a lock, 57 a shutdown or
        // time-out, 58 the system: all of these may pass. The rest is about the request itself.
        let class = &state.code()[..2];
        if matches!(class, "08" | "25" | "40" | "53" | "55" | "57" | "58") {
            Self::Away(Box::new(error))
        } else {
            Self::Data(Box::new(error))
        }
    }
}

impl From<PoolError> for StoreError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Timeout(deadpool_postgres::TimeoutType::Wait) => Self::Exhausted,
            PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => {
                Self::Away(Box::new(error))
            }
            other => Self::Away(Box::new(other)),
        }
    }
}
