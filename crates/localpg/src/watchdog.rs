//! The watchdog process, which outlives this process for a moment.

use std::io::{self, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};

use crate::Error;
use crate::layout::Layout;

/// A shell that waits at the end of a pipe. It stops the server if the pipe closes without the final
/// word: then this process has died.
///
/// Not the parent-death signal of Linux: that needs `unsafe`, and it fires when the thread that
/// started the server ends, not the process.
#[derive(Debug)]
pub(crate) struct Watchdog {
    child: Child,
    pipe: Option<ChildStdin>,
}

impl Watchdog {
    /// Starts the shell, as the account of the server. It watches nothing yet.
    pub(crate) fn start(layout: &Layout) -> Result<Self, Error> {
        let mut command = layout.program(Path::new("/bin/sh"));
        command.args(["-c", SCRIPT, "localpg-watchdog"]).arg(&layout.data);
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(Error::io("run", Path::new("/bin/sh")))?;
        let pipe = child.stdin.take();
        Ok(Self { child, pipe })
    }

    /// From now on the server `pid`, and no other, is stopped when this process ends.
    pub(crate) fn watch(&mut self, pid: u32) -> Result<(), Error> {
        self.tell(&pid.to_string()).map_err(Error::io("watch", Path::new("postgres")))
    }

    fn tell(&mut self, word: &str) -> io::Result<()> {
        self.pipe.as_mut().map_or(Ok(()), |pipe| pipe.write_all(format!("{word}\n").as_bytes()))
    }
}

impl Drop for Watchdog {
    /// Ends the shell: the server has stopped.
    fn drop(&mut self) {
        let _ = self.tell(DONE);
        self.pipe = None;
        let _ = self.child.wait();
    }
}

/// The word that ends the watch.
const DONE: &str = "done";

/// `$1` is the data directory. A server is ours as long as the directory names it. During a
/// start, it may not be named yet. The last signals are for a server that does not stop in order.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
pid=
while read -r word; do
    [ "$word" = done ] && exit 0
    pid=$word
done
[ -n "$pid" ] || exit 0
n=0
while [ "$n" -lt 90 ] && kill -0 "$pid"; do
    line=
    read -r line < "$1/postmaster.pid"
    if [ "$line" = "$pid" ]; then
        if [ "$n" -lt 60 ]; then kill -INT "$pid"; else kill -QUIT "$pid"; fi
    fi
    n=$((n + 1))
    sleep 1
done
"#;
