//! The server as a process of its own, which ends with this one.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use harness::{Group, server};
use tokio::time::sleep;

/// A running server. Dropping it stops it in order, and so does the end of this process.
pub(crate) struct Process {
    group: Group,
    /// Its log.
    pub(crate) log: PathBuf,
}

impl Process {
    /// Starts the command. The log of an earlier server is kept beside the new one.
    pub(crate) fn start(mut command: Command, log: &Path) -> Result<Self, String> {
        let said = |error: std::io::Error| format!("{}: {error}", log.display());
        // The first server has none.
        let _ = fs::rename(log, log.with_extension("before.log"));
        let file = File::create(log).map_err(said)?;
        command.stdout(file.try_clone().map_err(said)?).stderr(file);
        let group = Group::start(&mut command);
        let group = group.map_err(|error| format!("the server cannot be started: {error}"))?;
        Ok(Self { group, log: log.to_owned() })
    }

    /// Waits until it listens, and returns its address.
    pub(crate) async fn address(&mut self) -> Result<SocketAddr, String> {
        let deadline = Instant::now() + START;
        while Instant::now() < deadline {
            if let Some(address) = server::listening(&self.log) {
                return Ok(address);
            }
            self.alive()?;
            sleep(PAUSE).await;
        }
        Err(format!("the server does not listen after {} s", START.as_secs()))
    }

    /// # Errors
    ///
    /// If it has ended: how, with the end of its log.
    pub(crate) fn alive(&mut self) -> Result<(), String> {
        match self.group.ended() {
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
    /// If it did not end in order.
    pub(crate) fn stop(mut self) -> Result<(), String> {
        match self.group.stop() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => match status.signal() {
                Some(signal) => Err(format!("the server had to be ended by signal {signal}")),
                None => Err(format!("the server ended with {status}")),
            },
            Err(error) => Err(format!("the server cannot be waited for: {error}")),
        }
    }
}

/// PostgreSQL may have to be fetched first.
const START: Duration = Duration::from_secs(180);
const PAUSE: Duration = Duration::from_millis(20);
