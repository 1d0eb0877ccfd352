//! A server that sends prepared bytes as Twilio's answers, so the answers may also be wrong.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use identity::{AccountSid, ApiKeySid, CallSid};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use twilio_rest::{ApiSecret, Client, Credentials, Pause, Settings};

pub(crate) const SECRET: &str = "planted-secret";

/// What it does with one request.
#[derive(Clone)]
pub(crate) enum Act {
    /// Sends this and closes.
    Send(String),
    /// Sends this, then this block for ever.
    Pour(String, &'static [u8]),
    /// Sends this, which may be nothing, and falls silent.
    Hang(&'static str),
    /// Closes without an answer.
    Close,
}

/// It follows its script, request by request; the last act is repeated.
pub(crate) struct Twilio {
    pub(crate) base: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Twilio {
    pub(crate) async fn acting(acts: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let number = seen.lock().expect("no panic").len();
                let act = acts[number.min(acts.len() - 1)].clone();
                // The number is taken before the next connection is accepted.
                let (head, stream) = read(stream).await;
                seen.lock().expect("no panic").push(head);
                tokio::spawn(perform(stream, act));
            }
        });
        Self { base, requests }
    }

    /// The requests, head and body.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no panic").clone()
    }

    /// A client of it.
    pub(crate) fn client(&self) -> (Client, Pauses) {
        self.client_within(Duration::from_secs(30))
    }

    pub(crate) fn client_within(&self, budget: Duration) -> (Client, Pauses) {
        let pauses = Pauses::default();
        let base = self.base.parse().expect("a base URL");
        let settings = Settings { base, budget, ..Settings::twilio() };
        (Client::new(settings, pauses.clone()).expect("a client"), pauses)
    }
}

async fn read(mut stream: TcpStream) -> (String, TcpStream) {
    let mut head = Vec::new();
    let mut block = [0; 4096];
    loop {
        let length = stream.read(&mut block).await.unwrap_or(0);
        head.extend_from_slice(&block[..length]);
        let text = String::from_utf8_lossy(&head);
        let Some((top, body)) = text.split_once("\r\n\r\n") else {
            assert_ne!(length, 0, "a whole request");
            continue;
        };
        let wanted = top.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= wanted.map_or(0, |length| length.parse().expect("a length")) {
            return (text.into_owned(), stream);
        }
    }
}

async fn perform(mut stream: TcpStream, act: Act) {
    // The client may disconnect at any time.
    match act {
        Act::Send(text) => drop(stream.write_all(text.as_bytes()).await),
        Act::Pour(text, block) => {
            let _ = stream.write_all(text.as_bytes()).await;
            while stream.write_all(block).await.is_ok() {}
        }
        Act::Hang(text) => {
            let _ = stream.write_all(text.as_bytes()).await;
            std::future::pending::<()>().await;
        }
        Act::Close => {}
    }
}

/// Remembers how long it should have waited, and does not wait.
#[derive(Clone, Default)]
pub(crate) struct Pauses(Arc<Mutex<Vec<Duration>>>);

impl Pauses {
    pub(crate) fn taken(&self) -> Vec<Duration> {
        self.0.lock().expect("no panic").clone()
    }
}

impl Pause for Pauses {
    fn pause(&self, most: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.0.lock().expect("no panic").push(most);
        Box::pin(std::future::ready(()))
    }
}

pub(crate) fn answer(status: &str, body: &str) -> Act {
    let length = body.len();
    Act::Send(format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{body}"
    ))
}

pub(crate) fn credentials() -> Credentials {
    let account = AccountSid::from_bytes([1; 16]);
    Credentials::api_key(account, ApiKeySid::from_bytes([2; 16]), ApiSecret::new(SECRET))
}

pub(crate) fn sid(number: u8) -> CallSid {
    CallSid::from_bytes([number; 16])
}

/// A call that began on 2026-01-01 in this minute.
pub(crate) fn call(number: u8, parent: Option<u8>, minute: u8) -> String {
    let parent = parent.map_or("null".to_owned(), |parent| format!("\"{}\"", sid(parent)));
    format!(
        r#"{{"sid":"{}","parent_call_sid":{parent},"status":"completed","direction":"inbound",
        "from":"+15005550001","to":"+15005550006",
        "start_time":"Thu, 01 Jan 2026 00:{minute:02}:00 +0000",
        "end_time":"Thu, 01 Jan 2026 00:{minute:02}:30 +0000","duration":"25"}}"#,
        sid(number)
    )
}

pub(crate) fn page(calls: &[String], next: Option<&str>) -> Act {
    let next = next.map_or("null".to_owned(), |uri| format!("\"{uri}\""));
    let calls = calls.join(",");
    answer("200 OK", &format!(r#"{{"calls":[{calls}],"next_page_uri":{next}}}"#))
}
