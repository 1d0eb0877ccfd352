//! Events as the store and the spool write them.

use calls::{ClosedBy, Event, LegStatus, Outcome};
use serde_json::{Value, json};

use crate::found::{found, found_leg};
use crate::support::*;

#[test]
fn events_are_flat_objects() {
    let cases = [
        (
            leg(5, 2, 2, LegStatus::InProgress),
            json!({
                "at": "2026-01-01T00:00:05Z", "fact": "leg", "status": "in-progress",
                "sid": "CA02020202020202020202020202020202", "sequence": 2,
                "agent": "02020202-0202-0202-0202-020202020202",
            }),
        ),
        (
            bridged(66, 1, 2, 60),
            json!({
                "at": "2026-01-01T00:01:06Z", "fact": "dialled", "wave": 1, "status": "completed",
                "child": "CA02020202020202020202020202020202", "duration": 60, "bridged": true,
                "caller_gone": false,
            }),
        ),
        (
            arrived(0),
            json!({
                "at": "2026-01-01T00:00:00Z", "fact": "arrived", "direction": "inbound",
                "from": "+15005550001", "to": "+15005550006",
            }),
        ),
        (
            ended(67, LegStatus::NoAnswer),
            json!({"at": "2026-01-01T00:01:07Z", "fact": "ended", "status": "no-answer"}),
        ),
    ];
    for (event, want) in cases {
        assert_eq!(serde_json::to_value(&event).expect("serializes"), want);
    }
}

#[test]
fn every_kind_of_event_comes_back() {
    let mut events = three_agents();
    events.extend([called_out(0, 7), placed(0, 7), refused(0, 7)]);
    events.push(closed(9, ClosedBy::Deadline, Some(1), LegStatus::Canceled));
    events.push(found(0, "+15005550001", "+15005550006"));
    events.push(found_leg(1, 2, LegStatus::InProgress));
    for event in events {
        let text = serde_json::to_string(&event).expect("serializes");
        let back: Event = serde_json::from_str(&text).expect("parses");
        assert_eq!(back, event, "{text}");
        assert_eq!(back.key(), event.key());
    }
}

/// The form that the API shows: no key may change. There may be more.
#[test]
fn a_call_is_one_object() {
    let from = "client:agent_07070707070707070707070707070707";
    let call = call(&[called_out(0, 7), refused(0, 7)]);
    let agent = "07070707-0707-0707-0707-070707070707";
    let (began, sid) = ("2026-01-01T00:00:00Z", call.sid.as_str());
    let want = json!({
        "call_sid": sid, "direction": "outbound", "outcome": "refused", "from": from,
        "to": call.to.as_str(), "contact_id": null, "handled_by": agent, "started_at": began,
        "answered_at": null, "ended_at": began, "end_reason": "refused",
        "refusal": "country_not_allowed", "waves": [],
        "legs": [{
            "leg_sid": sid, "agent": agent, "status": "failed", "end_reason": "refused",
            "initiated_at": began, "ringing_at": null, "answered_at": null, "ended_at": began,
        }],
    });
    assert_keeps(&serde_json::to_value(&call).expect("serializes"), &want);

    let rung = crate::support::call(&three_agents());
    let wave = serde_json::to_value(&rung.waves[0]).expect("serializes");
    for key in ["decided_at", "dialled", "ended_at", "number", "scope", "verdicts"] {
        assert!(wave.get(key).is_some(), "{key}");
    }
    let verdict = json!({"user": rung.waves[0].verdicts[0].user, "reason": "rings", "rings": true});
    assert_eq!(wave["verdicts"][0], verdict);
}

/// Whether everything that is wanted is there, as it is wanted.
fn assert_keeps(got: &Value, want: &Value) {
    match want {
        Value::Object(fields) => fields.iter().for_each(|(key, want)| {
            assert_keeps(got.get(key).expect(key), want);
        }),
        Value::Array(items) => {
            assert_eq!(got.as_array().map(Vec::len), Some(items.len()), "{got}");
            items.iter().enumerate().for_each(|(at, want)| assert_keeps(&got[at], want));
        }
        _ => assert_eq!(got, want),
    }
}

/// A letter means the same for ever.
#[test]
fn decisions_are_kept_in_a_short_form_and_read_in_the_long_one() {
    let reasons = "rings waits beyond_last_wave already_rang on_call wrap_up away offline \
                   page_closed page_not_ready not_assigned not_member";
    let long: Vec<Value> = reasons
        .split_whitespace()
        .enumerate()
        .map(|(n, reason)| {
            let user = identity::UserId::from_bytes([[0xff, 0x07][n % 2]; 16]);
            json!({"user": user, "reason": reason, "rings": n < 2})
        })
        .collect();
    let event = |verdicts: Value| -> Result<Event, serde_json::Error> {
        serde_json::from_value(json!({"at": "2026-01-01T00:00:00Z", "fact": "routed", "wave": 1,
            "scope": "assigned", "verdicts": verdicts}))
    };
    let read = event(json!(long)).expect("the long form");
    let kept = serde_json::to_value(&read).expect("serializes");
    let users = ["D_____________________", "AHBwcHBwcHBwcHBwcHBwcH"];
    let letters = "RWbacuyopenm".chars().map(String::from).enumerate();
    let short: String = letters.flat_map(|(n, letter)| [users[n % 2].to_owned(), letter]).collect();
    assert_eq!(kept["verdicts"], json!(short));
    assert_eq!(event(kept["verdicts"].clone()).expect("the short form"), read);
    let too_large = format!("E{}r", &users[0][1..]);
    for broken in [&short[1..], &short[..22], &short.replace('b', "z"), &too_large, "é"] {
        assert!(event(json!(broken)).is_err(), "{broken}");
    }

    let call = call(&three_agents());
    let kept = serde_json::to_value(call.waves[0].kept()).expect("serializes");
    assert!(kept["verdicts"].is_string(), "{kept}");
    let long = serde_json::to_value(&call.waves[0]).expect("serializes");
    for form in [kept, long] {
        let wave: calls::Wave = serde_json::from_value(form).expect("reads");
        assert_eq!(wave, call.waves[0]);
    }
}

/// Another version's words come back as they were, and in the order of their texts.
#[test]
fn words_of_a_newer_version_are_kept() {
    let text = r#"{"at":"2026-01-01T00:00:00Z","fact":"routed","wave":1,"scope":"team:sales",
        "verdicts":[{"user":"07070707-0707-0707-0707-070707070707","reason":"skilled","rings":true},
        {"user":"08080808-0808-0808-0808-080808080808","reason":"rings","rings":true}]}"#;
    let event: Event = serde_json::from_str(text).expect("parses");
    let back = serde_json::to_value(&event).expect("serializes");
    assert_eq!(back, serde_json::from_str::<Value>(text).expect("JSON"));
    let refused = |reason: &str| -> Event {
        let text =
            format!(r#"{{"at":"2026-01-01T00:00:00Z","fact":"refused","reason":"{reason}"}}"#);
        serde_json::from_str(&text).expect("parses")
    };
    assert!(refused("curfew") < refused("on_call") && refused("on_call") < refused("too_late"));
    let call = calls::fold(identity::CallSid::from_bytes([1; 16]), [&refused("curfew")]);
    assert_eq!(call.refusal.map(|word| word.to_string()).as_deref(), Some("curfew"));
}

/// A store finds events by their keys.
#[test]
fn keys_tell_which_events_end_a_call() {
    let carrier = closed(9, ClosedBy::Carrier, None, LegStatus::Completed);
    let over = [ended(67, LegStatus::Completed), carrier.clone()];
    assert_eq!(over.map(|event| event.key()), Event::OVER);
    let deadline = closed(9, ClosedBy::Deadline, Some(1), LegStatus::Completed);
    for event in [carrier, deadline] {
        assert_eq!(event.key().split(':').next(), Some(Event::CLOSED));
    }
}

#[test]
fn codes_are_texts() {
    for outcome in Outcome::ALL {
        assert_eq!(serde_json::to_value(outcome).expect("serializes"), json!(outcome.code()));
        assert_eq!(outcome.code().parse(), Ok(*outcome));
    }
    let error = serde_json::from_str::<Outcome>("\"lost\"").expect_err("no outcome");
    assert!(error.to_string().starts_with("outcome is none of the known codes"), "{error}");
}
