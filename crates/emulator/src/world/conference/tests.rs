use identity::{CallSid, ConferenceSid};

use super::super::api::Instruction;
use super::super::stage::{Stage, account};
use super::ConferenceStatus;
use crate::state::audio::Hears;
use crate::state::call::First;
use crate::state::conference::{Coaching, ParticipantChange};
use crate::step::{Target, Wait};
use crate::{CallStatus, Kind, Method, Voice, Webhook};

/// Everybody joins the same room; the caller whose number ends in 1 ends it.
fn room(path: &str, webhook: &Webhook) -> String {
    let ends = webhook.param("From").is_some_and(|from| from.ends_with('1'));
    match path {
        "/voice" => format!(
            "<Dial action=\"/after\"><Conference endConferenceOnExit=\"{ends}\" beep=\"false\" \
             waitUrl=\"\" statusCallback=\"/events\" \
             statusCallbackEvent=\"start end join leave mute hold modify announcement\">room\
             </Conference></Dial>"
        ),
        "/hold" => "<Say>Hold on.</Say>".to_owned(),
        "/elsewhere" => "<Pause length=\"100\"/>".to_owned(),
        _ => String::new(),
    }
}

fn talking(count: u8) -> (Stage, ConferenceSid, Vec<CallSid>) {
    let mut stage = Stage::new(room);
    let calls: Vec<CallSid> = (1..=count).map(|digit| stage.calls(digit)).collect();
    let id = stage.world.conferences.named(account(), "room").unwrap();
    (stage, id, calls)
}

fn hears(stage: &Stage, leg: CallSid) -> Hears {
    stage.world.audio.of(leg).what
}

fn events(stage: &Stage) -> Vec<String> {
    stage.params(Kind::Conference, "StatusCallbackEvent")
}

#[test]
fn everybody_hears_everybody_else() {
    let (stage, id, calls) = talking(3);
    let [a, b, c] = calls[..] else { panic!("three calls") };
    assert_eq!(hears(&stage, a), Hears::Mix(vec![b, c]));
    assert_eq!(hears(&stage, b), Hears::Mix(vec![a, c]));
    assert_eq!(stage.world.conferences[&id].status, ConferenceStatus::InProgress);
    assert_eq!(
        events(&stage),
        ["participant-join", "participant-join", "conference-start", "participant-join"]
    );
    let numbers = stage.params(Kind::Conference, "SequenceNumber");
    assert_eq!(numbers, ["1", "2", "3", "4"]);
}

#[test]
fn hold_mute_and_coach_change_who_is_heard() {
    let (mut stage, id, calls) = talking(3);
    let [a, b, c] = calls[..] else { panic!("three calls") };
    let change = |stage: &mut Stage, call, change| {
        let done = stage.world.change_participant(id, call, change).map_err(|it| it.code);
        stage.settle();
        done
    };
    let wait = Wait::Url(Target { url: "http://a.example/hold".into(), method: Method::Get });
    let hold = ParticipantChange {
        hold: Some(true),
        hold_wait: Some(wait),
        ..ParticipantChange::default()
    };
    assert_eq!(change(&mut stage, a, hold), Ok(()));
    assert!(matches!(hears(&stage, a), Hears::Tone { .. }), "what is heard on hold");
    assert_eq!(hears(&stage, b), Hears::Mix(vec![c]));
    stage.pass(10);
    assert!(stage.params(Kind::Wait, "CallSid").len() > 5, "again and again");

    let coach = |coached| ParticipantChange {
        coaching: Some(Coaching::Participant(coached)),
        ..ParticipantChange::default()
    };
    assert_eq!(change(&mut stage, c, coach(a)), Err(16_027), "on hold");
    let stranger = CallSid::from_bytes([9; 16]);
    assert_eq!(change(&mut stage, c, coach(stranger)), Err(16_028), "not there");

    let off = ParticipantChange { hold: Some(false), ..ParticipantChange::default() };
    assert_eq!(change(&mut stage, a, off), Ok(()));
    assert_eq!(change(&mut stage, c, coach(a)), Ok(()));
    assert_eq!(hears(&stage, a), Hears::Mix(vec![b, c]));
    assert_eq!(hears(&stage, b), Hears::Mix(vec![a]), "the coach is heard by one only");
    assert_eq!(hears(&stage, c), Hears::Mix(vec![a, b]));

    let barge = ParticipantChange {
        coaching: Some(Coaching::Nobody),
        muted: Some(true),
        ..ParticipantChange::default()
    };
    assert_eq!(change(&mut stage, c, barge), Ok(()));
    assert_eq!(hears(&stage, a), Hears::Mix(vec![b]));
    assert_eq!(
        events(&stage)[4..],
        [
            "participant-hold",
            "participant-unhold",
            "participant-modify",
            "participant-mute",
            "participant-modify",
        ]
    );
}

#[test]
fn an_announcement_is_heard_and_then_the_others_again() {
    let (mut stage, id, calls) = talking(2);
    let target = Target { url: "http://a.example/hold".into(), method: Method::Get };
    stage.world.announce_to_all(id, &target);
    stage.settle();
    assert!(matches!(hears(&stage, calls[0]), Hears::Tone { .. }));
    stage.pass(2);
    assert_eq!(hears(&stage, calls[0]), Hears::Mix(vec![calls[1]]));
    assert_eq!(events(&stage)[3..], ["announcement-end", "announcement-end"]);
}

#[test]
fn a_removed_participant_goes_on_with_the_action() {
    let (mut stage, id, calls) = talking(3);
    assert!(stage.world.remove_participant(id, calls[2]));
    assert!(!stage.world.remove_participant(id, calls[2]), "once");
    stage.settle();
    assert_eq!(stage.params(Kind::Action, "DialCallStatus"), ["answered"]);
    assert_eq!(stage.world.calls[&calls[2]].life.status, CallStatus::Completed);
    assert_eq!(stage.world.conferences[&id].participants.len(), 2);
    let left = stage.params(Kind::Conference, "ReasonParticipantLeft");
    assert_eq!(left.last().map(String::as_str), Some("participant_updated_via_api"));
}

#[test]
fn it_ends_for_one_of_five_reasons() {
    type End = fn(&mut Stage, ConferenceSid, &[CallSid]);
    let cases: [(&str, End, &str, &str); 5] = [
        (
            "by the API",
            |stage, id, _| assert!(stage.world.end_conference(id)),
            "conference-ended-via-api",
            "conference_ended_via_api",
        ),
        (
            "the moderator leaves",
            |stage, _, calls| assert!(stage.world.hang_up(calls[0])),
            "participant-with-end-conference-on-exit-left",
            "moderator_ended_conference",
        ),
        (
            "the moderator is taken out",
            |stage, id, calls| assert!(stage.world.remove_participant(id, calls[0])),
            "participant-with-end-conference-on-exit-kicked",
            "moderator_ended_conference",
        ),
        (
            "the last one leaves",
            |stage, id, calls| {
                let free = ParticipantChange { ends: Some(false), ..ParticipantChange::default() };
                stage.world.change_participant(id, calls[0], free).unwrap();
                for call in calls {
                    assert!(stage.world.hang_up(*call));
                }
            },
            "last-participant-left",
            "participant_hung_up",
        ),
        (
            "the last one is taken out",
            |stage, id, calls| {
                stage.world.hang_up(calls[1]);
                let free = ParticipantChange { ends: Some(false), ..ParticipantChange::default() };
                stage.world.change_participant(id, calls[0], free).unwrap();
                assert!(stage.world.remove_participant(id, calls[0]));
            },
            "last-participant-kicked",
            "participant_updated_via_api",
        ),
    ];
    for (name, end, reason, left) in cases {
        let (mut stage, id, calls) = talking(2);
        end(&mut stage, id, &calls);
        stage.settle();
        let conference = &stage.world.conferences[&id];
        assert_eq!(conference.ended, Some(reason), "{name}");
        assert_eq!(events(&stage).last().map(String::as_str), Some("conference-end"), "{name}");
        let ends = stage.params(Kind::Conference, "ReasonConferenceEnded");
        assert_eq!(ends.last().map(String::as_str), Some(reason), "{name}");
        let lefts = stage.params(Kind::Conference, "ReasonParticipantLeft");
        assert_eq!(
            lefts.iter().rfind(|it| !it.is_empty()).map(String::as_str),
            Some(left),
            "{name}"
        );
        assert!(calls.iter().all(|call| stage.world.calls[call].has_ended()), "{name}");
        assert!(stage.world.conferences.named(account(), "room").is_none());
        assert!(!stage.world.end_conference(id), "{name}: once");
    }
}

#[test]
fn a_redirected_participant_leaves_and_its_action_has_no_effect() {
    let (mut stage, id, calls) = talking(3);
    let first = First { voice: Voice::new("http://a.example/elsewhere"), twiml: None };
    stage.world.instruct(calls[1], Instruction::GoOn(Box::new(first))).unwrap();
    stage.settle();
    assert_eq!(stage.params(Kind::Action, "DialCallStatus"), ["answered"]);
    assert_eq!(stage.params(Kind::Redirect, "CallSid"), [calls[1].to_string()]);
    assert_eq!(stage.world.calls[&calls[1]].life.status, CallStatus::InProgress);
    assert_eq!(stage.world.conferences[&id].participants.len(), 2);
    assert_eq!(hears(&stage, calls[0]), Hears::Mix(vec![calls[2]]));
}
