//! `cargo xtask layers`: checks which crate uses which.
//!
//! It compares the table in docs/architecture.md, section "Layers", with the manifests.
//! Dependencies of tests, benchmarks and build scripts are free.

use std::collections::{BTreeMap, BTreeSet};

use harness::Failure;

use crate::metadata::{Metadata, Package};
use crate::workspace::Workspace;

const PAGE: &str = "docs/architecture.md";
const HEADING: &str = "## Layers";
const FIX: &str = "remove the dependency, or change the table in docs/architecture.md, section \
                    \"Layers\", in a commit of its own that gives the reason";

/// Allowed uses by crate.
type Table = BTreeMap<String, BTreeSet<String>>;

pub(crate) fn run(workspace: &Workspace) -> Result<String, Failure> {
    let table = parse(&workspace.read(PAGE)?).map_err(|fault| {
        Failure::new(format!("{PAGE}: {fault}"), "write rows of the form | `crate` | what | uses |")
    })?;
    let metadata = Metadata::load(workspace)?;
    let (edges, faults) = compare(&table, &metadata);
    if faults.is_empty() {
        Ok(format!("{} crates, {edges} uses, all in the table", table.len()))
    } else {
        Err(Failure::faults("the crates do not follow the layers", &faults, FIX))
    }
}

/// Reads the table: first column the crate, last column what it may use, both in backticks.
fn parse(page: &str) -> Result<Table, String> {
    let section = page.split(HEADING).nth(1).ok_or(format!("no section `{HEADING}`"))?;
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    let mut table = Table::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').collect();
        let [name, _, uses] = cells[..] else {
            return Err(format!("not three columns: {row}"));
        };
        let names = quoted(name);
        let [name] = &names[..] else {
            return Err(format!("the first column must name one crate: {row}"));
        };
        if table.insert(name.clone(), quoted(uses).into_iter().collect()).is_some() {
            return Err(format!("`{name}` has two rows"));
        }
    }
    if table.is_empty() { Err("the table has no rows".to_owned()) } else { Ok(table) }
}

/// The words between backticks.
fn quoted(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The number of uses, and everything that differs.
fn compare(table: &Table, metadata: &Metadata) -> (usize, Vec<String>) {
    let ours: BTreeSet<&str> = metadata.ours().map(|package| &*package.name).collect();
    let mut edges = 0;
    let mut faults = Vec::new();
    for package in metadata.ours() {
        let uses = package.uses.iter().filter(|name| ours.contains(&***name));
        edges += uses.clone().count();
        faults.extend(faults_of(package, uses, table.get(&package.name)));
    }
    let named = table.iter().flat_map(|(name, uses)| uses.iter().chain([name]));
    let gone: BTreeSet<&String> = named.filter(|name| !ours.contains(&***name)).collect();
    faults.extend(gone.iter().map(|name| format!("`{name}` is in the table, but is not a crate")));
    (edges, faults)
}

fn faults_of<'a>(
    package: &Package,
    uses: impl Iterator<Item = &'a String>,
    row: Option<&BTreeSet<String>>,
) -> Vec<String> {
    let name = &package.name;
    let Some(allowed) = row else {
        return vec![format!("`{name}` is missing from the table")];
    };
    uses.filter(|used| !allowed.contains(*used))
        .map(|used| format!("`{name}` uses `{used}`, which the table does not allow"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# Architecture\n\n## Layers\n\nWho may use whom.\n\n\
        | Crate | What it is | May use |\n| --- | --- | --- |\n\
        | `identity` | who: `UserId` | – |\n| `calls` | what happened | `identity` |\n\
        | `server` | wiring | `calls`, `identity` |\n\n## Stories\n\n| `other` | table | – |\n";

    fn metadata(edges: &[(&str, &[&str])]) -> Metadata {
        let packages = edges.iter().map(|(name, uses)| Package {
            name: (*name).to_owned(),
            ours: *name != "serde",
            uses: uses.iter().map(|used| (*used).to_owned()).collect(),
            roots: Vec::new(),
        });
        Metadata { packages: packages.collect() }
    }

    #[test]
    fn reads_only_the_table_of_its_section() {
        let table = parse(PAGE).unwrap();
        assert_eq!(table.keys().collect::<Vec<_>>(), ["calls", "identity", "server"]);
        assert!(table["identity"].is_empty());
        assert_eq!(table["server"].iter().collect::<Vec<_>>(), ["calls", "identity"]);
    }

    #[test]
    fn refuses_a_table_that_it_cannot_read() {
        let cases = [
            ("no section", "# Architecture\n", "no section `## Layers`"),
            ("no rows", "## Layers\n\ntext\n", "the table has no rows"),
            ("two columns", "## Layers\n| `a` | b |\n", "not three columns: | `a` | b |"),
            ("two rows", "## Layers\n| `a` | b | – |\n| `a` | c | – |\n", "`a` has two rows"),
            (
                "two crates",
                "## Layers\n| `a`, `b` | c | – |\n",
                "the first column must name one crate: | `a`, `b` | c | – |",
            ),
        ];
        for (name, page, fault) in cases {
            assert_eq!(parse(page).unwrap_err(), fault, "{name}");
        }
    }

    #[test]
    fn finds_every_difference() {
        type Edges = [(&'static str, &'static [&'static str])];
        let cases: [(&str, &Edges, &[&str]); 5] = [
            (
                "as the table says, crates of others are free",
                &[
                    ("identity", &["serde"]),
                    ("calls", &["identity"]),
                    ("server", &["calls", "serde"]),
                    ("serde", &[]),
                ],
                &[],
            ),
            ("fewer uses than allowed", &[("identity", &[]), ("calls", &[]), ("server", &[])], &[]),
            (
                "an upward use",
                &[("identity", &["calls"]), ("calls", &["identity"]), ("server", &[])],
                &["`identity` uses `calls`, which the table does not allow"],
            ),
            (
                "a new crate",
                &[("identity", &[]), ("calls", &[]), ("server", &[]), ("new", &["identity"])],
                &["`new` is missing from the table"],
            ),
            (
                "a crate that is gone",
                &[("identity", &[]), ("server", &[])],
                &["`calls` is in the table, but is not a crate"],
            ),
        ];
        let table = parse(PAGE).unwrap();
        for (name, edges, want) in cases {
            assert_eq!(compare(&table, &metadata(edges)).1, want, "{name}");
        }
    }
}
