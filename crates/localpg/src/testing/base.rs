//! The directory that the test processes share.

use std::env;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio, id};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::watchdog;
use crate::account::{Account, own_uid};
use crate::layout::{hash, is_good_socket_dir};
use crate::{Binaries, Error, Options, Search};

/// The file system in memory that Linux has everywhere.
const MEMORY: &str = "/dev/shm";

/// The room that a cluster and the databases of one run may need, in KiB. A container's memory
/// file system often has 64 MiB.
const ROOM_KIB: u64 = 1024 * 1024;

/// How long the watchdog may take between its announcement and the end of the directory.
const CLOSING_LIMIT: Duration = Duration::from_secs(10);

/// The directory, which exists and belongs to this account.
#[derive(Debug)]
pub(super) struct Base {
    path: PathBuf,
}

impl Base {
    /// Finds or creates the directory for this checkout, account and installation.
    pub(super) fn find(binaries: &Binaries) -> Result<Self, Error> {
        let uid = own_uid()?;
        let key = [checkout(), binaries.bin.clone()]
            .map(|path| hash(path.as_os_str().as_encoded_bytes()));
        let name = format!("localpg-{uid}-{:016x}", key[0] ^ key[1].rotate_left(1));
        let path = parents(&name)?.join(name);
        match DirBuilder::new().mode(0o711).create(&path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(Error::io("create", &path)(error));
            }
            _ => {}
        }
        // Everyone can write to this place: a directory or link of someone else could be a trap.
        let found = fs::symlink_metadata(&path).map_err(Error::io("inspect", &path))?;
        if !found.is_dir() || found.uid() != uid {
            return Err(Error::io("trust", &path)(io::ErrorKind::PermissionDenied.into()));
        }
        Ok(Self { path })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Excludes every other process until the file is closed.
    pub(super) fn guard(&self) -> Result<File, Error> {
        lock(&self.path.join("guard"))
    }

    /// Registers this process with the watchdog.
    ///
    /// The watchdog announces the end, then looks for processes; this process does it the other
    /// way round. So one of the two sees the other.
    pub(super) fn register(&self) -> Result<(), Error> {
        let pids = self.path.join("pids");
        let own = pids.join(id().to_string());
        match fs::create_dir(&pids) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(Error::io("create", &pids)(error));
            }
            _ => {}
        }
        File::create(&own).map_err(Error::io("create", &own))?;
        let closing = self.path.join("closing");
        let began = Instant::now();
        while closing.exists() {
            if began.elapsed() > CLOSING_LIMIT {
                // The watchdog was killed at this very point.
                let _ = fs::remove_dir(&closing);
            }
            sleep(Duration::from_millis(10));
        }
        // Absent if the whole directory has been removed meanwhile.
        fs::metadata(&own).map(drop).map_err(Error::io("find", &own))
    }

    /// The options of the shared server.
    pub(super) fn options(&self) -> Options {
        let mut options = Options::new(&self.path, Search::from_env());
        options.throw_away = true;
        let settings = SETTINGS.map(|(name, value)| (name.to_owned(), value.to_owned()));
        options.settings.extend(settings);
        options
    }

    /// Starts a watchdog, unless one runs.
    pub(super) fn ensure_watchdog(&self) -> Result<(), Error> {
        let path = self.path.join("watchdog");
        let pid = fs::read_to_string(&path).ok().and_then(|text| text.trim().parse().ok());
        if pid.is_some_and(|pid| watchdog::lives(pid, &self.path)) {
            return Ok(());
        }
        watchdog::start(&self.path, watchdog::IDLE_SECONDS, |pid| {
            let mut file = File::create(&path)?;
            writeln!(file, "{pid}")
        })
        .map_err(Error::io("watch", &self.path))
    }
}

/// Waits for the lock on a file.
pub(super) fn lock(path: &Path) -> Result<File, Error> {
    let file = File::options().create(true).append(true).open(path);
    let file = file.map_err(Error::io("create", path))?;
    file.lock().map_err(Error::io("lock", path))?;
    Ok(file)
}

/// Settings that make tests fast and repeatable. Autovacuum could change plans at any moment.
const SETTINGS: [(&str, &str); 7] = [
    ("max_connections", "300"),
    ("autovacuum", "off"),
    ("wal_level", "minimal"),
    ("max_wal_senders", "0"),
    ("checkpoint_timeout", "1h"),
    ("log_checkpoints", "off"),
    // In the data directory, which is removed: a killed server leaves no segment behind.
    ("dynamic_shared_memory_type", "mmap"),
];

/// The directory that holds the lockfile of the workspace under test, or where the process runs.
fn checkout() -> PathBuf {
    let start = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let start = start.or_else(|| env::current_dir().ok()).unwrap_or_default();
    let found = start.ancestors().find(|dir| dir.join("Cargo.lock").exists());
    found.map(Path::to_path_buf).unwrap_or(start)
}

/// The directory for `name`: its present place, otherwise memory if there is room, otherwise
/// the disk.
fn parents(name: &str) -> Result<PathBuf, Error> {
    let memory = PathBuf::from(MEMORY);
    let account = Account::for_data(Path::new(""))?;
    let disk = [env::temp_dir(), PathBuf::from("/tmp")].into_iter().find(|dir| {
        is_good_socket_dir(&dir.join(name).join("18/socket")) && account.can_enter(dir)
    });
    let disk = disk.unwrap_or_else(|| PathBuf::from("/tmp"));
    if let Some(dir) = [&memory, &disk].into_iter().find(|dir| dir.join(name).exists()) {
        return Ok(dir.clone());
    }
    let has_room = free_kib(&memory).is_some_and(|free| free >= ROOM_KIB);
    Ok(if has_room { memory } else { disk })
}

/// The free room of a file system, from the one format of `df` that POSIX fixes.
fn free_kib(dir: &Path) -> Option<u64> {
    let output = Command::new("df").arg("-Pk").arg(dir).stdin(Stdio::null()).output().ok()?;
    parse_free_kib(&String::from_utf8_lossy(&output.stdout))
}

fn parse_free_kib(output: &str) -> Option<u64> {
    output.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_free_room() {
        let output = "Filesystem     1024-blocks  Used Available Capacity Mounted on\n\
                      tmpfs             25165824   412  25165412       1% /dev/shm\n";
        assert_eq!(parse_free_kib(output), Some(25_165_412));
        assert_eq!(parse_free_kib("df: /dev/shm: No such file or directory\n"), None);
    }

    #[test]
    fn finds_the_checkout() {
        assert!(checkout().join("Cargo.lock").exists(), "{}", checkout().display());
    }
}
