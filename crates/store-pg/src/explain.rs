//! What an error of the database is about, in names that an operator can look for, and the fix.
//!
//! Values of rows are never shown: not the database's details, not the messages of triggers, and not the
//! statements that functions put together.

use std::error::Error;
use std::fmt;

use tokio_postgres::error::{DbError, ErrorPosition};

/// An error in parentheses, then its fix.
pub(crate) struct Explained<'a>(pub(crate) &'a (dyn Error + Send + Sync + 'static));

impl fmt::Display for Explained<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error: &(dyn Error + 'static) = self.0;
        let Some(db) = in_chain::<DbError>(error) else {
            return without_answer(error, f);
        };
        let code = db.code().code();
        write!(f, " ({code}")?;
        for (what, name) in [
            ("table", db.table()),
            ("column", db.column()),
            ("constraint", db.constraint()),
            ("type", db.datatype()),
        ] {
            if let Some(name) = name {
                write!(f, ", {what} {name}")?;
            }
        }
        if is_own_message(code, db.routine()) {
            write!(f, ", {}", db.message())?;
        }
        if let Some(near) = near(db.position()) {
            write!(f, ", near {near}")?;
        }
        if let Some(place) = db.where_().and_then(place) {
            write!(f, ", in {place}")?;
        }
        f.write_str(")")?;
        match fix(code, db.message()) {
            Some(fix) => write!(f, ": {fix}"),
            None => Ok(()),
        }
    }
}

/// An error that did not come from the database.
fn without_answer(error: &(dyn Error + 'static), f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let last = last(error).to_string();
    write!(f, ": {last}")?;
    let fix = if trust::is_unknown_authority(error) {
        "name the authority of the database's certificate by sslrootcert=/path/to/ca.pem in the \
         connection string (Supabase: Database settings, SSL configuration)"
    } else if trust::is_other_name(error) {
        "connect to the name that is in the certificate, or set sslmode=verify-ca with an sslrootcert"
    } else if last.contains("does not support TLS") {
        "let the database take TLS, or set sslmode=disable where nobody else is on the network"
    } else if last.contains("lookup address") || last.contains("unreachable") {
        "look at the host in the connection string; one at db.….supabase.co has an IPv6 address only, \
         its pooler in session mode also an IPv4 address"
    } else if last.contains("password missing") {
        "put the role's password into the connection string"
    } else {
        return Ok(());
    };
    write!(f, "; {fix}")
}

/// The first error of a type in a chain.
pub(crate) fn in_chain<'a, E: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// What lies at the bottom of an error.
fn last<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last
}

/// Whether the message is the database's own. Those about data (class 22) repeat it, and those that a
/// function raised are somebody's.
fn is_own_message(code: &str, routine: Option<&str>) -> bool {
    routine != Some("exec_stmt_raise") && !code.starts_with("22") && !code.starts_with("P0")
}

/// The name before the place of an error in a function's statement, as in `p.workspace_id = ws`.
fn near(position: Option<&ErrorPosition>) -> Option<&str> {
    let ErrorPosition::Internal { position, query } = position? else { return None };
    let position = usize::try_from(*position).ok()?.checked_sub(1)?;
    let (end, _) = query.char_indices().nth(position)?;
    let before = query[..end].trim_end();
    let start = before.rfind(|c: char| !(c.is_ascii_alphanumeric() || "_.".contains(c)));
    let (start, mark) =
        start.map_or((0, ' '), |at| (at + 1, before[at..].chars().next().unwrap_or(' ')));
    let name = before.get(start..)?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    // What stands in quotes may be a value.
    (is_name && matches!(mark, ' ' | '\n' | '(' | ',')).then_some(name)
}

/// The function in which it happened.
pub(crate) fn place(context: &str) -> Option<&str> {
    let is_place =
        |line: &&str| line.starts_with("PL/pgSQL function ") || line.starts_with("SQL function ");
    context.lines().find(is_place).map(|line| line.get(..120).unwrap_or(line))
}

/// What to do about it.
fn fix(code: &str, message: &str) -> Option<&'static str> {
    if let Some((_, fix)) = BY_MESSAGE.iter().find(|(part, _)| message.contains(part)) {
        return Some(fix);
    }
    BY_CODE.iter().find(|(start, _)| code.starts_with(start)).map(|(_, fix)| *fix)
}

/// By a part of the message, where the code is too wide, or a pooler's.
const BY_MESSAGE: [(&str, &str); 12] = [
    (
        "no encryption",
        "if pg_hba.conf takes this role by TLS only (hostssl), take sslmode=disable out of the connection \
         string; else let it, or the provider's list of addresses, let this role in from this machine",
    ),
    (
        "pg_hba.conf",
        "let pg_hba.conf, or the provider's list of addresses, let this role in from this machine",
    ),
    (
        "Tenant or user not found",
        "Supabase's pooler wants the role with its project, voice_app.<project>, in the project's region",
    ),
    (
        "max clients",
        "the pooler has no session left: raise its pool size, or lower SWITCHROOM_DATABASE_CONNECTIONS",
    ),
    (
        "unsupported startup parameter",
        "take this parameter out of the connection string, or let the pooler pass it on (pgbouncer: \
         ignore_startup_parameters)",
    ),
    ("no such user", "enter the role in the pooler's list of users"),
    ("no such database", "enter the database in the pooler's list of databases"),
    ("permission denied to create role", "migrate as a role that may create roles"),
    (
        "permission denied to set role",
        "run `switchroom migrate`, which makes the role's memberships",
    ),
    (
        "violates row-level security policy",
        "look at the policies of this table that are not Switchroom's",
    ),
    (
        "is not permitted to log in",
        "run `switchroom migrate`, which makes the role of DATABASE_URL a login role",
    ),
    ("cached plan must not change", "nothing: the next attempt uses the changed table"),
];

/// By the code or its class, the longer ones first.
const BY_CODE: [(&str, &str); 24] = [
    (
        "28P01",
        "put the role's right password into the connection string; `switchroom migrate` gives the role \
         the password that stands in DATABASE_URL",
    ),
    ("28000", "run `switchroom migrate`, which makes the role of DATABASE_URL"),
    ("3D000", "let the connection string end with the name of the database that has the live chat"),
    (
        "42501",
        "run `switchroom migrate`, which grants what the server's roles need; a trigger of the live chat \
         that needs more can run with its owner's rights (security definer)",
    ),
    ("42P01", "run `switchroom migrate`: the tables are not as it left them"),
    ("42703", "run `switchroom migrate`: the columns are not as it left them"),
    (
        "42883",
        "run `switchroom migrate`: the functions or the types of columns are not as it left them",
    ),
    ("42804", "run `switchroom migrate`: the types of columns are not as it left them"),
    ("3F000", "run `switchroom migrate`: the schemas are not as it left them"),
    (
        "55P03",
        "another program holds a lock: pg_stat_activity shows transactions that are open for long",
    ),
    (
        "57014",
        "it took longer than it may: look for transactions that are open for long, slow triggers and \
         missing indexes",
    ),
    ("57P01", "it goes on by itself when the database is back"),
    ("57P02", "it goes on by itself when the database is back"),
    ("57P03", "it goes on by itself when the database is back"),
    (
        "53300",
        "the database has no connection left: raise max_connections or the role's limit, or lower \
         SWITCHROOM_DATABASE_CONNECTIONS",
    ),
    ("53100", "make room on the disk of the database"),
    ("25006", "let the database take writes again, or connect to the primary"),
    ("23502", "give the column a default, or let it be null"),
    ("23503", "the live chat lacks the row that this one names: enter it, or drop the constraint"),
    ("23505", "another row has the same key already: see what the constraint is for"),
    ("23514", "let the constraint take this value, or drop it"),
    ("P0", "look at the trigger or function that raised it"),
    ("38", "look at the trigger or function that raised it"),
    ("40", "nothing: it is tried again"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fix_is_found_by_message_then_by_code() {
        let cases = [
            (
                "28000",
                "no pg_hba.conf entry for host \"10.0.0.1\", no encryption",
                Some("by TLS only"),
            ),
            ("28000", "no pg_hba.conf entry for host \"10.0.0.1\"", Some("list of addresses")),
            ("28000", "role \"voice_app\" does not exist", Some("makes the role of DATABASE_URL")),
            ("XX000", "Tenant or user not found", Some("voice_app.<project>")),
            ("XX000", "MaxClientsInSessionMode: max clients reached", Some("raise its pool size")),
            ("08P01", "unsupported startup parameter: options", Some("ignore_startup_parameters")),
            ("57014", "canceling statement due to statement timeout", Some("open for long")),
            ("P0001", "no", Some("look at the trigger")),
            ("ZZZZZ", "no", None),
        ];
        for (code, message, want) in cases {
            let found = fix(code, message);
            let is_right = match (found, want) {
                (Some(found), Some(want)) => found.contains(want),
                (found, want) => found == want,
            };
            assert!(is_right, "{code} {message}: {found:?}");
        }
    }

    #[test]
    fn the_name_before_an_error_is_shown_and_no_value() {
        let near_of = |query: &str, mark: char| {
            let at = query.chars().position(|c| c == mark).expect("the mark") + 1;
            let position = ErrorPosition::Internal {
                position: u32::try_from(at).expect("a place"),
                query: query.to_owned(),
            };
            near(Some(&position)).map(ToOwned::to_owned)
        };
        let cases = [
            ("select * from t p where p.workspace_id = ws", '=', Some("p.workspace_id")),
            ("select (id = 1)", '=', Some("id")),
            ("select 'Jane Doe' = 1", '=', None),
            ("select 4912 = id", '=', None),
        ];
        for (query, mark, want) in cases {
            assert_eq!(near_of(query, mark).as_deref(), want, "{query}");
        }
        assert!(
            place("SQL statement \"select 'Jane'\"\nPL/pgSQL function f() line 3 at RAISE")
                .is_some_and(|place| place == "PL/pgSQL function f() line 3 at RAISE")
        );
        assert_eq!(place("COPY t, line 1: \"Jane\""), None);
        assert!(!is_own_message("P0001", Some("exec_stmt_raise")));
        assert!(!is_own_message("PT403", Some("exec_stmt_raise")));
        assert!(is_own_message("42501", Some("aclcheck_error")));
    }
}
