//! `cargo xtask release`: could the crates be published as they are?
//!
//! Every check runs on each `cargo xtask test`. Four of them have a part that needs more than a bare
//! machine has: the database of advisories, the oldest supported toolchain, `cargo-semver-checks`, or
//! minutes to build every package. `--full` requires that part; without it, the check says what it
//! left out.

mod deny;
mod features;
mod links;
mod manifests;
mod msrv;
mod package;
mod semver;

use clap::Args;
use harness::Failure;
use harness::run;
use serde_json::Value;

use crate::story::Story;
use crate::workspace::Workspace;

/// Options of `cargo xtask release`.
#[derive(Args)]
pub(crate) struct Options {
    /// Runs one check instead of all.
    #[arg(long, value_name = "CHECK", value_parser = CHECKS.map(|(name, _)| name))]
    only: Option<String>,
    /// Also runs the parts that need a code host, another toolchain or minutes; fails if one cannot
    /// run.
    #[arg(long)]
    full: bool,
}

/// As a step of `cargo xtask test`.
pub(crate) const BESIDE_TESTS: Options = Options { only: None, full: false };

type Check = fn(&Workspace, Extent) -> Result<String, Failure>;

/// How much of a check is run.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Extent {
    /// Everything that a bare machine with the package registries can do quickly.
    Bare,
    /// Everything; a part that cannot run is a failure.
    Full,
}

/// The fastest first.
const CHECKS: [(&str, Check); 7] = [
    ("links", |workspace, _| links::run(workspace)),
    ("manifests", |workspace, _| manifests::run(workspace)),
    ("msrv", msrv::run),
    ("semver", semver::run),
    ("deny", deny::run),
    ("package", package::run),
    ("features", |workspace, _| features::run(workspace)),
];

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<String, Failure> {
    let extent = if options.full { Extent::Full } else { Extent::Bare };
    let mut story = Story::begin("cargo xtask release");
    for (name, check) in CHECKS {
        if options.only.as_deref().is_none_or(|only| only == name) {
            story.step(name, || check(workspace, extent));
        }
    }
    story.end()
}

/// What cargo knows about the packages of the workspace, and with `every` about all that they use.
fn packages(workspace: &Workspace, every: bool) -> Result<Vec<Value>, Failure> {
    let mut command = workspace.cargo();
    command.args(["metadata", "--format-version", "1", "--all-features", "--locked"]);
    if !every {
        command.arg("--no-deps");
    }
    let output = run::quiet(&mut command, "run `cargo check` and commit Cargo.lock")?;
    // Downloads are reported before the one line of JSON.
    let json = output.lines().find(|line| line.starts_with('{')).unwrap_or_default();
    let mut value: Value = serde_json::from_str(json).unwrap_or_default();
    match value["packages"].take() {
        Value::Array(packages) => Ok(packages),
        _ => Err(Failure::new("cargo metadata is unreadable", "update cargo").output(output)),
    }
}

/// The crates that `publish = false` does not keep back.
fn publishable(packages: &[Value]) -> impl Iterator<Item = &Value> {
    packages.iter().filter(|package| package["publish"].as_array().is_none_or(|to| !to.is_empty()))
}

/// A text of the manifest, empty where it is absent.
fn text<'a>(package: &'a Value, key: &str) -> &'a str {
    package[key].as_str().unwrap_or_default()
}
