//! Requests that keep coming while something is changed, none of which may fail.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use identity::CallSid;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::http::Ask;
use crate::sessions::session;
use crate::team::Team;
use crate::world::until;

/// One request of a load, and what its answer must hold: the status line first.
pub(crate) struct Request {
    bytes: Vec<u8>,
    wants: [&'static str; 2],
}

impl Request {
    /// The status callback of a call of its own.
    pub(crate) fn callback(team: &Team, number: u32) -> Self {
        Self { bytes: callback(team, number).bytes(), wants: ["HTTP/1.1 204 No Content", ""] }
    }

    /// In turn: a callback, a call from somebody unknown, which rings agents, and a token of agent 1.
    pub(crate) fn any(team: &Team, number: u32) -> Self {
        let sid = call_sid(number);
        let ok = "HTTP/1.1 200 OK";
        match number % 3 {
            0 => Self::callback(team, number),
            1 => {
                let params = [
                    ("CallSid", sid.as_str()),
                    ("From", "+15005551234"),
                    ("To", &team.number),
                    ("CallStatus", "ringing"),
                    ("Direction", "inbound"),
                ];
                Self { bytes: team.signed("voice", &params).bytes(), wants: [ok, "<Dial"] }
            }
            _ => {
                let target = team.path(&format!("token?identity={}", team.identity(1)));
                let ask = Ask::get(&target).bearer(&session(team.user(1)));
                Self { bytes: ask.bytes(), wants: [ok, "\"token\":"] }
            }
        }
    }

    /// Sends it on a connection of its own; what is wrong with the answer.
    async fn fault(&self, address: SocketAddr) -> Option<String> {
        match answer(address, &self.bytes).await {
            Ok(text) if text.starts_with(self.wants[0]) && text.contains(self.wants[1]) => None,
            Ok(text) => Some(text),
            Err(error) => Some(error.to_string()),
        }
    }
}

/// A status callback of its own call.
pub(crate) fn callback(team: &Team, call: u32) -> Ask {
    let sid = call_sid(call);
    team.signed("voice/status", &[("CallSid", sid.as_str()), ("CallStatus", "completed")])
}

fn call_sid(number: u32) -> CallSid {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    CallSid::from_bytes(bytes)
}

/// Clients that send one request after the other.
pub(crate) struct Load {
    done: Arc<AtomicBool>,
    next: Arc<AtomicU32>,
    clients: Vec<JoinHandle<Vec<String>>>,
}

impl Load {
    /// Eight clients at an address. Each request has a number of its own, from 1.
    pub(crate) fn start(
        address: SocketAddr,
        request: impl Fn(u32) -> Request + Send + Sync + 'static,
    ) -> Self {
        let (done, next) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(1)));
        let request = Arc::new(request);
        let clients = (0..8).map(|_| {
            let (done, next, request) =
                (Arc::clone(&done), Arc::clone(&next), Arc::clone(&request));
            tokio::spawn(async move {
                let mut faults = Vec::new();
                while !done.load(Ordering::Relaxed) {
                    let request = request(next.fetch_add(1, Ordering::Relaxed));
                    faults.extend(request.fault(address).await);
                }
                faults
            })
        });
        Self { clients: clients.collect(), done, next }
    }

    /// Waits until this many more requests were sent.
    pub(crate) async fn goes_on(&self, more: u32) {
        let from = self.next.load(Ordering::Relaxed);
        until("requests go on", async || self.next.load(Ordering::Relaxed) > from + more).await;
    }

    /// Ends the load, of which nothing failed, and returns how many requests there were.
    pub(crate) async fn ends(self) -> u32 {
        self.done.store(true, Ordering::Relaxed);
        let mut faults = Vec::new();
        for client in self.clients {
            faults.extend(client.await.expect("no panic"));
        }
        assert_eq!(faults, Vec::<String>::new());
        self.next.load(Ordering::Relaxed) - 1
    }
}

/// Sends one request on a connection of its own; the whole answer.
async fn answer(address: SocketAddr, bytes: &[u8]) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(bytes).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

/// Sends one request on a connection of its own; the status line of the answer.
pub(crate) async fn send(address: SocketAddr, bytes: &[u8]) -> std::io::Result<String> {
    let answer = answer(address, bytes).await?;
    Ok(answer.lines().next().unwrap_or("nothing").to_owned())
}
