//! Databases of live chats as other people make them: the SQL scripts in
//! `crates/store-pg/tests/vectors/livechats`, each with what is to be expected of it.
//!
//! In the workspace A of each, Ann is a member and Ada a contact who is assigned to her; in B Ben and Bob,
//! and Bob has Ada's number.

use std::collections::BTreeMap;
use std::path::Path;

/// The tables of a live chat: all that are not ours and not Postgres' own.
pub const TABLES: &str = "\
select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace \
where c.relkind in ('r', 'p') and not c.relispartition and n.nspname !~ '^pg_' \
  and n.nspname not in ('information_schema', 'voice') and c.relname not like 'voice\\_%'";

/// A script that makes a live chat. Its first lines say what is to be expected.
#[derive(Clone, Debug)]
pub struct LiveChat {
    /// The script's name without its end.
    pub name: String,
    /// The SQL.
    pub sql: String,
    says: BTreeMap<String, Vec<String>>,
}

impl LiveChat {
    fn new(name: String, sql: String) -> Self {
        let mut says = BTreeMap::<String, Vec<String>>::new();
        for line in sql.lines().map_while(|line| line.strip_prefix("-- ")) {
            if let Some((key, value)) = line.split_once(": ") {
                says.entry(key.to_owned()).or_default().push(value.to_owned());
            }
        }
        Self { name, sql, says }
    }

    /// Everything that is said under a key.
    pub fn all(&self, key: &str) -> &[String] {
        self.says.get(key).map_or(&[], Vec::as_slice)
    }

    /// What is said first under a key.
    pub fn one<'a>(&'a self, key: &str, otherwise: &'a str) -> &'a str {
        self.all(key).first().map_or(otherwise, String::as_str)
    }

    /// The ids of A and B.
    pub fn workspaces(&self) -> [&'static str; 2] {
        match self.one("ids", "text") {
            "uuid" => {
                ["aaaaaaaa-0000-4000-8000-00000000000a", "bbbbbbbb-0000-4000-8000-00000000000b"]
            }
            "bigint" => ["1", "2"],
            _ => ["ws_a", "ws_b"],
        }
    }

    /// The functions that the owner wrote.
    pub fn own(&self) -> Vec<&str> {
        self.one("own", "").split(", ").filter(|name| !name.is_empty()).collect()
    }
}

/// All scripts, by name.
pub fn all() -> Result<Vec<LiveChat>, String> {
    let directory =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/store-pg/tests/vectors/livechats");
    let failed = |error: std::io::Error| format!("{}: {error}", directory.display());
    let mut all = Vec::new();
    for entry in std::fs::read_dir(&directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "sql") {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            all.push(LiveChat::new(name, std::fs::read_to_string(&path).map_err(failed)?));
        }
    }
    all.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_lines_say_what_is_expected() {
        let sql = "-- A view.\n-- ids: bigint\n-- own: log, members\n\n-- later: no\n";
        let chat = LiveChat::new("x".to_owned(), sql.to_owned());
        assert_eq!(chat.workspaces(), ["1", "2"]);
        assert_eq!(chat.own(), ["log", "members"]);
        assert_eq!((chat.one("later", "never"), chat.all("later").len()), ("never", 0));
    }
}
