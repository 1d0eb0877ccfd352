//! `cargo xtask test`: runs every test and check, on a bare machine.
//!
//! Every step runs, even after one has failed, so that one run shows all faults. Nothing is
//! skipped: anything missing is installed, or the step fails and says how to fix it.

use std::process::Command;

use clap::Args;
use harness::Failure;
use harness::run;

use crate::story::Story;
use crate::suites::Suites;
use crate::workspace::Workspace;
use crate::{browser, chaos, conformance, console, demo, fuzz, layers, modules, release, tools};

/// One step: its name on the command line, and what it does.
type Step = (&'static str, fn(&Workspace) -> Result<String, Failure>);

/// Fast steps come first. `doc` comes after `clippy`, because it reuses its build.
const STEPS: [Step; 14] = [
    ("tools", tools::run),
    ("fmt", fmt),
    ("layers", layers::run),
    ("modules", modules::run),
    ("clippy", clippy),
    ("doc", doc),
    ("release", |workspace| release::run(workspace, &release::BESIDE_TESTS)),
    ("tests", tests),
    ("console", console::run),
    ("fuzz", fuzz::check),
    ("conformance", |workspace| conformance::run(workspace, &conformance::DEFAULT)),
    ("demo", demo::check),
    ("browser", browser::check),
    ("chaos", |workspace| chaos::run(workspace, &chaos::BESIDE_TESTS)),
];

/// Options of `cargo xtask test`.
#[derive(Args)]
pub(crate) struct Options {
    /// Runs one step instead of all.
    #[arg(long, value_name = "STEP", value_parser = STEPS.map(|(name, _)| name))]
    only: Option<String>,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<String, Failure> {
    let mut story = Story::begin("cargo xtask test");
    for (name, work) in STEPS {
        if options.only.as_deref().is_none_or(|only| only == name) {
            story.step(name, || work(workspace));
        }
    }
    story.end()
}

fn fmt(workspace: &Workspace) -> Result<String, Failure> {
    let mut command = workspace.cargo();
    command.args(["fmt", "--all", "--", "--check", "--color", "never"]);
    run::quiet(&mut command, "run `cargo fmt --all`")?;
    Ok("formatted".to_owned())
}

fn clippy(workspace: &Workspace) -> Result<String, Failure> {
    let mut command = workspace.cargo();
    command.args(["clippy", "--workspace", "--all-targets", "--all-features", "--locked"]);
    command.args(["--", "--deny", "warnings"]);
    run::quiet(&mut command, "follow the lints, or expect one and give the reason")?;
    Ok("no warnings".to_owned())
}

fn doc(workspace: &Workspace) -> Result<String, Failure> {
    let mut command = workspace.cargo();
    command.args(["doc", "--workspace", "--no-deps", "--all-features", "--locked"]);
    command.env("RUSTDOCFLAGS", "--deny warnings");
    run::quiet(&mut command, "fix the comments that rustdoc lists")?;
    Ok("no warnings".to_owned())
}

fn tests(workspace: &Workspace) -> Result<String, Failure> {
    let mut command = workspace.cargo();
    command.args(["test", "--workspace", "--all-features", "--locked", "--no-fail-fast"]);
    if std::env::var_os(TEST_THREADS).is_none() {
        // Slow tests mostly wait: for a database, a socket, a timer.
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        command.env(TEST_THREADS, (2 * processors).to_string());
    }
    count(&mut command)
}

/// Runs the tests and prints a line for each suite as it ends.
fn count(command: &mut Command) -> Result<String, Failure> {
    let mut suites = Suites::default();
    let ended = run::watch(command, |line| {
        if let Some(told) = suites.line(line) {
            println!("{told}");
        }
    });
    let total = suites.total();
    // A closing line in the same form for every test runner.
    println!("tests: {} passed, {} failed, {} skipped", total.passed, total.failed, total.ignored);
    let said = format!("{} passed", total.passed);
    match ended {
        Ok(ended) if ended.ok && total.ignored == 0 && total.passed > 0 => Ok(said),
        Ok(ended) if ended.ok => Err(Failure::new(
            format!("{said}, {} ignored", total.ignored),
            "an ignored test proves nothing: run it or remove it",
        )),
        Ok(_) => Err(Failure::new(
            format!("{said}, {} failed", total.failed),
            "fix the tests that failed",
        )
        .output(suites.rest())),
        Err(error) => Err(Failure::new(format!("cargo: {error}"), "run this with cargo")),
    }
}

/// Tells the test runner how many tests of a suite run at once.
const TEST_THREADS: &str = "RUST_TEST_THREADS";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passes_only_when_tests_ran_and_all_of_them() {
        let result = |passed, failed, ignored| {
            format!("echo 'test result: ok. {passed} passed; {failed} failed; {ignored} ignored'")
        };
        let cases = [
            ("all passed", result(3, 0, 0), Ok("3 passed")),
            ("one ignored", result(2, 0, 1), Err("2 passed, 1 ignored")),
            ("none ran", result(0, 0, 0), Err("0 passed, 0 ignored")),
            ("one failed", result(2, 1, 0) + "; exit 101", Err("2 passed, 1 failed")),
            ("not compiled", "echo 'error: no'; exit 101".to_owned(), Err("0 passed, 0 failed")),
        ];
        for (name, script, want) in cases {
            let got = count(&mut run::shell(&script));
            let got = got.as_deref().map_err(|failure| &*failure.what);
            assert_eq!(got, want, "{name}");
        }
    }

    #[test]
    fn the_compiler_error_is_shown() {
        let failure = count(&mut run::shell("echo 'error: no'; exit 101")).unwrap_err();
        assert_eq!(failure.output, "error: no\n");
    }
}
