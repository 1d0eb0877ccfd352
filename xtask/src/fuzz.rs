//! `cargo xtask fuzz`: looks for input that breaks a parser.
//!
//! The targets are in fuzz/, a package of its own, and need a nightly toolchain with `cargo-fuzz`.
//! The same laws are property tests in each crate, which `cargo xtask test` runs on any toolchain;
//! there, the targets are only checked to compile.
//!
//! `--numbers N` needs neither: it reads so many random texts with `dialling` in a release build, and fails at a
//! panic and at a text that takes longer than 20 µs.

use std::fs;
use std::path::Path;

use clap::Args;
use harness::Failure;
use harness::run;

use crate::seeds;
use crate::story::Story;
use crate::workspace::Workspace;

/// Options of `cargo xtask fuzz`.
#[derive(Args)]
pub(crate) struct Options {
    /// How long each target runs.
    #[arg(long, value_name = "N", default_value_t = 60)]
    seconds: u32,
    /// Runs one target instead of all.
    #[arg(long, value_name = "TARGET", value_parser = TARGETS)]
    only: Option<String>,
    /// Reads so many random texts as numbers instead, and measures each.
    #[arg(long, value_name = "N", conflicts_with_all = ["seconds", "only"])]
    numbers: Option<u64>,
    /// Where the random texts of `--numbers` begin.
    #[arg(long, value_name = "N", default_value_t = 1, requires = "numbers")]
    seed: u64,
}

/// One for each parser.
pub(crate) const TARGETS: [&str; 7] = [
    "twiml",
    "signature_form",
    "access_token",
    "identity",
    "phone_number",
    "dialled_text",
    "session_jwt",
];

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<String, Failure> {
    if let Some(count) = options.numbers {
        return numbers(workspace, count, options.seed);
    }
    let mut probe = workspace.command("rustup");
    probe.args(["run", "nightly", "cargo", "fuzz", "--version"]);
    run::quiet(
        &mut probe,
        "run `rustup toolchain install nightly` and `cargo install cargo-fuzz`; without them, the \
         same laws run as property tests in `cargo xtask test`",
    )?;
    let mut story = Story::begin("cargo xtask fuzz");
    if !story.step("build", || build(workspace)) {
        return story.end();
    }
    for target in TARGETS {
        if options.only.as_deref().is_none_or(|only| only == target) {
            story.step(target, || fuzz(workspace, target, options.seconds));
        }
    }
    story.end()
}

fn numbers(workspace: &Workspace, count: u64, seed: u64) -> Result<String, Failure> {
    let mut command = workspace.cargo();
    command.args([
        "run",
        "--quiet",
        "--locked",
        "--release",
        "-p",
        "dialling",
        "--example",
        "random",
        "--",
    ]);
    command.args([count.to_string(), seed.to_string()]);
    run::printing(
        &mut command,
        "random texts",
        "make the text a row of crates/dialling/tests/vectors/reports.tsv, then fix the crate",
    )
}

/// Checks that the targets still compile, as a step of `cargo xtask test`.
pub(crate) fn check(workspace: &Workspace) -> Result<String, Failure> {
    let mut command = workspace.cargo();
    command.args(["check", "--quiet", "--locked", "--all-targets", "--no-default-features"]);
    command.arg("--manifest-path").arg(workspace.path("fuzz/Cargo.toml"));
    command.arg("--target-dir").arg(workspace.target("fuzz"));
    command.env("RUSTFLAGS", "--deny warnings");
    run::quiet(&mut command, "adapt the targets in fuzz/, and commit fuzz/Cargo.lock")?;
    Ok(format!("{} targets compile", TARGETS.len()))
}

/// Builds all targets first, so that the time of each run counts only its own work.
fn build(workspace: &Workspace) -> Result<String, Failure> {
    let mut command = workspace.command("rustup");
    command.args(["run", "nightly", "cargo", "fuzz", "build", "--fuzz-dir", "fuzz"]);
    run::quiet(&mut command, "adapt the targets in fuzz/ to the parsers")?;
    Ok(format!("{} targets", TARGETS.len()))
}

fn fuzz(workspace: &Workspace, target: &str, seconds: u32) -> Result<String, Failure> {
    let seeds = seeds::of(workspace, target)?;
    let corpus = workspace.path("fuzz/corpus").join(target);
    write(&corpus, &seeds).map_err(|error| {
        Failure::new(format!("{}: {error}", corpus.display()), "make fuzz/corpus writable")
    })?;
    let mut command = workspace.command("rustup");
    command.args(["run", "nightly", "cargo", "fuzz", "run", "--fuzz-dir", "fuzz", target, "--"]);
    command.arg(format!("-max_total_time={seconds}")).arg("-print_final_stats=1");
    let output = run::quiet(
        &mut command,
        "the input is in fuzz/artifacts: make it a test of the crate that fails, then fix the crate",
    )?;
    let runs = output.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    Ok(format!("{} runs from {} seeds", runs.map_or("no", str::trim), seeds.len()))
}

/// Writes the seeds beside the inputs that earlier runs found.
fn write(corpus: &Path, seeds: &[Vec<u8>]) -> std::io::Result<()> {
    fs::create_dir_all(corpus)?;
    for (index, seed) in seeds.iter().enumerate() {
        fs::write(corpus.join(format!("seed-{index}")), seed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_has_a_file_and_a_row_in_its_manifest() {
        let workspace = Workspace::here().unwrap();
        let manifest = workspace.read("fuzz/Cargo.toml").unwrap();
        let files = fs::read_dir(workspace.path("fuzz/fuzz_targets")).unwrap().count();
        assert_eq!(files, TARGETS.len());
        for target in TARGETS {
            assert!(manifest.contains(&format!("path = \"fuzz_targets/{target}.rs\"")), "{target}");
            assert!(
                workspace.path(&format!("fuzz/fuzz_targets/{target}.rs")).is_file(),
                "{target}"
            );
        }
    }
}
