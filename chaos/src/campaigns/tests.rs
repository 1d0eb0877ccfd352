//! Campaigns that are tests of their crates, for faults that cannot be caused from outside the program.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::context::Context;

pub(super) fn spool_kills(context: &Context) -> String {
    let mut command = test("spool", "it", &["kill::"]);
    command.env("SPOOL_KILLS", context.pick("200", "1000"));
    command.env("SPOOL_RECORDS", context.pick("10000", "1000000"));
    figures(command)
}

pub(super) fn spool_disk(context: &Context) -> String {
    let mut command = test("spool", "spool", &["campaign::", "damage::"]);
    command.env("SPOOL_SEEDS", context.pick("1", "10"));
    command.env("SPOOL_FLIPS", context.pick("2000", "100000"));
    figures(command)
}

pub(super) fn cancel(context: &Context) -> String {
    let mut command = test("store-pg", "it", &["recovery::a_dropped"]);
    command.env("STORE_CANCELLATIONS", context.pick("2000", "10000"));
    command.env("CHAOS_SEED", context.seed.to_string());
    figures(command)
}

pub(super) fn policies(_: &Context) -> String {
    figures(test("store-pg", "it", &["isolation::"]))
}

/// Tests of a package, built as `cargo xtask test` builds them.
fn test(package: &str, target: &str, which: &[&str]) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["test", "--workspace", "--all-features", "--locked", "--no-run"]);
    cargo.args(["--message-format", "json"]).current_dir(ROOT);
    let output = cargo.output().expect("cargo");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8_lossy(&output.stdout);
    let path = executable(&said, package, target).expect("cargo names the tests");
    let mut command = Command::new(path);
    command.args(which).arg("--nocapture").current_dir(ROOT);
    command
}

/// The program with the tests of one target of a package.
fn executable(output: &str, package: &str, target: &str) -> Option<PathBuf> {
    let manifest = format!("/{package}/Cargo.toml");
    let messages = output.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut programs = messages
        .filter(|message| message["target"]["name"] == target && message["profile"]["test"] == true)
        .filter(|message| message["manifest_path"].as_str().is_some_and(|p| p.ends_with(&manifest)))
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from));
    programs.next()
}

/// Runs tests, and collects the figures that they print.
fn figures(mut command: Command) -> String {
    let output = command.output().expect("the tests");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let figures: Vec<&str> = said
        .lines()
        .filter_map(|line| line.split_once("figures: ").map(|(_, told)| told))
        .collect();
    assert!(!figures.is_empty(), "the tests printed no figures: {said}");
    figures.join("; ")
}

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
