//! Our types as columns.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use identity::{CallSid, ContactId, ParseError, Timestamp, UserId};
use routing::{Page, Presence, Role};
use tokio_postgres::{Client, Row};
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

/// The role, if it is one that takes calls.
pub(crate) fn role(row: &Row) -> Option<Role> {
    row.get::<_, Option<&str>>("role")?.parse().ok()
}

/// What the agent set by hand.
pub(crate) fn presence(row: &Row) -> Presence {
    let text: Option<&str> = row.get("presence");
    text.and_then(|text| text.parse().ok()).unwrap_or(Presence::Unknown)
}

/// Whether the agent's page is there, by the database's clock.
pub(crate) fn page(row: &Row) -> Page {
    match (row.get("page_open"), row.get("page_ready")) {
        (None, _) => Page::Unknown,
        (Some(true), Some(false)) => Page::NotReady,
        (Some(true), _) => Page::Open,
        (Some(false), _) => Page::Closed,
    }
}

/// A moment, if there is one in this column.
pub fn moment(row: &Row, column: &str) -> Option<Timestamp> {
    row.get::<_, Option<SystemTime>>(column).map(from_system)
}

/// What the database's clock says.
pub(crate) async fn now(client: &Client) -> Result<Timestamp, StoreError> {
    let row = client.query_one("select clock_timestamp() as now", &[]).await?;
    moment(&row, "now").ok_or_else(|| StoreError::Corrupt("no time".to_owned()))
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
