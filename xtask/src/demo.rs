//! `cargo xtask demo`: shows the main job on this machine alone.
//!
//! Builds the server and the program `demo` of the package `stage`, which is told where the server
//! and Twilio's Voice SDK are.

use std::process::Command;

use clap::Args;
use harness::Failure;

use crate::workspace::Workspace;
use crate::{browser, build, tools};

/// Options of `cargo xtask demo`.
#[derive(Args)]
pub(crate) struct Options {
    /// Plays the main scenarios without a browser, checks each one and exits.
    #[arg(long)]
    headless: bool,
}

/// Replaces this process by the demo.
///
/// # Errors
///
/// If something does not compile.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<String, Failure> {
    tools::npm(workspace)?;
    let mut command = command(workspace, &build::STAGE)?;
    if options.headless {
        command.arg("--headless");
    } else if let Some(sdk) = voice_sdk(workspace) {
        command.arg("--voice-sdk").arg(sdk);
    }
    Err(harness::run::replace_process(&mut command))
}

/// Plays the scenarios, as a step of `cargo xtask test`.
///
/// # Errors
///
/// If one fails.
pub(crate) fn check(workspace: &Workspace) -> Result<String, Failure> {
    let mut command = command(workspace, &build::EVERYTHING)?;
    harness::run::printing(command.arg("--headless"), "a scenario failed", "read the lines above")
}

fn command(workspace: &Workspace, options: &[&str]) -> Result<Command, Failure> {
    println!("building the server …");
    let [server, demo] = build::programs(workspace, options, ["switchroom", "demo"])?;
    let mut command = workspace.command(demo);
    command.arg("--switchroom").arg(server).arg("--directory").arg(workspace.target("demo"));
    Ok(command)
}

/// Fetches Twilio's Voice SDK for the agents' pages, once. If that fails, it says how to fix it, and
/// the demo runs without these pages.
fn voice_sdk(workspace: &Workspace) -> Option<std::path::PathBuf> {
    match browser::install(workspace) {
        Ok(folder) => Some(folder),
        Err(failure) => {
            println!("the agents' pages will not ring: Twilio's Voice SDK could not be installed");
            println!(
                "{failure}\n        (npm comes with Node.js; on Debian: `apt-get install npm`)"
            );
            None
        }
    }
}
