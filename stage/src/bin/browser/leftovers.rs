//! Processes that tests left behind.
//!
//! Every process of a run inherits a mark in its environment, even if its parent ends or its process
//! group changes.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use harness::Failure;

/// The environment variable that carries the mark.
pub(super) const NAME: &str = "SWITCHROOM_TEST_RUN";

/// Waits until no process with the mark runs.
///
/// # Errors
///
/// The processes that did not end in time. They are killed.
pub(super) fn none(mark: &str) -> Result<(), Failure> {
    let deadline = Instant::now() + PATIENCE;
    let left = loop {
        let left = marked(mark);
        if left.is_empty() {
            return Ok(());
        }
        if Instant::now() > deadline {
            break left;
        }
        sleep(Duration::from_millis(50));
    };
    let faults: Vec<String> = left.iter().map(|(pid, name)| format!("{pid} {name}")).collect();
    for (pid, _) in left {
        // It may have ended in between.
        let _ = std::process::Command::new("kill").args(["-s", "KILL", &pid]).status();
    }
    let fix = "let the tests end every process that they start, even when they fail";
    Err(Failure::faults("processes were left behind, and had to be killed", &faults, fix))
}

/// The processes with the mark: number and command line.
fn marked(mark: &str) -> Vec<(String, String)> {
    let wanted = format!("{NAME}={mark}");
    let own = std::process::id().to_string();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().into_string().ok());
    let numbers = numbers.filter(|name| name.bytes().all(|b| b.is_ascii_digit()) && *name != own);
    let found = numbers.filter_map(|pid| {
        // A process of another user cannot be read, and is not ours.
        let environment = fs::read(format!("/proc/{pid}/environ")).ok()?;
        environment.split(|byte| *byte == 0).find(|entry| *entry == wanted.as_bytes())?;
        let command = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let command = String::from_utf8_lossy(&command).replace('\0', " ");
        Some((pid, command.chars().take(120).collect()))
    });
    found.collect()
}

/// A browser and a database need a moment to end.
const PATIENCE: Duration = Duration::from_secs(15);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_child_left_is_found_by_its_mark() {
        let mark = format!("test-{}", std::process::id());
        assert!(marked(&mark).is_empty());
        let mut child = std::process::Command::new("sleep");
        let mut child = child.arg("600").env(NAME, &mark).spawn().unwrap();
        let found = marked(&mark);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(found, [(child.id().to_string(), "sleep 600 ".to_owned())]);
        none(&mark).unwrap();
    }
}
