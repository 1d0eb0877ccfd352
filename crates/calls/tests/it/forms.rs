//! Twilio's parameters, as they come and broken.

use calls::{DialStatus, Direction, Fact, LegStatus, ParamError, Party, Source, parse};
use identity::{ParseError, Timestamp};

use crate::support::*;

const PARENT: &str = "CA01010101010101010101010101010101";
const CHILD: &str = "CA02020202020202020202020202020202";
const AGENT: &str = "client:agent_07070707070707070707070707070707";

/// A number dialled from outside (the capture of a real request, with other numbers).
const VOICE: &[(&str, &str)] = &[
    ("AccountSid", "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
    ("ApiVersion", "2010-04-01"),
    ("CallSid", PARENT),
    ("CallStatus", "ringing"),
    ("Called", "+15005550006"),
    ("Caller", "+15005550001"),
    ("Direction", "inbound"),
    ("From", "+15005550001"),
    ("FromCity", ""),
    ("To", "+15005550006"),
];

/// A callback of a client leg.
const LEG: &[(&str, &str)] = &[
    ("CallSid", CHILD),
    ("ParentCallSid", PARENT),
    ("CallStatus", "completed"),
    ("Direction", "outbound-dial"),
    ("From", "+15005550001"),
    ("To", AGENT),
    ("CallDuration", "61"),
    ("Duration", "2"),
    ("SipResponseCode", "200"),
    ("SequenceNumber", "3"),
    ("Timestamp", "Thu, 01 Jan 2026 00:01:06 +0000"),
    ("CallbackSource", "call-progress-events"),
];

/// The `action` of a Dial.
const DIAL: &[(&str, &str)] = &[
    ("CallSid", PARENT),
    ("CallStatus", "in-progress"),
    ("DialCallStatus", "completed"),
    ("DialCallSid", CHILD),
    ("DialCallDuration", "60"),
    ("DialBridged", "true"),
];

/// The same parameters with some replaced; an empty value counts as absent.
fn with<'a>(base: &[(&'a str, &'a str)], more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = |(name, _): &(&str, &str)| !more.iter().any(|(other, _)| other == name);
    base.iter().copied().filter(kept).chain(more.iter().copied()).collect()
}

fn fact(source: Source, params: &[(&str, &str)]) -> Result<Fact, ParamError> {
    let parsed = parse(&source, params.iter().copied(), at(99))?;
    assert_eq!(parsed.call.as_str(), PARENT, "always the parent");
    Ok(parsed.event.fact)
}

fn leg(params: &[(&str, &str)]) -> calls::LegEvent {
    let got = fact(Source::Leg { agent: None }, params).expect("an event");
    if let Fact::Leg(leg) = got { Some(leg) } else { None }.expect("a leg")
}

fn dialled(params: &[(&str, &str)]) -> calls::Dialled {
    let got = fact(Source::Dial { wave: 2 }, params).expect("an event");
    if let Fact::Dialled(dialled) = got { Some(dialled) } else { None }.expect("a Dial")
}

#[test]
fn the_voice_webhook_says_who_calls_whom() {
    let cases = [
        ("a number", "+15005550001", Direction::Inbound),
        ("an agent's page", AGENT, Direction::Outbound),
        ("another page", "client:user", Direction::Outbound),
        ("withheld", "anonymous", Direction::Inbound),
        ("SIP", "sip:a@example.com", Direction::Inbound),
        ("right to left", "\u{202e}مجهول", Direction::Inbound),
    ];
    for (name, from, direction) in cases {
        let got = fact(Source::Voice, &with(VOICE, &[("From", from)]));
        let Ok(Fact::Arrived(arrived)) = got else { panic!("{name}: {got:?}") };
        assert_eq!(arrived.direction, direction, "{name}");
        assert_eq!(arrived.from, Party::read(from), "{name}");
        assert_eq!(arrived.to.as_str(), "+15005550006", "{name}");
    }
    let called_out = with(VOICE, &[("From", AGENT), ("To", "")]);
    let Ok(Fact::Arrived(arrived)) = fact(Source::Voice, &called_out) else { panic!("arrived") };
    assert_eq!(arrived.to, Party::unknown());
}

#[test]
fn moments_are_twilios_where_it_gives_them_and_they_can_be_believed() {
    let dated = |params: &[(&str, &str)]| {
        let parsed = parse(&Source::Leg { agent: None }, params.iter().copied(), at(99));
        let parsed = parsed.expect("a leg");
        (parsed.event.at, parsed.disbelieved)
    };
    assert_eq!(dated(LEG), (at(66), None));
    let moment = |text: &str| text.parse().expect("a moment");
    let cases = [
        ("", at(99), None),
        ("yesterday", at(99), None),
        // A day before the receipt, a second more, and ages.
        ("Wed, 31 Dec 2025 00:01:39 +0000", at(99 - 86_400), None),
        ("Wed, 31 Dec 2025 00:01:38 +0000", at(99), Some(moment("2025-12-31T00:01:38Z"))),
        ("Sat, 01 Jan 0000 00:00:00 +0000", at(99), Some(Timestamp::MIN)),
        // Two minutes after the receipt, and a second or three days more.
        ("Thu, 01 Jan 2026 00:03:39 +0000", at(99 + 120), None),
        ("Thu, 01 Jan 2026 00:03:40 +0000", at(99), Some(at(99 + 121))),
        ("Sun, 04 Jan 2026 00:01:39 +0000", at(99), Some(at(99 + 3 * 86_400))),
    ];
    for (text, want, disbelieved) in cases {
        assert_eq!(dated(&with(LEG, &[("Timestamp", text)])), (want, disbelieved), "{text}");
    }
}

#[test]
fn a_leg_says_whose_it_is_and_how_it_stands() {
    let full = leg(LEG);
    assert_eq!((full.sid.as_str(), full.agent), (CHILD, Some(agent(7))));
    assert_eq!((full.status, full.sequence), (LegStatus::Completed, Some(3)));
    assert_eq!(full.duration.map(|length| length.as_secs()), Some(61));
    assert_eq!(full.sip_response, Some(200));

    let odd = [("CallDuration", "-1"), ("SequenceNumber", "x"), ("SipResponseCode", "99999")];
    let odd = leg(&with(LEG, &odd));
    assert_eq!((odd.duration, odd.sequence, odd.sip_response), (None, None, None));
    assert_eq!(leg(&with(LEG, &[("To", "+15005550009")])).agent, None);
    assert_eq!(leg(&with(LEG, &[("CallStatus", "queued")])).status, LegStatus::Initiated);

    let named = fact(Source::Leg { agent: Some(agent(8)) }, LEG);
    assert!(matches!(named, Ok(Fact::Leg(leg)) if leg.agent == Some(agent(8))));
    // One URL may serve the legs and the call.
    assert_eq!(fact(Source::Status, LEG), Ok(Fact::Leg(full)));
}

#[test]
fn a_dial_says_how_it_ended() {
    let full = dialled(DIAL);
    assert_eq!((full.wave, full.status), (2, DialStatus::Completed));
    assert_eq!(full.child.map(|child| child.to_string()).as_deref(), Some(CHILD));
    assert_eq!((full.bridged, full.caller_gone), (Some(true), false));
    assert!(full.connected());

    let gone =
        dialled(&with(DIAL, &[("CallStatus", "completed"), ("DialCallStatus", "no-answer")]));
    assert!(gone.caller_gone && !gone.connected());
    assert!(!dialled(&with(DIAL, &[("DialBridged", "false")])).connected());
    let conference = dialled(&with(DIAL, &[("DialCallStatus", "answered"), ("DialCallSid", "")]));
    assert!(conference.connected() && conference.child.is_none());
}

#[test]
fn errors_name_the_parameter() {
    let missing = |name| Err(ParamError::Missing { name });
    let word = |name| Err(ParamError::Word { name });
    let leg = Source::Leg { agent: None };
    let dial = Source::Dial { wave: 1 };
    let prefix = ParseError::Prefix { what: "call Sid", prefix: "CA" };
    let cases = [
        (Source::Voice, with(VOICE, &[("CallSid", "")]), missing("CallSid")),
        (
            Source::Voice,
            with(VOICE, &[("CallSid", "SM02")]),
            Err(ParamError::Sid { name: "CallSid", source: prefix }),
        ),
        (
            Source::Voice,
            [VOICE, &[("CallSid", CHILD)]].concat(),
            Err(ParamError::Repeated { name: "CallSid" }),
        ),
        (leg, with(LEG, &[("ParentCallSid", "")]), missing("ParentCallSid")),
        (leg, with(LEG, &[("CallStatus", "")]), missing("CallStatus")),
        (leg, with(LEG, &[("CallStatus", "COMPLETED")]), word("CallStatus")),
        (dial, with(DIAL, &[("DialCallStatus", "")]), missing("DialCallStatus")),
        (dial, with(DIAL, &[("DialCallStatus", "ringing")]), word("DialCallStatus")),
        (
            dial,
            with(DIAL, &[("DialCallSid", "x")]),
            Err(ParamError::Sid { name: "DialCallSid", source: prefix }),
        ),
        (Source::Status, with(VOICE, &[("CallStatus", "")]), missing("CallStatus")),
        (Source::Status, VOICE.to_vec(), Err(ParamError::NotFinal { name: "CallStatus" })),
        (Source::Status, with(VOICE, &[("CallStatus", "over")]), word("CallStatus")),
    ];
    for (source, params, want) in cases {
        assert_eq!(fact(source, &params), want, "{source:?}");
    }
    let twice = [VOICE, &[("CallSid", PARENT)]].concat();
    assert!(fact(Source::Voice, &twice).is_ok(), "the same value twice is one value");
}

#[test]
fn messages_name_the_parameter_and_never_the_value() {
    let cases = [
        (ParamError::Missing { name: "From" }, "parameter `From` is missing"),
        (ParamError::Repeated { name: "CallSid" }, "parameter `CallSid` has two values"),
        (
            ParamError::Word { name: "CallStatus" },
            "parameter `CallStatus` is none of the known words",
        ),
        (
            ParamError::NotFinal { name: "CallStatus" },
            "parameter `CallStatus` says that the call goes on",
        ),
    ];
    for (error, want) in cases {
        assert_eq!(error.to_string(), want);
    }
}

#[test]
fn parties_keep_no_control_characters_and_have_an_end() {
    let long = "x".repeat(1000);
    let cases = [
        ("nothing", "", ""),
        ("control characters", "a\u{0}b\r\nc\u{7f}", "abc"),
        ("a number with a blank", "+1 500", "+1 500"),
        ("too long", &long, &long[..Party::MAX_OTHER]),
    ];
    for (name, text, want) in cases {
        let party = Party::read(text);
        assert_eq!(party.as_str(), want, "{name}");
        assert_eq!(Party::read(party.as_str()), party, "{name}");
    }
    assert!(!format!("{:?}", Party::read("5005550006")).contains("500"));
    assert!(!format!("{:?}", Party::read("+15005550006")).contains("500"));
}
