//! Twilio's Call resource from a table, in any mood.

use std::sync::{Arc, Mutex};

use identity::{CallSid, Timestamp};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What it knows of a call or leg.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) sid: CallSid,
    pub(crate) parent: Option<CallSid>,
    pub(crate) status: &'static str,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) began: Timestamp,
    pub(crate) over: Option<Timestamp>,
    pub(crate) seconds: u64,
}

impl Record {
    fn json(&self) -> Value {
        json!({
            "sid": self.sid.as_str(),
            "parent_call_sid": self.parent.as_ref().map(CallSid::as_str),
            "status": self.status,
            "direction": if self.parent.is_some() { "outbound-dial" } else { "inbound" },
            "from": self.from,
            "to": self.to,
            "start_time": self.began.to_rfc2822().to_string(),
            "end_time": self.over.map(|over| over.to_rfc2822().to_string()),
            "duration": self.over.map(|_| self.seconds.to_string()),
        })
    }
}

/// How it answers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mood {
    Good,
    Status(u16),
    Garbage,
    Silent,
}

/// The resource.
pub(crate) struct Rest {
    pub(crate) base: String,
    state: Arc<Mutex<State>>,
}

struct State {
    mood: Mood,
    records: Vec<Record>,
    requests: usize,
}

impl Rest {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let state = State { mood: Mood::Good, records: Vec::new(), requests: 0 };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                tokio::spawn(async move { answer(stream, &state).await });
            }
        });
        Self { base, state }
    }

    pub(crate) fn is(&self, mood: Mood) {
        self.state.lock().expect("no panic").mood = mood;
    }

    /// It knows these and no others.
    pub(crate) fn knows(&self, records: Vec<Record>) {
        self.state.lock().expect("no panic").records = records;
    }

    pub(crate) fn requests(&self) -> usize {
        self.state.lock().expect("no panic").requests
    }
}

async fn answer(mut stream: TcpStream, state: &Mutex<State>) {
    let mut head = Vec::new();
    let mut block = [0; 4096];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut block).await {
            Ok(length) if length > 0 => head.extend_from_slice(&block[..length]),
            _ => return,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    assert!(head.contains("authorization: Basic U0"), "an API key asks");
    let (mood, status, body) = {
        let mut state = state.lock().expect("no panic");
        state.requests += 1;
        let (status, body) = reply(&state, &head);
        (state.mood, status, body)
    };
    if matches!(mood, Mood::Silent) {
        std::future::pending::<()>().await;
    }
    let length = body.len();
    let text = format!(
        "HTTP/1.1 {status} Answer\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    );
    // The server may be gone, which is no fault.
    let _ = stream.write_all(text.as_bytes()).await;
}

fn reply(state: &State, head: &str) -> (u16, String) {
    match state.mood {
        Mood::Status(status) => {
            return (status, json!({ "code": 20_000 + u32::from(status) }).to_string());
        }
        Mood::Garbage => return (200, "<html>maintenance</html>".into()),
        Mood::Good | Mood::Silent => {}
    }
    let url = head.split(' ').nth(1).unwrap_or_default();
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let name = path.rsplit('/').next().unwrap_or_default();
    if name == "Calls.json" {
        let parent = query.split('&').find_map(|pair| pair.strip_prefix("ParentCallSid="));
        let meant = |record: &&Record| {
            parent.is_none_or(|parent| record.parent.is_some_and(|sid| sid.as_str() == parent))
        };
        let calls: Vec<Value> = state.records.iter().filter(meant).map(Record::json).collect();
        return (200, json!({ "calls": calls, "next_page_uri": null }).to_string());
    }
    let found = state.records.iter().find(|record| format!("{}.json", record.sid) == name);
    match found {
        Some(record) => (200, record.json().to_string()),
        None => (404, json!({ "code": 20404, "status": 404 }).to_string()),
    }
}
