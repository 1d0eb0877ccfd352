//! Reads the state of a server from its data directory, and sends signals to it.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::Error;

/// The contents of `postmaster.pid`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct PidFile {
    /// The process id of the server: line 1.
    pub(crate) pid: u32,
    /// Whether it takes connections, as a primary or as a standby: line 8.
    pub(crate) ready: bool,
}

impl PidFile {
    /// Reads the file. `None`: absent, or not yet written.
    pub(crate) fn read(data: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(data.join("postmaster.pid")).ok()?)
    }

    /// The lines are those of `miscadmin.h`, `LOCK_FILE_LINE_PID` and `LOCK_FILE_LINE_PM_STATUS`.
    fn parse(text: &str) -> Option<Self> {
        let pid = text.lines().next()?.trim().parse().ok()?;
        let ready = ["ready", "standby"];
        let ready = text.lines().nth(7).is_some_and(|line| ready.contains(&line.trim()));
        Some(Self { pid, ready })
    }
}

/// Whether a process id from `postmaster.pid` is a server of that directory.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Holder {
    /// It is.
    Server,
    /// It may be: a server with an unknown directory.
    Unsure,
    /// It is not: there is no such process, it has ended, or another process has this number.
    Gone,
}

/// Who has the process id `pid`.
///
/// In containers, the same small numbers come back at every start, so the number alone proves
/// nothing.
pub(crate) fn holder(pid: u32, data: &Path) -> Holder {
    let data = data.as_os_str().as_encoded_bytes();
    let (mut command, separator) = command_line(pid);
    command.push(separator);
    // Empty for a process that has ended but was not reaped yet. The children of a server are named
    // `postgres: …`.
    let program = command.split(|b| *b == separator).next().unwrap_or_default();
    let program = program.rsplit(|b| *b == b'/').next();
    if !matches!(program, Some(b"postgres" | b"postmaster")) {
        return Holder::Gone;
    }
    if contains(&command, separator, &[data]) {
        return Holder::Server;
    }
    match fs::read_link(format!("/proc/{pid}/cwd")) {
        Ok(dir) if dir.as_os_str().as_encoded_bytes() == data => Holder::Server,
        Ok(_) => Holder::Gone,
        Err(_) => Holder::Unsure,
    }
}

/// Whether a process has these arguments, one after the other.
#[cfg(feature = "testing")]
pub(crate) fn has_arguments(pid: u32, arguments: &[&[u8]]) -> bool {
    let (mut command, separator) = command_line(pid);
    command.push(separator);
    contains(&command, separator, arguments)
}

fn contains(command: &[u8], separator: u8, arguments: &[&[u8]]) -> bool {
    let mut wanted = vec![separator];
    for argument in arguments {
        wanted.extend_from_slice(argument);
        wanted.push(separator);
    }
    command.windows(wanted.len()).any(|part| part == wanted)
}

/// A way to end a server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Stop {
    /// Fast: sessions are rolled back, then a checkpoint.
    Fast,
    /// Immediate: as if the power had failed.
    Immediate,
}

/// Sends the signal. It does not report whether there was such a process.
///
/// The shell's own `kill`, since small systems have no other.
pub(crate) fn signal(pid: u32, stop: Stop) -> Result<(), Error> {
    let name = match stop {
        Stop::Fast => "INT",
        Stop::Immediate => "QUIT",
    };
    Command::new("/bin/sh")
        .args(["-c", "kill -s \"$1\" \"$2\"", "sh", name, &pid.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map(drop)
        .map_err(Error::io("run", Path::new("/bin/sh")))
}

/// Stops `pid`: fast, and after `limit` immediately. `ended` reports whether it is gone.
pub(crate) fn stop(
    pid: u32,
    limit: Duration,
    mut ended: impl FnMut() -> io::Result<bool>,
) -> Result<(), Error> {
    // After this signal, the server kills its remaining processes within five seconds.
    const IMMEDIATE_LIMIT: Duration = Duration::from_secs(10);

    let mut passed = Duration::ZERO;
    for (how, limit) in [(Stop::Fast, limit), (Stop::Immediate, IMMEDIATE_LIMIT)] {
        signal(pid, how)?;
        let started = Instant::now();
        while started.elapsed() < limit {
            if ended().map_err(Error::io("wait for", Path::new("postgres")))? {
                return Ok(());
            }
            sleep(Duration::from_millis(2));
        }
        passed += limit;
    }
    Err(Error::TooSlow { what: "stopping the server", limit: passed })
}

/// The program and the arguments of a process, empty if there is none, and what separates them.
///
/// Without `/proc`, the tool `ps` is used.
fn command_line(pid: u32) -> (Vec<u8>, u8) {
    if Path::new("/proc/self/cmdline").exists() {
        return (fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default(), 0);
    }
    let mut ps = Command::new("ps");
    ps.args(["-ww", "-o", "command=", "-p", &pid.to_string()]).stdin(Stdio::null());
    let text = ps.output().map(|output| output.stdout).unwrap_or_default();
    (text.trim_ascii_end().to_vec(), b' ')
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt as _;

    use super::*;

    #[test]
    fn reads_the_pid_file() {
        let full = "4711\n/srv/15/data\n1700000000\n5432\n/srv/15/socket\n\n  123 4\n";
        let cases = [
            (format!("{full}ready   \n"), Some(PidFile { pid: 4711, ready: true })),
            (format!("{full}standby \n"), Some(PidFile { pid: 4711, ready: true })),
            (format!("{full}starting\n"), Some(PidFile { pid: 4711, ready: false })),
            (format!("{full}stopping\n"), Some(PidFile { pid: 4711, ready: false })),
            (full.to_owned(), Some(PidFile { pid: 4711, ready: false })),
            // A single backend, as `initdb` runs it.
            ("-4711\n".to_owned(), None),
            (String::new(), None),
        ];
        for (text, want) in cases {
            assert_eq!(PidFile::parse(&text), want, "{text}");
        }
    }

    #[test]
    fn tells_servers_from_other_processes() {
        let data = Path::new("/srv/app/15/data");
        assert_eq!(holder(std::process::id(), data), Holder::Gone, "this process");
        assert_eq!(holder(u32::MAX, data), Holder::Gone, "no process");
        let mut server = Command::new("/bin/sh")
            .arg0("/opt/bin/postgres")
            .args(["-c", "read -r _; exit", "sh", "-D"])
            .arg(data)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let pid = server.id();
        let began = Instant::now();
        while holder(pid, data) != Holder::Server && began.elapsed() < Duration::from_secs(5) {
            sleep(Duration::from_millis(1));
        }
        assert_eq!(holder(pid, data), Holder::Server);
        assert_eq!(holder(pid, Path::new("/srv/other")), Holder::Gone);
        signal(pid, Stop::Immediate).unwrap();
        server.kill().unwrap();
        server.wait().unwrap();
        assert_eq!(holder(pid, data), Holder::Gone, "after its end");
    }
}
