//! Callbacks come late, twice, out of order or never, and to any server.

use std::time::Duration;

use emulator::{Behaviour, Config, Delivery, Fault, Kind, Mishap, Progress, Select, Until};

use crate::http::Ask;
use crate::tables::LogRow;
use crate::team::Team;
use crate::world::World;

const SECOND: Duration = Duration::from_secs(1);

/// Calls of each kind, one after the other.
async fn day(world: &World, team: &Team) {
    let agents = world.agents(team, 4).await;
    let callers: Vec<String> = (0..5).map(|n| format!("+1212555010{n}")).collect();
    world.contact(team, &callers[0], &[1, 3]).await;
    world.contact(team, &callers[1], &[2]).await;
    world.contact(team, &callers[2], &[4]).await;

    // Answered by 3 while 1 rings.
    agents[2].behaves(Behaviour::talks(2 * SECOND, 30 * SECOND));
    world.phone(&callers[0]).call(&team.number).ended().await;
    world.applied().await;
    // Given up.
    let impatient = world.phone(&callers[1]).gives_up_after(9 * SECOND);
    impatient.call(&team.number).ended().await;
    world.applied().await;
    // Not answered.
    world.phone(&callers[2]).call(&team.number).ended().await;
    world.applied().await;
    // Nobody's: 2 declines, 4 answers and the caller hangs up.
    agents[1].behaves(Behaviour::Declines { after: SECOND });
    agents[2].behaves(Behaviour::Ignores);
    agents[3].behaves(Behaviour::answers(4 * SECOND));
    world.phone(&callers[3]).hangs_up_after(10 * SECOND).call(&team.number).ended().await;
    world.applied().await;
    // Out.
    world.phone(&callers[4]).behaves(Behaviour::talks(SECOND, 5 * SECOND));
    agents[0].call([("To", &callers[4])]).expect("the agent is free").ended().await;
    world.applied().await;
}

/// The log, the calls and the legs of a team, with numbers for users, numbers for calls, and
/// whether there is a moment in place of the moment.
async fn normalized(world: &World, team: &Team) -> Vec<String> {
    world.applied().await;
    let sql = "\
        select 'log ' || v.from_party || ' ' || v.to_party || ' ' || concat_ws(' ', m.direction, \
            m.sender, m.status, right(m.user_id::text, 2), m.contact_id is not null) \
          from public.livechat_messages m \
          join public.voice_calls v on v.workspace_id = $1 and v.call_sid = m.twilio_sid \
          where m.workspace_id = $1 and m.msg_type = 'call' \
        union all \
        select 'call ' || v.from_party || ' ' || v.to_party || ' ' || concat_ws(' ', v.direction, \
            v.outcome, v.end_reason, v.contact_id is not null, right(v.handled_by::text, 2), \
            v.started_at is not null, v.answered_at is not null, v.ended_at is not null) \
          from public.voice_calls v where v.workspace_id = $1 \
        union all \
        select 'leg ' || v.from_party || ' ' || v.to_party || ' ' || concat_ws(' ', \
            right(l.user_id::text, 2), l.status, l.end_reason, l.answered_at is not null, \
            l.ended_at is not null) \
          from public.voice_legs l \
          join public.voice_calls v on v.workspace_id = $1 and v.call_sid = l.call_sid \
          where l.workspace_id = $1 \
        order by 1";
    let rows = world.owner.client().query(sql, &[&team.id.as_str()]).await.expect("rows");
    let own = |text: &str| {
        // What differs between two teams: the workspace's number and the agents' identities.
        let text = text.replace(&team.number, "OWN");
        (1..=4).fold(text, |text, n| {
            text.replace(&team.identity(n).to_string(), &format!("agent {n}"))
        })
    };
    rows.iter().map(|row| own(row.get(0))).collect()
}

/// What goes wrong, while all the information arrives somehow.
fn faults() -> Vec<(&'static str, Vec<Fault>)> {
    let on = |on, mishap| Fault { on, mishap, times: None };
    let leg = |progress| Select::kind(Kind::LegStatus).progress(progress);
    let late = |until| Mishap::Late { until };
    let twice = |again| Mishap::Twice { again };
    vec![
        ("nothing", vec![]),
        ("all late", vec![on(Select::NOTICES, late(Until::End))]),
        ("answers late", vec![on(leg(Progress::Answered), late(Until::End))]),
        ("ends before answers", vec![on(leg(Progress::Answered), late(Until::After(6)))]),
        ("all twice at once", vec![on(Select::NOTICES, twice(Until::AtOnce))]),
        ("all twice, the second late", vec![on(Select::NOTICES, twice(Until::End))]),
        ("actions twice", vec![on(Select::kind(Kind::Action), twice(Until::AtOnce))]),
        ("shuffled", vec![on(Select::NOTICES, Mishap::Shuffled { window: 32 })]),
        (
            "late, twice and shuffled",
            vec![
                on(Select::NOTICES, twice(Until::After(3))),
                on(Select::NOTICES, Mishap::Shuffled { window: 4 }),
            ],
        ),
        ("no connection at first", vec![on(Select::ALL, Mishap::Unreachable { attempts: 1 })]),
        ("no initiated", vec![on(leg(Progress::Initiated), Mishap::Dropped)]),
        ("no ringing", vec![on(leg(Progress::Ringing), Mishap::Dropped)]),
        ("no answered", vec![on(leg(Progress::Answered), Mishap::Dropped)]),
        ("no end of the call", vec![on(Select::kind(Kind::CallStatus), Mishap::Dropped)]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_and_a_second_server_change_no_row() {
    let one = World::new().await;
    let team = one.team("one").await;
    day(&one, &team).await;
    let want = normalized(&one, &team).await;
    assert_eq!(want.iter().filter(|row| row.starts_with("log ")).count(), 5, "{want:#?}");
    one.stop().await;

    let two = World::with_servers(2).await;
    for (name, faults) in faults() {
        let team = two.team(&name.replace([' ', ','], "-")).await;
        for fault in faults {
            two.twilio.fault(fault);
        }
        day(&two, &team).await;
        two.twilio.clear_faults();
        assert_eq!(normalized(&two, &team).await, want, "{name}");
    }
    let spread = [0, 1].map(|server: usize| {
        let base = format!("http://{}", two.servers[server].address());
        let to = |webhook: &&emulator::Webhook| webhook.sent_to.as_deref() == Some(&*base);
        two.twilio.webhooks().iter().filter(to).count()
    });
    assert!(spread.iter().all(|webhooks| *webhooks > 200), "{spread:?}");
    two.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn callbacks_that_overtake_each_other_end_in_the_same_rows() {
    let config = Config { delivery: Delivery::Concurrent, ..Config::default() };
    let world = World::with(2, config).await;
    let (first, second) = (world.team("first").await, world.team("second").await);
    day(&world, &first).await;
    let mishap = Mishap::Twice { again: Until::AtOnce };
    world.twilio.fault(Fault { on: Select::NOTICES, mishap, times: None });
    day(&world, &second).await;
    assert_eq!(normalized(&world, &first).await, normalized(&world, &second).await);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_callback_tells_the_action_does() {
    let world = World::new().await;
    let team = world.team("acme").await;
    let agents = world.agents(&team, 3).await;
    let caller = "+15005551234";
    world.contact(&team, caller, &[2]).await;
    agents[1].behaves(Behaviour::talks(SECOND, 20 * SECOND));
    world.twilio.fault(Fault { on: Select::NOTICES, mishap: Mishap::Dropped, times: None });
    let story = world.phone(caller).call(&team.number).ended().await;
    let row = LogRow::inbound(story.sid, "completed", Some(2)).with_contact();
    assert_eq!(world.log(&team).await, [row]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_in_the_middle_of_a_call_loses_nothing() {
    let mut world = World::new().await;
    let team = world.team("acme").await;
    let agents = world.agents(&team, 2).await;
    agents[0].behaves(Behaviour::ByHand);
    let call = world.phone("+15005551234").call(&team.number);
    agents[0].rings().await;
    agents[0].answer().expect("it rings");
    call.until(|story| story.legs.iter().any(|leg| leg.answered)).await;
    world.twilio.settled().await;
    // The database takes nothing more from the first server: what it acknowledged is on its disk.
    world.cut_off().await;
    let (leg, parent) = (call.story().legs[1].sid, call.sid());
    let params = [
        ("CallSid", leg.as_str()),
        ("ParentCallSid", parent.as_str()),
        ("CallStatus", "canceled"),
        ("SequenceNumber", "7"),
    ];
    assert_eq!(world.post(&team, "voice/status", &params).await.status, 204);
    assert!(world.servers[0].pending_records() > 0);
    let stopped = world.stop_first().await;
    world.let_in().await;
    world.start_again(stopped).await;

    agents[0].hang_up().expect("a call");
    let story = call.ended().await;
    let row = LogRow::inbound(story.sid, "completed", Some(1));
    assert_eq!(world.log(&team).await, [row]);
    let kept = "select count(*) from public.voice_events where call_sid = $1 and key like $2";
    let key = format!("leg:{leg}:7:%");
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 2] = [&story.sid.as_str(), &key];
    let row = world.owner.client().query_one(kept, &params).await.expect("a count");
    assert_eq!(row.get::<_, i64>(0), 1, "the acknowledged callback is lost");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_that_says_nothing_is_acknowledged_and_not_kept() {
    let world = World::new().await;
    let team = world.team("acme").await;
    let before = world.dump(None).await;
    let sid = "CA01010101010101010101010101010101";
    let cases: [&[(&str, &str)]; 6] = [
        &[],
        &[("CallSid", "CA1"), ("CallStatus", "completed")],
        &[("CallSid", sid), ("CallStatus", "dancing")],
        &[("CallSid", sid), ("CallStatus", "ringing")],
        &[("CallSid", sid), ("CallSid", "CA02020202020202020202020202020202")],
        &[("CallSid", sid), ("ParentCallSid", "nobody"), ("CallStatus", "completed")],
    ];
    for params in cases {
        let answer = world.post(&team, "voice/status", params).await;
        assert_eq!((answer.status, answer.text()), (204, ""), "{params:?}");
    }
    // The same on the way to a document is answered with a document.
    for params in cases {
        for rest in ["voice", "voice/dial?rung="] {
            let answer = world.post(&team, rest, params).await;
            assert!(answer.twiml().contains("<Say"), "{rest} {params:?}: {answer:?}");
        }
    }
    assert_eq!(world.dump(None).await, before);
    assert_eq!(world.metric("switchroom_journal_total{outcome=\"written\"}").await, 0);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_record_stands_in_nobodys_way() {
    let world = World::new().await;
    let team = world.team("acme").await;
    world.agents(&team, 1).await;
    // The owner has rules of their own, which one call breaks.
    let rule = "alter table public.voice_calls add constraint rule \
                check (from_party is distinct from '+15005550666')";
    world.owner.client().batch_execute(rule).await.expect("a rule");
    let call = |n: u8, from: &'static str| {
        let sid = identity::CallSid::from_bytes([n; 16]).to_string();
        let team = &team;
        let world = &world;
        async move {
            let params = [("CallSid", &*sid), ("From", from), ("To", &team.number)];
            world.post(team, "voice", &params).await.twiml()
        }
    };
    for n in 1..=9 {
        call(n, if n == 5 { "+15005550666" } else { "+15005550777" }).await;
    }
    assert_eq!(world.log(&team).await.len(), 8);
    assert_eq!(world.metric("switchroom_spool_set_aside_records").await, 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn zero_characters_are_left_out() {
    let world = World::new().await;
    let team = world.team("acme").await;
    world.agents(&team, 1).await;
    let sid = "CA01010101010101010101010101010101";
    let params = [("CallSid", sid), ("From", "\0anonymous\0"), ("To", "+1"), ("No\0te", "a\0b")];
    world.post(&team, "voice", &params).await.twiml();
    assert_eq!(world.log(&team).await.len(), 1);
    let sql = "select params::text from public.voice_events where key = 'arrived'";
    let row = world.owner.client().query_one(sql, &[]).await.expect("an event");
    let kept: &str = row.get(0);
    assert!(kept.contains("[\"Note\", \"ab\"]") && kept.contains("\"anonymous\""), "{kept}");
    // Signed over the request as it came, which can come again.
    let account = team.account.sid();
    let params = [&[("AccountSid", account.as_str())], &params[..]].concat();
    world.ask(&Ask::form(&team.path("voice"), &params, &team.auth_token)).await.twiml();
    assert_eq!(world.log(&team).await.len(), 1);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_on_a_server_that_has_just_started_is_acknowledged() {
    let world = World::new().await;
    let team = world.team("acme").await;
    let asks = (1..=250).map(|call| {
        let sid = identity::CallSid::from_bytes([call; 16]);
        team.signed("voice/status", &[("CallSid", sid.as_str()), ("CallStatus", "completed")])
    });
    let asks: Vec<Ask> = asks.collect();
    let answers = futures_util::future::join_all(asks.iter().map(|ask| world.ask(ask))).await;
    let refused = answers.iter().filter(|answer| answer.status != 204).count();
    assert_eq!(refused, 0, "of {}", answers.len());
    assert_eq!(world.log(&team).await.len(), 250);
    world.stop().await;
}
