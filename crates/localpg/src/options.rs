//! What to start.

use std::path::PathBuf;
use std::time::Duration;

use crate::{Notice, Search};

/// What to start.
///
/// ```no_run
/// use localpg::{Options, Search};
///
/// let mut options = Options::new("/srv/app/postgres", Search::from_env());
/// options.settings.push(("max_connections".into(), "40".into()));
/// let server = localpg::start(&options)?;
/// # Ok::<(), localpg::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    /// Where everything lives; the server adds one directory for each major version.
    pub dir: PathBuf,
    /// Where the binaries come from.
    pub search: Search,
    /// Configuration parameters. They are given on the command line, so they override
    /// `postgresql.conf`. The parameters that this crate needs (socket, port, address) override them.
    pub settings: Vec<(String, String)>,
    /// Used instead of [`dir`](Self::dir), with one directory for each such place, if this
    /// process is root and the account that runs the server cannot enter `dir`.
    pub system_dir: PathBuf,
    /// How long another process may still hold the directory: it may be about to end.
    pub lock_limit: Duration,
    /// How long the server may take until it is ready, including crash recovery.
    pub start_limit: Duration,
    /// How long the server may take for an orderly stop before its sessions are cut.
    pub stop_limit: Duration,
    /// Called for every slow or unusual step, for the log.
    pub notice: fn(&Notice<'_>),
    /// Whether the data may be lost when the machine stops: nothing is synced to disk then, which
    /// makes new clusters and writes much faster. For tests; `false` unless you say otherwise.
    pub throw_away: bool,
}

impl Options {
    /// A server in `dir`: no settings; limits of five seconds for the lock, one minute for the start and
    /// half a minute for the stop; no notices.
    pub fn new(dir: impl Into<PathBuf>, search: Search) -> Self {
        Self {
            dir: dir.into(),
            search,
            settings: Vec::new(),
            system_dir: PathBuf::from(SYSTEM_DIR),
            lock_limit: Duration::from_secs(5),
            start_limit: Duration::from_secs(60),
            stop_limit: Duration::from_secs(30),
            notice: |_| {},
            throw_away: false,
        }
    }
}

/// The place for the state of system services (Filesystem Hierarchy Standard 3.0, 5.8).
const SYSTEM_DIR: &str =
    if cfg!(target_os = "macos") { "/var/db/localpg" } else { "/var/lib/localpg" };
