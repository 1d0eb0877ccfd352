//! Checks whether an answer is good for Twilio and the caller.

use harness::http::Answer;
use twiml::{DialNoun, Response, Verb};

/// The meaning of an answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// The event is durable.
    Noted,
    /// Agents ring.
    Rings,
    /// The caller hears a sentence.
    Says,
    /// The call is over.
    HangsUp,
    /// The answer is wrong.
    Wrong(String),
}

/// Judges the answer to a callback, or to a voice webhook.
pub(crate) fn judge(is_voice: bool, answer: &Answer) -> Verdict {
    match (is_voice, answer.status) {
        (false, 204) => Verdict::Noted,
        (true, 200) => document(answer.text()),
        (_, status) => Verdict::Wrong(format!("status {status}: {}", answer.text())),
    }
}

fn document(text: &str) -> Verdict {
    let response = match Response::parse(text) {
        Ok(response) if response.unknown().is_empty() => response,
        Ok(_) => return Verdict::Wrong(format!("it contains more than TwiML: {text}")),
        Err(error) => return Verdict::Wrong(format!("it is not TwiML ({error}): {text}")),
    };
    match response.verbs() {
        [Verb::Dial(dial), ..] if dial.nouns().iter().any(is_client) => Verdict::Rings,
        [Verb::Say(_), ..] => Verdict::Says,
        [Verb::Hangup(_), ..] => Verdict::HangsUp,
        _ => Verdict::Wrong(format!("it rings nobody and says nothing: {text}")),
    }
}

fn is_client(noun: &DialNoun<'_>) -> bool {
    matches!(noun, DialNoun::Client(client) if client.identity().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(is_voice: bool, status: u16, body: &str) -> Verdict {
        judge(is_voice, &Answer { status, headers: Vec::new(), body: body.into() })
    }

    #[test]
    fn only_what_a_caller_can_live_with_is_good() {
        let ring = "<Response><Dial><Client>agent_1</Client></Dial></Response>";
        let say = "<Response><Say>Later.</Say><Hangup/></Response>";
        let cases = [
            ("noted", of(false, 204, ""), Some(Verdict::Noted)),
            ("rings", of(true, 200, ring), Some(Verdict::Rings)),
            ("says", of(true, 200, say), Some(Verdict::Says)),
            ("over", of(true, 200, "<Response><Hangup/></Response>"), Some(Verdict::HangsUp)),
            ("refused", of(false, 503, ""), None),
            ("no document", of(true, 204, ""), None),
            ("broken", of(true, 200, "<Response><Dial>"), None),
            ("nobody", of(true, 200, "<Response><Dial/></Response>"), None),
            ("unknown", of(true, 200, "<Response><Sing/></Response>"), None),
            ("empty", of(true, 200, "<Response/>"), None),
        ];
        for (name, got, want) in cases {
            match want {
                Some(want) => assert_eq!(got, want, "{name}"),
                None => assert!(matches!(got, Verdict::Wrong(_)), "{name}: {got:?}"),
            }
        }
    }
}
