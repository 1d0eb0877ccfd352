//! `cargo xtask browser`: agents' pages in a real browser, with Twilio's own Voice SDK.
//!
//! The server is the real one; Twilio is the emulator, in this process. The tests are JavaScript,
//! conformance/browser, and Node's own runner carries them out: one Chromium, one context for each
//! agent. Whatever they start carries a mark, and nothing with that mark may be left at the end.

mod door;
mod leftover;
mod played;
mod script;
mod tap;

use std::path::PathBuf;
use std::process::{Command, Stdio};

use clap::Args;

use crate::stage::place::Place;
use crate::stage::random;
use crate::stop::until_told_to_stop;
use crate::workspace::Workspace;
use crate::{pinned, tools};
use harness::Failure;

/// Options of `cargo xtask browser`.
#[derive(Args)]
pub(crate) struct Options {
    /// Runs only the tests whose names match this regular expression.
    #[arg(long, value_name = "PATTERN")]
    only: Option<String>,
}

/// Every test.
pub(crate) const ALL: Options = Options { only: None };

/// Where the tests are, with the pins of the packages they use.
const TESTS: &str = "conformance/browser";
/// Where those packages are installed, below the build directory.
pub(crate) const PACKAGES: &str = "browser/node";
/// What a failed test saw, and screenshots to look at.
const PICTURES: &str = "browser/pictures";

/// # Errors
///
/// The tests that failed, a process that was left behind, or why nothing could be tried.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<String, Failure> {
    tools::run(workspace)?;
    let sdk = install(workspace)?;
    println!("building the server …");
    let odd = |what| Failure::new(what, "run this on a system with /dev/urandom");
    let mark = random::hex::<8>().map_err(odd)?;
    let place = Place::prepare(workspace, &format!("browser/stage-{mark}"))?;
    let command = command(workspace, options, &mark)?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| {
        Failure::new(format!("no asynchronous runtime: {error}"), "free some memory or processes")
    })?;
    let ended = runtime.block_on(until_told_to_stop(played::run(&place, sdk, command, &mark)));
    // What was interrupted is gone when the runtime is.
    drop(runtime);
    leftover::none(&mark)?;
    match ended {
        Some(Err(failure)) => Err(failure),
        Some(Ok(said)) => place.remove().map(|()| said),
        None => place.remove().and_then(|()| Err(Failure::new("interrupted", "start it again"))),
    }
}

/// Installs the Voice SDK and the browser's driver; hands back the folder of `twilio.min.js`.
pub(crate) fn install(workspace: &Workspace) -> Result<PathBuf, Failure> {
    let folder = workspace.target(PACKAGES);
    println!("installing the Voice SDK and the browser's driver, unless they are there …");
    pinned::node(workspace, TESTS, &folder)?;
    Ok(folder.join("node_modules/@twilio/voice-sdk/dist"))
}

/// Node's test runner over the tests.
fn command(workspace: &Workspace, options: &Options, mark: &str) -> Result<Command, Failure> {
    let pictures = workspace.target(PICTURES);
    // Those of an earlier run would mislead.
    let _ = std::fs::remove_dir_all(&pictures);
    std::fs::create_dir_all(&pictures).map_err(|error| {
        let mend = "make the build directory writable";
        Failure::new(format!("{}: {error}", pictures.display()), mend)
    })?;
    let mut command = workspace.command("node");
    command.args(["--test-reporter", "tap", "--test-reporter-destination", "stdout"]);
    if let Some(pattern) = &options.only {
        command.args(["--test-name-pattern", pattern]);
    }
    command.arg(workspace.path(TESTS).join("main.mjs"));
    command.env("SWITCHROOM_TEST_PACKAGES", workspace.target(PACKAGES));
    command.env("SWITCHROOM_TEST_PICTURES", pictures);
    command.env(leftover::NAME, mark).stdout(Stdio::piped());
    Ok(command)
}
