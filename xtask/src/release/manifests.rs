//! Does every manifest say what a registry and a stranger want to know?

use harness::Failure;
use serde_json::Value;

use super::{packages, publishable, text};
use crate::workspace::Workspace;

pub(super) fn run(workspace: &Workspace) -> Result<String, Failure> {
    let packages = packages(workspace, false)?;
    let mut faults = Vec::new();
    for package in &packages {
        let mut report = |fault: &str| faults.push(format!("{}: {fault}", text(package, "name")));
        common(package).into_iter().for_each(&mut report);
    }
    for package in publishable(&packages) {
        let mut report = |fault: &str| faults.push(format!("{}: {fault}", text(package, "name")));
        published(package).into_iter().for_each(&mut report);
        changelog(workspace, package).into_iter().for_each(&mut report);
    }
    if faults.is_empty() {
        let open = packages.iter().any(|package| text(package, "repository").contains(PLACEHOLDER));
        let open = if open { "; the repository's address is still to be filled in" } else { "" };
        Ok(format!(
            "{} crates, {} to publish{open}",
            packages.len(),
            publishable(&packages).count()
        ))
    } else {
        Err(Failure::faults("a manifest is not complete", &faults, "complete its Cargo.toml"))
    }
}

/// The part of the repository's address that its owner replaces.
const PLACEHOLDER: &str = "REPLACE-ME";

/// What every crate says.
fn common(package: &Value) -> Vec<&'static str> {
    let description = text(package, "description");
    let rules = [
        (description.is_empty(), "no `description`"),
        (description.ends_with('.'), "the `description` ends with a full stop"),
        (text(package, "license") != "MIT OR Apache-2.0", "not `license.workspace = true`"),
        (text(package, "repository").is_empty(), "not `repository.workspace = true`"),
        (text(package, "rust_version").is_empty(), "not `rust-version.workspace = true`"),
    ];
    broken(rules)
}

/// What a crate on a registry says besides.
fn published(package: &Value) -> Vec<&'static str> {
    let list = |key: &str| -> Vec<&str> {
        package[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
    };
    let (keywords, categories) = (list("keywords"), list("categories"));
    // The registry's own rules: at most five of each, keywords of at most 20 bytes.
    let keyword = |word: &&str| {
        word.len() <= 20
            && word.starts_with(|c: char| c.is_ascii_alphanumeric())
            && word.chars().all(|c| c.is_ascii_alphanumeric() || "-_+".contains(c))
    };
    let rules = [
        (!(1..=5).contains(&keywords.len()), "not 1 to 5 `keywords`"),
        (!keywords.iter().all(keyword), "a keyword that the registry refuses"),
        (!(1..=5).contains(&categories.len()), "not 1 to 5 `categories`"),
        (!categories.iter().all(|one| CATEGORIES.contains(one)), "a category unknown to xtask"),
        (text(package, "readme") != "README.md", "not `readme = \"README.md\"`"),
        (
            package["metadata"]["docs"]["rs"]["all-features"] != true,
            "no `all-features = true` in `[package.metadata.docs.rs]`",
        ),
    ];
    broken(rules)
}

/// Those of the registry's categories that fit some crate here: it refuses others.
const CATEGORIES: [&str; 15] = [
    "algorithms",
    "api-bindings",
    "authentication",
    "cryptography",
    "data-structures",
    "database",
    "development-tools::testing",
    "encoding",
    "filesystem",
    "network-programming",
    "no-std",
    "parser-implementations",
    "template-engine",
    "text-processing",
    "web-programming",
];

/// A changelog under the crate's name, whose newest section is of this version or unreleased.
fn changelog(workspace: &Workspace, package: &Value) -> Vec<&'static str> {
    let (name, version) = (text(package, "name"), text(package, "version"));
    let Ok(page) = workspace.read(&format!("crates/{name}/CHANGELOG.md")) else {
        return vec!["no CHANGELOG.md"];
    };
    let newest = page.lines().find_map(|line| line.strip_prefix("## ")).unwrap_or_default();
    broken([
        (
            page.lines().next() != Some(&*format!("# Changelog of {name}")),
            "CHANGELOG.md does not begin with `# Changelog of` and its name",
        ),
        (
            newest != "Unreleased" && !newest.starts_with(version),
            "the newest section of CHANGELOG.md is neither `Unreleased` nor this version",
        ),
    ])
}

fn broken<const RULES: usize>(rules: [(bool, &'static str); RULES]) -> Vec<&'static str> {
    rules.into_iter().filter_map(|(broken, fault)| broken.then_some(fault)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn complete() -> Value {
        json!({
            "name": "a", "version": "0.1.0", "description": "Does a", "license": "MIT OR Apache-2.0",
            "repository": "r", "rust_version": "1.89", "readme": "README.md",
            "keywords": ["one", "two"], "categories": ["encoding"],
            "metadata": {"docs": {"rs": {"all-features": true}}},
        })
    }

    /// `dialling` says which version of the numbering plans it has, and its library does not.
    #[test]
    fn the_numbering_plans_are_those_of_the_library_in_use() {
        let lock = include_str!("../../../Cargo.lock");
        assert!(lock.contains("name = \"rlibphonenumber\"\nversion = \"2.2.15\"\n"));
        let plan = include_str!("../../../crates/dialling/src/plan.rs");
        assert!(plan.contains("\"libphonenumber 9.0.42 (2026-10)\""));
    }

    #[test]
    fn a_complete_manifest_has_no_fault() {
        assert!(common(&complete()).is_empty());
        assert!(published(&complete()).is_empty());
    }

    #[test]
    fn names_what_is_absent_or_refused() {
        let cases = [
            ("description", json!("Ends."), "the `description` ends with a full stop"),
            ("description", json!(null), "no `description`"),
            ("license", json!("MIT"), "not `license.workspace = true`"),
            ("repository", json!(null), "not `repository.workspace = true`"),
            ("keywords", json!([]), "not 1 to 5 `keywords`"),
            ("keywords", json!(["with space"]), "a keyword that the registry refuses"),
            ("categories", json!(["telephony"]), "a category unknown to xtask"),
            ("readme", json!(null), "not `readme = \"README.md\"`"),
            ("metadata", json!(null), "no `all-features = true` in `[package.metadata.docs.rs]`"),
        ];
        for (key, value, want) in cases {
            let mut package = complete();
            package[key] = value;
            let faults = [common(&package), published(&package)].concat();
            assert_eq!(faults, [want], "{key}");
        }
    }
}
