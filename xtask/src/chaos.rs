//! `cargo xtask chaos`: breaks everything that can break, and counts what was lost.
//!
//! Builds the server and the package `chaos`, and gives it the path of the server.

use clap::Args;
use harness::Failure;
use harness::run;

use crate::build;
use crate::workspace::Workspace;

/// Options of `cargo xtask chaos`.
#[derive(Args)]
pub(crate) struct Options {
    /// Runs one campaign only; may be repeated.
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Runs the long form, for releases: about an hour.
    #[arg(long)]
    long: bool,
    /// Seed of all random decisions.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Leaves out the campaigns that `cargo test` runs anyway.
    #[arg(skip)]
    beside_tests: bool,
}

/// The short form, as a step of `cargo xtask test`.
pub(crate) const BESIDE_TESTS: Options =
    Options { only: Vec::new(), long: false, seed: 1, beside_tests: true };

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<String, Failure> {
    let [server, program] =
        build::programs(workspace, &build::EVERYTHING, ["switchroom", "chaos"])?;
    let mut command = workspace.command(program);
    command.arg("--switchroom").arg(server).args(["--seed", &options.seed.to_string()]);
    command.args(options.only.iter().flat_map(|name| ["--only", name]));
    command.args(options.long.then_some("--long"));
    command.args(options.beside_tests.then_some("--beside-tests"));
    let closing = run::printing(
        &mut command,
        "a promise of docs/reliability.md does not hold",
        "the failed campaign says above what was lost; repeat it alone with \
         `cargo xtask chaos --only NAME`",
    )?;
    Ok(closing.trim_start_matches("chaos: ").to_owned())
}
