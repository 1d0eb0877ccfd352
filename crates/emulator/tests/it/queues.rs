//! `<Enqueue>`, `<Leave>`, and `<Dial>` of a `<Queue>`.

use emulator::{Behaviour, CallStatus, Kind, Voice};

use crate::server::{CALLER, NUMBER, Seen, Server, secs, status, twilio, twiml};

/// The number whose caller takes the next one out of the queue.
const DESK: &str = "+15005550002";

fn queueing(wait: &'static str, queue: &'static str) -> impl Fn(&Seen) -> crate::server::Reply {
    move |seen| match seen.path.as_str() {
        "/voice" => twiml(
            "<Enqueue waitUrl=\"/wait\" action=\"/left\">support</Enqueue><Say>Not here.</Say>",
        ),
        "/wait" => twiml(wait),
        "/desk" => twiml(queue),
        "/whisper" => twiml("<Say>You are next.</Say>"),
        "/left" => twiml("<Say>Thanks.</Say>"),
        "/dialled" => twiml(""),
        _ => status(204),
    }
}

#[tokio::test]
async fn the_first_waiting_caller_is_bridged() {
    let server = Server::start(queueing(
        "<Say>Please wait.</Say><Pause length=\"9\"/>",
        "<Dial action=\"/dialled\"><Queue url=\"/whisper\">support</Queue></Dial>",
    ))
    .await;
    let (twilio, account) = twilio(&server).await;
    account.number(DESK, Voice::new(server.at_url("/desk"))).expect("a number");

    let hold = twilio.hold();
    let first = twilio.phone(CALLER).call(NUMBER);
    twilio.settled().await;
    let second = twilio.phone("+15005551235").gives_up_after(secs(60)).call(NUMBER);
    twilio.settled().await;
    twilio.advance(secs(25)).await;
    let desk = twilio.phone("+15005559999").hangs_up_after(secs(40)).call(DESK);
    drop(hold);
    let (first, desk, second) = (first.ended().await, desk.ended().await, second.ended().await);

    let waits = server.at("/wait");
    assert_eq!(waits[0].param("QueuePosition"), "1");
    assert_eq!(waits[0].param("CurrentQueueSize"), "1");
    assert_eq!(waits[1].param("QueuePosition"), "2");
    assert_eq!(waits[0].param("MaxQueueSize"), "1000");
    assert!(waits.iter().any(|seen| seen.param("QueueTime") == "9"), "asked again: {first}");
    assert!(waits.iter().all(|seen| seen.param("QueueSid").starts_with("QU")));

    let whisper = &server.at("/whisper")[0];
    assert_eq!(whisper.param("CallSid"), first.sid.as_str());
    assert_eq!(whisper.param("DequeingCallSid"), desk.sid.as_str());
    assert_eq!(whisper.param("QueueTime"), "25");

    let left = server.at("/left");
    let of = |sid: &str| left.iter().find(|seen| seen.param("CallSid") == sid).cloned();
    let first_left = of(first.sid.as_str()).expect("it was asked");
    assert_eq!(first_left.param("QueueResult"), "bridged");
    assert_eq!(first.said().last(), Some("Thanks."));
    assert_eq!(of(second.sid.as_str()).expect("it was asked").param("QueueResult"), "hangup");

    let dialled = &server.at("/dialled")[0];
    assert_eq!(dialled.param("DialCallStatus"), "completed");
    assert_eq!(dialled.param("DialBridged"), "true");
    assert_eq!(dialled.param("DialCallSid"), first.sid.as_str());
    assert_eq!(dialled.param("QueueTime"), "25");
    assert_eq!(desk.talked, secs(41), "a second of whisper");
}

#[tokio::test]
async fn the_desk_waits_for_the_next_caller() {
    let server = Server::start(queueing(
        "<Pause length=\"9\"/>",
        "<Dial action=\"/dialled\" timeout=\"30\"><Queue>support</Queue></Dial>",
    ))
    .await;
    let (twilio, account) = twilio(&server).await;
    account.number(DESK, Voice::new(server.at_url("/desk"))).expect("a number");
    // The first caller makes the queue.
    twilio.phone(CALLER).gives_up_after(secs(5)).call(NUMBER).ended().await;

    let hold = twilio.hold();
    let desk = twilio.phone("+15005559999").call(DESK);
    twilio.advance(secs(10)).await;
    let caller = twilio.phone(CALLER).hangs_up_after(secs(20)).call(NUMBER);
    twilio.settled().await;
    drop(hold);
    let (caller, desk) = (caller.ended().await, desk.ended().await);

    assert_eq!(caller.status, CallStatus::Completed);
    assert_eq!(caller.of_kind(Kind::Wait).count(), 0, "there was no wait");
    assert_eq!(server.at("/left").last().expect("asked").param("QueueResult"), "bridged");
    assert_eq!(server.at("/dialled")[0].param("DialCallStatus"), "completed", "{desk}");
}

#[tokio::test]
async fn an_empty_or_unknown_queue_leads_to_the_action() {
    for (known, want, seconds) in [(true, "no-answer", 35), (false, "failed", 0)] {
        let server = Server::start(queueing(
            "<Leave/>",
            "<Dial action=\"/dialled\"><Queue>support</Queue></Dial>",
        ))
        .await;
        let (twilio, account) = twilio(&server).await;
        account.number(DESK, Voice::new(server.at_url("/desk"))).expect("a number");
        if known {
            twilio.phone(CALLER).call(NUMBER).ended().await;
        }
        let desk = twilio.phone("+15005559999").call(DESK).ended().await;
        let dialled = &server.at("/dialled")[0];
        assert_eq!(dialled.param("DialCallStatus"), want);
        assert_eq!(dialled.param("DialBridged"), "false");
        assert_eq!(desk.talked, secs(seconds));
    }
}

#[tokio::test]
async fn a_caller_leaves_the_queue_with_leave() {
    for (wait, keys, result, said) in [
        ("<Leave/>", "", "leave", Some("Thanks.")),
        ("<Gather action=\"/key\"><Say>Press one.</Say></Gather>", "1", "leave", Some("Thanks.")),
        ("<Hangup/>", "", "hangup", None),
        ("<Redirect>/key</Redirect>", "", "leave", Some("Thanks.")),
    ] {
        let server = Server::start(move |seen| match seen.path.as_str() {
            "/key" => twiml("<Leave/>"),
            _ => queueing(wait, "")(seen),
        })
        .await;
        let (twilio, _account) = twilio(&server).await;

        let story = twilio.phone(CALLER).presses(keys).call(NUMBER).ended().await;

        assert_eq!(server.at("/left")[0].param("QueueResult"), result, "{wait}");
        assert_eq!(story.said().last(), said.or(story.said().last()), "{wait}");
        assert_eq!(story.problems().count(), 0, "{story}");
    }
}

#[tokio::test]
async fn without_an_action_the_next_verb_follows() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/voice" => twiml("<Enqueue waitUrl=\"/wait\">a</Enqueue><Say>Over.</Say>"),
        "/wait" => twiml("<Say>One.</Say><Record/><Leave/>"),
        _ => status(204),
    })
    .await;
    let (twilio, _account) = twilio(&server).await;
    let story = twilio.phone(CALLER).call(NUMBER).ended().await;
    assert_eq!(story.said().collect::<Vec<_>>(), ["One.", "Over."]);
    let problems: Vec<String> = story.problems().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        ["warning 12200: <Record> is not allowed in the `waitUrl` document of <Enqueue>"]
    );
}

#[tokio::test]
async fn a_full_queue_takes_no_caller() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/voice" => {
            twiml("<Enqueue action=\"/left\" waitUrl=\"\" maxQueueSize=\"1\">small</Enqueue>")
        }
        "/left" => twiml(""),
        _ => status(204),
    })
    .await;
    let (twilio, _account) = twilio(&server).await;
    let hold = twilio.hold();
    let first = twilio.phone(CALLER).gives_up_after(secs(30)).call(NUMBER);
    twilio.settled().await;
    let second = twilio.phone("+15005551235").call(NUMBER);
    drop(hold);
    let (_, second) = (first.ended().await, second.ended().await);
    assert_eq!(second.problems().map(|it| it.code).collect::<Vec<_>>(), [14_207]);
    let results: Vec<String> =
        server.at("/left").iter().map(|seen| seen.param("QueueResult").to_owned()).collect();
    assert_eq!(results, ["queue-full", "hangup"]);
}

#[tokio::test]
async fn a_document_that_takes_no_time_does_not_spin() {
    let server = Server::start(queueing("", "")).await;
    let (twilio, account) = twilio(&server).await;
    account.agent("ana", Behaviour::Ignores);
    twilio.phone(CALLER).gives_up_after(secs(5)).call(NUMBER).ended().await;
    let asked = server.at("/wait").len();
    assert!((5..=6).contains(&asked), "{asked}");
}
