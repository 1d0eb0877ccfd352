//! Shows the main job on this machine alone. `cargo xtask demo` builds and runs this.
//!
//! The server is the real one, a process of its own on its embedded PostgreSQL. Twilio is the
//! emulator, in this process, which signs its webhooks and sends them over HTTP.

#![expect(clippy::disallowed_methods, reason = "it runs in real time")]
#![expect(clippy::print_stdout, reason = "the demo tells its story on standard output")]

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

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use harness::{Failure, random, run};
use stage::{Place, until_told_to_stop};

/// Shows the main job on this machine alone: server, database, Twilio and agents.
#[derive(Parser)]
struct Options {
    /// The server's program.
    #[arg(long, value_name = "PATH")]
    switchroom: PathBuf,
    /// Where the demo keeps its files.
    #[arg(long, value_name = "DIRECTORY")]
    directory: PathBuf,
    /// The folder of `twilio.min.js`; without it the agents' pages do not ring.
    #[arg(long, value_name = "DIRECTORY")]
    voice_sdk: Option<PathBuf>,
    /// Plays the scenarios, checks each one and ends.
    #[arg(long)]
    headless: bool,
}

fn main() -> ExitCode {
    run::report(begin(Options::parse()))
}

fn begin(options: Options) -> Result<String, Failure> {
    if !options.headless {
        let place = Place::prepare(options.switchroom, options.directory.join("live"))?;
        let ended = until_told_to_stop(live::run(&place, options.voice_sdk))?;
        return ended.unwrap_or_else(|| Ok("stopped".to_owned()));
    }
    let own = random::hex::<4>()
        .map_err(|what| Failure::new(what, "run this on a system with /dev/urandom"))?;
    let directory = options.directory.join(format!("headless-{own}"));
    let place = Place::prepare(options.switchroom, directory)?;
    match until_told_to_stop(headless::run(&place))? {
        Some(Err(failure)) => Err(failure),
        Some(Ok(said)) => place.remove().map(|()| said),
        None => place.remove().and_then(|()| Err(Failure::new("interrupted", "start it again"))),
    }
}
