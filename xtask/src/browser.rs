//! `cargo xtask browser`: agents' pages in a real browser, with Twilio's own Voice SDK.
//!
//! Installs the Voice SDK and the browser's driver, builds the server and the program `browser` of
//! the package `stage`, which runs the tests in conformance/browser.

use std::path::PathBuf;
use std::process::Command;

use clap::Args;
use harness::Failure;

use crate::workspace::Workspace;
use crate::{build, pinned, tools};

/// Options of `cargo xtask browser`.
#[derive(Args)]
pub(crate) struct Options {
    /// Runs only the tests whose names match this regular expression, for example 'three calls'.
    #[arg(long, value_name = "PATTERN")]
    only: Option<String>,
}

/// Where the tests are, with the pins of the packages they use.
const TESTS: &str = "conformance/browser";
/// Where those packages are installed, below the build directory.
const PACKAGES: &str = "browser/node";

/// Replaces this process by the tests.
///
/// # Errors
///
/// If a tool or package cannot be installed, or something does not compile.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<String, Failure> {
    let mut command = command(workspace, &build::STAGE)?;
    if let Some(pattern) = &options.only {
        command.arg("--only").arg(pattern);
    }
    Err(harness::run::replace_process(&mut command))
}

/// Runs every test, as a step of `cargo xtask test`.
///
/// # Errors
///
/// If one failed.
pub(crate) fn check(workspace: &Workspace) -> Result<String, Failure> {
    let mut command = command(workspace, &build::EVERYTHING)?;
    harness::run::printing(&mut command, "the browser tests failed", "read the lines above")
}

fn command(workspace: &Workspace, options: &[&str]) -> Result<Command, Failure> {
    tools::run(workspace)?;
    let sdk = install(workspace)?;
    println!("building the server …");
    let [server, browser] = build::programs(workspace, options, ["switchroom", "browser"])?;
    let mut command = workspace.command(browser);
    command.arg("--switchroom").arg(server).arg("--directory").arg(workspace.target("browser"));
    command.arg("--tests").arg(workspace.path(TESTS).join("main.mjs"));
    command.arg("--packages").arg(workspace.target(PACKAGES)).arg("--voice-sdk").arg(sdk);
    Ok(command)
}

/// Installs the Voice SDK and the browser's driver; returns the folder of `twilio.min.js`.
pub(crate) fn install(workspace: &Workspace) -> Result<PathBuf, Failure> {
    let folder = workspace.target(PACKAGES);
    println!("installing the Voice SDK and the browser's driver, unless they are installed …");
    pinned::node(workspace, TESTS, &folder)?;
    Ok(folder.join("node_modules/@twilio/voice-sdk/dist"))
}
