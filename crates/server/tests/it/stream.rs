//! A page that subscribes to events.

use std::net::SocketAddr;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::http::{Answer, Ask, exchange};
use crate::sessions::session;
use crate::team::Team;
use crate::world::World;

/// A stream of events, read as a browser does.
pub(crate) struct Stream {
    connection: TcpStream,
    /// Bytes of the body that are no whole chunk yet.
    raw: Vec<u8>,
    /// Text that is no whole event yet.
    text: String,
    is_over: bool,
    /// Whether the server said that it is.
    is_complete: bool,
    /// What a browser would send as `Last-Event-ID`.
    pub(crate) last_id: Option<String>,
}

/// One event.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) name: String,
    pub(crate) id: Option<String>,
    pub(crate) data: Value,
}

impl Stream {
    /// Opens a stream, which must succeed.
    pub(crate) async fn open(address: SocketAddr, ask: &Ask) -> Self {
        let mut connection = TcpStream::connect(address).await.expect("a connection");
        connection.write_all(&ask.bytes()).await.expect("a request");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(connection.read_u8().await.expect("headers"));
        }
        let head = String::from_utf8(head).expect("text").to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 200 "), "{head}");
        for line in [
            "content-type: text/event-stream; charset=utf-8",
            "cache-control: no-store",
            "transfer-encoding: chunked",
        ] {
            assert!(head.lines().any(|found| found == line), "{line} is not in {head}");
        }
        let (raw, text) = (Vec::new(), String::new());
        Self { connection, raw, text, is_over: false, is_complete: false, last_id: None }
    }

    /// The next event; `None` at the end of the stream.
    pub(crate) async fn next(&mut self) -> Option<Seen> {
        let next = tokio::time::timeout(Duration::from_secs(60), self.read());
        next.await.expect("an event or the end within a minute")
    }

    /// The next event that is like this; what comes before it is left out.
    pub(crate) async fn find(&mut self, what: &str, is: impl Fn(&Seen) -> bool) -> Seen {
        let mut before = Vec::new();
        loop {
            let Some(seen) = self.next().await else {
                panic!("it ended without {what}: {before:?}")
            };
            if is(&seen) {
                return seen;
            }
            before.push(seen);
        }
    }

    /// The next event with this name.
    pub(crate) async fn named(&mut self, name: &str) -> Value {
        self.find(name, |seen| seen.name == name).await.data
    }

    /// The next event that says that an agent has this status.
    pub(crate) async fn shows(&mut self, team: &Team, agent: u8, status: &str) -> Value {
        let id = json!(team.user(agent).to_string());
        let is = |seen: &Seen| {
            seen.name == "agent" && seen.data["user_id"] == id && seen.data["status"] == status
        };
        self.find(&format!("agent {agent} {status}"), is).await.data
    }

    /// Waits for the end of the stream, which must not be a broken connection.
    pub(crate) async fn ends(&mut self) {
        while self.next().await.is_some() {}
        assert!(self.is_complete, "the connection broke");
    }

    async fn read(&mut self) -> Option<Seen> {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let block = self.text[..end].to_owned();
                self.text.drain(..end + 2);
                if let Some(seen) = parse(&block) {
                    self.last_id = seen.id.clone().or(self.last_id.take());
                    return Some(seen);
                }
                continue;
            }
            if self.is_over {
                return None;
            }
            let mut buffer = [0; 8192];
            // A connection that is reset is over too.
            let length = self.connection.read(&mut buffer).await.unwrap_or(0);
            self.is_over = length == 0;
            self.raw.extend(&buffer[..length]);
            self.take_chunks();
        }
    }

    fn take_chunks(&mut self) {
        while let Some(line) = self.raw.windows(2).position(|two| two == b"\r\n") {
            let size = std::str::from_utf8(&self.raw[..line]).expect("a size");
            let size = usize::from_str_radix(size, 16).expect("a size");
            let end = line + 2 + size + 2;
            if self.raw.len() < end {
                return;
            }
            let data = &self.raw[line + 2..end - 2];
            self.text.push_str(std::str::from_utf8(data).expect("UTF-8"));
            self.raw.drain(..end);
            self.is_complete |= size == 0;
            self.is_over |= size == 0;
        }
    }
}

/// Comments are no events.
fn parse(block: &str) -> Option<Seen> {
    let field = |name: &str| {
        block
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
            .map(str::to_owned)
    };
    let data = serde_json::from_str(&field("data")?).expect("JSON");
    Some(Seen { name: field("event").expect("a name"), id: field("id"), data })
}

impl Team {
    /// The request of a stream in the name of an agent.
    pub(crate) fn events(&self, agent: u8) -> Ask {
        Ask::get(&self.path("events")).bearer(&session(self.user(agent)))
    }

    /// The same as the presence of a page.
    pub(crate) fn page(&self, agent: u8, page: &str) -> Ask {
        Ask::get(&self.path(&format!("events?page={page}"))).bearer(&session(self.user(agent)))
    }
}

impl World {
    /// A stream from one of the servers.
    pub(crate) async fn stream(&self, server: usize, ask: &Ask) -> Stream {
        Stream::open(self.servers[server].address(), ask).await
    }

    /// A stream that is refused.
    pub(crate) async fn no_stream(&self, server: usize, ask: &Ask) -> Answer {
        exchange(self.servers[server].address(), &ask.bytes()).await
    }

    /// Goes on where a stream ended.
    pub(crate) async fn resume(&self, server: usize, ask: Ask, last: &Stream) -> Stream {
        let id = last.last_id.clone().expect("an id");
        self.stream(server, &ask.header("Last-Event-ID", &id)).await
    }

    /// Runs SQL as the owner of everything.
    pub(crate) async fn sql(&self, sql: &str) {
        self.owner.client().batch_execute(sql).await.expect(sql);
    }
}
