//! Load: requests that were made and signed beforehand, sent over kept connections.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// The server, the number of connections, and the requests.
pub(crate) struct Load {
    address: SocketAddr,
    connections: usize,
    requests: Arc<Vec<Vec<u8>>>,
}

/// The result.
pub(crate) struct Measured {
    /// Of each answer, sorted.
    times: Vec<Duration>,
    length: Duration,
}

impl Measured {
    pub(crate) fn answers(&self) -> f64 {
        f64::from(u32::try_from(self.times.len()).expect("fewer than 4 billion"))
    }

    pub(crate) fn per_second(&self) -> f64 {
        self.answers() / self.length.as_secs_f64()
    }

    /// In milliseconds.
    pub(crate) fn quantile(&self, part: f64) -> f64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a part of the length is an index"
        )]
        let index = ((self.answers() - 1.0) * part) as usize;
        self.times[index].as_secs_f64() * 1e3
    }
}

impl Load {
    pub(crate) fn new(address: SocketAddr, connections: usize, requests: &[Vec<u8>]) -> Self {
        Self { address, connections, requests: Arc::new(requests.to_vec()) }
    }

    /// Sends each request once.
    pub(crate) async fn once(self) {
        let all = self.requests.len();
        self.send(all, Duration::MAX).await;
    }

    /// Sends requests for this long, in a circle.
    pub(crate) async fn run(self, length: Duration) -> Measured {
        self.send(usize::MAX, length).await
    }

    async fn send(self, limit: usize, length: Duration) -> Measured {
        let next = Arc::new(AtomicUsize::new(0));
        let start = Instant::now();
        let mut tasks = JoinSet::new();
        for _ in 0..self.connections {
            let (requests, next, address) =
                (Arc::clone(&self.requests), Arc::clone(&next), self.address);
            tasks.spawn(async move {
                let mut connection = Connection::open(address).await;
                let mut times = Vec::with_capacity(65_536);
                while start.elapsed() < length {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= limit {
                        break;
                    }
                    let sent = Instant::now();
                    connection.ask(&requests[number % requests.len()]).await;
                    times.push(sent.elapsed());
                }
                times
            });
        }
        let mut times: Vec<Duration> = tasks.join_all().await.into_iter().flatten().collect();
        let length = start.elapsed();
        times.sort_unstable();
        Measured { times, length }
    }
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        Self { stream, buffer: Vec::with_capacity(64 * 1024) }
    }

    /// Sends one request and reads its whole answer, which must be 200 or 204.
    async fn ask(&mut self, request: &[u8]) {
        self.stream.write_all(request).await.expect("the request is sent");
        self.buffer.clear();
        loop {
            let read = self.stream.read_buf(&mut self.buffer).await.expect("an answer");
            assert!(read > 0, "the connection was closed");
            if let Some(length) = whole(&self.buffer) {
                assert_eq!(self.buffer.len(), length, "one answer for one request");
                let status = &self.buffer[9..12];
                assert!(status == b"200" || status == b"204", "{}", self.text());
                return;
            }
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.buffer).into_owned()
    }
}

/// The length of the answer, once it is there.
fn whole(buffer: &[u8]) -> Option<usize> {
    let head = buffer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&buffer[..head]).expect("headers are text");
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let end = head + length.unwrap_or(0);
    (buffer.len() >= end).then_some(end)
}
