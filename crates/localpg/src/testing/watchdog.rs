//! Ends the shared cluster after the last test process.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::postmaster;

/// The name of the shell process, by which it is recognised.
const NAME: &str = "localpg-test-watchdog";

/// Seconds without a test process until the end. With three, clusters ended between two test
/// programs of one run.
pub(super) const IDLE_SECONDS: u32 = 20;

/// Starts the watchdog of the directory; `register` records its process id before it starts to look.
///
/// It ends the cluster after `idle_seconds` without a test process.
pub(super) fn start(
    base: &Path,
    idle_seconds: u32,
    register: impl FnOnce(u32) -> io::Result<()>,
) -> io::Result<()> {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", SCRIPT, NAME]).arg(base).arg(idle_seconds.to_string());
    command.current_dir("/").process_group(0);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let registered = register(child.id());
    // Closing its input starts it.
    drop(child.stdin.take());
    registered
}

/// Whether `pid` is the watchdog of that directory.
pub(super) fn lives(pid: u32, base: &Path) -> bool {
    let name = NAME.as_bytes();
    postmaster::has_arguments(pid, &[name, base.as_os_str().as_encoded_bytes()])
}

/// `$1` is the directory, `$2` the number of seconds. It ends if it has a successor. It
/// renames the directory first, so that a new one can be created at once.
const SCRIPT: &str = r#"
trap '' HUP INT TERM
read -r _
base=$1
lives() {
    for file in "$base"/pids/*; do
        kill -0 "${file##*/}" && return 0
        rm -f "$file"
    done
    return 1
}
idle=0
while sleep 1; do
    owner=
    read -r owner < "$base/watchdog"
    [ "$owner" = $$ ] || exit 0
    if lives; then idle=0; continue; fi
    idle=$((idle + 1))
    [ "$idle" -ge "$2" ] || continue
    mkdir "$base/closing" || exit 1
    if lives; then rmdir "$base/closing"; idle=0; continue; fi
    old=$base.old.$$
    mv "$base" "$old" || exit 1
    for data in "$old"/*/data; do
        pid=
        read -r pid < "$data/postmaster.pid" || continue
        n=0
        while kill -QUIT "$pid" && [ "$n" -lt 10 ]; do n=$((n + 1)); sleep 1; done
    done
    rm -rf "$old"
    exit 0
done
"#;

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::time::{Duration, Instant};
    use std::{process, thread};

    use super::*;

    /// Runs a watchdog of one second on a directory in which `pids` are registered; whether it is
    /// still there, and still watched, after `limit`.
    fn stays(name: &str, pids: &[u32], limit: Duration) -> bool {
        let base = std::env::temp_dir().join(format!("localpg-{name}-{}", process::id()));
        fs::create_dir_all(base.join("pids")).unwrap();
        for pid in pids {
            File::create(base.join("pids").join(pid.to_string())).unwrap();
        }
        let mut watchdog = 0;
        start(&base, 1, |pid| {
            watchdog = pid;
            fs::write(base.join("watchdog"), format!("{pid}\n"))
        })
        .unwrap();
        let began = Instant::now();
        while base.exists() && began.elapsed() < limit {
            thread::sleep(Duration::from_millis(20));
        }
        let stays = base.exists() && lives(watchdog, &base);
        let _ = fs::remove_dir_all(&base);
        stays
    }

    #[test]
    fn ends_after_the_last_process() {
        // Process ids end below this number (PID_MAX_LIMIT in Linux).
        assert!(!stays("ends", &[1 << 30], Duration::from_secs(20)), "no living process");
        assert!(stays("stays", &[1 << 30, process::id()], Duration::from_secs(3)), "one lives");
    }
}
