//! `cargo xtask licences`: may every dependency be used?
//!
//! Compares the licence of every package in the lock file with the allow list of deny.toml, which
//! `cargo deny check` reads too. This part needs no database, so it runs everywhere.

use crate::failure::Failure;
use crate::metadata::Metadata;
use crate::workspace::Workspace;

const MEND: &str = "replace the dependency, or allow its licence in deny.toml in a commit of its \
                    own that gives the reason";

pub(crate) fn run(workspace: &Workspace) -> Result<String, Failure> {
    let allowed = allowed(&workspace.read("deny.toml")?).ok_or_else(|| {
        Failure::new("deny.toml has no list `allow` in `[licenses]`", "restore the list")
    })?;
    let metadata = Metadata::load(workspace)?;
    let faults = faults(&metadata, &allowed);
    if faults.is_empty() {
        Ok(format!("{} packages under {} licences", metadata.packages.len(), allowed.len()))
    } else {
        Err(Failure::faults("a licence is not allowed", &faults, MEND))
    }
}

/// The strings of `allow = […]` in the section `[licenses]`.
fn allowed(toml: &str) -> Option<Vec<String>> {
    let section = toml.split("\n[licenses]").nth(1)?.split("\n[").next()?;
    let list = section.split("\nallow = [").nth(1)?.split(']').next()?;
    let strings = list.lines().map(|line| line.split('#').next().unwrap_or_default());
    let strings = strings.flat_map(|line| line.split('"').skip(1).step_by(2));
    Some(strings.map(str::to_owned).collect())
}

fn faults(metadata: &Metadata, allowed: &[String]) -> Vec<String> {
    let mut faults = Vec::new();
    for package in &metadata.packages {
        let (name, version) = (&package.name, &package.version);
        match package.license.as_deref() {
            None => faults.push(format!("{name} {version} names no licence")),
            Some(license) => match permits(license, allowed) {
                Some(true) => {}
                Some(false) => faults.push(format!("{name} {version} is under {license}")),
                None => faults.push(format!("{name} {version}: `{license}` is unreadable")),
            },
        }
    }
    faults
}

/// Whether an SPDX expression can be satisfied with the allowed licences; `None` if it is none.
///
/// The slash of old manifests means `OR`. A licence with an exception is one licence: the allow
/// list must name it as it stands.
fn permits(expression: &str, allowed: &[String]) -> Option<bool> {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = &words[..];
    let verdict = any(&mut rest, allowed)?;
    rest.is_empty().then_some(verdict)
}

fn any(words: &mut &[&str], allowed: &[String]) -> Option<bool> {
    let mut verdict = all(words, allowed)?;
    while let ["OR", rest @ ..] = *words {
        *words = rest;
        verdict |= all(words, allowed)?;
    }
    Some(verdict)
}

fn all(words: &mut &[&str], allowed: &[String]) -> Option<bool> {
    let mut verdict = one(words, allowed)?;
    while let ["AND", rest @ ..] = *words {
        *words = rest;
        verdict &= one(words, allowed)?;
    }
    Some(verdict)
}

fn one(words: &mut &[&str], allowed: &[String]) -> Option<bool> {
    match *words {
        ["(", rest @ ..] => {
            *words = rest;
            let verdict = any(words, allowed)?;
            let [")", rest @ ..] = *words else { return None };
            *words = rest;
            Some(verdict)
        }
        [")" | "AND" | "OR" | "WITH", ..] | [] => None,
        [name, "WITH", exception, rest @ ..] => {
            *words = rest;
            Some(allowed.contains(&format!("{name} WITH {exception}")))
        }
        [name, rest @ ..] => {
            *words = rest;
            Some(allowed.iter().any(|allowed| allowed == name))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metadata::Package;

    fn list(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn reads_the_allow_list() {
        let toml = "[bans]\nallow = [\"X\"]\n\n[licenses]\n# \"Y\"\nallow = [\n  \"MIT\", # \"Z\"\n  \
                    \"ISC\",\n]\n\n[sources]\n";
        assert_eq!(allowed(toml).unwrap(), ["MIT", "ISC"]);
        assert_eq!(allowed("[licenses]\n"), None);
    }

    #[test]
    fn understands_expressions() {
        let cases = [
            ("MIT", Some(true)),
            ("GPL-3.0", Some(false)),
            ("MIT OR GPL-3.0", Some(true)),
            ("GPL-3.0 OR MIT", Some(true)),
            ("MIT/GPL-3.0", Some(true)),
            ("MIT AND GPL-3.0", Some(false)),
            ("(MIT OR GPL-3.0) AND ISC", Some(true)),
            ("ISC AND (GPL-3.0 OR GPL-2.0)", Some(false)),
            // AND binds tighter than OR.
            ("GPL-3.0 AND ISC OR MIT", Some(true)),
            ("MIT OR ISC AND GPL-3.0", Some(true)),
            ("Apache-2.0 WITH LLVM-exception", Some(false)),
            ("GPL-2.0 WITH Classpath-exception-2.0", Some(true)),
            ("", None),
            ("MIT ISC", None),
            ("(MIT", None),
            ("MIT OR", None),
        ];
        let allowed = list(&["MIT", "ISC", "GPL-2.0 WITH Classpath-exception-2.0"]);
        for (expression, want) in cases {
            assert_eq!(permits(expression, &allowed), want, "{expression}");
        }
    }

    #[test]
    fn names_every_package_that_may_not_be_used() {
        let package = |name: &str, license: Option<&str>| Package {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            license: license.map(str::to_owned),
            ours: false,
            uses: Vec::new(),
            roots: Vec::new(),
        };
        let packages = vec![
            package("good", Some("MIT")),
            package("copyleft", Some("GPL-3.0")),
            package("silent", None),
            package("odd", Some("MIT AND")),
        ];
        let want = [
            "copyleft 1.0.0 is under GPL-3.0",
            "silent 1.0.0 names no licence",
            "odd 1.0.0: `MIT AND` is unreadable",
        ];
        assert_eq!(faults(&Metadata { packages }, &list(&["MIT"])), want);
    }
}
