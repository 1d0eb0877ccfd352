#![doc = include_str!("../README.md")]
#![expect(clippy::disallowed_methods, reason = "the harness measures real time")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a campaign reports on standard output, and fails loudly"
)]

mod campaigns;
mod context;
mod dice;
mod judge;
mod load;
mod neighbour;
mod planted;
mod postgres;
mod program;
mod proxy;
mod session;
mod story;
mod times;
mod verdict;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::Parser;
use rustix::process::{Resource, getrlimit, setrlimit};

use crate::campaigns::{CAMPAIGNS, Campaign, Work};
use crate::context::Context;
use crate::program::Program;

/// Breaks everything around the server, and counts what was lost; `cargo xtask chaos` runs this.
#[derive(Parser)]
struct Options {
    /// The program under test.
    #[arg(long, value_name = "PATH")]
    switchroom: PathBuf,
    /// Runs one campaign only; may be repeated.
    #[arg(long, value_name = "NAME", value_parser = CAMPAIGNS.map(|campaign| campaign.name))]
    only: Vec<String>,
    /// Runs the long form, for releases.
    #[arg(long)]
    long: bool,
    /// Seed of all random decisions.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// In `neighbours`, causes the troubles only whose names have these words.
    #[arg(long, value_name = "WORDS")]
    trouble: Option<String>,
    /// Leaves out the campaigns that are tests of their crates, which `cargo test` runs.
    #[arg(long)]
    beside_tests: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    raise_limit();
    let place = std::env::temp_dir().join(format!("switchroom-chaos-{}", std::process::id()));
    let logs = place.join("logs");
    std::fs::create_dir_all(&logs).expect("a directory");
    let form = if options.long { "long" } else { "short" };
    println!("chaos: seed {}, {form} form", options.seed);
    let chosen: Vec<&Campaign> = CAMPAIGNS.iter().filter(|one| is_chosen(&options, one)).collect();
    let told: Vec<Told> = chosen.iter().map(|one| run(&options, &place, one)).collect();
    let failed = told.iter().filter(|told| told.figures.is_none()).count();
    println!("\n{}", table(&told));
    if failed == 0 {
        // After a failure the files stay, to find its cause.
        let _ = std::fs::remove_dir_all(&place);
    } else {
        println!("logs:   {}", logs.display());
        println!("fix:    run it again with --seed {} --only NAME", options.seed);
    }
    println!("chaos: {} passed, {failed} failed", told.len() - failed);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn is_chosen(options: &Options, campaign: &Campaign) -> bool {
    let is_named = options.only.iter().any(|name| name == campaign.name);
    let is_test = matches!(campaign.work, Work::Tests(_));
    is_named || options.only.is_empty() && !(is_test && options.beside_tests)
}

/// The result of a campaign.
struct Told {
    name: &'static str,
    took: Duration,
    /// `None` if it failed.
    figures: Option<String>,
}

/// Runs a campaign on a runtime of its own, so that no task outlives it.
fn run(options: &Options, place: &Path, campaign: &Campaign) -> Told {
    let name = campaign.name;
    println!("        {name:<10}           {}", campaign.about);
    let context = Context {
        name,
        is_long: options.long,
        seed: options.seed,
        trouble: options.trouble.clone(),
        program: Program { path: options.switchroom.clone(), logs: place.join("logs") },
        directory: place.join(name),
        began: Instant::now(),
    };
    std::fs::create_dir_all(&context.directory).expect("a directory");
    let figures = catch_unwind(AssertUnwindSafe(|| match campaign.work {
        Work::Here(work) => {
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
            runtime.expect("a runtime").block_on(work(&context))
        }
        Work::Tests(work) => work(&context),
    }));
    let took = context.began.elapsed();
    let figures = figures.ok();
    let (word, said) = figures.as_ref().map_or(("FAILED", "see above"), |said| ("passed", said));
    println!("{word:>6}  {name:<10} {:>6.1} s  {said}", took.as_secs_f64());
    if figures.is_some() {
        // If a process still writes to the directory, it is removed at the end.
        let _ = std::fs::remove_dir_all(&context.directory);
    }
    Told { name, took, figures }
}

fn table(told: &[Told]) -> String {
    let row = |told: &Told| {
        let said = told.figures.as_deref().unwrap_or("FAILED");
        format!("| `{}` | {:.0} s | {said} |", told.name, told.took.as_secs_f64())
    };
    let rows = told.iter().map(row).collect::<Vec<_>>().join("\n");
    format!("| campaign | time | figures |\n| --- | --- | --- |\n{rows}")
}

/// Thousands of connections need as many file descriptors, here and in the processes that we start.
fn raise_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // If the system gives fewer, the campaign with slow clients uses fewer clients.
    let _ = setrlimit(Resource::Nofile, limit);
}
