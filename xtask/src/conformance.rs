//! `cargo xtask conformance`: compares our libraries with Twilio's own.
//!
//! It installs Twilio's libraries below target/conformance, in the versions that conformance/judges
//! pins, and runs the package `conformance`.

use std::path::PathBuf;

use clap::Args;
use harness::Failure;
use harness::run;

use crate::pinned;
use crate::workspace::Workspace;

/// Options of `cargo xtask conformance`.
#[derive(Args)]
pub(crate) struct Options {
    /// Cases of each kind.
    #[arg(long, value_name = "N", default_value_t = 2000)]
    cases: usize,
    /// Seed of the generated cases.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Compares one kind of case only.
    #[arg(long, value_name = "KIND", value_parser = KINDS)]
    only: Option<String>,
}

/// The kinds of the package `conformance`, which xtask does not depend on.
const KINDS: [&str; 6] = ["signatures", "tokens", "voice", "messaging", "built", "rest"];

/// The cases of every run of `cargo xtask test`.
pub(crate) const DEFAULT: Options = Options { cases: 2000, seed: 1, only: None };

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<String, Failure> {
    let [node, python] = install(workspace)?;
    let mut command = workspace.cargo();
    command.args(["run", "--quiet", "--locked", "--package", "conformance", "--"]);
    command.arg("--node").arg(node).arg("--python").arg(python);
    command.args(["--cases", &options.cases.to_string(), "--seed", &options.seed.to_string()]);
    if let Some(kind) = &options.only {
        command.args(["--only", kind]);
    }
    let fix = "the seed reproduces the case above; fix our library, or list the difference of the \
               official one with its reason in conformance/src";
    let what = "our libraries and the official ones differ";
    let closing = run::printing(&mut command, what, fix)?;
    Ok(closing.trim_start_matches("conformance: ").to_owned())
}

const NODE: &str = "conformance/node";
const PYTHON: &str = "conformance/python";

/// Installs Twilio's libraries. Returns the folder whose `node_modules` has the one for Node, and
/// the Python interpreter that has the other.
pub(crate) fn install(workspace: &Workspace) -> Result<[PathBuf; 2], Failure> {
    install_node(workspace)?;
    install_python(workspace)?;
    Ok([workspace.target(NODE), workspace.target(PYTHON).join("bin/python")])
}

/// Twilio's library for Node, as its lock file has it.
fn install_node(workspace: &Workspace) -> Result<(), Failure> {
    pinned::node(workspace, JUDGES, &workspace.target(NODE))
}

/// Twilio's library for Python, in an environment of its own.
fn install_python(workspace: &Workspace) -> Result<(), Failure> {
    let folder = workspace.target(PYTHON);
    pinned::once(workspace, JUDGES, &folder, &["requirements.txt"], || {
        let mut command = workspace.command("python3");
        command.args(["-m", "venv", "--clear"]).arg(&folder);
        run::quiet(&mut command, "install the module `venv` of Python 3")?;
        let mut command = workspace.command(folder.join("bin/python"));
        command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        command.args(["--no-deps", "--requirement"]);
        command.arg(workspace.path(JUDGES).join("requirements.txt"));
        run::quiet(&mut command, pinned::FIX).map(drop)
    })
}

const JUDGES: &str = "conformance/judges";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_every_kind() {
        let source = Workspace::here().unwrap().read("conformance/src/main.rs").unwrap();
        let (_, list) = source.split_once("const KINDS: ").unwrap();
        let (list, _) = list.split_once("\n];").unwrap();
        let named: Vec<&str> = list
            .lines()
            .filter_map(|line| line.trim_start().strip_prefix("(\""))
            .filter_map(|rest| Some(rest.split_once('"')?.0))
            .collect();
        assert_eq!(named, KINDS);
    }
}
