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
    let told = run::quiet(&mut command, "fix the tests that failed").map_err(|failure| {
        let shown = without_passed(&failure.output);
        failure.output(shown)
    })?;
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

/// The output of Node's tests (TAP) without the tests that passed, which are most of it.
fn without_passed(tap: &str) -> String {
    let mut shown = String::new();
    let mut lines = tap.lines().peekable();
    while let Some(line) = lines.next() {
        let text = line.trim_start();
        let passed = text.starts_with("ok ");
        let failed = text.starts_with("not ok ");
        let is_frame = ["# Subtest: ", "TAP version ", "1.."].iter().any(|f| text.starts_with(f));
        if !passed && !is_frame {
            shown.extend([line, "\n"]);
        }
        // The details of a test, which may contain anything.
        let has_details = lines.peek().is_some_and(|next| next.trim() == "---");
        if (passed || failed) && has_details {
            for detail in lines.by_ref() {
                if failed {
                    shown.extend([detail, "\n"]);
                }
                if detail.trim() == "..." {
                    break;
                }
            }
        }
    }
    shown
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_only_what_failed() {
        let tap = "TAP version 13
# Subtest: good
ok 1 - good
  ---
  duration_ms: 0.6
  ...
# Subtest: group
    # Subtest: passes inside
    ok 1 - passes inside
    # Subtest: fails inside
    not ok 2 - fails inside
      ---
      error: |-
        ok 1 is not ok 2
      ...
    1..2
not ok 2 - group
  ---
  error: '1 subtest failed'
  ...
# SyntaxError: Unexpected token
1..2
# pass 2
";
        let shown = "    not ok 2 - fails inside
      ---
      error: |-
        ok 1 is not ok 2
      ...
not ok 2 - group
  ---
  error: '1 subtest failed'
  ...
# SyntaxError: Unexpected token
# pass 2
";
        assert_eq!(without_passed(tap), shown);
        let crashed = "node: bad option\n";
        assert_eq!(without_passed(crashed), crashed);
    }
}
