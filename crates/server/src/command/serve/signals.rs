//! What the signals of an operator do.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::info;

use crate::serve::Control;

/// The signals that a server heeds. All others that would end it and that a supervisor, a terminal or a
/// timer may send are ignored.
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    quit: Signal,
    hangup: Signal,
    status: Signal,
}

impl Signals {
    /// From now on no signal ends the process but SIGKILL and those of a fault in it.
    pub(super) fn catch() -> io::Result<Self> {
        for ignored in [SignalKind::user_defined2(), SignalKind::alarm(), SignalKind::pipe()] {
            // The handler stays when this is dropped.
            drop(signal(ignored)?);
        }
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            hangup: signal(SignalKind::hangup())?,
            status: signal(SignalKind::user_defined1())?,
        })
    }

    /// Does what the signals say, and returns when one says to stop.
    pub(super) async fn heed(mut self, server: Control) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return info!("SIGTERM: stopping"),
                _ = self.interrupt.recv() => return info!("SIGINT: stopping"),
                _ = self.quit.recv() => return info!("SIGQUIT: stopping"),
                _ = self.hangup.recv() => server.reload().await,
                _ = self.status.recv() => server.say_status(),
            }
        }
    }
}
