//! `<Dial>` of a `<Conference>`.

use std::sync::atomic::{AtomicUsize, Ordering};

use emulator::{CallStatus, ConferenceStatus, Emulator, HandError, Kind, Story, Webhook};

use crate::server::{CALLER, NUMBER, Reply, Seen, Server, secs, status, twilio, twiml};

const EVENTS: &str = "statusCallback=\"/events\" \
                      statusCallbackEvent=\"start end join leave mute hold modify speaker\"";

/// The first caller joins with the first attributes, and so on; later callers get the last ones.
fn joining<const N: usize>(attributes: [&'static str; N]) -> impl Fn(&Seen) -> Reply + Send + Sync {
    let joined = AtomicUsize::new(0);
    move |seen| match seen.path.as_str() {
        "/voice" => {
            let turn = joined.fetch_add(1, Ordering::SeqCst).min(N - 1);
            twiml(&format!(
                "<Dial action=\"/after\" hangupOnStar=\"true\"><Conference {}>room</Conference>\
                 </Dial><Say>Dead code.</Say>",
                attributes[turn]
            ))
        }
        "/after" => twiml("<Say>Good bye.</Say>"),
        "/wait" => twiml("<Say>Please wait.</Say><Pause length=\"4\"/>"),
        "/bad" => twiml("<Say>One.</Say><Gather/><Pause length=\"1\"/>"),
        _ => status(204),
    }
}

/// Places calls one after the other. Each pair is a pause and the length of the call, in seconds.
async fn calls(twilio: &Emulator, lengths: &[(u64, u64)]) -> Vec<Story> {
    let mut calls = Vec::new();
    let hold = twilio.hold();
    for (number, (later, length)) in lengths.iter().enumerate() {
        twilio.advance(secs(*later)).await;
        let from = format!("+1500555990{number}");
        calls.push(twilio.phone(&from).hangs_up_after(secs(*length)).call(NUMBER));
        twilio.settled().await;
    }
    drop(hold);
    let mut stories = Vec::new();
    for call in calls {
        stories.push(call.ended().await);
    }
    twilio.settled().await;
    stories
}

fn events(server: &Server) -> Vec<String> {
    server.at("/events").iter().map(|seen| seen.param("StatusCallbackEvent").to_owned()).collect()
}

#[tokio::test]
async fn two_meet_and_the_last_one_ends_it() {
    let server = Server::start(joining([EVENTS])).await;
    let (twilio, account) = twilio(&server).await;

    let stories = calls(&twilio, &[(0, 30), (10, 50)]).await;

    assert_eq!(
        events(&server),
        [
            "participant-join",
            "participant-join",
            "conference-start",
            "participant-leave",
            "participant-leave",
            "conference-end",
        ]
    );
    let seen = server.at("/events");
    for (number, event) in seen.iter().enumerate() {
        assert_eq!(event.param("SequenceNumber"), (number + 1).to_string());
        assert_eq!(event.param("FriendlyName"), "room");
        assert_eq!(event.param("AccountSid"), account.sid().as_str());
        assert!(event.param("ConferenceSid").starts_with("CF"));
        assert!(event.param("Timestamp").ends_with("+0000"));
    }
    for (name, want) in [
        ("CallSid", stories[0].sid.as_str()),
        ("Muted", "false"),
        ("Hold", "false"),
        ("Coaching", "false"),
        ("EndConferenceOnExit", "false"),
        ("StartConferenceOnEnter", "true"),
    ] {
        assert_eq!(seen[0].param(name), want, "{name}");
    }
    assert_eq!(seen[3].param("ReasonParticipantLeft"), "participant_hung_up");
    assert_eq!(seen[3].param("ParticipantCallStatus"), "completed");
    assert_eq!(seen[5].param("ReasonConferenceEnded"), "last-participant-left");
    assert_eq!(seen[5].param("CallSidEndingConference"), stories[1].sid.as_str());
    assert_eq!(stories[0].talked, secs(40), "thirty seconds of talking after ten of waiting");
    assert_eq!(stories[0].not_emulated().count(), 1, "the event `speaker`");
    // After the end of the call the action is requested, without a leg.
    let after = &server.at("/after")[0];
    assert_eq!(after.param("DialCallStatus"), "answered");
    assert!(!after.form.iter().any(|(name, _)| name == "DialCallSid"));
}

#[tokio::test]
async fn it_starts_with_the_participant_who_may_start_it() {
    let waiting = "startConferenceOnEnter=\"false\" waitUrl=\"/wait\" statusCallback=\"/events\" \
                   statusCallbackEvent=\"start\"";
    let server = Server::start(joining([waiting, waiting, "beep=\"onEnter\""])).await;
    let (twilio, _account) = twilio(&server).await;

    let stories = calls(&twilio, &[(0, 20), (6, 20), (7, 30)]).await;

    assert_eq!(events(&server), ["conference-start"]);
    assert!(stories[0].of_kind(Kind::Wait).count() >= 3, "asked again: {}", stories[0]);
    assert!(stories[0].said().all(|said| said == "Please wait."));
    assert_eq!(stories[0].talked, secs(13 + 20));
    assert_eq!(stories[2].of_kind(Kind::Wait).count(), 0);
    let beeps = stories[2].entries.iter().filter(|entry| entry.what.to_string().ends_with("beep"));
    assert_eq!(beeps.count(), 1, "on entering only");
}

#[tokio::test]
async fn a_participant_with_end_conference_on_exit_ends_it() {
    let moderator = "endConferenceOnExit=\"true\" participantLabel=\"chief\"";
    let server = Server::start(joining([EVENTS, moderator])).await;
    let (twilio, _account) = twilio(&server).await;

    let stories = calls(&twilio, &[(0, 500), (1, 20)]).await;

    let seen = server.at("/events");
    let last = seen.last().expect("it ended");
    assert_eq!(last.param("ReasonConferenceEnded"), "participant-with-end-conference-on-exit-left");
    assert_eq!(last.param("ParticipantLabelEndingConference"), "chief");
    assert_eq!(stories[0].said().collect::<Vec<_>>(), ["Good bye."], "the action follows");
    assert_eq!(stories[0].status, CallStatus::Completed);
}

#[tokio::test]
async fn the_first_participants_settings_count() {
    let server = Server::start(joining([
        "maxParticipants=\"2\" statusCallback=\"/first\" statusCallbackEvent=\"join\"",
        "maxParticipants=\"9\" statusCallback=\"/second\" statusCallbackEvent=\"join\"",
    ]))
    .await;
    let (twilio, _account) = twilio(&server).await;

    let stories = calls(&twilio, &[(0, 60), (1, 60), (1, 60)]).await;

    assert_eq!((server.at("/first").len(), server.at("/second").len()), (2, 0));
    assert_eq!(stories[2].problems().map(|it| it.code).collect::<Vec<_>>(), [16_020]);
    let refused = server.at("/after").into_iter().find(|it| it.param("DialBridged") == "false");
    let refused = refused.expect("the action of the third");
    assert_eq!(refused.param("CallSid"), stories[2].sid.as_str());
}

#[tokio::test]
async fn labels_and_coaches_are_checked() {
    for (attributes, code, said) in [
        ("participantLabel=\"chief\"", 16_025, "Dead code."),
        ("coach=\"CA00000000000000000000000000000009\"", 13_240, "Good bye."),
        ("coach=\"somebody\"", 13_240, "Good bye."),
    ] {
        let first = "participantLabel=\"chief\"";
        let server = Server::start(joining([first, attributes])).await;
        let (twilio, _account) = twilio(&server).await;
        let stories = calls(&twilio, &[(0, 30), (1, 30)]).await;
        let problems: Vec<u32> = stories[1].problems().map(|it| it.code).collect();
        assert_eq!(problems, [code]);
        assert_eq!(stories[1].said().collect::<Vec<_>>(), [said], "{code}");
    }
}

#[tokio::test]
async fn a_wait_document_may_only_play() {
    let server = Server::start(joining(["waitUrl=\"/bad\""])).await;
    let (twilio, _account) = twilio(&server).await;
    let story = twilio.phone(CALLER).gives_up_after(secs(3)).call(NUMBER).ended().await;
    let problem = story.problems().next().expect("a verb too many").to_string();
    assert_eq!(
        problem,
        "error 13238: <Gather> is not allowed in a `waitUrl`, `holdUrl` or `announceUrl` document"
    );
    assert!(story.said().count() >= 2, "the others are heard: {story}");
}

#[tokio::test]
async fn a_wait_url_that_fails_leaves_silence() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/voice" => {
            twiml("<Dial action=\"/after\"><Conference waitUrl=\"/gone\">room</Conference></Dial>")
        }
        "/after" => twiml(""),
        _ => status(404),
    })
    .await;
    let (twilio, _account) = twilio(&server).await;
    let story = twilio.phone(CALLER).gives_up_after(secs(30)).call(NUMBER).ended().await;
    assert_eq!(story.of_kind(Kind::Wait).count(), 1);
    assert!(!story.application_error);
    assert_eq!(story.problems().next().map(|it| it.code), Some(11_200));
}

#[tokio::test]
async fn the_star_and_the_time_limit_end_a_participation() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/voice" if seen.param("From") == CALLER => {
            twiml("<Dial timeLimit=\"25\"><Conference>room</Conference></Dial><Say>Out.</Say>")
        }
        "/voice" => {
            twiml("<Dial hangupOnStar=\"true\"><Conference>room</Conference></Dial><Say>Out.</Say>")
        }
        _ => status(204),
    })
    .await;
    let (twilio, _account) = twilio(&server).await;
    let hold = twilio.hold();
    let limited = twilio.phone(CALLER).call(NUMBER);
    let starred = twilio.phone("+15005551235").by_hand().call(NUMBER);
    twilio.advance(secs(10)).await;
    starred.press("1*").expect("it is in progress");
    drop(hold);
    twilio.advance(secs(30)).await;
    let starred = starred.ended().await;
    let limited = limited.ended().await;
    assert_eq!(starred.said().collect::<Vec<_>>(), ["Out."]);
    assert_eq!(limited.said().collect::<Vec<_>>(), ["Out."]);
    assert_eq!(limited.talked, secs(25));
}

#[tokio::test]
async fn a_conference_is_recorded() {
    let server = Server::start(joining([
        "record=\"record-from-start\"",
        "record=\"record-from-start\" recordingStatusCallback=\"/recorded\"",
    ]))
    .await;
    let (twilio, _account) = twilio(&server).await;
    calls(&twilio, &[(0, 30), (10, 20)]).await;
    let recorded = &server.at("/recorded")[0];
    for (name, want) in [
        ("RecordingSource", "Conference"),
        ("RecordingChannels", "1"),
        ("RecordingDuration", "30"),
        ("RecordingStatus", "completed"),
    ] {
        assert_eq!(recorded.param(name), want, "{name}");
    }
    assert!(recorded.param("ConferenceSid").starts_with("CF"));
    assert_eq!(recorded.param("CallSid"), "");
}

/// The callbacks of a conference have a lane of their own.
#[tokio::test]
async fn a_call_ends_after_the_callbacks_of_its_conference() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/voice" => twiml(
            "<Dial><Conference statusCallback=\"/room\" statusCallbackEvent=\"join leave end\">\
             room</Conference></Dial>",
        ),
        // Slower than everything else.
        "/room" => {
            std::thread::sleep(std::time::Duration::from_millis(200));
            status(204)
        }
        _ => status(204),
    })
    .await;
    let (twilio, _account) = twilio(&server).await;
    let story = twilio.phone(CALLER).gives_up_after(secs(5)).call(NUMBER).ended().await;
    let told: Vec<_> = story.of_kind(Kind::Conference).map(Webhook::status).collect();
    assert_eq!(told, [Some(204); 3], "{story}");
}

#[tokio::test]
async fn a_test_looks_into_a_conference() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/voice" => twiml("<Dial><Conference>room</Conference></Dial>"),
        _ => status(204),
    })
    .await;
    let (twilio, _account) = twilio(&server).await;
    let callers = ["+15005550101", "+15005550102", "+15005550103"];
    let calls = callers.map(|number| twilio.phone(number).by_hand().call(NUMBER));
    for call in &calls {
        let joined = "conference room: participant-join";
        call.until(|story| story.entries.iter().any(|it| it.what.to_string() == joined)).await;
    }
    let [room] = &twilio.conferences()[..] else { panic!("there is one") };
    assert_eq!((room.name().as_str(), room.status()), ("room", ConferenceStatus::InProgress));
    let [one, two, three] = [0, 1, 2].map(|index: usize| calls[index].sid());
    assert_eq!(room.hold(one, true), Ok(()));
    assert_eq!(room.mute(two, true), Ok(()));
    assert_eq!(room.coach(three, Some(one)), Err(HandError::NoCoaching));
    assert_eq!(room.coach(three, Some(two)), Ok(()));
    let seen: Vec<_> = [one, two, three]
        .map(|sid| room.participants().into_iter().find(|it| it.call == sid).expect("is there"))
        .map(|it| (it.hold, it.muted, it.coaching))
        .to_vec();
    assert_eq!(seen, [(true, false, None), (false, true, None), (false, false, Some(two))]);
    for call in &calls {
        call.hang_up().expect("it goes on");
    }
    assert_eq!(room.status(), ConferenceStatus::Completed);
    assert_eq!(room.mute(one, true), Err(HandError::NoCall));
}

#[tokio::test]
async fn a_call_that_does_not_end_says_who_waits_for_whom() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/voice" => twiml("<Gather numDigits=\"1\"><Say>Press one.</Say></Gather>"),
        "/dial" => twiml("<Dial><Client>ana</Client></Dial>"),
        _ => status(204),
    })
    .await;
    let (twilio, account) = twilio(&server).await;
    let call = twilio.phone(CALLER).presses("9").by_hand().call(NUMBER);
    let stall =
        call.ended_within(std::time::Duration::from_millis(300)).await.expect_err("it stalls");
    let sid = call.sid();
    let by_hand = "the time stands still, because the caller +15005551234 acts by hand: `press`, \
                   `hang_up` or `Emulator::advance` goes on";
    assert_eq!(
        stall.to_string(),
        format!(
            "call {sid} does not end: {CALLER} ({sid}) is asked for keys by <Gather>; {by_hand}"
        )
    );
    call.hang_up().expect("it goes on");
    let story = call.ended_within(secs(60)).await.expect("it ends");
    assert_eq!(story.status, CallStatus::Completed);

    account.number("+15005550002", emulator::Voice::new(server.at_url("/dial"))).expect("a number");
    account.agent("ana", emulator::Behaviour::ByHand);
    let call = twilio.phone(CALLER).call("+15005550002");
    let stall =
        call.ended_within(std::time::Duration::from_millis(300)).await.expect_err("it stalls");
    let rings = "the time stands still, because client:ana rings and acts by hand: `answer`, \
                 `decline` or `Emulator::advance` goes on";
    assert_eq!(stall.waits.last().map(String::as_str), Some(rings), "{stall}");
}
