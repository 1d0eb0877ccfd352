//! Builds and renders a document, next to the same document written by hand, and parses it.
//!
//! ```sh
//! cargo bench -p twiml
//! ```
//!
//! There are two hand-written forms. `formatted` uses `write!` and escapes each value that needs it, as
//! most programs do. `pushed` copies pieces into a large enough buffer without escapes or checks: this is
//! the lower bound.
#![expect(clippy::unwrap_used, reason = "a benchmark may fail loudly")]

use std::fmt::Write as _;
use std::time::Duration;

use divan::{Bencher, black_box};
use twiml::{CallEvent, Client, Dial, Parameter, Response, Say, Text, text};

fn main() {
    divan::main();
}

/// What a webhook knows: the identities, the next URL for Twilio, three values for the browser.
struct Call {
    agents: Vec<String>,
    status: String,
    action: String,
    values: [(&'static str, String); 3],
}

impl Call {
    fn new(agents: usize) -> Self {
        Self {
            agents: (0..agents).map(|agent| format!("agent_{agent:032x}")).collect(),
            status: "https://voice.example.com/api/workspaces/acme/voice/status#rc=2&rp=ct".into(),
            action: "https://voice.example.com/api/workspaces/acme/voice/dial/1".into(),
            values: [
                ("call_sid", "CA00000000000000000000000000000001".into()),
                ("contact_id", "7f3c2d1e-0000-4000-8000-00000000000a".into()),
                ("name", "Ana Example".into()),
            ],
        }
    }
}

/// What each `<Client>` carries.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Detail {
    /// The identity alone.
    Identity,
    /// The identity and the status callback.
    Callback,
    /// The identity, the status callback and three parameters.
    Parameters,
}

const CASES: [(Detail, usize); 5] = [
    (Detail::Identity, 10),
    (Detail::Callback, 2),
    (Detail::Callback, 10),
    (Detail::Callback, 50),
    (Detail::Parameters, 10),
];

/// Hands each wave of ten to `answer`.
fn waves(call: &Call, answer: impl Fn(&[String]) -> String) -> String {
    let mut last = String::new();
    for wave in call.agents.chunks(Dial::MAX_NOUNS) {
        last = black_box(answer(wave));
    }
    last
}

fn typed(call: &Call, detail: Detail) -> String {
    let action = Text::new(call.action.as_str()).unwrap();
    let status = Text::new(call.status.as_str()).unwrap();
    let values = if detail == Detail::Parameters { call.values.as_slice() } else { &[] };
    let values = values.iter().map(|(name, value)| Parameter::new(*name, value.as_str()).unwrap());
    let values: Vec<Parameter<'_>> = values.collect();
    waves(call, |wave| {
        let clients = wave.iter().map(|agent| {
            let client = Client::new(agent.as_str()).unwrap();
            if detail == Detail::Identity {
                return client;
            }
            let client = client.status_callback(&status).status_callback_event(CallEvent::ALL);
            values.iter().fold(client, |client, value| client.parameter(value.clone()))
        });
        let dial = Dial::new().action(&action).timeout(Duration::from_secs(20));
        Response::new().dial(dial.ring(clients).unwrap()).render()
    })
}

/// Escapes on the way through `write!`.
struct Escaped<'a>(&'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut rest = self.0;
        while let Some(at) = rest.find(['&', '<', '>', '"']) {
            f.write_str(&rest[..at])?;
            f.write_str(match rest.as_bytes()[at] {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'>' => "&gt;",
                _ => "&quot;",
            })?;
            rest = &rest[at + 1..];
        }
        f.write_str(rest)
    }
}

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
const EVENTS: &str = "initiated ringing answered completed";

fn formatted(call: &Call, detail: Detail) -> String {
    waves(call, |wave| {
        let mut out = String::from(DECLARATION);
        let action = Escaped(&call.action);
        let _ = write!(out, "<Response><Dial action=\"{action}\" timeout=\"20\">");
        for agent in wave {
            let agent = Escaped(agent);
            let status = Escaped(&call.status);
            let _ = match detail {
                Detail::Identity => write!(out, "<Client>{agent}</Client>"),
                Detail::Callback => write!(
                    out,
                    "<Client statusCallback=\"{status}\" statusCallbackEvent=\"{EVENTS}\">{agent}</Client>",
                ),
                Detail::Parameters => {
                    let _ = write!(
                        out,
                        "<Client statusCallback=\"{status}\" statusCallbackEvent=\"{EVENTS}\">\
                         <Identity>{agent}</Identity>",
                    );
                    for (name, value) in &call.values {
                        let (name, value) = (Escaped(name), Escaped(value));
                        let _ = write!(out, "<Parameter name=\"{name}\" value=\"{value}\"/>");
                    }
                    write!(out, "</Client>")
                }
            };
        }
        out.push_str("</Dial></Response>");
        out
    })
}

fn pushed(call: &Call, detail: Detail) -> String {
    let status = call.status.replace('&', "&amp;");
    waves(call, |wave| {
        let mut out = String::with_capacity(8 * 1024);
        out.push_str(DECLARATION);
        out.push_str("<Response><Dial action=\"");
        out.push_str(&call.action);
        out.push_str("\" timeout=\"20\">");
        for agent in wave {
            out.push_str("<Client");
            if detail != Detail::Identity {
                out.push_str(" statusCallback=\"");
                out.push_str(&status);
                out.push_str("\" statusCallbackEvent=\"");
                out.push_str(EVENTS);
                out.push('"');
            }
            out.push('>');
            if detail == Detail::Parameters {
                out.push_str("<Identity>");
                out.push_str(agent);
                out.push_str("</Identity>");
                for (name, value) in &call.values {
                    out.push_str("<Parameter name=\"");
                    out.push_str(name);
                    out.push_str("\" value=\"");
                    out.push_str(value);
                    out.push_str("\"/>");
                }
            } else {
                out.push_str(agent);
            }
            out.push_str("</Client>");
        }
        out.push_str("</Dial></Response>");
        out
    })
}

/// Checks, builds and renders.
#[divan::bench(args = CASES)]
fn dial_twiml(bencher: Bencher<'_, '_>, (detail, agents): (Detail, usize)) {
    let call = Call::new(agents);
    assert_eq!(typed(&call, detail), formatted(&call, detail));
    bencher.bench_local(|| typed(black_box(&call), detail));
}

#[divan::bench(args = CASES)]
fn dial_formatted(bencher: Bencher<'_, '_>, (detail, agents): (Detail, usize)) {
    let call = Call::new(agents);
    bencher.bench_local(|| formatted(black_box(&call), detail));
}

#[divan::bench(args = CASES)]
fn dial_pushed(bencher: Bencher<'_, '_>, (detail, agents): (Detail, usize)) {
    let call = Call::new(agents);
    assert_eq!(typed(&call, detail), pushed(&call, detail));
    bencher.bench_local(|| pushed(black_box(&call), detail));
}

/// Renders a finished document into a reused buffer.
#[divan::bench(args = CASES)]
fn render_into(bencher: Bencher<'_, '_>, (detail, agents): (Detail, usize)) {
    let xml = typed(&Call::new(agents), detail);
    let response = Response::parse(&xml).unwrap();
    let mut out = String::with_capacity(xml.len());
    bencher.bench_local(|| {
        out.clear();
        black_box(&response).render_into(&mut out).unwrap();
    });
}

#[divan::bench(args = CASES)]
fn parse(bencher: Bencher<'_, '_>, (detail, agents): (Detail, usize)) {
    let xml = typed(&Call::new(agents), detail);
    bencher.bench_local(|| Response::parse(black_box(&xml)).unwrap());
}

/// A text that must be escaped throughout.
#[divan::bench]
fn escape_4_kb(bencher: Bencher<'_, '_>) {
    let words = "a & b < c > d \"e\" ".repeat(228);
    let response = Response::new()
        .say(Say::new(words.as_str()).unwrap())
        .dial(Dial::new().action(text!("/x")));
    let mut out = String::with_capacity(16 * 1024);
    bencher.bench_local(|| {
        out.clear();
        black_box(&response).render_into(&mut out).unwrap();
    });
}
