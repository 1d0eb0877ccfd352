//! Our types as columns.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use identity::{CallSid, ContactId, ParseError, Timestamp, UserId};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::error::StoreError;

pub(crate) fn uuid(user: UserId) -> Uuid {
    Uuid::from_bytes(*user.as_bytes())
}

pub(crate) fn user(row: &Row, column: &str) -> Option<UserId> {
    row.get::<_, Option<Uuid>>(column).map(|id| UserId::from_bytes(*id.as_bytes()))
}

pub(crate) fn contact(row: &Row, column: &str) -> Option<ContactId> {
    row.get::<_, Option<Uuid>>(column).map(|id| ContactId::from_bytes(*id.as_bytes()))
}

pub(crate) fn call_sid(row: &Row, column: &str) -> Result<CallSid, StoreError> {
    row.get::<_, &str>(column)
        .parse()
        .map_err(|error: ParseError| StoreError::Corrupt(format!("{column}: {error}")))
}

pub(crate) fn moment(row: &Row, column: &str) -> Option<Timestamp> {
    row.get::<_, Option<SystemTime>>(column).map(from_system)
}

/// A moment as a `timestamptz`.
pub(crate) fn system(moment: Timestamp) -> SystemTime {
    let micros = moment.unix_micros();
    let length = Duration::from_micros(micros.unsigned_abs());
    if micros < 0 { UNIX_EPOCH - length } else { UNIX_EPOCH + length }
}

fn from_system(time: SystemTime) -> Timestamp {
    let micros = |length: Duration| i64::try_from(length.as_micros()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => Timestamp::from_unix_micros(micros(after)),
        Err(before) => Timestamp::from_unix_micros(-micros(before.duration())),
    }
}
