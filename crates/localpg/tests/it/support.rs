//! Directories, and options for servers in them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::id;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use localpg::{Options, Search};

/// A directory that is removed when this value is dropped.
pub(crate) struct TempDir(PathBuf);

impl TempDir {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("localpg-it-{}-{n}", id()));
        fs::create_dir(&path).expect("a new directory");
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// A server in this directory, wherever the programs come from here; nothing outside is used,
    /// and nothing synced: most tests are not about the disk.
    pub(crate) fn options(&self) -> Options {
        let mut options = Options::new(self.0.join("pg"), Search::from_env());
        options.system_dir = self.0.join("system");
        options.throw_away = true;
        options
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Waits until `done`, for half a minute at most.
pub(crate) fn wait_until(what: &str, done: impl Fn() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(30), "{what}");
        sleep(Duration::from_millis(5));
    }
}

/// SQL that fails unless `condition` holds.
pub(crate) fn ensure(condition: &str) -> String {
    format!("do $$ begin assert {condition}; end $$")
}
