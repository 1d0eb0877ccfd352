//! How a column holds an id.

use super::super::catalogue::Column;

/// How a column holds an id.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in super::super) enum Id {
    /// As text.
    Text,
    /// As a uuid.
    Uuid,
    /// As a whole number.
    Integer,
}

/// The first half of the uuid that stands for a number. The second half is the number.
const NUMBERED: &str = "b1610000-0000-8000";

impl Id {
    /// How this column could hold an id; `None` if it cannot.
    pub(in super::super) fn of(column: &Column) -> Option<Self> {
        match column.base.as_str() {
            "uuid" => Some(Self::Uuid),
            "text" | "character varying" => Some(Self::Text),
            "bigint" | "integer" | "smallint" => Some(Self::Integer),
            _ => None,
        }
    }

    /// The type in which it is compared.
    pub(in super::super) const fn sql_type(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Uuid => "uuid",
            Self::Integer => "bigint",
        }
    }

    /// A workspace's id, given as text, in this type; null if it is not of this type.
    pub(in super::super) fn of_text(self, text: &str) -> String {
        match self {
            Self::Text => text.to_owned(),
            Self::Uuid => format!("voice.as_uuid({text})"),
            Self::Integer => format!("voice.as_bigint({text})"),
        }
    }

    /// What a column of this type holds, as a uuid; null if it cannot be one.
    pub(in super::super) fn to_uuid(self, sql: &str) -> String {
        match self {
            Self::Text => format!("voice.as_uuid({sql})"),
            Self::Uuid => sql.to_owned(),
            Self::Integer => format!(
                "('{}' || pg_catalog.lpad(pg_catalog.to_hex({sql}::bigint), 16, '0'))::uuid",
                NUMBERED.replace('-', "")
            ),
        }
    }

    /// A uuid in this type, as [`Id::to_uuid`] reads it back; null if none is.
    pub(in super::super) fn of_uuid(self, uuid: &str) -> String {
        match self {
            Self::Text => format!("{uuid}::text"),
            Self::Uuid => uuid.to_owned(),
            Self::Integer => format!(
                "case when {uuid}::text like '{NUMBERED}-%' then ('x' || \
                 pg_catalog.right(pg_catalog.replace({uuid}::text, '-', ''), 16))::bit(64)::bigint end"
            ),
        }
    }

    /// A list of uuids as the array of all that a column of this type may hold for them.
    pub(in super::super) fn of_uuids(self, uuids: &str) -> String {
        match self {
            Self::Uuid => uuids.to_owned(),
            // In the forms in which people's programs write them.
            Self::Text => format!(
                "array(select f.form from pg_catalog.unnest({uuids}) as u (id) cross join lateral \
                 (values (u.id::text), (pg_catalog.upper(u.id::text)), \
                 (pg_catalog.replace(u.id::text, '-', ''))) as f (form))"
            ),
            Self::Integer => format!(
                "array(select {} from pg_catalog.unnest({uuids}) as u (id))",
                self.of_uuid("u.id")
            ),
        }
    }
}
