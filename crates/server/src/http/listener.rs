//! Connections: accepted up to a limit, closed when they are slow, finished at shutdown.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, header};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::io::InspectReader;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};

use super::addresses::Addresses;
use super::heads::{Heads, MAX_HEAD_BYTES};
use super::networks::Networks;
use super::paced::Paced;
use super::reply::{self, Reply};

/// How many connections are kept.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    /// All together.
    pub(crate) connections: usize,
    /// From one address: enough for a foreign proxy with many users behind it.
    pub(crate) per_address: usize,
    /// The addresses that are not counted: everybody comes through your own proxy.
    pub(crate) proxies: Networks,
}

impl Limits {
    pub(crate) const fn behind(proxies: Networks) -> Self {
        Self { connections: 10_000, per_address: 1_000, proxies }
    }
}

/// Listens on an address, together with other processes of the same user (`SO_REUSEPORT`), so that a new
/// process can take over before the old one stops.
pub(crate) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.set_reuseport(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves until `stop` is cancelled, then finishes the requests that have begun, for at most [`DRAIN`].
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
    let addresses = Addresses::new(limits.per_address, limits.proxies);
    let kill = CancellationToken::new();
    let begin = |stream: TcpStream, address: IpAddr, permit: OwnedSemaphorePermit| {
        let Some(place) = addresses.take(address) else {
            warn!("a connection was closed: its address holds {} already", limits.per_address);
            return;
        };
        let (stop, kill, answer) = (stop.clone(), kill.clone(), answer.clone());
        tracker.spawn(async move {
            tokio::select! {
                () = connection(stream, stop, answer) => {}
                () = kill.cancelled() => {}
            }
            drop((permit, place));
        });
    };
    loop {
        let (stream, address, permit) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accept(&listener, &permits) => accepted,
        };
        begin(stream, address, permit);
    }
    // The system has accepted the connections in the queue: closing it would reset them.
    for (stream, address) in rest(listener) {
        if let Ok(permit) = Arc::clone(&permits).try_acquire_owned() {
            begin(stream, address, permit);
        }
    }
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

/// Takes the connections in the queue and closes it.
fn rest(listener: TcpListener) -> Vec<(TcpStream, IpAddr)> {
    let mut rest = Vec::new();
    let Ok(listener) = listener.into_std() else { return rest };
    while let Ok((stream, peer)) = listener.accept() {
        let stream = stream.set_nonblocking(true).and_then(|()| TcpStream::from_std(stream));
        if let Ok(stream) = stream {
            rest.push((stream, peer.ip()));
        }
    }
    rest
}

async fn connection<F, A>(stream: TcpStream, stop: CancellationToken, answer: F)
where
    F: Fn(Request<Incoming>) -> A,
    A: Future<Output = Reply>,
{
    // Small answers leave at once instead of waiting for an acknowledgement.
    let _ = stream.set_nodelay(true);
    #[cfg(target_os = "linux")]
    let _ = socket2::SockRef::from(&stream).set_tcp_user_timeout(Some(GONE));
    // Whether the peer waits for us: it has connected or sent something, and has had no answer since.
    let awaited = AtomicBool::new(true);
    let heads = Mutex::new(Heads::default());
    let heard = |bytes: &[u8]| {
        awaited.store(true, Ordering::Relaxed);
        heads.lock().unwrap_or_else(PoisonError::into_inner).read(bytes);
    };
    let stream = InspectReader::new(Paced::new(stream), heard);
    let service = service_fn(|request| {
        let judged = heads.lock().unwrap_or_else(PoisonError::into_inner).next();
        let answered = judged.map(|()| answer(request));
        let (stop, awaited) = (&stop, &awaited);
        async move {
            let is_refused = answered.is_err();
            let mut answered = match answered {
                Ok(answered) => answered.await,
                Err(status) => reply::empty(status),
            };
            awaited.store(false, Ordering::Relaxed);
            // The next bytes behind a refused head may be meant for somebody else.
            if is_refused || stop.is_cancelled() {
                // The client knows then that its next request needs another connection.
                reply::set(&mut answered, header::CONNECTION, "close");
            }
            Ok::<_, Infallible>(answered)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_DEADLINE)
        .max_buf_size(MAX_HEAD_BYTES)
        .keep_alive(true)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        // Bytes that have arrived are read before the connection is closed.
        biased;
        // A broken connection is the peer's problem.
        _ = connection.as_mut() => {}
        () = leave(&stop, &awaited) => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

/// Waits until an idle connection may be closed. If the peer has its answer, that is as soon as the bytes
/// that the system holds are read. A new connection, and one whose request has begun to arrive, gets
/// [`LAST_REQUEST`] more.
async fn leave(stop: &CancellationToken, awaited: &AtomicBool) {
    stop.cancelled().await;
    tokio::time::sleep(ALL_READ).await;
    if awaited.load(Ordering::Relaxed) {
        tokio::time::sleep(LAST_REQUEST).await;
    }
}

/// For the headers of a request, from the moment the connection waits for them.
const HEADER_DEADLINE: Duration = Duration::from_secs(5);

/// How long sent bytes may stay unacknowledged. The system itself would try for a quarter of an hour, and
/// a page would count as open for as long.
#[cfg(target_os = "linux")]
const GONE: Duration = Duration::from_secs(20);

/// Connections that may wait in the system's queue.
const BACKLOG: u32 = 1024;

/// Long enough for the runtime to read the bytes that have arrived: it polls the sockets before it fires
/// timers.
const ALL_READ: Duration = Duration::from_millis(10);

/// For the rest of a request that has begun to arrive when we stop, and for the first request of a new
/// connection.
const LAST_REQUEST: Duration = Duration::from_secs(1);

/// How long requests that have begun may take at shutdown: Twilio itself gives up after 15 s.
const DRAIN: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use std::future::ready;

    use hyper::StatusCode;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::task::JoinHandle;

    use super::*;
    use crate::clock::Clock;

    const FIRST: &[u8] = b"GET /first HTTP/1.1\r\nHost: a\r\n\r\n";
    const LAST: &[u8] = b"GET /last HTTP/1.1\r\nHost: a\r\n\r\n";

    /// A listener that answers everything with nothing.
    fn listening() -> (SocketAddr, CancellationToken, JoinHandle<()>) {
        let listener = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let answer = |_| ready(reply::empty(StatusCode::NO_CONTENT));
        let limits = Limits::behind(Networks::private());
        (address, stop.clone(), tokio::spawn(serve(listener, limits, stop, answer)))
    }

    /// A connection on which one request was answered.
    async fn idle(address: SocketAddr) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // The clock of these tests does not wait for an acknowledgement.
        stream.set_nodelay(true).unwrap();
        stream.write_all(FIRST).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            stream.read_buf(&mut answer).await.unwrap();
        }
        stream
    }

    /// What comes until the end of the connection.
    async fn rest_of(mut stream: TcpStream) -> String {
        let mut rest = String::new();
        stream.read_to_string(&mut rest).await.unwrap();
        rest
    }

    #[tokio::test(start_paused = true)]
    async fn an_idle_connection_does_not_hold_up_the_end() {
        let (address, stop, served) = listening();
        let stream = idle(address).await;
        let clock = Clock::system();
        let begun = clock.instant();
        stop.cancel();
        served.await.unwrap();
        let took = clock.elapsed(begun);
        assert!(took < LAST_REQUEST / 2, "{took:?}");
        assert_eq!(rest_of(stream).await, "");
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_has_come_is_answered_and_so_is_the_first_of_a_new_connection() {
        let (address, stop, served) = listening();
        let (whole, mut half) = (idle(address).await, idle(address).await);
        let mut new = TcpStream::connect(address).await.unwrap();
        half.write_all(&LAST[..9]).await.unwrap();
        // Nothing that the listener could run comes between these two.
        assert_eq!(whole.try_write(LAST).unwrap(), LAST.len());
        stop.cancel();
        tokio::time::sleep(LAST_REQUEST / 2).await;
        half.write_all(&LAST[9..]).await.unwrap();
        new.write_all(LAST).await.unwrap();
        for (name, stream) in [("whole", whole), ("half", half), ("new", new)] {
            let answer = rest_of(stream).await;
            assert!(answer.starts_with("HTTP/1.1 204 "), "{name}: {answer}");
            assert!(answer.contains("connection: close\r\n"), "{name}: {answer}");
        }
        served.await.unwrap();
    }
}
