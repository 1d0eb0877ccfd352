//! Builds programs of the workspace, and finds them.

use std::path::PathBuf;

use harness::Failure;
use harness::run;
use serde_json::Value;

use crate::workspace::Workspace;

/// The server and the set-up for demo and browser tests, and nothing else.
pub(crate) const STAGE: [&str; 4] = ["--package", "server", "--package", "stage"];

/// The packages and features that the tests use, so that little is compiled a second time.
pub(crate) const EVERYTHING: [&str; 2] = ["--workspace", "--all-features"];

/// Builds programs and returns their paths. `options` go to cargo, beside the names.
///
/// # Errors
///
/// The compiler's messages.
pub(crate) fn programs<const COUNT: usize>(
    workspace: &Workspace,
    options: &[&str],
    names: [&str; COUNT],
) -> Result<[PathBuf; COUNT], Failure> {
    let mut command = workspace.cargo();
    command.arg("build").args(options).arg("--locked");
    command.args(names.iter().flat_map(|name| ["--bin", name]));
    command.args(["--message-format", "json-render-diagnostics"]);
    let output =
        run::quiet(&mut command, "fix the errors that the compiler lists").map_err(|failure| {
            let told = failure.output.lines().filter(|line| !line.starts_with('{'));
            let told = told.collect::<Vec<_>>().join("\n");
            failure.output(told)
        })?;
    let found: Vec<PathBuf> = names.iter().filter_map(|name| executable(&output, name)).collect();
    found.try_into().map_err(|_| {
        let what = format!("cargo reports no program for one of {}", names.join(", "));
        Failure::new(what, "update cargo").output(output)
    })
}

fn executable(output: &str, name: &str) -> Option<PathBuf> {
    let messages = output.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut programs = messages
        .filter(|message| message["target"]["name"] == name)
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from));
    programs.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_names_each_program() {
        let output = "   Compiling server v0.1.0\n\
            {\"reason\":\"compiler-artifact\",\"target\":{\"name\":\"server\"},\"executable\":null}\n\
            {\"reason\":\"compiler-artifact\",\"target\":{\"name\":\"chaos\"},\
            \"executable\":\"/t/debug/chaos\"}\n\
            {\"reason\":\"compiler-artifact\",\"target\":{\"name\":\"switchroom\"},\
            \"executable\":\"/t/debug/switchroom\"}\n{\"reason\":\"build-finished\"}\n";
        for (name, want) in [
            ("switchroom", Some("/t/debug/switchroom")),
            ("chaos", Some("/t/debug/chaos")),
            ("server", None),
            ("other", None),
        ] {
            assert_eq!(executable(output, name), want.map(PathBuf::from), "{name}");
        }
    }
}
