//! Connections: accepted up to a limit, given up when they are slow, finished at shutdown.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use super::reply::Reply;

/// How many connections are kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// All together.
    pub(crate) connections: usize,
    /// From one address: enough for a proxy of somebody else's that brings many. Loopback and
    /// private addresses are not counted: there a proxy of one's own brings everybody.
    pub(crate) per_address: usize,
}

impl Limits {
    pub(crate) const DEFAULT: Self = Self { connections: 10_000, per_address: 1_000 };
}

/// Serves until `stop` is cancelled, then lets requests that have begun come to their end, for at
/// most [`DRAIN`].
pub(crate) async fn serve<F, A>(
    listener: TcpListener,
    limits: Limits,
    stop: CancellationToken,
    answer: F,
) where
    F: Fn(Request<Incoming>) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Reply> + Send + 'static,
{
    let tracker = TaskTracker::new();
    let permits = Arc::new(Semaphore::new(limits.connections));
    let addresses = Addresses::new(limits.per_address);
    let kill = CancellationToken::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accept(&listener, &permits) => accepted,
        };
        let (stream, address, permit) = accepted;
        let Some(seat) = addresses.take(address) else {
            warn!("a connection was closed: its address holds {} already", limits.per_address);
            continue;
        };
        let (stop, kill, answer) = (stop.clone(), kill.clone(), answer.clone());
        tracker.spawn(async move {
            tokio::select! {
                () = connection(stream, stop, answer) => {}
                () = kill.cancelled() => {}
            }
            drop((permit, seat));
        });
    }
    drop(listener);
    tracker.close();
    if tokio::time::timeout(DRAIN, tracker.wait()).await.is_err() {
        warn!("{} connections did not finish in time and were closed", tracker.len());
        kill.cancel();
        tracker.wait().await;
    }
    info!("all connections are closed");
}

async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> (TcpStream, IpAddr, OwnedSemaphorePermit) {
    loop {
        let Ok(permit) = Arc::clone(permits).acquire_owned().await else {
            // The semaphore is never closed.
            std::future::pending::<()>().await;
            continue;
        };
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer.ip(), permit),
            Err(error) => {
                // Out of file descriptors, most likely: waiting lets connections end.
                warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn connection<F, A>(stream: TcpStream, stop: CancellationToken, answer: F)
where
    F: Fn(Request<Incoming>) -> A,
    A: Future<Output = Reply>,
{
    // Small answers leave at once instead of waiting for an acknowledgement.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| {
        let answered = answer(request);
        async move { Ok::<_, Infallible>(answered.await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_DEADLINE)
        .max_buf_size(MAX_HEADER_BYTES)
        .keep_alive(true)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        // A broken connection is the peer's affair.
        _ = connection.as_mut() => {}
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

/// How many connections each address holds.
#[derive(Clone)]
struct Addresses {
    held: Arc<Mutex<HashMap<IpAddr, usize>>>,
    limit: usize,
}

/// One connection's place; it is given back when it is dropped.
struct Seat {
    addresses: Addresses,
    address: Option<IpAddr>,
}

impl Addresses {
    fn new(limit: usize) -> Self {
        Self { held: Arc::default(), limit }
    }

    fn take(&self, address: IpAddr) -> Option<Seat> {
        if is_local(address) {
            return Some(Seat { addresses: self.clone(), address: None });
        }
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry(address).or_default();
        if *count >= self.limit {
            return None;
        }
        *count += 1;
        Some(Seat { addresses: self.clone(), address: Some(address) })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Some(address) = self.address else { return };
        let mut held = self.addresses.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                held.remove(&address);
            }
        }
    }
}

/// Whether a proxy may stand at this address: loopback, private (RFC 1918) or unique local
/// (RFC 4193).
fn is_local(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_loopback() || address.is_private(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
    }
}

/// Until the headers of a request are complete, from the moment the connection waits for them.
const HEADER_DEADLINE: Duration = Duration::from_secs(5);

/// Headers and the start of the body.
const MAX_HEADER_BYTES: usize = 32 * 1024;

/// How long requests that have begun may take at shutdown: Twilio itself gives up after 15 s.
const DRAIN: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_cannot_take_every_seat() {
        let addresses = Addresses::new(2);
        let address: IpAddr = "203.0.113.7".parse().unwrap();
        let first = addresses.take(address);
        let second = addresses.take(address);
        assert!(first.is_some() && second.is_some());
        assert!(addresses.take(address).is_none());
        assert!(addresses.take("203.0.113.8".parse().unwrap()).is_some());
        drop(first);
        assert!(addresses.take(address).is_some());
        let local: IpAddr = "::ffff:127.0.0.1".parse().unwrap();
        assert!((0..3).map(|_| addresses.take(local)).all(|seat| seat.is_some()));
    }
}
