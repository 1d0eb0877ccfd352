//! `cargo xtask demo`: the main job, on nothing but this machine.
//!
//! Builds the server and the program `demo` of the package `stage`, which is told where the server
//! and Twilio's Voice SDK are.

use std::process::Command;

use clap::Args;
use harness::{Failure, run};

use crate::workspace::Workspace;
use crate::{browser, build, tools};

/// Options of `cargo xtask demo`.
#[derive(Args)]
pub(crate) struct Options {
    /// Plays the scenarios, checks each one and ends.
    #[arg(long)]
    headless: bool,
}

/// Becomes the demo.
///
/// # Errors
///
/// Why it could not be tried.
pub(crate) fn become_it(workspace: &Workspace, options: &Options) -> Result<String, Failure> {
    tools::npm(workspace)?;
    let mut command = command(workspace, &build::STAGE)?;
    if options.headless {
        command.arg("--headless");
    } else if let Some(sdk) = voice_sdk(workspace) {
        command.arg("--voice-sdk").arg(sdk);
    }
    Err(run::become_it(&mut command))
}

/// Plays the scenarios, as a step of `cargo xtask test`.
///
/// # Errors
///
/// If one did not hold.
pub(crate) fn check(workspace: &Workspace) -> Result<String, Failure> {
    let mut command = command(workspace, &build::EVERYTHING)?;
    run::printing(
        command.arg("--headless"),
        "not every scenario held",
        "the lines above say what to do",
    )
}

fn command(workspace: &Workspace, options: &[&str]) -> Result<Command, Failure> {
    println!("building the server …");
    let [server, demo] = build::programs(workspace, options, ["switchroom", "demo"])?;
    let mut command = workspace.command(demo);
    command.arg("--switchroom").arg(server).arg("--directory").arg(workspace.target("demo"));
    Ok(command)
}

/// Fetches Twilio's Voice SDK for the agents' pages, once. Without it the demo goes on without
/// them, and says what to do.
fn voice_sdk(workspace: &Workspace) -> Option<std::path::PathBuf> {
    match browser::install(workspace) {
        Ok(folder) => Some(folder),
        Err(failure) => {
            println!("the agents' pages will not ring, because Twilio's Voice SDK is not there");
            println!(
                "{failure}\n        (npm comes with Node.js; on Debian: `apt-get install npm`)"
            );
            None
        }
    }
}
