//! Switchroom beside two voice backends in Node.
//!
//! The peers are in conformance/peers; crates/server/benches/webhook measures all three.

use harness::Failure;
use harness::run;

use super::machine;
use crate::workspace::Workspace;
use crate::{pinned, tools};

/// Where the peers are, with the pins of the packages they use.
const PEERS: &str = "conformance/peers";
/// Where those packages are installed, below the build directory.
const PACKAGES: &str = "peers/node";

/// Installs the peers' packages, measures, prints every line, and returns the text for
/// docs/benchmarks.md.
///
/// # Errors
///
/// If something cannot be installed or built, or one of the three gives a wrong answer.
pub(crate) fn run(workspace: &Workspace, is_quick: bool) -> Result<String, Failure> {
    tools::node(workspace)?;
    let packages = workspace.target(PACKAGES);
    println!("installing the peers' packages, unless they are installed …");
    pinned::node(workspace, PEERS, &packages)?;
    let node = machine::line_of(workspace, "node", &["--version"]);
    let programs = [machine::postgres(workspace), format!("Node {node}")];
    let machine = machine::described(workspace, &programs);
    let mut command = workspace.cargo();
    command.args(["bench", "--locked", "-p", "server", "--bench", "webhook", "--", "--peers"]);
    command.arg(&packages);
    if is_quick {
        command.arg("--quick");
    }
    let ended = run::watch(&mut command, |line| println!("  {line}"))
        .map_err(|error| Failure::new(format!("cargo: {error}"), "run this with cargo"))?;
    if !ended.ok {
        // Every line of it was printed already.
        return Err(Failure::new("the peers were not measured", "read what was printed"));
    }
    let tables = tables(&ended.output)
        .ok_or_else(|| Failure::new("the benchmark printed no tables", "read the lines above"))?;
    let quick = if is_quick { " --quick" } else { "" };
    Ok(format!("{machine}\n\n```sh\ncargo xtask bench --peers{quick}\n```\n\n{tables}"))
}

/// What the benchmark printed after its progress.
fn tables(output: &str) -> Option<&str> {
    let (_, tables) = output.split_once("\ntables:\n")?;
    Some(tables.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_left_out() {
        let output = "round 1 of 1\ntables:\n1 round\n\n| case |\n| --- |\n";
        assert_eq!(tables(output), Some("1 round\n\n| case |\n| --- |"));
        assert_eq!(tables("round 1 of 1\n"), None);
    }
}
