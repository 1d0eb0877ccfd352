//! Does a version number promise what the public API keeps? `cargo semver-checks`, against the
//! last release.

use harness::Failure;
use harness::run;

use super::{Extent, packages, publishable, text};
use crate::workspace::Workspace;

pub(super) fn run(workspace: &Workspace, extent: Extent) -> Result<String, Failure> {
    let mut tags = workspace.command("git");
    // The newest that this commit descends from: a fix to an old version compares with that.
    tags.args(["tag", "--list", "v[0-9]*", "--merged", "HEAD", "--sort", "-version:refname"]);
    let tags = match tags.output() {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).into_owned()
        }
        _ if extent == Extent::Full => {
            return Err(Failure::new(
                "git finds no tags here",
                "run this in a clone, with its tags",
            ));
        }
        _ => return Ok("not compared: this is not a clone with its tags".to_owned()),
    };
    let Some(tag) = tags.lines().next() else {
        return Ok("no release yet: no tag `v…` to compare with".to_owned());
    };
    let installed = workspace.cargo().args(["semver-checks", "--version"]).output();
    if !installed.is_ok_and(|output| output.status.success()) {
        let fix = "run `cargo install cargo-semver-checks --locked`";
        return match extent {
            Extent::Full => Err(Failure::new("cargo-semver-checks is not installed", fix)),
            Extent::Bare => Ok(format!("not compared with {tag}: cargo-semver-checks is absent")),
        };
    }
    let packages = packages(workspace, false)?;
    let mut command = workspace.cargo();
    command.args(["semver-checks", "check-release", "--baseline-rev", tag]);
    command.args(publishable(&packages).flat_map(|package| ["--package", text(package, "name")]));
    run::quiet(&mut command, "raise the version, or keep the API as it was")?;
    Ok(format!("compatible with {tag}"))
}
