//! Load: requests over kept connections, as many as are answered.

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

/// How long answers took, sorted.
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    pub(crate) fn count(&self) -> f64 {
        f64::from(u32::try_from(self.0.len()).expect("fewer than 4 billion"))
    }

    /// In milliseconds.
    pub(crate) fn quantile(&self, part: f64) -> f64 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a part of the length is an index"
        )]
        let index = ((self.count() - 1.0) * part) as usize;
        self.0[index].as_secs_f64() * 1e3
    }
}

/// The result.
pub(crate) struct Measured {
    pub(crate) times: Times,
    length: Duration,
}

impl Measured {
    pub(crate) fn per_second(&self) -> f64 {
        self.times.count() / self.length.as_secs_f64()
    }
}

impl Load {
    pub(crate) fn new(address: SocketAddr, connections: usize, requests: Vec<Vec<u8>>) -> Self {
        Self { address, connections, requests: Arc::new(requests) }
    }

    /// Sends each request once.
    pub(crate) async fn once(self) {
        self.run(Duration::MAX).await;
    }

    /// Sends requests, each at most once, for at most this long. A document must ring somebody.
    pub(crate) async fn run(self, length: Duration) -> Measured {
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
                    let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) else {
                        break;
                    };
                    let sent = Instant::now();
                    let answer = connection.ask(request).await;
                    times.push(sent.elapsed());
                    let is_document = answer.body.starts_with(b"<");
                    assert!(!is_document || rings(answer.body), "the document rings nobody");
                }
                times
            });
        }
        let times = tasks.join_all().await.into_iter().flatten().collect();
        Measured { length: start.elapsed(), times: Times::of(times) }
    }
}

/// A connection that is kept.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// A whole answer.
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) body: &'a [u8],
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("a connection");
        stream.set_nodelay(true).expect("no delay");
        Self { stream, buffer: Vec::with_capacity(64 * 1024) }
    }

    /// Sends one request and reads its whole answer, which must be 200 or 204.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> Answer<'_> {
        let answer = self.answer(request).await;
        let text = || String::from_utf8_lossy(answer.body);
        assert!(matches!(answer.status, 200 | 204), "{} {}", answer.status, text());
        answer
    }

    /// Sends one request and reads its whole answer.
    pub(crate) async fn answer(&mut self, request: &[u8]) -> Answer<'_> {
        self.stream.write_all(request).await.expect("the request is sent");
        self.buffer.clear();
        loop {
            let read = self.stream.read_buf(&mut self.buffer).await.expect("an answer");
            assert!(read > 0, "the connection was closed");
            if let Some((head, end)) = whole(&self.buffer) {
                assert_eq!(self.buffer.len(), end, "one answer for one request");
                let status = std::str::from_utf8(&self.buffer[9..12]).expect("digits");
                let status = status.parse().expect("a status");
                return Answer { status, body: &self.buffer[head..] };
            }
        }
    }
}

/// The lengths of the head and of the whole answer, once it is there.
fn whole(buffer: &[u8]) -> Option<(usize, usize)> {
    let head = buffer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&buffer[..head]).expect("headers are text");
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let end = head + length.unwrap_or(0);
    (buffer.len() >= end).then_some((head, end))
}

/// Whether a document rings somebody.
pub(crate) fn rings(document: &[u8]) -> bool {
    document.windows(5).any(|five| five == b"<Dial")
}
