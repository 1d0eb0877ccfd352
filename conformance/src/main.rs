#![doc = include_str!("../README.md")]
#![expect(clippy::disallowed_methods, reason = "the harness measures real time")]
#![expect(clippy::print_stdout, reason = "the program reports on standard output")]

mod documents;
mod judge;
mod random;
mod rest;
mod signatures;
mod tally;
mod tokens;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use clap::Parser;
use serde_json::Value;

use crate::judge::Judges;
use crate::random::Random;
use crate::tally::Tally;

/// Compares our libraries with Twilio's own; `cargo xtask conformance` installs those and runs this.
#[derive(Parser)]
struct Options {
    /// Folder whose `node_modules` has the Node library.
    #[arg(long)]
    node: PathBuf,
    /// Python interpreter that has the Python library.
    #[arg(long)]
    python: PathBuf,
    /// Cases of each kind.
    #[arg(long, default_value_t = 2000)]
    cases: usize,
    /// Seed of the generated cases.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Compares one kind only.
    #[arg(long, value_parser = KINDS.map(|(name, _)| name))]
    only: Option<String>,
}

/// Generates so many cases of a kind and judges them.
type Kind = fn(&mut Judges, &mut Random, usize) -> io::Result<Tally>;

const KINDS: [(&str, Kind); 6] = [
    ("signatures", signatures::run),
    ("tokens", tokens::run),
    ("voice", documents::voice),
    ("messaging", documents::messaging),
    ("built", documents::built),
    ("rest", rest::run),
];

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("failed: {error}");
            println!("fix:    run `cargo xtask conformance`, which installs the libraries");
            ExitCode::FAILURE
        }
    }
}

/// Whether everything agreed.
fn run(options: &Options) -> io::Result<bool> {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("judges");
    let mut judges = Judges::start(&scripts, &options.node, &options.python)?;
    let versions = [
        judges.node.texts("version", &[Value::Null])?,
        judges.python.texts("version", &[Value::Null])?,
    ];
    println!("judges: {}; seed {}", versions.concat().join(" and "), options.seed);
    let (mut passed, mut failed) = (0, 0);
    for (name, judge) in KINDS {
        if options.only.as_deref().is_none_or(|only| only == name) {
            let started = Instant::now();
            let mut random = Random::new(options.seed, name);
            let tally = judge(&mut judges, &mut random, options.cases)?;
            println!("{}", tally.lines(started.elapsed().as_secs_f64()).join("\n"));
            passed += tally.passed();
            failed += tally.failed();
        }
    }
    println!("conformance: {passed} passed, {failed} failed");
    Ok(failed == 0)
}
