//! Calls come in and ring browsers: who gets them.

use std::time::{Duration, Instant};

use emulator::{Behaviour, CallStatus, Clock, Config, Delivery, LosingLeg, Story, Unknowns};

use crate::server::{
    CALLER, NUMBER, Server, dial, dialling, secs, status, twilio, twilio_with, twiml,
};

fn ends(story: &Story) -> Vec<(CallStatus, Option<u16>, u64)> {
    story.legs.iter().map(|leg| (leg.status, leg.sip, leg.seconds)).collect()
}

#[tokio::test]
async fn the_first_to_answer_gets_the_call() {
    let server = Server::start(dialling("timeout=\"20\"", &["ana", "bo", "cy"])).await;
    let (twilio, account) = twilio(&server).await;
    let ana = account.agent("ana", Behaviour::talks(secs(4), secs(61)));
    let bo = account.agent("bo", Behaviour::talks(secs(2), secs(61)));
    let cy = account.agent("cy", Behaviour::Ignores);

    let story = twilio.phone(CALLER).call(NUMBER).ended().await;

    assert_eq!(story.rang(), [ana.address(), bo.address(), cy.address()]);
    assert_eq!(story.answered_by(), Some(bo.address()), "{story}");
    assert_eq!(story.status, CallStatus::Completed);
    assert!(!story.application_error);
    assert_eq!(story.problems().count(), 0, "{story}");
    assert_eq!(
        ends(&story),
        [
            (CallStatus::Canceled, Some(487), 0),
            (CallStatus::Completed, Some(200), 61),
            (CallStatus::Canceled, Some(487), 0),
        ]
    );

    let action = &server.at("/action")[0];
    let bo_leg = story.leg(bo.address()).expect("it rang").sid.to_string();
    for (name, want) in [
        ("DialCallStatus", "completed"),
        ("DialCallSid", bo_leg.as_str()),
        ("DialCallDuration", "61"),
        ("DialBridged", "true"),
        ("CallStatus", "in-progress"),
        ("CallSid", story.sid.as_str()),
    ] {
        assert_eq!(action.param(name), want, "{name}");
    }
}

#[tokio::test]
async fn a_dial_times_out_five_seconds_later_than_its_timeout() {
    let server = Server::start(dialling("timeout=\"20\"", &["ana", "bo"])).await;
    let (twilio, account) = twilio(&server).await;
    account.agent("ana", Behaviour::Ignores);
    account.agent("bo", Behaviour::Ignores);
    let before = twilio.now();

    let story = twilio.phone(CALLER).call(NUMBER).ended().await;

    assert_eq!(twilio.now().since(before), secs(25));
    assert_eq!(story.answered_by(), None);
    assert_eq!(story.status, CallStatus::Completed, "the Dial answered the caller");
    assert_eq!(ends(&story), [(CallStatus::NoAnswer, Some(487), 0); 2]);
    let action = &server.at("/action")[0];
    assert_eq!(action.param("DialCallStatus"), "no-answer");
    assert_eq!(action.param("DialBridged"), "false");
    assert_eq!(action.param("DialCallSid"), story.legs[1].sid.as_str(), "the last to end");
}

#[tokio::test]
async fn without_a_device_a_leg_ends_at_once() {
    let server = Server::start(dialling("timeout=\"20\"", &["nobody"])).await;
    let (twilio, _account) = twilio(&server).await;
    let before = twilio.now();

    let story = twilio.phone(CALLER).call(NUMBER).ended().await;

    assert_eq!(twilio.now(), before, "a loop of such waves must not spin");
    assert_eq!(ends(&story), [(CallStatus::NoAnswer, Some(480), 0)]);
    let told: Vec<String> =
        server.at("/leg").iter().map(|seen| seen.param("CallStatus").to_owned()).collect();
    assert_eq!(told, ["initiated", "no-answer"]);
    assert_eq!(server.at("/action")[0].param("DialCallStatus"), "no-answer");
}

#[tokio::test]
async fn a_busy_agent_drops_the_invite_and_the_next_gets_the_call() {
    let server = Server::start(dialling("timeout=\"20\"", &["ana", "bo"])).await;
    let (twilio, account) = twilio(&server).await;
    let ana = account.agent("ana", Behaviour::answers(secs(1)));
    let bo = account.agent("bo", Behaviour::talks(secs(3), secs(10)));

    let first = twilio.phone(CALLER).hangs_up_after(secs(600)).call(NUMBER);
    first.until(|story| story.answered_by().is_some()).await;
    let second = twilio.phone("+15005559999").call(NUMBER).ended().await;

    assert_eq!(second.answered_by(), Some(bo.address()), "{second}");
    let to_ana = second.leg(ana.address()).expect("it was dialled");
    assert_eq!((to_ana.status, to_ana.sip), (CallStatus::Canceled, Some(487)));
    assert!(second.to_string().contains("client:ana is on a call and drops the invite"));
    assert_eq!(first.ended().await.answered_by(), Some(ana.address()));
}

#[tokio::test]
async fn three_calls_at_one_moment_reach_three_agents() {
    let server = Server::start(dialling("", &["ana", "bo", "cy"])).await;
    let (twilio, account) = twilio(&server).await;
    for (seconds, name) in (1..).zip(["ana", "bo", "cy"]) {
        account.agent(name, Behaviour::talks(secs(seconds), secs(30)));
    }

    let hold = twilio.hold();
    let numbers = ["+15005551111", "+15005552222", "+15005553333"];
    let calls = numbers.map(|number| twilio.phone(number).call(NUMBER));
    drop(hold);

    let mut winners = Vec::new();
    for call in &calls {
        let story = call.ended().await;
        assert_eq!(story.status, CallStatus::Completed);
        winners.push(story.answered_by().expect("somebody did").to_string());
    }
    winners.sort();
    assert_eq!(winners, ["client:ana", "client:bo", "client:cy"]);
}

#[tokio::test]
async fn an_agent_who_declines_is_busy_and_the_others_ring_on() {
    let server = Server::start(dialling("timeout=\"20\"", &["ana", "bo"])).await;
    let (twilio, account) = twilio(&server).await;
    account.agent("ana", Behaviour::Declines { after: secs(1) });
    let bo = account.agent("bo", Behaviour::talks(secs(5), secs(1)));

    let story = twilio.phone(CALLER).call(NUMBER).ended().await;

    assert_eq!(story.answered_by(), Some(bo.address()));
    assert_eq!((story.legs[0].status, story.legs[0].sip), (CallStatus::Busy, Some(486)));
}

#[tokio::test]
async fn a_caller_who_leaves_early_ends_everything() {
    for (losing, want) in [(LosingLeg::Canceled, "canceled"), (LosingLeg::NoAnswer, "no-answer")] {
        let server = Server::start(dialling("timeout=\"20\"", &["ana"])).await;
        let unknowns = Unknowns { losing_leg: losing, caller_left: losing, ..Unknowns::default() };
        let config = Config { unknowns, ..Config::default() };
        let (twilio, account) = twilio_with(&server, config, "").await;
        account.agent("ana", Behaviour::Ignores);

        let story = twilio.phone(CALLER).gives_up_after(secs(7)).call(NUMBER).ended().await;

        assert_eq!(story.status, CallStatus::Completed);
        assert_eq!(story.legs[0].status.as_str(), want);
        let action = &server.at("/action")[0];
        assert_eq!(action.param("CallStatus"), "completed");
        assert_eq!(action.param("DialCallStatus"), want);
        assert_eq!(server.at("/call-status").len(), 1);
    }
}

#[tokio::test]
async fn waves_follow_each_other_by_the_action() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/voice" => twiml(&dial("timeout=\"5\"", &["a1", "a2"])),
        "/last" => twiml("<Hangup/>"),
        "/action" => twiml("<Dial action=\"/last\" timeout=\"5\"><Client>a3</Client></Dial>"),
        _ => status(204),
    })
    .await;
    let (twilio, account) = twilio(&server).await;
    for name in ["a1", "a2"] {
        account.agent(name, Behaviour::Ignores);
    }
    let third = account.agent("a3", Behaviour::talks(secs(2), secs(5)));
    let before = twilio.now();

    let story = twilio.phone(CALLER).call(NUMBER).ended().await;

    assert_eq!(story.answered_by(), Some(third.address()), "{story}");
    assert_eq!(story.rang().len(), 3);
    assert!(!story.application_error);
    let reasons =
        ["/action", "/last"].map(|path| server.at(path)[0].param("DialCallStatus").to_owned());
    assert_eq!(reasons, ["no-answer", "completed"]);
    // 10 s of the first wave, 0.2 s until it rings, 2 s of ringing, 5 s of talking.
    assert_eq!(twilio.now().since(before).as_millis(), 17_200);
}

#[tokio::test]
async fn a_caller_may_ring_until_the_bridge() {
    for (behaviour, want, sip_end) in [
        (Behaviour::talks(secs(4), secs(8)), CallStatus::Completed, "8"),
        (Behaviour::Ignores, CallStatus::NoAnswer, "0"),
    ] {
        let server =
            Server::start(dialling("answerOnBridge=\"true\" timeout=\"10\"", &["ana"])).await;
        let (twilio, account) = twilio(&server).await;
        account.agent("ana", behaviour);

        let story = twilio.phone(CALLER).call(NUMBER).ended().await;

        assert_eq!(story.status, want, "{story}");
        assert_eq!(server.at("/call-status")[0].param("CallDuration"), sip_end);
    }
}

#[tokio::test]
async fn sequential_nouns_ring_one_after_another() {
    let server =
        Server::start(dialling("sequential=\"true\" timeout=\"10\"", &["a", "b", "c"])).await;
    let (twilio, account) = twilio(&server).await;
    account.agent("a", Behaviour::Declines { after: secs(1) });
    account.agent("b", Behaviour::Ignores);
    let third = account.agent("c", Behaviour::talks(secs(1), secs(1)));

    let story = twilio.phone(CALLER).call(NUMBER).ended().await;

    assert_eq!(story.answered_by(), Some(third.address()), "{story}");
    let statuses: Vec<CallStatus> = story.legs.iter().map(|leg| leg.status).collect();
    assert_eq!(statuses, [CallStatus::Busy, CallStatus::NoAnswer, CallStatus::Completed]);
}

#[tokio::test]
async fn a_time_limit_ends_the_bridge() {
    let server = Server::start(dialling("timeLimit=\"90\"", &["ana"])).await;
    let (twilio, account) = twilio(&server).await;
    account.agent("ana", Behaviour::answers(secs(1)));

    let story = twilio.phone(CALLER).call(NUMBER).ended().await;

    assert_eq!(story.legs[0].seconds, 90);
    assert_eq!(server.at("/action")[0].param("DialCallStatus"), "completed");
}

#[tokio::test]
async fn a_real_clock_follows_the_wall() {
    let server = Server::start(dialling("", &["ana"])).await;
    let short = Duration::from_millis(20);
    let config = Config { clock: Clock::Real, ring_delay: short, ..Config::default() };
    let (twilio, account) = twilio_with(&server, config, "").await;
    account.agent("ana", Behaviour::talks(short, short));
    let (started, before) = (Instant::now(), twilio.now());

    let story = twilio.phone(CALLER).call(NUMBER).ended().await;

    assert!(story.answered_by().is_some(), "{story}");
    assert!(started.elapsed() >= short * 3);
    assert!(twilio.now().since(before) >= short * 3);
}

#[tokio::test]
async fn the_timeline_holds_every_call_in_order() {
    let server = Server::start(dialling("", &["ana"])).await;
    let (twilio, account) = twilio(&server).await;
    account.agent("ana", Behaviour::talks(secs(1), secs(1)));
    let hold = twilio.hold();
    let placed = [1, 2, 3, 4].map(|_| twilio.phone(CALLER).call(NUMBER).sid());
    drop(hold);

    let calls = twilio.calls();
    assert_eq!(calls.iter().map(emulator::Call::sid).collect::<Vec<_>>(), placed);
    let mut webhooks = 0;
    for call in calls {
        webhooks += call.ended().await.webhooks().count();
    }
    assert_eq!(twilio.webhooks().len(), webhooks);
    assert_eq!(server.seen().len(), webhooks);
    let timeline = twilio.timeline();
    assert!(timeline.is_sorted_by_key(|entry| entry.at));
}

#[tokio::test]
async fn a_call_to_a_number_without_an_owner_sends_no_webhook() {
    let server = Server::start(|_| twiml("")).await;
    let (twilio, _account) = twilio(&server).await;
    for number in ["+15005550009", "12", ""] {
        let story = twilio.phone(CALLER).call(number).ended().await;
        assert_eq!(story.status, CallStatus::Failed, "{number}");
    }
    assert_eq!(server.seen().len(), 0);
}

#[tokio::test]
async fn runs_with_one_seed_are_equal() {
    let server = Server::start(dialling("", &["ana", "bo"])).await;
    let mut runs = Vec::new();
    for (seed, delivery) in
        [(5, Delivery::Sequential), (5, Delivery::Sequential), (6, Delivery::Concurrent)]
    {
        let config = Config { seed, delivery, ..Config::default() };
        let (twilio, account) = twilio_with(&server, config, "").await;
        account.agent("ana", Behaviour::talks(secs(1), secs(1)));
        let story = twilio.phone(CALLER).call(NUMBER).ended().await;
        let tokens: Vec<String> =
            story.webhooks().map(|webhook| webhook.idempotency_token.clone()).collect();
        let legs: Vec<String> = story.legs.iter().map(|leg| leg.sid.to_string()).collect();
        runs.push((account.sid(), story.sid, legs, tokens));
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
    let mut tokens = runs[0].3.clone();
    tokens.sort();
    tokens.dedup();
    assert_eq!(tokens.len(), runs[0].3.len(), "each webhook has its own");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_calls_at_one_moment_are_kept_apart() {
    const CALLS: usize = 100;
    let server = Server::start(|seen| match seen.path.as_str() {
        "/voice" => {
            let agent = format!("agent_{}", &seen.param("From")[8..]);
            twiml(&dial("", &[&agent, "nobody"]))
        }
        "/action" => twiml("<Hangup/>"),
        _ => status(204),
    })
    .await;
    let (twilio, account) = twilio(&server).await;
    let hold = twilio.hold();
    let calls: Vec<_> = (0..CALLS)
        .map(|index| {
            let talks = secs(index as u64 + 1);
            account.agent(format!("agent_{index:04}"), Behaviour::talks(secs(1), talks));
            (index, twilio.phone(&format!("+1500555{index:04}")).call(NUMBER))
        })
        .collect();
    drop(hold);

    for (index, call) in calls {
        let story = call.ended().await;
        let want = format!("client:agent_{index:04}");
        assert_eq!(story.answered_by().map(ToString::to_string), Some(want));
        assert_eq!(story.legs[0].seconds, index as u64 + 1);
        assert_eq!(story.webhooks().count(), 9);
    }
}
