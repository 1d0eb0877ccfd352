//! A bad connection to the database: slow, silent, or cut at any byte.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::dice::Dice;

/// What the proxy does to the connections.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Road {
    /// Nothing.
    Open,
    /// Delays every answer.
    Slow(Duration),
    /// Swallows everything in both directions and closes nothing. A connection that has lost
    /// something stays silent for ever.
    Silent,
    /// Closes every connection after a random number of bytes of answers, up to this one.
    Cut(u64),
}

/// A proxy between the server and Postgres, on a socket of its own.
pub(crate) struct Proxy {
    directory: PathBuf,
    road: watch::Sender<Road>,
    listener: JoinHandle<()>,
}

impl Proxy {
    /// Listens in `directory`, which is made, for a Postgres whose socket is in `postgres`.
    pub(crate) fn start(directory: PathBuf, postgres: &Path, mut dice: Dice) -> Self {
        std::fs::create_dir_all(&directory).expect("a directory");
        let listener = UnixListener::bind(directory.join(SOCKET)).expect("a socket");
        let postgres = postgres.join(SOCKET);
        let (road, watched) = watch::channel(Road::Open);
        let listener = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (postgres, road) = (postgres.clone(), watched.clone());
                let luck = dice.below(u64::MAX >> 32);
                tokio::spawn(async move {
                    // If Postgres is down, refuse the connection too, by closing it.
                    if let Ok(server) = UnixStream::connect(&postgres).await {
                        join(client, server, road, luck).await;
                    }
                });
            }
        });
        Self { directory, road, listener }
    }

    /// Where to connect.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(crate) fn set(&self, road: Road) {
        self.road.send_replace(road);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

/// Forwards one connection until either end closes it, or it is cut.
async fn join(client: UnixStream, server: UnixStream, road: watch::Receiver<Road>, luck: u64) {
    let (client_read, client_write) = client.into_split();
    let (server_read, server_write) = server.into_split();
    let asked = carry(client_read, server_write, road.clone(), None);
    let answered = carry(server_read, client_write, road, Some(luck));
    // When one direction is over, dropping the other closes both.
    tokio::select! {
        () = asked => {}
        () = answered => {}
    }
}

/// Forwards bytes in one direction. Only answers are delayed or cut; `luck` decides where.
async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    road: watch::Receiver<Road>,
    luck: Option<u64>,
) {
    let mut buffer = vec![0; 16 * 1024];
    let (mut carried, mut has_lost) = (0, false);
    while let Ok(read) = from.read(&mut buffer).await {
        let now = *road.borrow();
        has_lost |= now == Road::Silent;
        if read == 0 {
            if has_lost && luck.is_some() {
                // The end of the connection is swallowed too.
                std::future::pending::<()>().await;
            }
            return;
        }
        if has_lost {
            continue;
        }
        let mut part = &buffer[..read];
        let mut is_cut = false;
        match (now, luck) {
            (Road::Slow(pause), Some(_)) => tokio::time::sleep(pause).await,
            (Road::Cut(most), Some(luck)) => {
                let room = (luck % most).saturating_sub(carried);
                let room = usize::try_from(room).unwrap_or(usize::MAX);
                is_cut = room < part.len();
                part = &part[..room.min(part.len())];
            }
            _ => {}
        }
        carried += part.len() as u64;
        if to.write_all(part).await.is_err() || is_cut {
            return;
        }
    }
}

/// The name of a Postgres socket on port 5432.
const SOCKET: &str = ".s.PGSQL.5432";
