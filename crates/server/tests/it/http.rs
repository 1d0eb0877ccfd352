//! Requests by hand, byte for byte where it matters.

use std::net::SocketAddr;

use emulator::Webhook;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use twilio_sig::{AuthToken, Request};

use crate::team::Team;
use crate::world::{PUBLIC_URL, World};

/// A request, to be changed at will before it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Ask {
    pub(crate) fn new(method: &str, target: &str) -> Self {
        let (method, target) = (method.to_owned(), target.to_owned());
        Self { method, target, headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn body(self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self.header("Content-Type", content_type) }
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    pub(crate) fn bearer(self, session: &str) -> Self {
        self.header("Authorization", &format!("Bearer {session}"))
    }

    /// A form as Twilio posts it, signed with this token over the public URL.
    pub(crate) fn form(target: &str, params: &[(&str, &str)], auth_token: &str) -> Self {
        let url = format!("{PUBLIC_URL}{target}");
        let token = AuthToken::new(auth_token).expect("a token");
        let signature = token.sign(&Request::form(&url, params));
        Self::new("POST", target)
            .body("application/x-www-form-urlencoded", encode(params))
            .header("X-Twilio-Signature", &signature)
    }

    /// A webhook exactly as it was sent before.
    pub(crate) fn again(webhook: &Webhook) -> Self {
        let url = webhook.url.split('#').next().unwrap_or_default();
        let target = url.strip_prefix(PUBLIC_URL).expect("a URL of ours");
        Self::new("POST", target)
            .body("application/x-www-form-urlencoded", encode(&webhook.params))
            .header("X-Twilio-Signature", &webhook.signature)
    }

    /// The request with the headers that every client sends.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let length = self.body.len();
        let plain = format!("Host: voice.example.com\r\nContent-Length: {length}\r\n");
        self.bytes_with(&plain)
    }

    /// The request with these lines in place of `Host` and `Content-Length`.
    pub(crate) fn bytes_with(&self, lines: &str) -> Vec<u8> {
        let mut text = format!("{} {} HTTP/1.1\r\nConnection: close\r\n", self.method, self.target);
        text.push_str(lines);
        for (name, value) in &self.headers {
            text.extend([name, ": ", value, "\r\n"]);
        }
        text.push_str("\r\n");
        [text.as_bytes(), &self.body].concat()
    }
}

fn encode(params: &[(impl AsRef<str>, impl AsRef<str>)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish()
}

/// An answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// The `code` of an error.
    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The document, which must be one.
    pub(crate) fn twiml(&self) -> String {
        assert_eq!(self.status, 200, "{self:?}");
        assert_eq!(self.header("content-type"), Some("text/xml; charset=utf-8"));
        twiml::Response::parse(self.text()).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        self.text().to_owned()
    }

    /// Without what differs between any two answers.
    pub(crate) fn comparable(mut self) -> Self {
        self.headers.retain(|(name, _)| name != "date" && name != "x-request-id");
        self
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&bytes[..end]).ok()?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        Some(Self { status, headers, body: bytes[end + 4..].to_vec() })
    }
}

/// Sends bytes and reads the answer until the server closes.
pub(crate) async fn exchange(address: SocketAddr, request: &[u8]) -> Answer {
    let answer = everything(address, request).await;
    Answer::parse(&answer)
        .unwrap_or_else(|| panic!("no answer: {:?}", String::from_utf8_lossy(&answer)))
}

/// Sends bytes and reads until the server closes. It reads while it writes, because a request that
/// is refused is answered before its end.
async fn everything(address: SocketAddr, request: &[u8]) -> Vec<u8> {
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

impl Team {
    /// A form that the team's account signed, for one of its own endpoints.
    pub(crate) fn signed(&self, rest: &str, params: &[(&str, &str)]) -> Ask {
        let sid = self.account.sid();
        let params = [&[("AccountSid", sid.as_str())], params].concat();
        Ask::form(&self.path(rest), &params, &self.auth_token)
    }
}

impl World {
    /// Asks the first server.
    pub(crate) async fn ask(&self, ask: &Ask) -> Answer {
        self.send(&ask.bytes()).await
    }

    /// Sends bytes to the first server.
    pub(crate) async fn send(&self, request: &[u8]) -> Answer {
        exchange(self.servers[0].address(), request).await
    }

    /// Sends bytes to the first server and reads all that it says.
    pub(crate) async fn everything(&self, request: &[u8]) -> Vec<u8> {
        everything(self.servers[0].address(), request).await
    }

    /// Posts a form that the team's account signed, to one of its own endpoints.
    pub(crate) async fn post(&self, team: &Team, rest: &str, params: &[(&str, &str)]) -> Answer {
        self.ask(&team.signed(rest, params)).await
    }

    /// What the metrics say of one line's start, 0 if it is not there.
    pub(crate) async fn metric(&self, line: &str) -> u64 {
        let page = self.ask(&Ask::get("/metrics")).await;
        let found =
            page.text().lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(' '));
        found.map_or(0, |value| value.parse().expect("a number"))
    }
}
