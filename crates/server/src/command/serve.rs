//! `switchroom serve`.

mod signals;

use rustix::process::{Resource, getrlimit, setrlimit};
use tracing::warn;

use super::Failure;
use crate::config::Config;
use crate::database::embedded;
use crate::log::LostLines;
use crate::serve::{ServeError, Server};
use signals::Signals;

/// Serves until it is told to stop by SIGTERM, SIGINT or SIGQUIT, or until a background task fails.
pub(super) async fn run(lost_lines: LostLines) -> Result<(), Failure> {
    let mut config = Config::read(super::variable)
        .map_err(|faults| Failure::Configuration(faults.to_string()))?;
    config.lost_lines = lost_lines;
    raise_limit();
    let data_dir = config.data_dir.clone();
    let failed = |error: std::io::Error| Failure::failed(&error);
    let signals = Signals::catch().map_err(failed)?;

    let server = Server::start(config).await.map_err(|error| match error {
        ServeError::SecretsKey(_) => Failure::Configuration(error.to_string()),
        _ => Failure::failed(&error),
    })?;
    if let Some(Err(error)) = server.database().map(|way| embedded::leave_way_in(&data_dir, way)) {
        warn!("other commands will not find the embedded database: {error}");
    }
    let control = server.control();
    let told = async {
        signals.heed(control).await;
        embedded::remove_way_in(&data_dir);
    };
    let ended = server.run_until(told).await;
    embedded::remove_way_in(&data_dir);
    ended.map_err(|failure| Failure::failed(&failure))
}

/// Raises the limit of open files as far as the system allows. Each connection is an open file, and many
/// systems allow 1,024 unless a process asks for more. With fewer files than connections, slow clients
/// would keep good ones out.
fn raise_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    let files = match setrlimit(Resource::Nofile, limit) {
        Ok(()) => limit.maximum,
        Err(error) => {
            warn!("the limit of open files stays as it was: {error}");
            getrlimit(Resource::Nofile).current
        }
    };
    if let Some(files) = files.filter(|files| *files < FILES) {
        warn!(
            "this process may open {files} files, fewer than it may have connections: raise the \
             limit (`ulimit -Hn`, `LimitNOFILE=`)"
        );
    }
}

/// One for each connection, and some for the spool, the database and the log.
const FILES: u64 = 10_500;
