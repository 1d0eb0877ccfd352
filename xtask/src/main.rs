//! `cargo xtask`: builds and runs the tests, checks, demo and benchmarks of the workspace.
//!
//! One file per command; [`story`] prints. The crate `harness` starts programs and says what is
//! wrong and how to fix it.

#![expect(clippy::disallowed_methods, reason = "the harness measures real time")]
#![expect(clippy::print_stdout, reason = "the commands report on standard output")]

mod bench;
mod browser;
mod build;
mod chaos;
mod conformance;
mod console;
mod demo;
mod fuzz;
mod layers;
mod metadata;
mod modules;
mod pinned;
mod release;
mod seeds;
mod story;
mod suites;
mod test;
mod tools;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use harness::{Failure, run};

use crate::workspace::Workspace;

/// Tests and checks of the workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Shows the main job on this machine alone: server, database, Twilio and agents.
    Demo(demo::Options),
    /// Runs every test and check there is, on a bare machine.
    Test(test::Options),
    /// Tests the agents' pages in a real browser, with Twilio's own Voice SDK.
    Browser(browser::Options),
    /// Compares our libraries with Twilio's own, on generated cases.
    Conformance(conformance::Options),
    /// Measures the crates and the server, or our libraries beside Twilio's own.
    Bench(bench::Options),
    /// Breaks everything around the server, and counts what was lost.
    Chaos(chaos::Options),
    /// Looks for input that breaks a parser (needs a nightly toolchain and cargo-fuzz).
    Fuzz(fuzz::Options),
    /// Checks which crate uses which, by the table in docs/architecture.md.
    Layers,
    /// Checks that modules form no cycles, and that no file is too long.
    Modules,
    /// Checks whether the crates could be published: pages, manifests, dependencies, packages.
    Release(release::Options),
}

fn main() -> ExitCode {
    let Cli { command } = Cli::parse();
    run::report(dispatch(&command))
}

fn dispatch(command: &Command) -> Result<String, Failure> {
    let workspace = Workspace::here()?;
    match command {
        Command::Demo(options) => demo::run(&workspace, options),
        Command::Test(options) => test::run(&workspace, options),
        Command::Browser(options) => browser::run(&workspace, options),
        Command::Conformance(options) => conformance::run(&workspace, options),
        Command::Bench(options) => bench::run(&workspace, options),
        Command::Chaos(options) => chaos::run(&workspace, options),
        Command::Fuzz(options) => fuzz::run(&workspace, options),
        Command::Layers => layers::run(&workspace),
        Command::Modules => modules::run(&workspace),
        Command::Release(options) => release::run(&workspace, options),
    }
}
