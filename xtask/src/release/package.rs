//! Is everything in the packages that a registry would get?
//!
//! `cargo package` reads every manifest and lists the files. Building each package from nothing
//! but these files takes minutes, so that is left to `--full`; here, a file that a crate includes
//! must be in its package.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use harness::Failure;
use harness::run;
use serde_json::Value;

use super::{Extent, packages, publishable, text};
use crate::workspace::Workspace;

pub(super) fn run(workspace: &Workspace, extent: Extent) -> Result<String, Failure> {
    let packages = packages(workspace, false)?;
    let mut command = workspace.cargo();
    command.args(["package", "--quiet", "--locked", "--allow-dirty"]);
    command.args(publishable(&packages).flat_map(|package| ["--package", text(package, "name")]));
    if extent == Extent::Bare {
        command.arg("--no-verify");
    }
    let output = run::quiet(&mut command, "correct what cargo names in the crate's Cargo.toml")?;
    if output.contains("warning: ") {
        let fix = "complete the manifest, in Cargo.toml of the crate or of the workspace";
        return Err(Failure::new("`cargo package` warns", fix).output(output));
    }
    let mut faults = Vec::new();
    let mut files = 0;
    for package in publishable(&packages) {
        let listed = listed(workspace, package)?;
        files += listed.len();
        faults.extend(absent(workspace, package, &listed)?);
    }
    if !faults.is_empty() {
        let fix = "move the file into the crate, or take it out of `exclude`";
        return Err(Failure::faults("a package is not complete", &faults, fix));
    }
    let built = if extent == Extent::Full { "built" } else { "not built without --full" };
    Ok(format!("{} packages of {files} files, {built}", publishable(&packages).count()))
}

/// The files in the package, relative to the crate.
fn listed(workspace: &Workspace, package: &Value) -> Result<BTreeSet<PathBuf>, Failure> {
    let stem = format!("{}-{}", text(package, "name"), text(package, "version"));
    let archive = workspace.target("package").join(format!("{stem}.crate"));
    let mut command = workspace.command("tar");
    command.arg("--list").arg("--file").arg(archive);
    let list = run::quiet(&mut command, "install `tar`")?;
    let inside = list.lines().filter_map(|line| Path::new(line).strip_prefix(&stem).ok());
    Ok(inside.map(Path::to_path_buf).collect())
}

/// What the crate needs and its package does not have.
fn absent(
    workspace: &Workspace,
    package: &Value,
    listed: &BTreeSet<PathBuf>,
) -> Result<Vec<String>, Failure> {
    let name = text(package, "name");
    let needed = ["README.md", "CHANGELOG.md"].map(PathBuf::from);
    let mut needed: BTreeSet<PathBuf> = needed.into_iter().collect();
    for file in listed.iter().filter(|file| file.extension().is_some_and(|end| end == "rs")) {
        let source = workspace.read(&format!("crates/{name}/{}", file.display()))?;
        let folder = file.parent().unwrap_or(Path::new(""));
        needed.extend(included(&source).map(|path| normal(&folder.join(path))));
    }
    let absent = needed.difference(listed);
    Ok(absent.map(|path| format!("{name}: {}", path.display())).collect())
}

/// The files that a source includes as text or bytes.
fn included(source: &str) -> impl Iterator<Item = &str> {
    let calls = ["include_str!(\"", "include_bytes!(\""];
    calls
        .into_iter()
        .flat_map(move |call| source.split(call).skip(1).filter_map(|rest| rest.split('"').next()))
}

/// The path without `.` and `..`; one that leaves the crate keeps its leading `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        let stays = normal.file_name().is_some();
        match component {
            Component::CurDir => {}
            Component::ParentDir if stays => {
                normal.pop();
            }
            component => normal.push(component),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_files_that_a_source_includes() {
        let source = [
            "#![doc = include_str!",
            "(\"../README.md\")]\nlet x = include_bytes!",
            "(\"a/b.wav\");",
        ];
        let found: Vec<String> = included(&source.concat()).map(str::to_owned).collect();
        assert_eq!(found, ["../README.md", "a/b.wav"]);
    }

    #[test]
    fn paths_are_relative_to_the_crate() {
        for (path, want) in [
            ("src/../README.md", "README.md"),
            ("tests/it/../vectors/./a.json", "tests/vectors/a.json"),
            ("src/../../../schema.sql", "../../schema.sql"),
        ] {
            assert_eq!(normal(Path::new(path)), Path::new(want), "{path}");
        }
    }
}
