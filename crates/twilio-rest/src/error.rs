//! Errors of requests to the API.

use std::fmt;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why a request has no result.
#[non_exhaustive]
#[derive(Debug)]
pub enum Error {
    /// No connection could be made: the request was not sent.
    Unreachable(Source),
    /// The connection broke, or the answer is not HTTP. The request may have been executed.
    Interrupted(Source),
    /// The time limit has passed. The request may have been executed.
    TimedOut,
    /// The answer is longer than the limit.
    TooLarge {
        /// The limit.
        limit_bytes: usize,
    },
    /// Twilio, or a proxy in front of it, refused.
    Refused(Refusal),
    /// The answer does not have the documented form.
    Malformed {
        /// What was expected.
        what: &'static str,
    },
    /// The next page is on another host.
    ForeignPage,
}

impl Error {
    /// What follows from it for whoever asked.
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Unreachable(_) => ErrorKind::NotNow,
            Self::Refused(refusal) => refusal.kind(),
            Self::ForeignPage => ErrorKind::Refused,
            Self::Interrupted(_)
            | Self::TimedOut
            | Self::TooLarge { .. }
            | Self::Malformed { .. } => ErrorKind::Unsure,
        }
    }

    /// Whether the requested resource does not exist.
    pub const fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused(Refusal { status: 404, .. }))
    }

    /// Whether the credentials are not accepted.
    pub const fn is_unauthorized(&self) -> bool {
        matches!(self, Self::Refused(Refusal { status: 401 | 403, .. }))
    }

    /// Whether the request was certainly not executed, so it may be retried.
    pub const fn is_undone(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Refused(Refusal { status: 429, .. }))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(_) => f.write_str("Twilio's API cannot be reached"),
            Self::Interrupted(_) => f.write_str("the connection to Twilio's API broke"),
            Self::TimedOut => f.write_str("Twilio's API did not answer in time"),
            Self::TooLarge { limit_bytes } => {
                write!(f, "the answer of Twilio's API has more than {limit_bytes} bytes")
            }
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Malformed { what } => write!(f, "the answer of Twilio's API is not a {what}"),
            Self::ForeignPage => f.write_str("the next page is not on the host of Twilio's API"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreachable(source) | Self::Interrupted(source) => Some(source.as_ref()),
            _ => None,
        }
    }
}

/// What follows from an error for a request that changes something.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum ErrorKind {
    /// There is no such call, conference or participant, or no longer.
    Gone,
    /// The call is not in progress: it is over, or not answered yet.
    NotInProgress,
    /// Nobody can be coached who is on hold.
    CoachedOnHold,
    /// Whoever is to be coached is not in the conference.
    CoachedAbsent,
    /// It was certainly not executed, and may be tried again later: too many requests, or no connection.
    NotNow,
    /// It was not executed, and would not be at another time.
    Refused,
    /// It may have been executed: the answer was lost, cannot be read, or is a failure of Twilio's.
    Unsure,
}

/// An answer without success.
///
/// `Display` and `Debug` show only status and code: messages repeat parts of the request, numbers
/// included.
#[derive(Clone, Eq, PartialEq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// Twilio's error code, such as 20404, if the body is an error of Twilio's.
    pub code: Option<u32>,
    /// Twilio's message, cut to [`Refusal::MAX_MESSAGE`] characters and without control
    /// characters.
    pub message: Option<String>,
}

impl Refusal {
    /// The most characters kept of a message.
    pub const MAX_MESSAGE: usize = 300;

    /// Codes are Twilio's, from its error dictionary. Any other one follows the HTTP status.
    const fn kind(&self) -> ErrorKind {
        match (self.code, self.status) {
            (Some(20_404), _) => ErrorKind::Gone,
            (Some(21_220), _) => ErrorKind::NotInProgress,
            (Some(16_027), _) => ErrorKind::CoachedOnHold,
            (Some(13_240 | 16_028), _) => ErrorKind::CoachedAbsent,
            (Some(20_429), _) | (_, 429) => ErrorKind::NotNow,
            (_, 404) => ErrorKind::Gone,
            (_, 500..) => ErrorKind::Unsure,
            _ => ErrorKind::Refused,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Twilio's API refused with status {}", self.status)?;
        self.code.map_or(Ok(()), |code| write!(f, " and code {code}"))
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Refusal");
        shown.field("status", &self.status).field("code", &self.code).finish_non_exhaustive()
    }
}

/// Why a text is not a base URL.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BaseUrlError {
    /// It is not just a scheme and a host.
    Malformed,
    /// Credentials would leave this machine in clear text.
    Clear,
}

impl fmt::Display for BaseUrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "is not just a scheme and a host, such as https://api.twilio.com",
            Self::Clear => "does not start with https://",
        })
    }
}

impl std::error::Error for BaseUrlError {}

/// A document is longer than Twilio accepts in a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TooLong {
    /// Its length in characters.
    pub characters: usize,
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the document has {} characters, more than 4000", self.characters)
    }
}

impl std::error::Error for TooLong {}
