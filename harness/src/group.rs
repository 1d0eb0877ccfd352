//! A program in a process group of its own, which ends with this process.

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};

/// A running program, and the processes that it started.
///
/// It is stopped in order when this value is dropped, and also when this process is killed: a
/// watchdog, a shell, reads from a pipe that closes when this process ends.
pub struct Group {
    child: Child,
    watchdog: Child,
    pipe: Option<ChildStdin>,
}

impl Group {
    /// Starts the command. Ctrl-C in the terminal does not reach it, only this process.
    pub fn start(command: &mut Command) -> std::io::Result<Self> {
        let mut child = command.stdin(Stdio::null()).process_group(0).spawn()?;
        match watch(child.id()) {
            Ok(mut watchdog) => {
                let pipe = watchdog.stdin.take();
                Ok(Self { child, watchdog, pipe })
            }
            Err(error) => {
                // Without a watchdog nothing would end it.
                let _ = child.kill();
                let _ = child.wait();
                Err(std::io::Error::new(error.kind(), format!("/bin/sh: {error}")))
            }
        }
    }

    /// The program's output, if its command pipes it.
    pub fn output(&mut self) -> Option<ChildStdout> {
        self.child.stdout.take()
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> std::io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// The number of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills the program at once (`SIGKILL`).
    pub fn kill(&mut self) -> std::io::Result<ExitStatus> {
        self.child.kill()?;
        self.child.wait()?;
        self.stop()
    }

    /// Stops it in order, if it still runs, and waits for its end.
    ///
    /// The watchdog stops the group when the pipe closes. If the program has ended already, its number
    /// may belong to another process, so the watchdog gets a line that tells it to do nothing.
    pub fn stop(&mut self) -> std::io::Result<ExitStatus> {
        if let (Ok(Some(_)), Some(pipe)) = (self.child.try_wait(), &mut self.pipe) {
            pipe.write_all(b"ended\n")?;
        }
        self.pipe = None;
        let status = self.child.wait();
        self.watchdog.wait()?;
        status
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // `stop` reports errors to its caller; here something else has failed already.
        let _ = self.stop();
    }
}

/// Starts the watchdog: a shell that ends the process group when our pipe to it closes.
fn watch(group: u32) -> std::io::Result<Child> {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", WATCHDOG, "harness-watchdog"]).arg(group.to_string());
    shell.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    shell.spawn()
}

/// `$1` is the process group. It gets SIGTERM, and SIGKILL after ten seconds.
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;
    use std::os::unix::process::ExitStatusExt as _;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]).stdout(Stdio::piped());
        command
    }

    #[test]
    fn a_program_that_ends_by_itself_is_left_alone() {
        let mut group = Group::start(&mut shell("echo done; exit 3")).unwrap();
        let mut said = String::new();
        group.output().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!((said.as_str(), group.stop().unwrap().code()), ("done\n", Some(3)));
    }

    #[test]
    fn what_the_program_started_ends_with_it() {
        let mut group = Group::start(&mut shell("sleep 600 & echo $!; wait")).unwrap();
        let mut output = group.output().unwrap();
        let mut said = [0; 16];
        let length = output.read(&mut said).unwrap();
        let sleeper = String::from_utf8_lossy(&said[..length]).trim().to_owned();
        assert!(group.ended().unwrap().is_none());
        assert_eq!(group.stop().unwrap().signal(), Some(15));
        // The pipe is closed, so no process of the group is left.
        assert_eq!(output.read(&mut said).unwrap(), 0, "{sleeper}");
    }
}
