//! Random URLs, and what is signed of them.

use crate::random::Random;

/// A URL in its parts, each with its delimiters.
pub(crate) struct Url {
    scheme: &'static str,
    user: &'static str,
    host: &'static str,
    port: &'static str,
    path: String,
    query: String,
    fragment: &'static str,
}

impl Url {
    pub(crate) fn draw(random: &mut Random, websocket: bool) -> Self {
        let schemes: &[&str] =
            if websocket { &["wss://"] } else { &["https://", "https://", "https://", "http://"] };
        Self {
            scheme: random.pick(schemes),
            user: if random.percent(8) { random.pick(USERS) } else { "" },
            host: random.pick(HOSTS),
            port: if random.percent(50) { random.pick(PORTS) } else { "" },
            path: path(random),
            query: query(random),
            fragment: if random.percent(8) { random.pick(FRAGMENTS) } else { "" },
        }
    }

    /// The URL that the validator knows.
    pub(crate) fn given(&self) -> String {
        let Self { scheme, user, host, port, path, query, fragment } = self;
        format!("{scheme}{user}{host}{port}{path}{query}{fragment}")
    }

    /// The URL that Twilio signs: perhaps with another port, and as a WebSocket with a slash.
    pub(crate) fn signed(&self, random: &mut Random) -> String {
        let Self { scheme, host, path, query, .. } = self;
        let default = if matches!(*scheme, "http://" | "ws://") { ":80" } else { ":443" };
        let port = match random.below(10) {
            0..6 => self.port,
            6..9 if self.port.is_empty() => default,
            6..9 => "",
            // Another one, which only by luck is right.
            _ => random.pick(PORTS),
        };
        let slash = if scheme.starts_with("ws") && random.percent(30) { "/" } else { "" };
        format!("{scheme}{host}{port}{path}{slash}{query}")
    }
}

const HOSTS: &[&str] = &[
    "voice.example.com",
    "Voice.Example.COM",
    "xn--bcher-kva.example",
    "a_b.example",
    "192.0.2.7",
    "[2001:db8::1]",
    "localhost",
];
const PORTS: &[&str] = &[":443", ":80", ":8443", ":8080", ":65535"];
const USERS: &[&str] = &["user:pass@", "user@", "user:p%40ss@"];
const FRAGMENTS: &[&str] = &["#rc=2&rp=all", "#", "#a?b@c:1"];
const PATH_PIECES: &[&str] = &[
    "/voice", "/voice", "/a", "/%20", "/%C3%A9", "/%c3%a9", "/ü", "/o'b", "/x,y", "/~u", "/a+b",
    "//", "/v;p=1", "/@me", "/a:b", "/",
];
const QUERY_PIECES: &[&str] = &[
    "CallSid=CA1",
    "a=1",
    "a=2",
    "b=",
    "c",
    "=d",
    "name=O'Brien",
    "list=x,y",
    "plus=%2B1",
    "e=%c3%A9",
    "sp=a+b",
    "sp=a%20b",
    "ü=ö",
    "u=https://other.example:1/x?y",
    "at=a@b",
    "",
    "end=1",
];

fn path(random: &mut Random) -> String {
    random.text(PATH_PIECES, 3)
}

fn query(random: &mut Random) -> String {
    match random.below(10) {
        0..4 => String::new(),
        4 => "?".to_owned(),
        _ => {
            let fields: Vec<&str> =
                (0..=random.below(4)).map(|_| random.pick(QUERY_PIECES)).collect();
            format!("?{}", fields.join("&"))
        }
    }
}
