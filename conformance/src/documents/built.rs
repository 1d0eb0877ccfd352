//! Random documents of our typed builder, and the tree that each one stands for.

use std::time::Duration;

use serde_json::{Map, Value, json};
use twiml::ssml::{Break, Emphasis, Prosody, SayAs};
use twiml::{
    Attribute, BuildError, CallEvent, Client, Comment, Conference, ConferenceBeep, Connect, Dial,
    DialNoun, Element, Enqueue, Gather, GatherInput, Hangup, InterpretAs, Method, Number,
    Parameter, Pause, Play, Record, Redirect, Reject, RejectReason, Response, Say, SpeechTimeout,
    Start, Stream, Task, Text, Trim, Verb, Voice,
};

use super::grammar::text;
use crate::random::Random;

/// A part of a document with the tree that it should become.
type Built<T> = Result<(T, Value), BuildError>;

/// The rendered document and its tree.
pub(crate) fn document(random: &mut Random) -> Result<(String, Value), BuildError> {
    let mut response = Response::new();
    let mut children = Vec::new();
    for _ in 0..random.below(5) {
        let (verb, tree) = verb(random)?;
        response = response.verb(verb);
        children.push(tree);
    }
    Ok((response.render(), tree("Response", &[], children)))
}

fn verb(random: &mut Random) -> Built<Verb<'static>> {
    Ok(match random.below(13) {
        0 => into(say(random)?),
        1 => into(play(random)?),
        2 => into(dial(random)?),
        3 => into(gather(random)?),
        4 => into(record(random)?),
        5 => into(enqueue(random)?),
        6 => into(connect(random)?),
        7 => {
            let url = text(random);
            let redirect = Redirect::new(url.clone())?.method(Method::Get);
            into((redirect, tree("Redirect", &[("method", "GET")], vec![json!(url)])))
        }
        8 => {
            let reject = Reject::new().reason(RejectReason::Busy);
            into((reject, tree("Reject", &[("reason", "busy")], NOTHING)))
        }
        9 => {
            let seconds = random.below(60);
            let (pause, tree) = pause(seconds);
            into((pause, tree))
        }
        10 => into((Hangup::new(), tree("Hangup", &[], NOTHING))),
        11 => {
            let note = " a note ";
            (Verb::Other(Comment::new(note)?.into()), json!({ "comment": note }))
        }
        _ => {
            let (value, words) = (text(random), text(random));
            let element = Element::new("Teleport")?
                .attribute(Attribute::new("to", value.clone())?)
                .text(Text::new(words.clone())?);
            let tree = tree("Teleport", &[("to", &value)], vec![json!(words)]);
            (Verb::Other(element.into()), tree)
        }
    })
}

fn into<V: Into<Verb<'static>>>((verb, tree): (V, Value)) -> (Verb<'static>, Value) {
    (verb.into(), tree)
}

fn tree<C: Into<Value>>(name: &str, attributes: &[(&str, &str)], children: C) -> Value {
    let attributes: Map<String, Value> =
        attributes.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    json!({ "name": name, "attributes": attributes, "children": children.into() })
}

/// No children.
const NOTHING: [Value; 0] = [];

fn seconds(count: usize) -> Duration {
    Duration::from_secs(u64::try_from(count).unwrap_or_default())
}

fn pause(length: usize) -> (Pause<'static>, Value) {
    (
        Pause::new().length(seconds(length)),
        tree("Pause", &[("length", &length.to_string())], NOTHING),
    )
}

fn say(random: &mut Random) -> Built<Say<'static>> {
    let words = text(random);
    let mut say = Say::new(words.clone())?.voice(Voice::PollyAmyNeural);
    let mut children = vec![json!(words)];
    for _ in 0..random.below(4) {
        let words = text(random);
        let inside = json!(words);
        let (longer, child) = match random.below(4) {
            0 => {
                let pause = Break::new().time(Duration::from_millis(250));
                (say.pause(pause), tree("break", &[("time", "250ms")], NOTHING))
            }
            1 => (say.emphasis(Emphasis::new(words)?), tree("emphasis", &[], vec![inside])),
            2 => {
                let rate = text(random);
                let prosody = Prosody::new(words)?.rate(Text::new(rate.clone())?);
                (say.prosody(prosody), tree("prosody", &[("rate", &rate)], vec![inside]))
            }
            _ => {
                let digits = SayAs::new(words, InterpretAs::Digits)?;
                let attributes = [("interpret-as", "digits")];
                (say.say_as(digits), tree("say-as", &attributes, vec![inside]))
            }
        };
        let tail = text(random);
        say = longer.text(Text::new(tail.clone())?);
        children.extend([child, json!(tail)]);
    }
    Ok((say, tree("Say", &[("voice", "Polly.Amy-Neural")], children)))
}

fn play(random: &mut Random) -> Built<Play<'static>> {
    let (url, loops) = (text(random), random.below(10));
    let play = Play::new(url.clone())?.loops(u32::try_from(loops).unwrap_or_default());
    Ok((play, tree("Play", &[("loop", &loops.to_string())], vec![json!(url)])))
}

fn dial(random: &mut Random) -> Built<Dial<'static>> {
    let (action, timeout) = (text(random), random.below(600));
    let mut dial = Dial::new()
        .action(Text::new(action.clone())?)
        .answer_on_bridge(true)
        .timeout(seconds(timeout));
    let mut children = Vec::new();
    for _ in 0..random.below(Dial::MAX_NOUNS + 1) {
        let (noun, tree) = noun(random)?;
        dial = dial.noun(noun)?;
        children.push(tree);
    }
    let timeout = timeout.to_string();
    let attributes = [("action", &*action), ("answerOnBridge", "true"), ("timeout", &timeout)];
    Ok((dial, tree("Dial", &attributes, children)))
}

fn noun(random: &mut Random) -> Built<DialNoun<'static>> {
    let words = text(random);
    Ok(match random.below(3) {
        0 => {
            let identity = random.secret(20);
            let status = Text::new(words.clone())?;
            let mut client = Client::new(identity.clone())?
                .status_callback(status)
                .status_callback_event(CallEvent::ALL);
            let mut children = vec![json!(identity)];
            for index in 0..random.below(3) {
                if index == 0 {
                    children = vec![tree("Identity", &[], children)];
                }
                let (name, value) = (format!("name_{index}"), text(random));
                children.push(tree("Parameter", &[("name", &name), ("value", &value)], NOTHING));
                client = client.parameter(Parameter::new(name, value)?);
            }
            let events = "initiated ringing answered completed";
            let attributes = [("statusCallback", &*words), ("statusCallbackEvent", events)];
            (client.into(), tree("Client", &attributes, children))
        }
        1 => {
            let number = Number::new(words.clone())?.method(Method::Post);
            (number.into(), tree("Number", &[("method", "POST")], vec![json!(words)]))
        }
        _ => {
            let conference = Conference::new(words.clone())?
                .beep(ConferenceBeep::OnEnter)
                .wait_url(Text::new("")?);
            let attributes = [("beep", "onEnter"), ("waitUrl", "")];
            (conference.into(), tree("Conference", &attributes, vec![json!(words)]))
        }
    })
}

fn gather(random: &mut Random) -> Built<Gather<'static>> {
    let silence = random.below(10);
    let (said, prompt) = say(random)?;
    let (wait, silent) = pause(silence);
    let gather = Gather::new()
        .input(&[GatherInput::Dtmf, GatherInput::Speech])
        .finish_on_key(Text::new("")?)
        .speech_timeout(SpeechTimeout::After(seconds(silence)))
        .say(said)
        .pause(wait);
    let silence = silence.to_string();
    let attributes = [("input", "dtmf speech"), ("finishOnKey", ""), ("speechTimeout", &silence)];
    Ok((gather, tree("Gather", &attributes, vec![prompt, silent])))
}

fn record(random: &mut Random) -> Built<Record<'static>> {
    let (callback, length) = (text(random), random.below(3600));
    let record = Record::new()
        .max_length(seconds(length))
        .play_beep(false)
        .transcribe_callback(Text::new(callback.clone())?)
        .trim(Trim::DoNotTrim);
    let length = length.to_string();
    let attributes = [
        ("maxLength", &*length),
        ("playBeep", "false"),
        ("transcribeCallback", &callback),
        ("trim", "do-not-trim"),
    ];
    Ok((record, tree("Record", &attributes, NOTHING)))
}

fn enqueue(random: &mut Random) -> Built<Enqueue<'static>> {
    let (workflow, task) = (text(random), json!({ "note": text(random) }).to_string());
    let enqueue = Enqueue::workflow(Text::new(workflow.clone())?).task(Task::new(task.clone())?);
    let child = tree("Task", &[], vec![json!(task)]);
    Ok((enqueue, tree("Enqueue", &[("workflowSid", &workflow)], vec![child])))
}

/// A stream of the call's sound, instead of the call or beside it.
fn connect(random: &mut Random) -> Built<Verb<'static>> {
    let url = text(random);
    let stream = Stream::new(Text::new(url.clone())?);
    let child = tree("Stream", &[("url", &url)], NOTHING);
    Ok(if random.percent(50) {
        (Connect::new().stream(stream).into(), tree("Connect", &[], vec![child]))
    } else {
        (Start::new().stream(stream).into(), tree("Start", &[], vec![child]))
    })
}
