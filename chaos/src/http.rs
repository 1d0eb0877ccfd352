//! A client that keeps its connection, and counts how long an answer takes.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What came back.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The status line and the headers, as they came.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The whole without what differs for every request: date and request id.
    pub(crate) fn comparable(&self) -> String {
        let lines = self.head.lines().filter(|line| {
            let name = line.split(':').next().unwrap_or_default();
            !["date", "x-request-id"].iter().any(|varies| name.eq_ignore_ascii_case(varies))
        });
        lines.chain(["", &self.body]).collect::<Vec<_>>().join("\n")
    }
}

/// A connection to a server, opened when it is needed and kept.
pub(crate) struct Connection {
    address: SocketAddr,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
}

/// Longer than any answer may take, so that a server that never answers is found.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

impl Connection {
    pub(crate) fn to(address: SocketAddr) -> Self {
        Self { address, stream: None, buffer: Vec::new() }
    }

    /// Goes on with another server.
    pub(crate) fn turn_to(&mut self, address: SocketAddr) {
        if self.address != address {
            *self = Self::to(address);
        }
    }

    /// Sends a request and reads its answer, and says how long that took.
    ///
    /// A kept connection may have been closed in the meantime; then it is tried once more on a new
    /// one, as every client does.
    ///
    /// # Errors
    ///
    /// If there is no connection, or it ends before the answer does, or nothing comes for 20 s.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> io::Result<(Answer, Duration)> {
        if self.stream.is_some() {
            let asked = self.ask_once(request).await;
            if asked.is_ok() || !self.buffer.is_empty() {
                return asked;
            }
        }
        self.ask_once(request).await
    }

    async fn ask_once(&mut self, request: &[u8]) -> io::Result<(Answer, Duration)> {
        self.buffer.clear();
        let began = Instant::now();
        let exchanged = tokio::time::timeout(PATIENCE, self.exchange(request)).await;
        let took = began.elapsed();
        match exchanged {
            Ok(Ok(answer)) => Ok((answer, took)),
            Ok(Err(error)) => {
                self.stream = None;
                Err(error)
            }
            Err(_) => {
                self.stream = None;
                Err(io::ErrorKind::TimedOut.into())
            }
        }
    }

    async fn exchange(&mut self, request: &[u8]) -> io::Result<Answer> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(self.address).await?;
            stream.set_nodelay(true)?;
            self.stream = Some(stream);
        }
        let Some(stream) = &mut self.stream else { return Err(io::ErrorKind::NotConnected.into()) };
        stream.write_all(request).await?;
        loop {
            if stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some((answer, closes)) = parse(&self.buffer) {
                if closes {
                    self.stream = None;
                }
                return Ok(answer);
            }
        }
    }
}

/// The answer once it is whole, and whether the server closes the connection after it.
fn parse(bytes: &[u8]) -> Option<(Answer, bool)> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).replace('\r', "");
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let header = |wanted: &str| {
        head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case(wanted).then(|| value.trim().to_owned())
        })
    };
    let length: usize = header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let body = bytes.get(end + 4..end + 4 + length)?;
    let closes = header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
    let body = String::from_utf8_lossy(body).into_owned();
    Some((Answer { status, head, body }, closes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_an_answer_once_it_is_whole() {
        let text = "HTTP/1.1 200 OK\r\ndate: now\r\ncontent-length: 3\r\n\r\nabc";
        assert_eq!(parse(&text.as_bytes()[..text.len() - 1]), None);
        let (answer, closes) = parse(text.as_bytes()).expect("whole");
        assert_eq!((answer.status, &*answer.body, closes), (200, "abc", false));
        assert_eq!(answer.comparable(), "HTTP/1.1 200 OK\ncontent-length: 3\n\nabc");
        let (answer, closes) = parse(b"HTTP/1.1 204 No\r\nconnection: close\r\n\r\n").expect("it");
        assert_eq!((answer.status, &*answer.body, closes), (204, "", true));
    }
}
