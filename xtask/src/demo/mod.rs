//! `cargo xtask demo`: the main job, on nothing but this machine.
//!
//! The server is the real one, a process of its own on its embedded PostgreSQL. Twilio is the
//! emulator, in this process, which signs its webhooks and sends them over HTTP.

mod forged;
mod guide;
mod headless;
mod inbound;
mod judge;
mod live;
mod narrator;
mod order;
mod outbound;
mod scene;
mod side_by_side;
mod tokens;

use clap::Args;

use crate::stop::until_told_to_stop;
use crate::tools;
use crate::workspace::Workspace;
use harness::Failure;

/// Options of `cargo xtask demo`.
#[derive(Args)]
pub(crate) struct Options {
    /// Plays the scenarios, checks each one and ends.
    #[arg(long)]
    headless: bool,
}

/// As `cargo xtask test` runs it.
pub(crate) const HEADLESS: Options = Options { headless: true };

/// # Errors
///
/// What did not hold, or why it could not be tried.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<String, Failure> {
    tools::npm(workspace)?;
    println!("building the server …");
    let prepare = if options.headless { headless::prepare } else { live::prepare };
    let place = prepare(workspace)?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| {
        Failure::new(format!("no asynchronous runtime: {error}"), "free some memory or processes")
    })?;
    if !options.headless {
        let sdk = live::voice_sdk(workspace);
        let ended = runtime.block_on(until_told_to_stop(live::run(&place, sdk)));
        return ended.unwrap_or_else(|| Ok("stopped".to_owned()));
    }
    match runtime.block_on(until_told_to_stop(headless::run(&place))) {
        Some(Err(failure)) => Err(failure),
        Some(Ok(said)) => place.remove().map(|()| said),
        None => place.remove().and_then(|()| Err(Failure::new("interrupted", "start it again"))),
    }
}
