//! The size of source files, and where modules with children stand.

use std::fs;
use std::io;
use std::path::Path;

/// Lines of the longest file.
const MOST: usize = 500;

/// The languages that people write here.
const EXTENSIONS: [&str; 4] = ["rs", "js", "mjs", "py"];

/// Folders that hold nothing written here.
const FOREIGN: [&str; 2] = ["target", "node_modules"];

/// Files that are tables and may be longer, each with the reason.
const TABLES: [(&str, &str); 1] = [(
    "crates/twiml/src/voices.rs",
    "every voice of Twilio, one a line, in the form of their list",
)];

/// One source file.
pub(crate) struct Source {
    /// From the root of the workspace, with slashes.
    pub(crate) name: String,
    pub(crate) lines: usize,
}

/// All source files below a folder.
///
/// # Errors
///
/// What the system says about the first that cannot be read.
pub(crate) fn list(root: &Path) -> io::Result<Vec<Source>> {
    let mut sources = Vec::new();
    walk(root, "", &mut sources)?;
    sources.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(sources)
}

fn walk(folder: &Path, prefix: &str, sources: &mut Vec<Source>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type()?;
        if kind.is_dir() && !name.starts_with('.') && !FOREIGN.contains(&&*name) {
            walk(&entry.path(), &format!("{prefix}{name}/"), sources)?;
        } else if kind.is_file()
            && Path::new(&name)
                .extension()
                .is_some_and(|extension| EXTENSIONS.iter().any(|known| extension == *known))
        {
            let text = fs::read(entry.path())?;
            let lines = String::from_utf8_lossy(&text).lines().count();
            sources.push(Source { name: format!("{prefix}{name}"), lines });
        }
    }
    Ok(())
}

/// Every file that is too long or has a name of the other layout, and every exception that is none.
pub(crate) fn faults(sources: &[Source]) -> Vec<String> {
    let table = |name: &str| TABLES.iter().any(|(table, _)| *table == name);
    let long = sources.iter().filter(|source| source.lines > MOST && !table(&source.name));
    let long = long.map(|Source { name, lines }| format!("{name}: {lines} lines, at most {MOST}"));
    let layout = sources.iter().filter(|source| source.name.ends_with("/mod.rs"));
    let layout = layout.map(|Source { name, .. }| {
        format!("{name}: is to be {}.rs", name.trim_end_matches("/mod.rs"))
    });
    let idle = TABLES.iter().filter(|(table, _)| {
        !sources.iter().any(|source| source.name == *table && source.lines > MOST)
    });
    let idle = idle.map(|(table, _)| format!("{table}: needs no exception any more"));
    long.chain(layout).chain(idle).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_long_files_the_other_layout_and_idle_exceptions() {
        let source = |name: &str, lines| Source { name: name.to_owned(), lines };
        let voices = "crates/twiml/src/voices.rs";
        let cases: [(&str, Vec<Source>, &[&str]); 4] = [
            ("fine", vec![source(voices, 910), source("a/src/b.rs", 500)], &[]),
            (
                "too long",
                vec![source(voices, 910), source("a/src/b.rs", 501)],
                &["a/src/b.rs: 501 lines, at most 500"],
            ),
            (
                "the other layout",
                vec![source(voices, 910), source("a/src/b/mod.rs", 1)],
                &["a/src/b/mod.rs: is to be a/src/b.rs"],
            ),
            (
                "an exception that is none",
                vec![source(voices, 500)],
                &["crates/twiml/src/voices.rs: needs no exception any more"],
            ),
        ];
        for (name, sources, want) in cases {
            assert_eq!(faults(&sources), want, "{name}");
        }
    }

    #[test]
    fn lists_what_people_write() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let sources = list(root).unwrap();
        let this = sources.iter().find(|source| source.name == "src/modules/files.rs").unwrap();
        assert!(this.lines > 50);
        assert!(sources.iter().all(|source| !source.name.contains("Cargo.toml")));
    }
}
