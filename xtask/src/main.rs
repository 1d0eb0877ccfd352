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

/// Builds Switchroom and runs its demo, tests, checks and benchmarks.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Plays Switchroom on this machine, with an emulated Twilio; prints what to try.
    ///
    /// Starts the server, a database, the emulator and agents. Needs no Twilio account and no
    /// set-up. If you are root, it installs npm with `apt-get` if npm is missing.
    Demo(demo::Options),
    /// Runs every test and check; less than 20 minutes. As root, it installs missing programs.
    ///
    /// It takes less than 20 minutes the first time, on two processors. If you are root, it installs
    /// missing programs (Node.js, npm, Python, Chromium) with `apt-get`. If you are not, it fails and
    /// names what to install. Every step runs, even after one has failed.
    Test(test::Options),
    /// Tests the agents' pages in a real browser, with Twilio's own Voice SDK.
    Browser(browser::Options),
    /// Compares our libraries with Twilio's own, on generated cases.
    ///
    /// Installs Twilio's libraries for Node and Python below target/.
    Conformance(conformance::Options),
    /// Measures the speed of the crates and the server, or of both beside what others use.
    Bench(bench::Options),
    /// Kills, freezes and cuts off the server and its database, and checks that nothing is lost.
    Chaos(chaos::Options),
    /// Looks for input that breaks a parser (needs a nightly toolchain and cargo-fuzz).
    Fuzz(fuzz::Options),
    /// Checks which crate uses which, against the table in docs/architecture.md.
    ///
    /// A fault reads "`a` uses `b`, which the table does not allow". Remove the dependency from the
    /// Cargo.toml of `a`, or add `b` to the row of `a` in the section "Layers", in a commit of its own
    /// that gives the reason.
    Layers,
    /// Checks that modules form no cycles, and that no file is too long.
    ///
    /// A cycle reads "crate: a -> b -> a (src/a.rs:1, src/b.rs:2)": line 1 of src/a.rs uses module b,
    /// and line 2 of src/b.rs uses module a. Move what both need into a third module that uses
    /// neither. A file may have 500 lines; split a longer one by concept.
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
