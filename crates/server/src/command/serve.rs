//! `switchroom serve`.

use tokio::signal::unix::{SignalKind, signal};
use tracing::{info, warn};

use super::{Failure, embedded};
use crate::config::Config;
use crate::serve::Server;

/// Serves until it is told to stop by SIGTERM or SIGINT.
pub(super) async fn run() -> Result<(), Failure> {
    let config = Config::read(super::variable)
        .map_err(|faults| Failure::Configuration(faults.to_string()))?;
    let data_dir = config.data_dir.clone();
    let failed = |error: std::io::Error| Failure::failed(&error);
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;

    let server = Server::start(config).await.map_err(|error| Failure::failed(&error))?;
    if let Some(Err(error)) = server.database().map(|way| embedded::leave_way_in(&data_dir, way)) {
        warn!("other commands will not find the embedded database: {error}");
    }
    tokio::select! {
        _ = terminate.recv() => info!("SIGTERM: stopping"),
        _ = interrupt.recv() => info!("SIGINT: stopping"),
    }
    embedded::remove_way_in(&data_dir);
    server.stop().await;
    Ok(())
}
