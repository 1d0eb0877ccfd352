//! `cargo xtask chaos`: kills, freezes and cuts off the parts, and checks that nothing is lost.
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
    #[arg(long, value_name = "NAME", value_parser = CAMPAIGNS)]
    only: Vec<String>,
    /// Runs the long form, for releases: about an hour.
    #[arg(long)]
    long: bool,
    /// Seed of all random decisions.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// In `neighbours`, causes the troubles only whose names have these words.
    #[arg(long, value_name = "WORDS")]
    trouble: Option<String>,
    /// Leaves out the campaigns that `cargo test` runs anyway.
    #[arg(skip)]
    beside_tests: bool,
}

/// The campaigns of the package `chaos`, which xtask does not depend on.
const CAMPAIGNS: [&str; 15] = [
    "kills",
    "database",
    "failover",
    "shuffle",
    "clock",
    "slow",
    "burst",
    "neighbours",
    "surroundings",
    "isolation",
    "secrets",
    "spool-kills",
    "spool-disk",
    "cancel",
    "policies",
];

/// The short form, as a step of `cargo xtask test`.
pub(crate) const BESIDE_TESTS: Options =
    Options { only: Vec::new(), long: false, seed: 1, trouble: None, beside_tests: true };

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<String, Failure> {
    let [server, program] =
        build::programs(workspace, &build::EVERYTHING, ["switchroom", "chaos"])?;
    let mut command = workspace.command(program);
    command.arg("--switchroom").arg(server).args(["--seed", &options.seed.to_string()]);
    command.args(options.only.iter().flat_map(|name| ["--only", name]));
    command.args(options.long.then_some("--long"));
    command.args(options.trouble.iter().flat_map(|words| ["--trouble", words]));
    command.args(options.beside_tests.then_some("--beside-tests"));
    let closing = run::printing(
        &mut command,
        "a promise of docs/reliability.md does not hold",
        "the failed campaign says above what was lost; repeat it alone with \
         `cargo xtask chaos --only NAME`",
    )?;
    Ok(closing.trim_start_matches("chaos: ").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_every_campaign() {
        let source = Workspace::here().unwrap().read("chaos/src/campaigns.rs").unwrap();
        let (_, list) = source.split_once("const CAMPAIGNS: ").unwrap();
        let (list, _) = list.split_once("\n];").unwrap();
        let named: Vec<&str> = list
            .lines()
            .filter_map(|line| {
                let line = line.trim_start();
                line.strip_prefix("here(\"").or_else(|| line.strip_prefix("name: \""))
            })
            .filter_map(|rest| Some(rest.split_once('"')?.0))
            .collect();
        assert_eq!(named, CAMPAIGNS);
    }
}
