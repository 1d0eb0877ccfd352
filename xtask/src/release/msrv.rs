//! Does the workspace build with the oldest Rust that it promises?
//!
//! Three parts. Clippy's `incompatible_msrv`, on in every run of the step `clippy`, refuses parts
//! of the standard library that are newer. This check compares the promise with what every
//! dependency demands. And it builds everything with that toolchain, where rustup has it.

use harness::Failure;
use harness::run;
use serde_json::Value;

use super::{Extent, packages, text};
use crate::workspace::Workspace;

pub(super) fn run(workspace: &Workspace, extent: Extent) -> Result<String, Failure> {
    let packages = packages(workspace, true)?;
    let ours = packages.iter().filter(|package| package["source"].is_null());
    let mut promised: Vec<&str> = ours.map(|package| text(package, "rust_version")).collect();
    promised.dedup();
    let [promised] = promised[..] else {
        let what = format!("the crates promise different versions: {}", promised.join(", "));
        return Err(Failure::new(what, "write `rust-version.workspace = true` in each"));
    };
    let newer = newer(&packages, promised);
    if !newer.is_empty() {
        let fix = "take an older version of the dependency, or raise `rust-version` in Cargo.toml, \
                   README.md and CONTRIBUTING.md";
        return Err(Failure::faults(format!("Rust {promised} is too old"), &newer, fix));
    }
    for page in ["README.md", "CONTRIBUTING.md"] {
        if !workspace.read(page)?.contains(&format!("Rust {promised}")) {
            let what = format!("{page} does not name Rust {promised}");
            return Err(Failure::new(what, "name the version that Cargo.toml has"));
        }
    }
    let agreed = format!("{} packages allow Rust {promised}", packages.len());
    match toolchain(workspace, promised) {
        Some(toolchain) => {
            build(workspace, &toolchain)?;
            Ok(format!("{agreed}, built with it"))
        }
        None if extent == Extent::Full => {
            let fix = format!("run `rustup toolchain install {promised} --profile minimal`");
            Err(Failure::new(format!("Rust {promised} is not installed"), fix))
        }
        None => Ok(format!("{agreed}; not built with it: rustup does not have it")),
    }
}

/// The packages that demand a newer Rust.
fn newer(packages: &[Value], promised: &str) -> Vec<String> {
    let demanding = packages.iter().map(|package| (package, text(package, "rust_version")));
    let demanding = demanding.filter(|(_, demanded)| parts(demanded) > parts(promised));
    let told = demanding.map(|(package, demanded)| {
        format!("{} {} needs Rust {demanded}", text(package, "name"), text(package, "version"))
    });
    told.collect()
}

/// Major, minor and patch; absent ones are 0.
fn parts(version: &str) -> [u32; 3] {
    let mut numbers = version.split('.').map(|part| part.parse().unwrap_or(0));
    [(); 3].map(|()| numbers.next().unwrap_or(0))
}

/// The installed toolchain of this version.
fn toolchain(workspace: &Workspace, promised: &str) -> Option<String> {
    let output = workspace.command("rustup").args(["toolchain", "list"]).output().ok()?;
    let list = String::from_utf8_lossy(&output.stdout).into_owned();
    let mut names = list.lines().filter_map(|line| line.split_whitespace().next());
    names.find(|name| is_of(name, promised)).map(str::to_owned)
}

/// Whether `1.89.0-x86_64-unknown-linux-gnu` is of version `1.89`.
fn is_of(name: &str, promised: &str) -> bool {
    let version = name.split('-').next().unwrap_or_default();
    version.starts_with(|c: char| c.is_ascii_digit()) && parts(version)[..2] == parts(promised)[..2]
}

fn build(workspace: &Workspace, toolchain: &str) -> Result<(), Failure> {
    let mut command = workspace.command("rustup");
    command.args(["run", toolchain, "cargo", "check", "--workspace", "--all-targets"]);
    command.args(["--all-features", "--locked", "--target-dir"]).arg(workspace.target("msrv"));
    // The cargo that runs this program has set these for its own toolchain.
    for inherited in ["CARGO", "RUSTC", "RUSTDOC"] {
        command.env_remove(inherited);
    }
    let fix = "use what this version has, or raise `rust-version`";
    run::quiet(&mut command, fix).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_what_needs_a_newer_rust() {
        let packages = [
            json!({"name": "same", "version": "1.0.0", "rust_version": "1.89.0"}),
            json!({"name": "silent", "version": "1.0.0", "rust_version": null}),
            json!({"name": "newer", "version": "2.1.0", "rust_version": "1.90"}),
        ];
        assert_eq!(newer(&packages, "1.89"), ["newer 2.1.0 needs Rust 1.90"]);
    }

    #[test]
    fn finds_the_toolchain_by_its_version() {
        let cases = [
            ("1.89.0-x86_64-unknown-linux-gnu", true),
            ("1.89-x86_64-unknown-linux-gnu", true),
            ("1.9.0-x86_64-unknown-linux-gnu", false),
            ("stable-x86_64-unknown-linux-gnu", false),
        ];
        for (name, want) in cases {
            assert_eq!(is_of(name, "1.89"), want, "{name}");
        }
    }
}
