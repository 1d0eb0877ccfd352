//! Does each crate build alone, without features and with each single one?
//!
//! `cargo test --workspace` cannot tell: there, cargo builds a dependency once, with the features
//! that all crates together ask for. The crates are those that can be published, and the server.

use harness::Failure;
use harness::run;
use serde_json::Value;

use super::{packages, publishable, text};
use crate::workspace::Workspace;

pub(super) fn run(workspace: &Workspace) -> Result<String, Failure> {
    let packages = packages(workspace, false)?;
    let server = packages.iter().filter(|package| text(package, "name") == "server");
    let builds: Vec<Build> = publishable(&packages).chain(server).flat_map(builds).collect();
    for Build { package, feature } in &builds {
        let mut command = workspace.cargo();
        command.args(["check", "--quiet", "--locked", "--no-default-features"]);
        command.args(["--package", package]);
        if let Some(feature) = feature {
            command.args(["--features", feature]);
        }
        let fix = "state in the crate's Cargo.toml every feature that it needs of its dependencies";
        let output = run::quiet(&mut command, fix)?;
        // `--deny warnings` by flag would build every dependency anew.
        if output.contains("warning: ") {
            let what = format!("`{}` has warnings", run::shown(&command));
            return Err(Failure::new(what, "follow them").output(output));
        }
    }
    Ok(format!("{} builds", builds.len()))
}

/// One build: a crate with at most one feature.
#[derive(Debug, Eq, PartialEq)]
struct Build {
    package: String,
    feature: Option<String>,
}

fn builds(package: &Value) -> Vec<Build> {
    let name = text(package, "name");
    let features = package["features"].as_object().into_iter().flat_map(|features| features.keys());
    let features = features.filter(|feature| *feature != "default").cloned().map(Some);
    let features = std::iter::once(None).chain(features);
    features.map(|feature| Build { package: name.to_owned(), feature }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_crate_is_built_bare_and_with_each_feature_but_the_default() {
        let package = json!({"name": "a", "features": {"default": ["x"], "x": [], "y": ["dep:b"]}});
        let named: Vec<_> = builds(&package).into_iter().map(|build| build.feature).collect();
        assert_eq!(named, [None, Some("x".to_owned()), Some("y".to_owned())]);
        let bare = builds(&json!({"name": "b", "features": {}}));
        assert_eq!(bare, [Build { package: "b".to_owned(), feature: None }]);
    }
}
