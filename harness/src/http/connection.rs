//! A client that keeps its connection, and counts how long an answer takes.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::answer::Answer;

/// A connection to a server, opened when it is needed and kept.
pub struct Connection {
    address: SocketAddr,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
}

/// Longer than any answer may take, so that a server that never answers is found.
const PATIENCE: Duration = Duration::from_secs(20);

impl Connection {
    /// No connection is opened yet.
    pub fn to(address: SocketAddr) -> Self {
        Self { address, stream: None, buffer: Vec::new() }
    }

    /// Goes on with another server.
    pub fn turn_to(&mut self, address: SocketAddr) {
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
    pub async fn ask(&mut self, request: &[u8]) -> io::Result<(Answer, Duration)> {
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
            if let Some(answer) = Answer::parse_one(&self.buffer) {
                if answer.closes() {
                    self.stream = None;
                }
                return Ok(answer);
            }
        }
    }
}

/// Sends bytes on a connection of their own, and reads the answer until the server closes.
pub async fn exchange(address: SocketAddr, request: &[u8]) -> Answer {
    let answer = everything(address, request).await;
    Answer::parse(&answer)
        .unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(&answer)))
}

/// Sends bytes and reads until the server closes. It reads while it writes, because a request that
/// is refused is answered before its end.
pub async fn everything(address: SocketAddr, request: &[u8]) -> Vec<u8> {
    let stream = TcpStream::connect(address).await.expect("a connection");
    let (mut reader, mut writer) = stream.into_split();
    let mut answer = Vec::new();
    let write = async {
        // The server may close before it has read everything.
        let _ = writer.write_all(request).await;
    };
    let read = async {
        // The same: what was read until then is the answer.
        let _ = reader.read_to_end(&mut answer).await;
    };
    tokio::join!(write, read);
    answer
}
