//! `cargo xtask conformance`: our libraries judged by Twilio's own.
//!
//! Installs those below target/conformance, in the versions that conformance/judges pins, and runs
//! the package `conformance`.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::failure::Failure;
use crate::run;
use crate::workspace::Workspace;

/// Options of `cargo xtask conformance`.
#[derive(Args)]
pub(crate) struct Options {
    /// Cases of each kind.
    #[arg(long, value_name = "N", default_value_t = 2000)]
    cases: usize,
    /// The same seed gives the same cases.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Judges one kind only: `signatures`, `tokens`, `voice`, `messaging` or `built`.
    #[arg(long, value_name = "KIND")]
    only: Option<String>,
}

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
    let mend = "a case that is printed above is reproduced by its seed; mend our library, or list \
                the difference of the official one with its reason in conformance/src";
    let mut closing = String::new();
    let ended = run::watch(&mut command, |line| {
        println!("{line}");
        if let Some(counts) = line.strip_prefix("conformance: ") {
            counts.clone_into(&mut closing);
        }
    });
    match ended {
        Ok(ended) if ended.ok => Ok(closing),
        Ok(_) => Err(Failure::new("our libraries and the official ones differ", mend)),
        Err(error) => Err(Failure::new(format!("cargo: {error}"), "run this with cargo")),
    }
}

const NODE: &str = "conformance/node";
const PYTHON: &str = "conformance/python";
const MEND: &str = "the package registry must be reachable by its ordinary client";

/// Twilio's libraries: the folder whose `node_modules` has one, the interpreter that has the other.
pub(crate) fn install(workspace: &Workspace) -> Result<[PathBuf; 2], Failure> {
    install_node(workspace)?;
    install_python(workspace)?;
    Ok([workspace.target(NODE), workspace.target(PYTHON).join("bin/python")])
}

/// Twilio's library for Node, as its lock file has it.
fn install_node(workspace: &Workspace) -> Result<(), Failure> {
    let pins = ["package.json", "package-lock.json"];
    let folder = workspace.target(NODE);
    once(workspace, &folder, &pins, || {
        let mut command = workspace.command("npm");
        command.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"]);
        run::quiet(command.current_dir(&folder), MEND).map(drop)
    })
}

/// Twilio's library for Python, in an environment of its own.
fn install_python(workspace: &Workspace) -> Result<(), Failure> {
    let folder = workspace.target(PYTHON);
    once(workspace, &folder, &["requirements.txt"], || {
        let mut command = workspace.command("python3");
        command.args(["-m", "venv", "--clear"]).arg(&folder);
        run::quiet(&mut command, "install the module `venv` of Python 3")?;
        let mut command = workspace.command(folder.join("bin/python"));
        command.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        command.args(["--no-deps", "--requirement"]);
        command.arg(workspace.path(JUDGES).join("requirements.txt"));
        run::quiet(&mut command, MEND).map(drop)
    })
}

const JUDGES: &str = "conformance/judges";

/// Copies the pins into the folder and installs, unless the same pins are there already.
fn once(
    workspace: &Workspace,
    folder: &Path,
    pins: &[&str],
    install: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let pinned = pins.iter().map(|pin| workspace.read(&format!("{JUDGES}/{pin}")));
    let pinned = pinned.collect::<Result<Vec<_>, _>>()?;
    let stamp = folder.join("installed");
    if fs::read_to_string(&stamp).is_ok_and(|found| found == pinned.concat()) {
        return Ok(());
    }
    let unwritable = |error| {
        Failure::new(format!("{}: {error}", folder.display()), "make the target directory writable")
    };
    fs::create_dir_all(folder).map_err(unwritable)?;
    for (pin, text) in pins.iter().zip(&pinned) {
        fs::write(folder.join(pin), text).map_err(unwritable)?;
    }
    install()?;
    // Last, so that what is half installed is installed again.
    fs::write(stamp, pinned.concat()).map_err(unwritable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn installs_once_for_the_same_pins_and_again_after_a_failure() {
        let workspace = Workspace::here().unwrap();
        let folder = workspace.target(&format!("conformance/test-{}", std::process::id()));
        let runs = Cell::new(0);
        let attempt = |good: bool| {
            let result = once(&workspace, &folder, &["requirements.txt"], || {
                runs.set(runs.get() + 1);
                if good { Ok(()) } else { Err(Failure::new("no network", MEND)) }
            });
            result.is_ok()
        };
        assert_eq!([attempt(false), attempt(true), attempt(true)], [false, true, true]);
        assert_eq!(runs.get(), 2);
        let pin = fs::read_to_string(folder.join("requirements.txt")).unwrap();
        assert_eq!(pin, workspace.read("conformance/judges/requirements.txt").unwrap());
        fs::remove_dir_all(folder).unwrap();
    }
}
