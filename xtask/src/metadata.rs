//! Facts about the packages, from `cargo metadata`.

use std::path::PathBuf;

use harness::Failure;
use harness::run;
use serde_json::Value;

use crate::workspace::Workspace;

/// The packages of the lock file.
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
}

/// One package.
pub(crate) struct Package {
    pub(crate) name: String,
    /// Whether it belongs to this workspace.
    pub(crate) ours: bool,
    /// Names of the packages it uses in its normal build, optional ones included.
    pub(crate) uses: Vec<String>,
    /// The first file of its library and of each of its programs.
    pub(crate) roots: Vec<PathBuf>,
}

impl Metadata {
    /// Asks cargo.
    ///
    /// # Errors
    ///
    /// If a manifest is faulty or the lock file is not up to date.
    pub(crate) fn load(workspace: &Workspace) -> Result<Self, Failure> {
        let mut command = workspace.cargo();
        command.args(["metadata", "--format-version", "1", "--all-features", "--locked"]);
        let output = run::quiet(&mut command, "run `cargo check` and commit Cargo.lock")?;
        // Downloads are reported before the one line of JSON.
        let json = output.lines().find(|line| line.starts_with('{')).unwrap_or_default();
        Self::parse(json).ok_or_else(|| {
            Failure::new("cargo metadata is unreadable", "update cargo").output(output)
        })
    }

    /// Reads the JSON that `cargo metadata` prints.
    pub(crate) fn parse(json: &str) -> Option<Self> {
        let value: Value = serde_json::from_str(json).ok()?;
        let members = value["workspace_members"].as_array()?;
        let packages = value["packages"].as_array()?;
        let packages = packages.iter().map(|package| read(package, members));
        Some(Self { packages: packages.collect::<Option<_>>()? })
    }

    pub(crate) fn ours(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.ours)
    }
}

fn read(package: &Value, members: &[Value]) -> Option<Package> {
    let dependencies = package["dependencies"].as_array()?;
    // The kind is null for a normal dependency, else "dev" or "build".
    let normal = dependencies.iter().filter(|dependency| dependency["kind"].is_null());
    Some(Package {
        name: package["name"].as_str()?.to_owned(),
        ours: members.contains(&package["id"]),
        uses: normal
            .map(|dependency| dependency["name"].as_str().map(str::to_owned))
            .collect::<Option<_>>()?,
        roots: package["targets"].as_array()?.iter().filter_map(root).collect(),
    })
}

/// The file of a library or program; tests, benchmarks and build scripts have none here.
fn root(target: &Value) -> Option<PathBuf> {
    let kinds = target["kind"].as_array()?;
    let built = kinds.iter().any(|kind| matches!(kind.as_str(), Some("lib" | "bin")));
    built.then(|| target["src_path"].as_str().map(PathBuf::from))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_members_and_normal_dependencies() {
        let json = r#"{"workspace_members": ["path+a"], "packages": [
            {"id": "path+a", "name": "a", "targets": [
                {"kind": ["lib"], "src_path": "/a/src/lib.rs"}, {"kind": ["test"], "src_path": "/a/t.rs"}],
             "dependencies": [
                {"name": "b", "kind": null}, {"name": "c", "kind": "dev"}, {"name": "d", "kind": "build"}]},
            {"id": "registry+b", "name": "b", "targets": [], "dependencies": []}]}"#;
        let metadata = Metadata::parse(json).unwrap();
        let [a, b] = &metadata.packages[..] else { panic!("two packages") };
        assert_eq!((&*a.name, a.ours), ("a", true));
        assert_eq!(a.uses, ["b"]);
        assert_eq!(a.roots, [PathBuf::from("/a/src/lib.rs")]);
        assert_eq!((&*b.name, b.ours), ("b", false));
        assert_eq!(metadata.ours().count(), 1);
        assert!(Metadata::parse("{}").is_none());
    }
}
