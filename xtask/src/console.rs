//! The console's modules, without a browser: their tests, and their types.

use crate::failure::Failure;
use crate::pinned;
use crate::run;
use crate::workspace::Workspace;

const TESTS: &str = "crates/console/tests/js";

/// The compiler that checks the types.
const PACKAGES: &str = "console/node";

pub(crate) fn run(workspace: &Workspace) -> Result<String, Failure> {
    let mut command = workspace.command("node");
    command.args(["--test", "--test-reporter", "tap"]).args(files(workspace)?);
    let told = run::quiet(&mut command, "mend what failed")?;
    let passed = told.lines().find_map(|line| line.strip_prefix("# pass "));
    let passed = passed.filter(|count| *count != "0").ok_or_else(|| {
        Failure::new("node ran no test of the console", "look into crates/console/tests/js")
    })?;

    let folder = workspace.target(PACKAGES);
    pinned::node(workspace, TESTS, &folder)?;
    let mut command = workspace.command("node");
    command.arg(folder.join("node_modules/typescript/bin/tsc"));
    command.args(["--project", &format!("{TESTS}/tsconfig.json")]);
    run::quiet(&mut command, "mend the types that the compiler names")?;
    Ok(format!("{passed} passed, types are right"))
}

/// Every test: a directory means something else to each version of Node.js.
fn files(workspace: &Workspace) -> Result<Vec<String>, Failure> {
    let unreadable = |error| {
        Failure::new(format!("{TESTS}: {error}"), "restore the directory from the repository")
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(workspace.path(TESTS)).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".test.js") {
            files.push(format!("{TESTS}/{name}"));
        }
    }
    files.sort();
    Ok(files)
}
