//! The console's modules, without a browser: their tests, their types, and the type declarations
//! for other pages.

use harness::Failure;
use harness::run;

use crate::pinned;
use crate::workspace::Workspace;

const TESTS: &str = "crates/console/tests/js";

/// The types of `switchroom.js`, for pages in TypeScript.
const DECLARATIONS: &str = "crates/console/assets/switchroom.d.ts";

/// The compiler that checks the types.
const PACKAGES: &str = "console/node";

pub(crate) fn run(workspace: &Workspace) -> Result<String, Failure> {
    let mut command = workspace.command("node");
    command.args(["--test", "--test-reporter", "tap"]).args(files(workspace)?);
    let told = run::quiet(&mut command, "fix the tests that failed")?;
    let passed = told.lines().find_map(|line| line.strip_prefix("# pass "));
    let passed = passed.filter(|count| *count != "0").ok_or_else(|| {
        Failure::new("node ran no test of the console", "look into crates/console/tests/js")
    })?;

    pinned::node(workspace, TESTS, &workspace.target(PACKAGES))?;
    // Declarations first: the compiler reads a declaration instead of the module beside it.
    declare(workspace)?;
    compile(workspace, "tsconfig.json", &[])?;
    // A page in TypeScript, with the declarations that it gets from the server.
    compile(workspace, "embedding/tsconfig.json", &[])?;
    Ok(format!("{passed} passed, types are right"))
}

/// Checks that the type declarations for other pages match the sources.
fn declare(workspace: &Workspace) -> Result<(), Failure> {
    let folder = workspace.target("console/declarations");
    // Declarations of an earlier run would be picked up too.
    let _ = std::fs::remove_dir_all(&folder);
    let out = folder.display().to_string();
    compile(workspace, "tsconfig.declarations.json", &["--outDir", &out])?;
    let made = folder.join("rolled-up.d.ts");
    let mut command = workspace.command("node");
    command.arg(format!("{TESTS}/declarations.mjs")).args([&folder, &made]);
    run::quiet(&mut command, "fix the errors that the script lists")?;
    let fresh = std::fs::read_to_string(&made).map_err(|error| {
        Failure::new(format!("{}: {error}", made.display()), "make the build directory readable")
    })?;
    if fresh == workspace.read(DECLARATIONS)? {
        return Ok(());
    }
    let what = format!("{DECLARATIONS} does not match the modules");
    Err(Failure::new(what, format!("cp {} {DECLARATIONS}", made.display())))
}

/// Runs TypeScript's compiler.
fn compile(workspace: &Workspace, config: &str, more: &[&str]) -> Result<(), Failure> {
    let mut command = workspace.command("node");
    command.arg(workspace.target(PACKAGES).join("node_modules/typescript/bin/tsc"));
    command.args(["--project", &format!("{TESTS}/{config}")]).args(more);
    run::quiet(&mut command, "fix the types that the compiler lists").map(drop)
}

/// Every test file, because versions of Node.js treat a directory differently.
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
