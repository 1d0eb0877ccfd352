//! The record of a call as rows of `voice_calls` and `voice_legs`: the one place that names their
//! columns, for reading and for writing.
//!
//! A new fact about a call is one line in [`call_columns`] or [`leg_columns`] below, beside its column in
//! `schema.sql`.

use calls::{
    Call, Direction, EndReason, KeptWave, Leg, LegEnd, LegStatus, Outcome, Party, Refusal, Wave,
};
use identity::{CallSid, ContactId, Timestamp, UserId, Word};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use tokio_postgres::Row;
use tokio_postgres::types::Json;

use crate::error::StoreError;
use crate::sql;

/// A call of the log, and what the live chat knows of it.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedCall {
    /// The record. Its legs are in the order in which they began.
    pub call: Call,
    /// The contact's name, if there is a contact and it has one.
    pub contact_name: Option<String>,
}

/// Calls as they were read. One row that cannot be read hides no other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Logged {
    /// The calls in the order of the statement, without the legs that cannot be read.
    pub calls: Vec<LoggedCall>,
    /// How many calls were left out.
    pub left_out: usize,
    /// What was left out, calls and legs: each names the column and the rule that it breaks.
    pub damaged: Vec<String>,
}

/// What statements need of the columns of a record.
pub(crate) struct Columns {
    /// Each column under a name that tells its table, to select.
    pub(crate) selected: &'static str,
    /// The names, to insert.
    pub(crate) names: &'static str,
    /// The names with their types, for `jsonb_to_recordset`.
    pub(crate) typed: &'static str,
    /// Everything but the key, to update from `excluded`.
    pub(crate) set: &'static str,
    /// Whether anything but the key differs from `excluded`.
    pub(crate) differs: &'static str,
}

/// Makes of a list of columns what statements need of it, and how a row is read and written.
///
/// Each line is a column, its SQL type and the field. The key comes first; a column that is the
/// record's place in another one follows it. `elsewhere` are fields that are no columns. After a field may
/// stand what is selected instead of its column, because a tenant may have stored something of any size,
/// and a function that makes of the field what is written.
macro_rules! columns {
    (
        $(#[$doc:meta])*
        $name:ident: $record:ident as $alias:literal {
            key $key:ident $key_type:ident = $key_field:ident,
            $((of $parent:ident $parent_type:ident),)?
            $first:ident $first_type:ident = $first_field:ident,
            $($column:ident $type:ident = $field:ident $(shown $shown:literal)? $(kept $kept:ident)?,)+
        }
        elsewhere { $($other:ident: $empty:expr),* }
    ) => {
        $(#[$doc])*
        pub(crate) mod $name {
            use super::*;

            pub(crate) const COLUMNS: Columns = Columns {
                selected: concat!(
                $alias, ".", stringify!($key), " as ", $alias, "_", stringify!($key),
                ", ", $alias, ".", stringify!($first), " as ", $alias, "_", stringify!($first),
                $(", ", shown!($alias, $column $($shown)?), " as ", $alias, "_", stringify!($column),)+
            ),
                names: concat!(
                stringify!($key), $(", ", stringify!($parent),)? ", ", stringify!($first),
                $(", ", stringify!($column),)+
            ),
                typed: concat!(
                stringify!($key), " ", stringify!($key_type),
                $(", ", stringify!($parent), " ", stringify!($parent_type),)?
                ", ", stringify!($first), " ", stringify!($first_type),
                $(", ", stringify!($column), " ", stringify!($type),)+
            ),
                set: concat!(
                $(stringify!($parent), " = excluded.", stringify!($parent), ", ",)?
                stringify!($first), " = excluded.", stringify!($first),
                $(", ", stringify!($column), " = excluded.", stringify!($column),)+
            ),
                differs: concat!(
                "(", $($alias, ".", stringify!($parent), ", ",)?
                $alias, ".", stringify!($first), $(", ", $alias, ".", stringify!($column),)+
                ") is distinct from (", $("excluded.", stringify!($parent), ", ",)?
                "excluded.", stringify!($first), $(", excluded.", stringify!($column),)+ ")"
            ),
            };

            /// The name under which the key is selected.
            pub(crate) const KEY: &str = concat!($alias, "_", stringify!($key));

            pub(crate) fn read(row: &Row) -> Result<$record, StoreError> {
                Ok($record {
                    $key_field: Column::read(row, KEY)?,
                    $first_field: Column::read(row, concat!($alias, "_", stringify!($first)))?,
                    $($field: Column::read(row, concat!($alias, "_", stringify!($column)))?,)+
                    $($other: $empty,)*
                })
            }

            /// A record as the object that the statements take apart again.
            #[derive(Debug)]
            pub(crate) struct Written<'a> {
                pub(crate) record: &'a $record,
                $(pub(crate) $parent: CallSid,)?
            }

            impl Serialize for Written<'_> {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    let mut row = serializer.serialize_map(None)?;
                    row.serialize_entry(stringify!($key), &self.record.$key_field)?;
                    $(row.serialize_entry(stringify!($parent), &self.$parent)?;)?
                    row.serialize_entry(stringify!($first), &self.record.$first_field)?;
                    $(row.serialize_entry(stringify!($column), kept!(self.record.$field $(, $kept)?))?;)+
                    row.end()
                }
            }
        }
    };
}

/// What is selected for a column.
macro_rules! shown {
    ($alias:literal, $column:ident) => {
        concat!($alias, ".", stringify!($column))
    };
    ($alias:literal, $column:ident $shown:literal) => {
        $shown
    };
}

/// What is written of a field.
macro_rules! kept {
    ($field:expr) => {
        &$field
    };
    ($field:expr, $kept:ident) => {
        &$kept(&$field)
    };
}

fn kept_waves(waves: &[Wave]) -> Vec<KeptWave<'_>> {
    waves.iter().map(Wave::kept).collect()
}

columns! {
    /// A call: its row in `voice_calls`, which is `v` in statements.
    call_columns: Call as "v" {
        key call_sid text = sid,
        direction text = direction,
        outcome text = outcome,
        from_party text = from shown "left(v.from_party, 256)",
        to_party text = to shown "left(v.to_party, 256)",
        contact_id uuid = contact,
        handled_by uuid = handled_by,
        started_at timestamptz = started_at,
        answered_at timestamptz = answered_at,
        ended_at timestamptz = ended_at,
        end_reason text = end_reason,
        refusal text = refusal,
        waves jsonb = waves shown "case when v.bytes <= 1048576 and coalesce(l.nth, 1) = 1 then v.waves end" kept kept_waves,
    }
    elsewhere { legs: Vec::new() }
}

columns! {
    /// A leg: its row in `voice_legs`, which is `l` in statements.
    leg_columns: Leg as "l" {
        key leg_sid text = sid,
        (of call_sid text),
        user_id uuid = agent,
        status text = status,
        end_reason text = end,
        initiated_at timestamptz = initiated_at,
        ringing_at timestamptz = ringing_at,
        answered_at timestamptz = answered_at,
        ended_at timestamptz = ended_at,
        wave int = wave,
        sip_response int = sip_response,
    }
    elsewhere {}
}

/// The rows of calls.
pub(crate) fn of_calls<'a>(
    calls: impl IntoIterator<Item = &'a Call>,
) -> Json<Vec<call_columns::Written<'a>>> {
    Json(calls.into_iter().map(|record| call_columns::Written { record }).collect())
}

/// The rows of legs, each with its call.
pub(crate) fn of_legs<'a>(
    legs: impl IntoIterator<Item = (CallSid, &'a Leg)>,
) -> Json<Vec<leg_columns::Written<'a>>> {
    let legs = legs.into_iter();
    Json(legs.map(|(call_sid, record)| leg_columns::Written { record, call_sid }).collect())
}

/// Reads calls with their legs: rows are one per leg, the legs of a call side by side.
pub(crate) fn gather(rows: &[Row]) -> Logged {
    let mut logged = Logged::default();
    let mut last: Option<&str> = None;
    let mut is_readable = false;
    for row in rows {
        let key: &str = row.get(call_columns::KEY);
        if last != Some(key) {
            last = Some(key);
            let read = call_columns::read(row);
            is_readable = read.is_ok();
            match read {
                Ok(call) => {
                    let contact_name = row.get("contact_name");
                    logged.calls.push(LoggedCall { call, contact_name });
                }
                Err(error) => {
                    logged.left_out += 1;
                    logged.damaged.push(format!("voice_calls: {error}"));
                }
            }
        }
        if is_readable
            && row.get::<_, Option<&str>>(leg_columns::KEY).is_some()
            && let Some(last) = logged.calls.last_mut()
        {
            match leg_columns::read(row) {
                Ok(leg) => last.call.legs.push(leg),
                Err(error) => logged.damaged.push(format!("voice_legs: {error}")),
            }
        }
    }
    logged
}

/// A value that is read from a column.
///
/// A word that only a newer version of the program knows is read as the nearest one, so that the
/// log stays readable while servers of two versions write it.
trait Column: Sized {
    fn read(row: &Row, column: &str) -> Result<Self, StoreError>;
}

impl Column for CallSid {
    fn read(row: &Row, column: &str) -> Result<Self, StoreError> {
        sql::call_sid(row, column)
    }
}

impl Column for Option<UserId> {
    fn read(row: &Row, column: &str) -> Result<Self, StoreError> {
        Ok(sql::user(row, column))
    }
}

impl Column for Option<ContactId> {
    fn read(row: &Row, column: &str) -> Result<Self, StoreError> {
        Ok(sql::contact(row, column))
    }
}

impl Column for Option<Timestamp> {
    fn read(row: &Row, column: &str) -> Result<Self, StoreError> {
        Ok(sql::moment(row, column))
    }
}

impl Column for Option<u16> {
    fn read(row: &Row, column: &str) -> Result<Self, StoreError> {
        Ok(row.get::<_, Option<i32>>(column).and_then(|number| number.try_into().ok()))
    }
}

impl Column for Party {
    fn read(row: &Row, column: &str) -> Result<Self, StoreError> {
        Ok(row.get::<_, Option<&str>>(column).map_or_else(Self::unknown, Self::read))
    }
}

impl Column for Direction {
    fn read(row: &Row, column: &str) -> Result<Self, StoreError> {
        Ok(word(row, column).unwrap_or(Self::Inbound))
    }
}

impl Column for Outcome {
    fn read(row: &Row, column: &str) -> Result<Self, StoreError> {
        let nearest = || Self::nearest(is_set(row, "v_answered_at"), is_set(row, "v_ended_at"));
        Ok(word(row, column).unwrap_or_else(nearest))
    }
}

impl Column for LegStatus {
    fn read(row: &Row, column: &str) -> Result<Self, StoreError> {
        let nearest = || Self::nearest(is_set(row, "l_answered_at"), is_set(row, "l_ended_at"));
        Ok(word(row, column).unwrap_or_else(nearest))
    }
}

impl Column for Option<EndReason> {
    fn read(row: &Row, column: &str) -> Result<Self, StoreError> {
        Ok(word(row, column))
    }
}

impl Column for Option<LegEnd> {
    fn read(row: &Row, column: &str) -> Result<Self, StoreError> {
        Ok(word(row, column))
    }
}

impl Column for Option<Word<Refusal>> {
    fn read(row: &Row, column: &str) -> Result<Self, StoreError> {
        Ok(row.get::<_, Option<&str>>(column).map(Word::from))
    }
}

impl Column for Vec<Wave> {
    /// Waves that only a newer version can read, or that are too large, count as not known.
    fn read(row: &Row, column: &str) -> Result<Self, StoreError> {
        Ok(row.try_get(column).map(|Json(waves)| waves).unwrap_or_default())
    }
}

fn word<T: std::str::FromStr>(row: &Row, column: &str) -> Option<T> {
    row.get::<_, Option<&str>>(column)?.parse().ok()
}

fn is_set(row: &Row, column: &str) -> bool {
    sql::moment(row, column).is_some()
}
