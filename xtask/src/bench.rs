//! `cargo xtask bench`: measures speed, beside what limits it, in one run.
//!
//! [`crates`] runs the benchmarks of the crates. [`libraries`] runs our libraries beside Twilio's own,
//! [`peers`] the server beside voice backends in Node.
//! Figures of different runs are never compared, because machines differ more than programs do.

mod contender;
mod crates;
mod divan;
mod figures;
mod libraries;
mod machine;
mod page;
mod peers;
mod webhook;

use clap::Args;
use harness::Failure;

use crate::workspace::Workspace;

/// Options of `cargo xtask bench`.
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[derive(Args)]
pub(crate) struct Options {
    /// Measures our libraries and, beside them, Twilio's own for Node and Python, which it installs
    /// below target/. The benchmarks of the crates and the server do not run then.
    #[arg(long, conflicts_with = "only")]
    libraries: bool,
    /// Measures the server and, beside it, two voice backends in Node, whose packages it installs below
    /// target/: one with express and Twilio's library, and one tuned by hand. About half an hour.
    #[arg(long, conflicts_with_all = ["only", "libraries"])]
    peers: bool,
    /// Makes `--peers` a smoke run of a few minutes, whose figures mean little.
    #[arg(long, requires = "peers", conflicts_with = "write")]
    quick: bool,
    /// Runs one benchmark instead of all.
    #[arg(long, value_name = "NAME", value_parser = crates::ALL.map(|bench| bench.name))]
    only: Option<String>,
    /// Puts the figures into docs/benchmarks.md, with date and machine.
    #[arg(long)]
    write: bool,
    /// Seconds for each case of `webhook`.
    #[arg(long, value_name = "N", default_value_t = 4)]
    seconds: u32,
    /// Rounds of `--libraries`.
    #[arg(long, value_name = "N", default_value_t = 25, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<String, Failure> {
    if options.libraries {
        let measured = libraries::run(workspace, options.rounds)?;
        println!("\n{measured}");
        return kept(workspace, options, &[("libraries", measured)]);
    }
    if options.peers {
        let measured = peers::run(workspace, options.quick)?;
        println!("\n{measured}");
        return kept(workspace, options, &[("peers", measured)]);
    }
    let mut sections = Vec::new();
    let mut faults = Vec::new();
    for bench in &crates::ALL {
        if options.only.as_deref().is_none_or(|only| only == bench.name) {
            match bench.run(workspace, options.seconds) {
                Ok(measured) => {
                    println!("\n{measured}");
                    sections.push((bench.name, measured));
                }
                // Measure the others all the same.
                Err(failure) => {
                    println!("{failure}");
                    faults.push(format!("{}: {}", bench.name, failure.what));
                }
            }
        }
    }
    let said = kept(workspace, options, &sections)?;
    if faults.is_empty() {
        return Ok(said);
    }
    let fix = "see above; run it again with `cargo xtask bench --only NAME`";
    Err(Failure::faults("not everything was measured", &faults, fix))
}

/// Writes the sections if `--write` was given.
fn kept(
    workspace: &Workspace,
    options: &Options,
    sections: &[(&str, String)],
) -> Result<String, Failure> {
    if !options.write {
        return Ok(format!("measured; `--write` puts it into {}", page::PATH));
    }
    page::write(workspace, sections)?;
    Ok(format!("measured, and written into {}", page::PATH))
}
