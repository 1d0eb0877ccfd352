//! Conferences and participants, against the emulator, and every kind of error.

use emulator::{ApiFault, ApiMishap, Behaviour, Config, Emulator, Voice};
use identity::{CallSid, ConferenceSid};
use twilio_rest::{
    Coaches, ErrorKind, Instruction, Invitation, ParticipantChange, ParticipantName,
};
use twiml::{Conference, Dial, ParticipantLabel, Response};

use crate::emulator::client_of;
use crate::twilio::*;

const LABEL: ParticipantName<'_> = ParticipantName::Label("p1");

fn into_room() -> Instruction {
    let label = ParticipantLabel::new("p0").expect("a label");
    let room = Conference::new("room-1").expect("a name").participant_label(label);
    let document = Response::new().dial(Dial::new().conference(room).expect("a noun"));
    Instruction::twiml(&document).expect("short")
}

#[tokio::test]
async fn a_call_becomes_a_room_in_which_somebody_is_held_coached_and_removed() {
    let twilio = Emulator::start(Config::default()).await.expect("it starts");
    let http = twilio.listen_http(([127, 0, 0, 1], 0).into()).await.expect("a port");
    let account = twilio.account("2bc2d9b4a1f84d0c9e7a5f3b6d8e1c0f").expect("a token");
    // No server is there: the caller hears an error message until they are redirected.
    account.number("+15005550001", Voice::new("http://127.0.0.1:9/voice")).expect("a number");
    let ana = account.agent("agent_7f3c2d1e00004000800000000000000a", Behaviour::ByHand);
    twilio.phone("+15005551234").behaves(Behaviour::ByHand);
    let hold = twilio.hold();
    let call = twilio.phone("+15005551234").call("+15005550001");
    call.until(|story| story.application_error).await;

    let (client, credentials) = client_of(&http, &account);
    let theirs = client.account(&credentials);
    assert_eq!(theirs.conference("room-1").await.expect("an answer"), None);
    theirs.update(call.sid(), &into_room()).await.expect("it is redirected");
    let room = theirs.conference("room-1").await.expect("an answer").expect("a room");
    assert!(!room.is_over, "one participant waits");
    let alone = theirs.participants(room.sid).await.expect("an answer");
    let [caller] = &alone[..] else { panic!("{alone:?}") };
    assert_eq!((caller.call, caller.label.as_deref()), (call.sid(), Some("p0")));
    assert!(caller.is_connected && !caller.held && !caller.muted);

    // Ana is called, and answers.
    let address = ana.address().to_string();
    let invitation = Invitation { muted: true, ..Invitation::new("+15005550001", &address, "p1") };
    let invited = theirs.invite("room-1", &invitation).await.expect("she is called");
    assert!(!invited.is_connected && invited.conference == room.sid, "{invited:?}");
    drop(hold);
    ana.rings().await;
    assert_eq!(ana.answer().expect("it rings"), invited.call);
    let joined = theirs.participants(room.sid).await.expect("an answer");
    assert_eq!(joined.iter().filter(|it| it.is_connected).count(), 2, "{joined:?}");

    // She whispers to the caller, who is put on hold, and cannot be whispered to then.
    let whisper = ParticipantChange {
        muted: Some(false),
        coaches: Some(Coaches::Call(call.sid())),
        ..ParticipantChange::default()
    };
    let coaching = theirs.change(room.sid, LABEL, &whisper).await.expect("she whispers");
    assert_eq!((coaching.coaches, coaching.muted), (Some(call.sid()), false));
    let barge = ParticipantChange { coaches: Some(Coaches::Nobody), ..Default::default() };
    let barging = theirs.change(room.sid, LABEL, &barge).await.expect("she barges");
    assert_eq!(barging.coaches, None);
    let on_hold = ParticipantChange { held: Some(true), ..Default::default() };
    let held = theirs.change(room.sid, ParticipantName::Call(call.sid()), &on_hold).await;
    assert!(held.expect("they are held").held);
    let kind = |error: twilio_rest::Error| error.kind();
    let refused = theirs.change(room.sid, LABEL, &whisper).await.map_err(kind);
    assert_eq!(refused, Err(ErrorKind::CoachedOnHold));
    let nobody = ParticipantChange {
        coaches: Some(Coaches::Call(CallSid::from_bytes([9; 16]))),
        ..Default::default()
    };
    let refused = theirs.change(room.sid, LABEL, &nobody).await.map_err(kind);
    assert_eq!(refused, Err(ErrorKind::CoachedAbsent));

    // A request that was executed though its answer was lost, and one that was not executed.
    let resumed = ParticipantChange { held: Some(false), ..Default::default() };
    twilio.api_fault(ApiFault { mishap: ApiMishap::Lost, times: Some(1) });
    let lost = theirs.change(room.sid, ParticipantName::Label("p0"), &resumed).await.map_err(kind);
    assert_eq!(lost, Err(ErrorKind::Unsure));
    let seen = theirs.participants(room.sid).await.expect("an answer");
    assert!(seen.iter().all(|it| !it.held), "it was executed: {seen:?}");

    // Once nobody whom the test controls is on a call, hours would pass.
    let _hold = twilio.hold();
    theirs.remove(room.sid, LABEL).await.expect("she is removed");
    assert_eq!(theirs.remove(room.sid, LABEL).await.map_err(kind), Err(ErrorKind::Gone));
    let gone = theirs.change(room.sid, LABEL, &on_hold).await.map_err(kind);
    assert_eq!(gone, Err(ErrorKind::Gone));
    theirs.update(call.sid(), &Instruction::hang_up()).await.expect("it ends");
    let over = theirs.update(call.sid(), &into_room()).await.map_err(kind);
    assert_eq!(over.map(|it| it.sid), Err(ErrorKind::NotInProgress));
    assert_eq!(theirs.conference("room-1").await.expect("an answer"), None, "it is over");
    assert_eq!(theirs.participants(room.sid).await.expect("an answer"), []);
    let unknown = ConferenceSid::from_bytes([9; 16]);
    assert_eq!(theirs.participants(unknown).await.expect("an answer"), []);
}

#[tokio::test]
async fn errors_are_told_apart_by_what_follows_from_them() {
    let json = |code: u32| format!(r#"{{"code":{code},"message":"x","status":400}}"#);
    let cases = [
        (answer("404 Not Found", &json(20_404)), ErrorKind::Gone),
        (answer("404 Not Found", "<html></html>"), ErrorKind::Gone),
        (answer("400 Bad Request", &json(21_220)), ErrorKind::NotInProgress),
        (answer("400 Bad Request", &json(16_027)), ErrorKind::CoachedOnHold),
        (answer("400 Bad Request", &json(16_028)), ErrorKind::CoachedAbsent),
        (answer("400 Bad Request", &json(13_240)), ErrorKind::CoachedAbsent),
        (answer("429 Too Many Requests", &json(20_429)), ErrorKind::NotNow),
        (answer("400 Bad Request", &json(20_001)), ErrorKind::Refused),
        (answer("401 Unauthorized", ""), ErrorKind::Refused),
        (answer("307 There", ""), ErrorKind::Refused),
        (answer("503 Unavailable", "<html></html>"), ErrorKind::Unsure),
        (answer("200 OK", "<html></html>"), ErrorKind::Unsure),
        (Act::Close, ErrorKind::Unsure),
    ];
    let change = ParticipantChange { held: Some(true), ..Default::default() };
    for (act, want) in cases {
        let twilio = Twilio::acting(vec![act]).await;
        let (client, _) = twilio.client();
        let credentials = credentials();
        let room = ConferenceSid::from_bytes([7; 16]);
        let error = client.account(&credentials).change(room, LABEL, &change).await;
        assert_eq!(error.expect_err("an error").kind(), want, "{:?}", twilio.requests());
    }
}

#[tokio::test]
async fn a_page_with_an_unreadable_participant_is_none() {
    let good = r#"{"call_sid":"CA01010101010101010101010101010101",
        "conference_sid":"CF07070707070707070707070707070707","label":null,"muted":true,
        "hold":false,"call_sid_to_coach":null,"status":"connected"}"#;
    let page = |more: &str| answer("200 OK", &format!(r#"{{"participants":[{good}{more}]}}"#));
    let twilio = Twilio::acting(vec![page(""), page(r#",{"call_sid":"CA1"}"#)]).await;
    let (client, _) = twilio.client();
    let credentials = credentials();
    let account = client.account(&credentials);
    let room = ConferenceSid::from_bytes([7; 16]);
    let read = account.participants(room).await.expect("one");
    assert_eq!((read.len(), read[0].muted, read[0].coaches), (1, true, None));
    let error = account.participants(room).await.expect_err("who is there is not known");
    assert_eq!(error.kind(), ErrorKind::Unsure);
}
