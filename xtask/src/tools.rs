//! The programs that tests need beside cargo, installed when they are absent.
//!
//! It installs only as root and only with `apt-get`; otherwise it prints what to install.

use std::process::Command;

use harness::Failure;
use harness::run;

use crate::pinned;
use crate::workspace::Workspace;

/// One program: how to find it, and the Debian packages that contain it.
struct Tool {
    name: &'static str,
    /// Must succeed; prints the version.
    probe: &'static [&'static str],
    packages: &'static [&'static str],
}

const TOOLS: [Tool; 6] = [
    // Compiles the C of the cryptography library and links everything.
    Tool { name: "cc", probe: &["cc", "--version"], packages: &["gcc", "libc6-dev"] },
    // Runs npm, and in a version that is new enough (see `newer_node`) the judges and the browser.
    Tool { name: "node", probe: &["node", "--version"], packages: &["nodejs"] },
    // Installs them, and fetches PostgreSQL where none is installed.
    Tool { name: "npm", probe: &["npm", "--version"], packages: &["npm"] },
    Tool { name: "python3", probe: &["python3", "--version"], packages: &["python3"] },
    Tool {
        name: "python3-venv",
        probe: &["python3", "-c", "import ensurepip, venv; print(ensurepip.version())"],
        packages: &["python3-venv"],
    },
    // The browser in which agents' pages are tested.
    Tool { name: "chromium", probe: &["chromium", "--version"], packages: &["chromium"] },
];

pub(crate) fn run(workspace: &Workspace) -> Result<String, Failure> {
    let missing: Vec<&Tool> =
        TOOLS.iter().filter(|tool| version(workspace, tool).is_none()).collect();
    if !missing.is_empty() {
        install(workspace, &missing)?;
    }
    newer_node(workspace)?;
    let mut said = Vec::new();
    for tool in &TOOLS {
        let version = version(workspace, tool).ok_or_else(|| missing_tools(&[tool]))?;
        said.push(format!("{} {version}", tool.name));
    }
    Ok(said.join(", "))
}

/// Fetches a newer Node.js if the installed one is too old, as in Debian 12.
fn newer_node(workspace: &Workspace) -> Result<(), Failure> {
    let [_, node, ..] = &TOOLS;
    let installed = version(workspace, node);
    if installed.as_deref().and_then(major).is_none_or(|major| major < OLDEST_NODE) {
        pinned::node(workspace, "xtask/node", &workspace.target("node"))?;
    }
    Ok(())
}

/// The first number of a version.
fn major(version: &str) -> Option<u32> {
    version.split('.').next()?.parse().ok()
}

/// The oldest version that the browser's driver and fastify support.
const OLDEST_NODE: u32 = 20;

/// Installs npm, with which the demo fetches the Voice SDK, and PostgreSQL where none is installed.
///
/// Only root can fail here. For everybody else the demo may have all it needs without npm; if not,
/// it prints what is missing.
pub(crate) fn npm(workspace: &Workspace) -> Result<(), Failure> {
    let missing: Vec<&Tool> = TOOLS
        .iter()
        .filter(|tool| matches!(tool.name, "node" | "npm") && version(workspace, tool).is_none())
        .collect();
    if missing.is_empty() || !is_root(workspace) {
        return Ok(());
    }
    println!("installing {} …", packages(&missing).join(" and "));
    install(workspace, &missing)
}

/// Node.js in a version that is new enough, and npm.
pub(crate) fn node(workspace: &Workspace) -> Result<(), Failure> {
    npm(workspace)?;
    newer_node(workspace)
}

/// The version that the tool prints: the first word of digits and dots.
fn version(workspace: &Workspace, tool: &Tool) -> Option<String> {
    let [program, arguments @ ..] = tool.probe else { return None };
    let output = workspace.command(program).args(arguments).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut words = text.split_whitespace().map(|word| word.trim_start_matches('v'));
    let numeric = |word: &&str| word.chars().all(|c| c.is_ascii_digit() || c == '.');
    let word = words.find(numeric)?.to_owned();
    output.status.success().then_some(word)
}

fn install(workspace: &Workspace, missing: &[&Tool]) -> Result<(), Failure> {
    if !is_root(workspace) {
        return Err(missing_tools(missing));
    }
    let fix = "install the packages by hand, or make the Debian mirror reachable";
    let mut update = apt(workspace);
    run::quiet(update.arg("update"), fix)?;
    let mut install = apt(workspace);
    install.args(["install", "--yes", "--no-install-recommends"]).args(packages(missing));
    run::quiet(&mut install, fix)?;
    Ok(())
}

fn apt(workspace: &Workspace) -> Command {
    let mut command = workspace.command("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive").arg("--quiet");
    command
}

fn is_root(workspace: &Workspace) -> bool {
    let id = workspace.command("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn packages(tools: &[&Tool]) -> Vec<&'static str> {
    tools.iter().flat_map(|tool| tool.packages).copied().collect()
}

fn missing_tools(tools: &[&Tool]) -> Failure {
    let names: Vec<&str> = tools.iter().map(|tool| tool.name).collect();
    let packages = packages(tools).join(" ");
    Failure::new(
        format!("not installed: {}", names.join(", ")),
        format!("as root, `apt-get install {packages}` (or your system's packages of these names)"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_tool_is_named_with_its_packages() {
        let failure = missing_tools(&[&TOOLS[0], &TOOLS[4]]);
        assert_eq!(failure.what, "not installed: cc, python3-venv");
        assert_eq!(
            failure.fix,
            "as root, `apt-get install gcc libc6-dev python3-venv` (or your system's packages of \
             these names)"
        );
    }

    #[test]
    fn a_probe_tells_presence_and_version() {
        let workspace = Workspace::here().unwrap();
        let tool = |probe| Tool { name: "sh", probe, packages: &[] };
        let cases = [
            (tool(&["sh", "-c", "echo cc '(Debian 12.2.0-14+deb12)' 12.2.0"]), Some("12.2.0")),
            (tool(&["sh", "-c", "echo v20.1.0"]), Some("20.1.0")),
            (tool(&["sh", "-c", "echo 1.0; exit 1"]), None),
            (tool(&["no-such-program-here"]), None),
        ];
        for (tool, want) in cases {
            assert_eq!(version(&workspace, &tool).as_deref(), want, "{:?}", tool.probe);
        }
    }
}
