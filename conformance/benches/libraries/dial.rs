//! A `<Dial>` with clients, in waves of ten.

use std::hint::black_box;
use std::time::Duration;

use serde_json::json;
use twiml::{CallEvent, Client, Dial, Parameter, Response, Text};

use crate::inputs::Inputs;
use crate::meter::Work;

/// Every wave for so many agents.
pub(crate) fn waves<'a>(
    inputs: &'a Inputs,
    agents: usize,
    make: impl Fn(&Inputs, &[String]) -> String + 'a,
) -> Work<'a> {
    let waves = inputs.agents[..agents].chunks(Dial::MAX_NOUNS);
    let shown: Vec<String> = waves.clone().map(|wave| make(inputs, wave)).collect();
    Work::new(json!(shown), move || {
        for wave in waves.clone() {
            black_box(make(black_box(inputs), wave));
        }
    })
}

pub(crate) fn ours(inputs: &Inputs, wave: &[String]) -> String {
    let clients = wave.iter().map(|agent| Client::new(agent.as_str()).expect("an identity"));
    let dial = Dial::new()
        .action(Text::new(inputs.action.as_str()).expect("a text"))
        .timeout(Duration::from_secs(20))
        .ring(clients)
        .expect("at most ten");
    Response::new().dial(dial).render()
}

/// With status callbacks and parameters on each client, as the server answers.
pub(crate) fn ours_full(inputs: &Inputs, wave: &[String]) -> String {
    let status = Text::new(inputs.status.as_str()).expect("a text");
    let values: Vec<Parameter<'_>> = inputs
        .parameters
        .iter()
        .map(|(name, value)| Parameter::new(name.as_str(), value.as_str()).expect("texts"))
        .collect();
    let clients = wave.iter().map(|agent| {
        let client = Client::new(agent.as_str())
            .expect("an identity")
            .status_callback(&status)
            .status_callback_event(CallEvent::ALL);
        values.iter().fold(client, |client, value| client.parameter(value.clone()))
    });
    let dial = Dial::new()
        .action(Text::new(inputs.action.as_str()).expect("a text"))
        .answer_on_bridge(true)
        .caller_id(Text::new(inputs.caller_id.as_str()).expect("a text"))
        .timeout(Duration::from_secs(20))
        .ring(clients)
        .expect("at most ten");
    Response::new().dial(dial).render()
}

const PROLOGUE: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Dial action=\"";
const EVENTS: &str = "\" statusCallbackEvent=\"initiated ringing answered completed\"><Identity>";

pub(crate) fn floor(inputs: &Inputs, wave: &[String]) -> String {
    let mut out = String::with_capacity(1024);
    out.push_str(PROLOGUE);
    out.push_str(&inputs.action);
    out.push_str("\" timeout=\"20\">");
    for agent in wave {
        out.push_str("<Client>");
        out.push_str(agent);
        out.push_str("</Client>");
    }
    out.push_str("</Dial></Response>");
    out
}

pub(crate) fn floor_full(inputs: &Inputs, wave: &[String]) -> String {
    // The one value that needs it.
    let status = inputs.status.replace('&', "&amp;");
    let mut out = String::with_capacity(8 * 1024);
    out.push_str(PROLOGUE);
    out.push_str(&inputs.action);
    out.push_str("\" answerOnBridge=\"true\" callerId=\"");
    out.push_str(&inputs.caller_id);
    out.push_str("\" timeout=\"20\">");
    for agent in wave {
        out.push_str("<Client statusCallback=\"");
        out.push_str(&status);
        out.push_str(EVENTS);
        out.push_str(agent);
        out.push_str("</Identity>");
        for (name, value) in &inputs.parameters {
            out.push_str("<Parameter name=\"");
            out.push_str(name);
            out.push_str("\" value=\"");
            out.push_str(value);
            out.push_str("\"/>");
        }
        out.push_str("</Client>");
    }
    out.push_str("</Dial></Response>");
    out
}

pub(crate) fn second(inputs: &Inputs, wave: &[String]) -> String {
    let mut out = PROLOGUE.to_owned();
    escape(&inputs.action, &mut out);
    out.push_str("\" timeout=\"20\">");
    for agent in wave {
        out.push_str("<Client>");
        escape(agent, &mut out);
        out.push_str("</Client>");
    }
    out.push_str("</Dial></Response>");
    out
}

pub(crate) fn second_full(inputs: &Inputs, wave: &[String]) -> String {
    let mut out = PROLOGUE.to_owned();
    escape(&inputs.action, &mut out);
    out.push_str("\" answerOnBridge=\"true\" callerId=\"");
    escape(&inputs.caller_id, &mut out);
    out.push_str("\" timeout=\"20\">");
    for agent in wave {
        out.push_str("<Client statusCallback=\"");
        escape(&inputs.status, &mut out);
        out.push_str(EVENTS);
        escape(agent, &mut out);
        out.push_str("</Identity>");
        for (name, value) in &inputs.parameters {
            out.push_str("<Parameter name=\"");
            escape(name, &mut out);
            out.push_str("\" value=\"");
            escape(value, &mut out);
            out.push_str("\"/>");
        }
        out.push_str("</Client>");
    }
    out.push_str("</Dial></Response>");
    out
}

/// Appends a text as XML has it.
fn escape(text: &str, out: &mut String) {
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escaped = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => continue,
        };
        out.push_str(&text[from..at]);
        out.push_str(escaped);
        from = at + 1;
    }
    out.push_str(&text[from..]);
}
