//! Agents' pages in a real browser, with Twilio's own Voice SDK. `cargo xtask browser` builds and
//! runs this.
//!
//! The server is the real one; Twilio is the emulator, in this process. The tests are JavaScript,
//! in conformance/browser, and run in Node's own test runner: one Chromium, one context for each
//! agent. Every process of a run carries a mark, and no process with that mark may be left at the
//! end.

#![expect(clippy::disallowed_methods, reason = "it runs in real time")]
#![expect(clippy::print_stdout, reason = "the tests report on standard output")]

mod control;
mod description;
mod leftovers;
mod runner;
mod set;
mod tap;

use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use clap::Parser;
use harness::{Failure, random, run};
use stage::{Place, until_told_to_stop};

/// Tests the agents' pages in a real browser, with Twilio's own Voice SDK.
#[derive(Parser)]
struct Options {
    /// The server's program.
    #[arg(long, value_name = "PATH")]
    switchroom: PathBuf,
    /// The folder for the files of the run, and for screenshots of failed tests.
    #[arg(long, value_name = "DIRECTORY")]
    directory: PathBuf,
    /// The file of the tests, which Node runs.
    #[arg(long, value_name = "FILE")]
    tests: PathBuf,
    /// Where the packages are installed that the tests use.
    #[arg(long, value_name = "DIRECTORY")]
    packages: PathBuf,
    /// The folder of `twilio.min.js`.
    #[arg(long, value_name = "DIRECTORY")]
    voice_sdk: PathBuf,
    /// Runs only the tests whose names match this regular expression.
    #[arg(long, value_name = "PATTERN")]
    only: Option<String>,
}

fn main() -> ExitCode {
    run::report(begin(&Options::parse()))
}

/// # Errors
///
/// If a test failed, a process was left behind, or the tests could not start.
fn begin(options: &Options) -> Result<String, Failure> {
    let no_random = |what| Failure::new(what, "run this on a system with /dev/urandom");
    let mark = random::hex::<8>().map_err(no_random)?;
    let directory = options.directory.join(format!("stage-{mark}"));
    let place = Place::prepare(options.switchroom.clone(), directory)?;
    let command = command(options, &mark)?;
    let sdk = options.voice_sdk.clone();
    let ended = until_told_to_stop(runner::run(&place, sdk, command, &mark))?;
    leftovers::none(&mark)?;
    match ended {
        Some(Err(failure)) => Err(failure),
        Some(Ok(said)) => place.remove().map(|()| said),
        None => place.remove().and_then(|()| Err(Failure::new("interrupted", "start it again"))),
    }
}

/// Node's test runner over the tests.
fn command(options: &Options, mark: &str) -> Result<Command, Failure> {
    let pictures = options.directory.join("pictures");
    // Those of an earlier run would mislead.
    let _ = std::fs::remove_dir_all(&pictures);
    std::fs::create_dir_all(&pictures).map_err(|error| {
        let fix = "make the build directory writable";
        Failure::new(format!("{}: {error}", pictures.display()), fix)
    })?;
    let mut command = Command::new("node");
    command.args(["--test-reporter", "tap", "--test-reporter-destination", "stdout"]);
    if let Some(pattern) = &options.only {
        command.args(["--test-name-pattern", pattern]);
    }
    command.arg(&options.tests);
    command.env("SWITCHROOM_TEST_PACKAGES", &options.packages);
    command.env("SWITCHROOM_TEST_PICTURES", pictures);
    command.env(leftovers::NAME, mark).stdout(Stdio::piped());
    Ok(command)
}
