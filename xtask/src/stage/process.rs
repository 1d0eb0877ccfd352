//! The server as a process of its own, which ends with this one.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tokio::time::sleep;

/// A running server.
///
/// It is stopped in order when this is dropped, and also when this process is killed: a shell waits
/// at the end of a pipe that only this process holds.
pub(crate) struct Process {
    child: Child,
    watchdog: Child,
    pipe: Option<ChildStdin>,
    /// What it writes.
    pub(crate) log: PathBuf,
}

impl Process {
    /// Starts the command in a process group of its own, so that Ctrl-C comes to us alone.
    pub(crate) fn start(mut command: Command, log: &Path) -> Result<Self, String> {
        let said = |error: std::io::Error| format!("{}: {error}", log.display());
        let file = File::create(log).map_err(said)?;
        command.stdin(Stdio::null()).stdout(file.try_clone().map_err(said)?).stderr(file);
        let child = command.process_group(0).spawn();
        let mut child = child.map_err(|error| format!("the server cannot be started: {error}"))?;
        match watch(child.id()) {
            Ok(mut watchdog) => {
                let pipe = watchdog.stdin.take();
                Ok(Self { child, watchdog, pipe, log: log.to_owned() })
            }
            Err(error) => {
                // Nobody else would end it.
                let _ = child.kill();
                let _ = child.wait();
                Err(format!("/bin/sh cannot be started: {error}"))
            }
        }
    }

    /// Waits for the address that it says it listens on.
    pub(crate) async fn address(&mut self) -> Result<String, String> {
        let deadline = Instant::now() + START;
        while Instant::now() < deadline {
            let text = fs::read_to_string(&self.log).unwrap_or_default();
            let line = text.lines().find_map(|line| line.split_once("listening on "));
            if let Some((_, address)) = line.filter(|_| text.ends_with('\n')) {
                return Ok(address.trim().to_owned());
            }
            self.alive()?;
            sleep(PAUSE).await;
        }
        Err(format!("the server does not listen after {} s", START.as_secs()))
    }

    /// # Errors
    ///
    /// How it ended, and its last words, if it did.
    pub(crate) fn alive(&mut self) -> Result<(), String> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => {
                let text = fs::read_to_string(&self.log).unwrap_or_default();
                let lines: Vec<&str> = text.lines().collect();
                let last = lines[lines.len().saturating_sub(12)..].join("\n");
                Err(format!("the server has ended ({status}):\n{last}"))
            }
            Err(error) => Err(format!("the server cannot be watched: {error}")),
        }
    }

    /// Stops it in order.
    ///
    /// # Errors
    ///
    /// How it ended, if that was not in order.
    pub(crate) fn stop(mut self) -> Result<(), String> {
        match self.end() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => match status.signal() {
                Some(signal) => Err(format!("the server had to be ended by signal {signal}")),
                None => Err(format!("the server ended with {status}")),
            },
            Err(error) => Err(format!("the server cannot be waited for: {error}")),
        }
    }

    /// Closing the pipe is what the shell waits for. A number whose process has ended may belong to
    /// somebody else by now, so the shell is told.
    fn end(&mut self) -> std::io::Result<ExitStatus> {
        if let (Ok(Some(_)), Some(pipe)) = (self.child.try_wait(), &mut self.pipe) {
            pipe.write_all(b"ended\n")?;
        }
        self.pipe = None;
        let status = self.child.wait();
        self.watchdog.wait()?;
        status
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It is told where it ended in order; here something else has failed already.
        let _ = self.end();
    }
}

/// Starts the shell that ends the process group when our pipe to it closes.
fn watch(group: u32) -> std::io::Result<Child> {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", WATCHDOG, "demo-watchdog"]).arg(group.to_string());
    shell.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    shell.spawn()
}

/// `$1` is the process group. First in order; after ten seconds at once.
const WATCHDOG: &str = r#"
trap '' HUP INT TERM
if read -r _; then exit 0; fi
kill -s TERM -- "-$1" || exit 0
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  for _ in 1 2 3 4 5; do
    kill -s 0 -- "-$1" || exit 0
    sleep 0.1
  done
done
kill -s KILL -- "-$1"
"#;

/// PostgreSQL may have to be fetched first.
const START: Duration = Duration::from_secs(180);
const PAUSE: Duration = Duration::from_millis(20);
