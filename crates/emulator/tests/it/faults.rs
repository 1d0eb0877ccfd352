//! Webhooks that are late, repeated, lost, shuffled or cannot connect.

use emulator::{
    Behaviour, Config, Delivery, Emulator, Fault, Kind, Mishap, Progress, Select, Story, Until,
    Voice,
};

use crate::server::{
    CALLER, NUMBER, Server, TOKEN, dialling, secs, status, twilio, twilio_with, twiml,
};

/// `CallStatus` of each callback of the one leg, as they arrived.
fn reported(server: &Server) -> Vec<String> {
    server.at("/leg").iter().map(|seen| seen.param("CallStatus").to_owned()).collect()
}

/// A call of one agent under these faults.
async fn one_call(faults: &[Fault]) -> (Server, Story) {
    let server = Server::start(dialling("", &["ana"])).await;
    let (twilio, account) = twilio(&server).await;
    account.agent("ana", Behaviour::talks(secs(3), secs(10)));
    for fault in faults {
        twilio.fault(*fault);
    }
    let story = twilio.phone(CALLER).call(NUMBER).ended().await;
    (server, story)
}

fn fault(on: Select, mishap: Mishap) -> Fault {
    Fault { on, mishap, times: None }
}

#[tokio::test]
async fn status_callbacks_go_wrong_on_demand() {
    let step = |progress| Select::kind(Kind::LegStatus).progress(progress);
    let answered = step(Progress::Answered);
    let legs = Select::kind(Kind::LegStatus);
    let cases: [(&str, Vec<Fault>, &[&str]); 8] = [
        ("none", vec![], &["initiated", "ringing", "in-progress", "completed"]),
        (
            "late to the end",
            vec![fault(step(Progress::Initiated), Mishap::Late { until: Until::End })],
            &["ringing", "in-progress", "completed", "initiated"],
        ),
        (
            "late by two",
            vec![fault(step(Progress::Initiated), Mishap::Late { until: Until::After(2) })],
            &["ringing", "in-progress", "initiated", "completed"],
        ),
        (
            "twice at once",
            vec![fault(answered, Mishap::Twice { again: Until::AtOnce })],
            &["initiated", "ringing", "in-progress", "in-progress", "completed"],
        ),
        (
            "again after the end",
            vec![fault(answered, Mishap::Twice { again: Until::End })],
            &["initiated", "ringing", "in-progress", "completed", "in-progress"],
        ),
        ("dropped", vec![fault(answered, Mishap::Dropped)], &["initiated", "ringing", "completed"]),
        (
            "one of them dropped",
            vec![Fault { on: legs, mishap: Mishap::Dropped, times: Some(1) }],
            &["ringing", "in-progress", "completed"],
        ),
        (
            "late and twice",
            vec![
                fault(answered, Mishap::Late { until: Until::After(1) }),
                fault(answered, Mishap::Twice { again: Until::End }),
            ],
            &["initiated", "ringing", "completed", "in-progress", "in-progress"],
        ),
    ];
    for (name, faults, want) in cases {
        let (server, story) = one_call(&faults).await;
        assert_eq!(reported(&server), want, "{name}");
        assert!(!story.application_error, "{name}");
        assert_eq!(story.legs[0].seconds, 10, "{name}: the call itself goes well");
    }
}

#[tokio::test]
async fn a_repeated_callback_is_the_same_one() {
    let twice = fault(Select::NOTICES, Mishap::Twice { again: Until::End });
    let (server, story) = one_call(&[twice]).await;
    let legs = server.at("/leg");
    assert_eq!(legs.len(), 8);
    let header = |seen: &crate::server::Seen, name: &str| seen.headers[name].clone();
    for (first, again) in [(0, 4), (1, 5), (2, 6), (3, 7)] {
        assert_eq!(legs[first].form, legs[again].form);
        for name in ["i-twilio-idempotency-token", "x-twilio-signature"] {
            assert_eq!(header(&legs[first], name), header(&legs[again], name), "{name}");
        }
    }
    assert_eq!(server.at("/call-status").len(), 2);
    assert!(story.to_string().contains("fault: leg status is sent twice"));
}

#[tokio::test]
async fn a_callback_that_is_sent_twice_is_listed_twice() {
    for again in [Until::AtOnce, Until::End] {
        let answered = Select::kind(Kind::LegStatus).progress(Progress::Answered);
        let (server, story) = one_call(&[fault(answered, Mishap::Twice { again })]).await;
        let listed = story.of_kind(Kind::LegStatus).filter(|it| it.status() == Some(204)).count();
        assert_eq!((server.at("/leg").len(), listed), (5, 5), "{again:?}: {story}");
    }
}

#[tokio::test]
async fn callbacks_are_shuffled_by_the_seed() {
    let mut orders = Vec::new();
    for seed in [1, 1, 2, 3, 4] {
        let server = Server::start(dialling("", &["ana"])).await;
        let config = Config { seed, ..Config::default() };
        let (twilio, account) = twilio_with(&server, config, "").await;
        account.agent("ana", Behaviour::talks(secs(3), secs(10)));
        twilio.fault(fault(Select::NOTICES, Mishap::Shuffled { window: 100 }));
        twilio.phone(CALLER).call(NUMBER).ended().await;
        let order = reported(&server);
        let mut sorted = order.clone();
        sorted.sort();
        assert_eq!(sorted, ["completed", "in-progress", "initiated", "ringing"]);
        orders.push(order);
    }
    assert_eq!(orders[0], orders[1]);
    orders.dedup();
    assert!(orders.len() > 1, "seeds differ: {orders:?}");
}

#[tokio::test]
async fn a_document_that_cannot_be_fetched_is_fetched_elsewhere() {
    let voice = Select::kind(Kind::Voice);
    for (name, mishap, fragment, saved_by) in [
        ("one failure is retried", Mishap::Unreachable { attempts: 1 }, "", "voice"),
        ("two are not", Mishap::Unreachable { attempts: 2 }, "", "fallback"),
        ("two are, if asked for", Mishap::Unreachable { attempts: 2 }, "#rc=2", "voice"),
        ("one is not, if not wanted", Mishap::Unreachable { attempts: 1 }, "#rc=0", "fallback"),
        ("never", Mishap::Dropped, "#rc=5", "fallback"),
    ] {
        let server = Server::start(|seen| match seen.path.as_str() {
            "/voice" => twiml("<Say>voice</Say>"),
            "/fallback" => twiml("<Say>fallback</Say>"),
            _ => status(204),
        })
        .await;
        let twilio = Emulator::start(Config::default()).await.expect("it starts");
        let account = twilio.account(TOKEN).expect("a token");
        let url = server.at_url(&format!("/voice{fragment}"));
        let urls = Voice::new(url).fallback(server.at_url("/fallback"));
        account.number(NUMBER, urls).expect("a number");
        twilio.fault(fault(voice, mishap));

        let story = twilio.phone(CALLER).call(NUMBER).ended().await;

        assert_eq!(story.said().collect::<Vec<_>>(), [saved_by], "{name}: {story}");
        if saved_by == "fallback" {
            assert_eq!(server.at("/fallback")[0].param("ErrorCode"), "11205", "{name}");
        }
    }
}

#[tokio::test]
async fn a_document_may_be_requested_twice() {
    let (server, story) =
        one_call(&[fault(Select::kind(Kind::Action), Mishap::Twice { again: Until::AtOnce })])
            .await;
    let actions = server.at("/action");
    assert_eq!(actions.len(), 2);
    assert_eq!(actions[0].form, actions[1].form);
    let listed: Vec<_> = story.of_kind(Kind::Action).collect();
    assert_eq!(listed.len(), 2, "{story}");
    assert!(listed.iter().all(|it| it.status() == Some(200)), "{story}");
    assert!(!story.application_error);
}

#[tokio::test]
async fn faults_can_be_switched_off() {
    let server = Server::start(dialling("", &["ana"])).await;
    let (twilio, account) = twilio(&server).await;
    account.agent("ana", Behaviour::talks(secs(3), secs(10)));
    twilio.fault(fault(Select::ALL, Mishap::Dropped));
    twilio.clear_faults();
    twilio.phone(CALLER).call(NUMBER).ended().await;
    assert_eq!(server.seen().len(), 7);
}

#[tokio::test]
async fn concurrent_delivery_delivers_everything() {
    let server = Server::start(dialling("", &["ana", "bo"])).await;
    let config = Config { delivery: Delivery::Concurrent, ..Config::default() };
    let (twilio, account) = twilio_with(&server, config, "").await;
    account.agent("ana", Behaviour::talks(secs(3), secs(10)));
    account.agent("bo", Behaviour::Ignores);
    twilio.phone(CALLER).call(NUMBER).ended().await;
    let mut numbers: Vec<String> =
        server.at("/leg").iter().map(|seen| seen.param("SequenceNumber").to_owned()).collect();
    numbers.sort();
    assert_eq!(numbers, ["0", "0", "1", "1", "2", "2", "3"]);
}

/// Faults of status callbacks do not change the call itself.
#[tokio::test]
async fn faults_of_callbacks_change_nothing_else() {
    let (server, plain) = one_call(&[]).await;
    let documents = server.at("/voice").len() + server.at("/action").len();
    let untils = [Until::AtOnce, Until::After(1), Until::After(3), Until::End];
    let lates = untils.map(|until| Mishap::Late { until });
    let twices = untils.map(|again| Mishap::Twice { again });
    let others = [Mishap::Dropped, Mishap::Unreachable { attempts: 1 }];
    let shuffled = [1, 2, 3, 9].map(|window| Mishap::Shuffled { window });
    let all: Vec<Mishap> = lates.into_iter().chain(twices).chain(others).chain(shuffled).collect();
    for first in &all {
        for second in &all {
            let faults = [first, second].map(|mishap| fault(Select::NOTICES, *mishap));
            let (server, story) = one_call(&faults).await;
            assert_eq!(story.legs, plain.legs, "{first:?} {second:?}");
            assert_eq!(story.talked, plain.talked, "{first:?} {second:?}");
            let asked = server.at("/voice").len() + server.at("/action").len();
            assert_eq!(asked, documents, "{first:?} {second:?}");
            let dropped = [first, second].contains(&&Mishap::Dropped);
            assert_eq!(server.at("/leg").is_empty(), dropped, "{first:?} {second:?}");
        }
    }
}
