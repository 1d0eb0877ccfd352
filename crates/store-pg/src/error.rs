//! What can go wrong between us and the database.

use std::fmt;

use deadpool_postgres::{HookError, PoolError};

use crate::admission::UNTRUSTED;
use crate::explain::Explained;
use crate::fault::Fault;

/// Why the database did not do what it was asked.
#[non_exhaustive]
#[derive(Debug)]
pub enum StoreError {
    /// The database cannot be reached, or went away in between: no connection, or a shutdown. Asking
    /// again may help.
    Away(Box<dyn std::error::Error + Send + Sync>),
    /// No connection was free in time. Asking again may help.
    Exhausted,
    /// The database is there and could not do it now: a lock, a time limit, a deadlock, no room, no
    /// writes, or something that nobody knows. Asking again may help.
    Busy(Box<dyn std::error::Error + Send + Sync>),
    /// The database refused the data itself: asking again gives the same answer.
    Data(Box<dyn std::error::Error + Send + Sync>),
    /// The database does not let this program in, or something is missing or of another type: a
    /// password, an authority, a role, a right, a table.
    /// Asking again helps after somebody has fixed it. The data is not at fault.
    SetUp(Box<dyn std::error::Error + Send + Sync>),
    /// Writing took too long altogether, whichever statement it was.
    Late,
    /// Something of the workspace's own, a trigger for example, left the scope in the middle of the
    /// transaction, which was rolled back.
    ScopeLeft,
    /// The guard has refused the database or could not check it yet, so it is not used. Asking again
    /// helps after the guard has accepted it.
    Untrusted,
    /// The set-up is unsafe. Each fault has its fix.
    Refused(Vec<Fault>),
    /// A stored value breaks a rule of its type; the text names the column.
    Corrupt(String),
    /// The connection string cannot be used. The text is the rest of a sentence about it, with the fix,
    /// and has no secret.
    Url(String),
}

impl StoreError {
    /// Whether the same request may succeed later.
    pub const fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Away(_)
                | Self::Busy(_)
                | Self::Exhausted
                | Self::SetUp(_)
                | Self::Late
                | Self::ScopeLeft
                | Self::Untrusted
        )
    }

    /// Whose trouble it is, if it happened while events of one workspace were written.
    pub fn class(&self) -> Class {
        match self {
            Self::Data(_) => Class::Record,
            Self::Exhausted | Self::Untrusted | Self::Refused(_) | Self::Url(_) => Class::Server,
            Self::Late | Self::ScopeLeft | Self::Corrupt(_) => Class::Workspace,
            Self::SetUp(source) | Self::Away(source) | Self::Busy(source) => {
                match cause(source.as_ref()) {
                    Some(error) if source.is::<tokio_postgres::Error>() => class_of(error),
                    // There was no connection to begin with.
                    _ => Class::Server,
                }
            }
        }
    }
}

/// What an error is about, and so who waits because of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Class {
    /// One record: the database will never take it, and the next one may be good.
    Record,
    /// The workspace: a lock on its rows, a trigger, a policy, its volume. No other one waits.
    Workspace,
    /// The server or its database: whoever asks next meets the same.
    Server,
}

/// The class of an error on a connection that worked before.
///
/// Everything that is not known to be somebody else's counts as the workspace's: triggers may raise
/// any state.
fn class_of(error: &tokio_postgres::Error) -> Class {
    match error.code() {
        // The connection itself broke.
        None => Class::Server,
        Some(state) => class_of_state(state.code()),
    }
}

fn class_of_state(state: &str) -> Class {
    match state {
        // A read-only transaction; a crash; a database that cannot be connected to, or is gone.
        "25006" | "57P02" | "57P03" | "57P04" => return Class::Server,
        _ => {}
    }
    match state.get(..2).unwrap_or_default() {
        // A wrong number of rows, a bad value, a broken constraint, a limit, an exception that a
        // trigger raised: the request itself is at fault.
        "21" | "22" | "23" | "27" | "44" | "54" | "P0" => Class::Record,
        // A connection, a login, a database that does not exist, resources, the system.
        "08" | "28" | "3D" | "53" | "58" | "F0" => Class::Server,
        _ => Class::Workspace,
    }
}

impl StoreError {
    /// Whether the database cannot be used at all, whatever is asked: no connection could be made, this
    /// one was lost, or none is trusted.
    pub fn is_everybodys(&self) -> bool {
        matches!(self, Self::Untrusted) || self.is_lost() || self.is_no_connection()
    }

    /// Whether no connection could be made.
    fn is_no_connection(&self) -> bool {
        let (Self::Away(source) | Self::Busy(source) | Self::SetUp(source)) = self else {
            return false;
        };
        // The pool's own: none could be opened, for whatever reason.
        if source.is::<PoolError>() {
            return true;
        }
        let Some(error) = source.downcast_ref::<tokio_postgres::Error>() else { return false };
        match error.code().map(tokio_postgres::error::SqlState::code) {
            // A login that is refused; a database that is not there; too many connections; a pooler's.
            Some(state) => matches!(&state[..2], "28" | "3D") || matches!(state, "53300" | "08P01"),
            // A certificate, or no password.
            None => matches!(self, Self::SetUp(_)),
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Away(source) => write!(f, "the database is away{}", Explained(source.as_ref())),
            Self::Busy(source) => {
                write!(f, "the database cannot do it now{}", Explained(source.as_ref()))
            }
            Self::Exhausted => f.write_str("no database connection was free in time"),
            Self::Late => f.write_str("the database did not finish in time"),
            Self::ScopeLeft => f.write_str(
                "the role or the workspace was changed in the middle of a transaction, as by a trigger",
            ),
            Self::Untrusted => f.write_str("the database is not used until it is found safe"),
            // Without the database's answer, the reason may have the data in it.
            Self::Data(source) if cause(source.as_ref()).is_none_or(|error| error.code().is_none()) => {
                f.write_str("the database refused the data")
            }
            Self::Data(source) => {
                write!(f, "the database refused the data{}", Explained(source.as_ref()))
            }
            Self::SetUp(source) => {
                write!(f, "the database is not set up for this{}", Explained(source.as_ref()))
            }
            Self::Refused(faults) => {
                f.write_str("the database is not set up safely")?;
                for fault in faults {
                    write!(f, "\n  - {fault}")?;
                }
                Ok(())
            }
            Self::Corrupt(column) => write!(f, "a stored value is not valid: {column}"),
            Self::Url(fault) => write!(f, "the connection string {fault}"),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Away(source) | Self::Busy(source) | Self::Data(source) | Self::SetUp(source) => {
                Some(source.as_ref())
            }
            Self::Exhausted
            | Self::Late
            | Self::ScopeLeft
            | Self::Untrusted
            | Self::Refused(_)
            | Self::Corrupt(_)
            | Self::Url(_) => None,
        }
    }
}

/// The database's own error, also if it came while a connection was opened.
fn cause<'a>(
    source: &'a (dyn std::error::Error + Send + Sync + 'static),
) -> Option<&'a tokio_postgres::Error> {
    match source.downcast_ref::<PoolError>() {
        Some(PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error))) => {
            Some(error)
        }
        Some(_) => None,
        None => source.downcast_ref(),
    }
}

impl StoreError {
    /// Whether the connection itself was lost, so that another one may work.
    pub(crate) fn is_lost(&self) -> bool {
        let Self::Away(source) = self else { return false };
        let Some(error) = source.downcast_ref::<tokio_postgres::Error>() else { return false };
        // 57P01 to 57P03: an administrator, a crash or a shutdown of the database.
        error.code().is_none_or(|state| {
            let code = state.code();
            code.starts_with("08") || matches!(code, "57P01" | "57P02" | "57P03" | "57P04")
        })
    }

    /// The answer to one of several questions is not there.
    pub(crate) fn missing_answer() -> Self {
        Self::Corrupt("an answer is missing".to_owned())
    }

    /// Whether the database answered and stays connected.
    pub(crate) fn is_answer(&self) -> bool {
        let (Self::Away(source) | Self::Busy(source) | Self::Data(source) | Self::SetUp(source)) =
            self
        else {
            return false;
        };
        let error = source.downcast_ref::<tokio_postgres::Error>();
        !self.is_lost() && error.is_some_and(|error| error.code().is_some())
    }

    /// An error of a step that carries no user data.
    pub(crate) fn of_set_up(error: tokio_postgres::Error) -> Self {
        match Self::from(error) {
            Self::Data(source) => Self::SetUp(source),
            other => other,
        }
    }
}

impl From<tokio_postgres::Error> for StoreError {
    fn from(error: tokio_postgres::Error) -> Self {
        let kind = kind_of(&error);
        kind.of(Box::new(error))
    }
}

/// What kind of error it is, whatever carries it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Away,
    Busy,
    Data,
    SetUp,
}

impl Kind {
    fn of(self, source: Box<dyn std::error::Error + Send + Sync>) -> StoreError {
        match self {
            Self::Away => StoreError::Away(source),
            Self::Busy => StoreError::Busy(source),
            Self::Data => StoreError::Data(source),
            Self::SetUp => StoreError::SetUp(source),
        }
    }
}

fn kind_of(error: &tokio_postgres::Error) -> Kind {
    match error.code() {
        Some(state) => kind_of_state(state.code()),
        // A certificate, no TLS at all, no password. The client has no other way to ask.
        None if ["error performing TLS", "authentication error", "invalid configuration"]
            .iter()
            .any(|start| error.to_string().starts_with(start)) =>
        {
            Kind::SetUp
        }
        None if is_about_values(error) => Kind::Data,
        None => Kind::Away,
    }
}

fn kind_of_state(state: &str) -> Kind {
    match state {
        // A pooler that does not know a parameter, a user or a database.
        "08P01" => return Kind::SetUp,
        // A shutdown, a crash, a start, a database that is gone.
        "57P01" | "57P02" | "57P03" | "57P04" => return Kind::Away,
        _ => {}
    }
    match (state.get(..2).unwrap_or_default(), class_of_state(state)) {
        ("08", _) => Kind::Away,
        // Logins, missing objects, missing rights, types.
        ("0L" | "0P" | "28" | "3D" | "3F" | "42", _) => Kind::SetUp,
        (_, Class::Record) => Kind::Data,
        // A standby, a deadlock, a lock, a time limit, a full disk, a plan that is out of date, and
        // what nobody knows: these are temporary.
        (_, Class::Workspace | Class::Server) => Kind::Busy,
    }
}

/// Whether the client refused a value before sending it or after receiving it.
fn is_about_values(error: &tokio_postgres::Error) -> bool {
    use std::error::Error;
    if error.is_closed() {
        return false;
    }
    error.source().is_some_and(|source| {
        // A NUL in a text is an `InvalidInput`; other errors of this type are the connection's.
        source
            .downcast_ref::<std::io::Error>()
            .is_none_or(|error| error.kind() == std::io::ErrorKind::InvalidInput)
    })
}

impl From<PoolError> for StoreError {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Timeout(deadpool_postgres::TimeoutType::Wait) => Self::Exhausted,
            PoolError::PostCreateHook(HookError::Message(reason)) if reason == UNTRUSTED => {
                Self::Untrusted
            }
            other => {
                let kind = cause(&other).map_or(Kind::Away, kind_of);
                kind.of(Box::new(other))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_away_is_called_away() {
        let cases = [
            (Kind::Away, &["08006", "08001", "57P01", "57P02", "57P03", "57P04"][..]),
            (
                Kind::Busy,
                &[
                    "55P03", "57014", "40001", "40P01", "25006", "53100", "53300", "58030",
                    "XX000", "PT403", "38000", "0A000", "25P02", "ZZZZZ", "",
                ],
            ),
            (
                Kind::SetUp,
                &["28000", "28P01", "3D000", "3F000", "42501", "42703", "42804", "42883", "08P01"],
            ),
            (Kind::Data, &["22001", "23503", "23514", "P0001"]),
        ];
        for (want, states) in cases {
            for state in states {
                assert_eq!(kind_of_state(state), want, "{state}");
            }
        }
    }

    #[test]
    fn every_state_has_a_class() {
        let cases = [
            (
                Class::Record,
                &["21000", "22001", "22P02", "23503", "23514", "44000", "54000", "P0001"][..],
            ),
            (
                Class::Workspace,
                &[
                    "PT403", "38000", "XX000", "42501", "42883", "42P01", "55P03", "57014",
                    "57P01", "40001", "40P01", "25P02", "0A000", "ZZZZZ", "",
                ],
            ),
            (
                Class::Server,
                &["25006", "08006", "28P01", "3D000", "53100", "53300", "57P02", "57P03", "58030"],
            ),
        ];
        for (want, states) in cases {
            for state in states {
                assert_eq!(class_of_state(state), want, "{state}");
            }
        }
        assert_eq!(StoreError::Exhausted.class(), Class::Server);
        assert_eq!(StoreError::ScopeLeft.class(), Class::Workspace);
        assert_eq!(StoreError::Data("bad".into()).class(), Class::Record);
        let closed = StoreError::from(PoolError::Closed);
        assert_eq!(closed.class(), Class::Server, "no connection at all");
    }
}
