//! Servers end with this process, in whatever way it ends.

use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A shell that waits at the end of a pipe that only this process holds.
pub(crate) struct Watchdog(Child);

impl Watchdog {
    /// When this process is gone, kills every process that has a file of its number in the directory.
    pub(crate) fn start(running: &Path) -> Self {
        use std::os::unix::process::CommandExt as _;
        std::fs::create_dir_all(running).expect("a directory");
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", WATCH, "chaos-watchdog"]).arg(running);
        // A signal from the terminal is for us.
        shell.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(shell.spawn().expect("a shell"))
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        // The end of the pipe is what it waits for; by now nothing runs any more.
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// `$1` is the directory.
const WATCH: &str = r#"
trap '' HUP INT TERM
read -r _
cd "$1" || exit 0
for pid in *; do kill -s KILL "$pid"; done
"#;
