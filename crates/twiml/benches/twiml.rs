//! Building and rendering beside the same text pushed together by hand, and parsing.
//!
//! ```sh
//! cargo bench -p twiml
//! ```
//!
//! The hand-written side escapes nothing and checks nothing: it is the floor.

use std::fmt::Write as _;
use std::time::Duration;

use divan::{Bencher, black_box};
use twiml::{CallEvent, Client, Dial, Parameter, Response, Say, Text, text};

fn main() {
    divan::main();
}

/// What a webhook knows: the identities, and three values for the browser.
struct Call {
    agents: Vec<String>,
    status: String,
    action: String,
    caller_id: String,
    values: [(&'static str, String); 3],
}

impl Call {
    fn new(agents: usize) -> Self {
        Self {
            agents: (0..agents).map(|agent| format!("agent_{agent:032x}")).collect(),
            status: "https://voice.example.com/api/workspaces/acme/voice/status#rc=2&rp=ct".into(),
            action: "https://voice.example.com/api/workspaces/acme/voice/dial/1".into(),
            caller_id: "+15005550006".into(),
            values: [
                ("call_sid", "CA00000000000000000000000000000001".into()),
                ("contact_id", "7f3c2d1e-0000-4000-8000-00000000000a".into()),
                ("name", "Ana Example".into()),
            ],
        }
    }
}

const WAVES: [usize; 3] = [2, 10, 50];

/// `<Client>identity</Client>`, in waves of ten.
mod plain {
    use super::*;

    pub(crate) fn typed(call: &Call) -> String {
        let mut waves = String::new();
        for wave in call.agents.chunks(Dial::MAX_NOUNS) {
            let clients = wave.iter().map(|agent| Client::new(agent.as_str()).unwrap());
            let dial = Dial::new()
                .action(Text::new(call.action.as_str()).unwrap())
                .timeout(Duration::from_secs(20))
                .ring(clients)
                .unwrap();
            waves = Response::new().dial(dial).render();
            black_box(&waves);
        }
        waves
    }

    pub(crate) fn by_hand(call: &Call) -> String {
        let mut waves = String::new();
        for wave in call.agents.chunks(Dial::MAX_NOUNS) {
            let mut out = String::with_capacity(1024);
            out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Dial action=\"");
            out.push_str(&call.action);
            out.push_str("\" timeout=\"20\">");
            for agent in wave {
                out.push_str("<Client>");
                out.push_str(agent);
                out.push_str("</Client>");
            }
            out.push_str("</Dial></Response>");
            waves = out;
            black_box(&waves);
        }
        waves
    }

    #[divan::bench(args = WAVES)]
    fn build_and_render(bencher: Bencher<'_, '_>, agents: usize) {
        let call = Call::new(agents);
        bencher.bench_local(|| typed(black_box(&call)));
    }

    #[divan::bench(args = WAVES)]
    fn hand_written(bencher: Bencher<'_, '_>, agents: usize) {
        let call = Call::new(agents);
        bencher.bench_local(|| by_hand(black_box(&call)));
    }
}

/// With status callbacks and parameters on each client, as the server answers.
mod full {
    use super::*;

    pub(crate) fn typed(call: &Call) -> String {
        let mut waves = String::new();
        let status = Text::new(call.status.as_str()).unwrap();
        let values = call
            .values
            .each_ref()
            .map(|(name, value)| Parameter::new(*name, value.as_str()).unwrap());
        for wave in call.agents.chunks(Dial::MAX_NOUNS) {
            let clients = wave.iter().map(|agent| {
                let client = Client::new(agent.as_str())
                    .unwrap()
                    .status_callback(&status)
                    .status_callback_event(CallEvent::ALL);
                values.iter().fold(client, |client, value| client.parameter(value.clone()))
            });
            let dial = Dial::new()
                .action(Text::new(call.action.as_str()).unwrap())
                .answer_on_bridge(true)
                .caller_id(Text::new(call.caller_id.as_str()).unwrap())
                .timeout(Duration::from_secs(20))
                .ring(clients)
                .unwrap();
            waves = Response::new().dial(dial).render();
            black_box(&waves);
        }
        waves
    }

    pub(crate) fn by_hand(call: &Call) -> String {
        let mut waves = String::new();
        let status = call.status.replace('&', "&amp;");
        for wave in call.agents.chunks(Dial::MAX_NOUNS) {
            let mut out = String::with_capacity(8 * 1024);
            write!(
                out,
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Dial action=\"{}\" \
                 answerOnBridge=\"true\" callerId=\"{}\" timeout=\"20\">",
                call.action, call.caller_id,
            )
            .unwrap();
            for agent in wave {
                out.push_str("<Client statusCallback=\"");
                out.push_str(&status);
                out.push_str(
                    "\" statusCallbackEvent=\"initiated ringing answered completed\"><Identity>",
                );
                out.push_str(agent);
                out.push_str("</Identity>");
                for (name, value) in &call.values {
                    out.push_str("<Parameter name=\"");
                    out.push_str(name);
                    out.push_str("\" value=\"");
                    out.push_str(value);
                    out.push_str("\"/>");
                }
                out.push_str("</Client>");
            }
            out.push_str("</Dial></Response>");
            waves = out;
            black_box(&waves);
        }
        waves
    }

    #[divan::bench(args = WAVES)]
    fn build_and_render(bencher: Bencher<'_, '_>, agents: usize) {
        let call = Call::new(agents);
        assert_eq!(typed(&call), by_hand(&call));
        bencher.bench_local(|| typed(black_box(&call)));
    }

    #[divan::bench(args = WAVES)]
    fn hand_written(bencher: Bencher<'_, '_>, agents: usize) {
        let call = Call::new(agents);
        bencher.bench_local(|| by_hand(black_box(&call)));
    }

    #[divan::bench]
    fn render_alone_into_a_buffer(bencher: Bencher<'_, '_>) {
        let xml = typed(&Call::new(10));
        let response = Response::parse(&xml).unwrap();
        let mut out = String::with_capacity(xml.len());
        bencher.bench_local(|| {
            out.clear();
            black_box(&response).render_into(&mut out).unwrap();
        });
    }

    #[divan::bench]
    fn parse(bencher: Bencher<'_, '_>) {
        let xml = typed(&Call::new(10));
        bencher.bench_local(|| Response::parse(black_box(&xml)).unwrap());
    }
}

#[divan::bench]
fn parse_plain(bencher: Bencher<'_, '_>) {
    let xml = plain::typed(&Call::new(10));
    assert_eq!(xml, plain::by_hand(&Call::new(10)));
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
