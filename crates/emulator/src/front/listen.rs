//! The listener and its connections.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::route;
use crate::shared::Shared;

/// The emulator's HTTP address: the REST API below `/2010-04-01/`, the control API below
/// `/emulator/`, and a page at `/`. It is closed when this is dropped.
///
/// Made by [`Emulator::listen_http`](crate::Emulator::listen_http).
#[derive(Debug)]
pub struct Http {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Http {
    pub(crate) async fn listen(shared: Arc<Shared>, address: SocketAddr) -> io::Result<Self> {
        if !address.ip().is_loopback() {
            let rule = "the emulator listens on loopback addresses only: anybody who can reach it \
                        controls it";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, rule));
        }
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        shared.write(|world| world.api.base_url = Some(format!("http://{address}")));
        let task = tokio::spawn(accept(listener, shared));
        Ok(Self { address, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base URL of the REST API and of everything else: `http://127.0.0.1:8014`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Http {
    fn drop(&mut self) {
        // The connections end with it.
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => drop(connections.spawn(serve(stream, Arc::clone(&shared)))),
                // Out of file descriptors, perhaps: others may be closed soon.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, std::convert::Infallible>(route::answer(&shared, request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    // The client may close the connection at any time.
    let _ = connection.await;
}

/// How long the head of a request may take.
const PATIENCE: Duration = Duration::from_secs(30);
