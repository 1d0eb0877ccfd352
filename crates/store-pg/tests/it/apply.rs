//! Events into rows: every order, every repetition and every division gives the same.

use calls::{Event, Fact, LegEvent, LegStatus};
use identity::{ContactId, WorkspaceId};
use serde_json::json;
use store_pg::{Store, StoreError, StoreOptions, StoredEvent};

use crate::events::*;
use crate::support::*;

const ALL: [u8; 4] = [1, 2, 3, 9];

/// A workspace of its own with a team and one contact; the story told there, and its rows with the
/// contact's id left out.
struct Scene {
    workspace: WorkspaceId,
    contact: ContactId,
}

impl Scene {
    async fn new(db: &Db, id: u8) -> Self {
        let workspace = workspace(&format!("ws_{id}"));
        db.team(&workspace, &ALL).await;
        let contact = db.contact(&workspace, id, "+15005550001").await;
        Self { workspace, contact }
    }

    async fn state(&self, db: &Db) -> Vec<String> {
        let contact = self.contact.to_string();
        let mut state = db.state(&self.workspace).await;
        for row in &mut state {
            *row = row.replace(&contact, "the contact");
        }
        state
    }
}

#[tokio::test]
async fn writes_one_call_to_the_agent_who_took_it() {
    let db = Db::new().await;
    let scene = Scene::new(&db, 0x11).await;
    let events = three_agents(scene.contact);
    db.store().apply(&scene.workspace, &events).await.expect("applied");

    assert_eq!(db.dump("voice_events", &scene.workspace).await.len(), 14, "one decision a wave");
    let log: Vec<String> = db.dump("livechat_messages", &scene.workspace).await;
    let want = format!(
        r#"{{"body": "Incoming call, 1 min 0 s.", "sender": "contact", "status": "completed", "user_id": "{}", "msg_type": "call", "direction": "inbound", "contact_id": "{}", "created_at": "2026-01-01T00:00:00+00:00", "twilio_sid": "{}"}}"#,
        uuid([2; 16]),
        uuid([0x11; 16]),
        sid(CALL),
    );
    assert_eq!(log, [want]);
    let handled: Vec<String> = db.dump("voice_calls", &scene.workspace).await;
    assert_eq!(handled.len(), 1);
    assert!(handled[0].contains(&format!(r#""handled_by": "{}""#, uuid([2; 16]))), "{handled:?}");
    assert_eq!(db.dump("voice_legs", &scene.workspace).await.len(), 3);
    let idle: i64 = db
        .value(
            "select extract(epoch from idle_since - '2026-01-01Z')::int8 from voice_agents \
             where user_id = repeat('02', 16)::uuid",
        )
        .await;
    assert_eq!(idle, 66);
}

#[tokio::test]
async fn every_order_and_repetition_leaves_the_same_rows() {
    let db = Db::new().await;
    let store = db.store();
    let mut dice = Dice::new(7);
    for story in [three_agents, outbound] {
        let first = if story(ContactId::from_bytes([0; 16])).len() > 10 { 0x10 } else { 0x80 };
        let whole = Scene::new(&db, first).await;
        store.apply(&whole.workspace, &story(whole.contact)).await.expect("applied");
        let want = whole.state(&db).await;
        assert!(want.iter().filter(|row| row.starts_with("livechat_messages")).count() == 1);
        for id in first + 1..first + 25 {
            let scene = Scene::new(&db, id).await;
            let mut events = story(scene.contact);
            let repeated = events[dice.below(events.len())].clone();
            events.push(repeated);
            dice.shuffle(&mut events);
            let mut rest = &events[..];
            while !rest.is_empty() {
                let (now, later) = rest.split_at(1 + dice.below(rest.len().min(4)));
                store.apply(&scene.workspace, now).await.expect("applied");
                rest = later;
            }
            assert_eq!(scene.state(&db).await, want, "{events:#?}");
            store.apply(&scene.workspace, &events).await.expect("applied");
            assert_eq!(scene.state(&db).await, want, "all of it again");
        }
    }
}

/// The rows that only one of the two has.
fn difference<'a>(left: &'a [String], right: &'a [String]) -> Vec<&'a str> {
    let only = |some: &'a [String], others: &'a [String]| {
        some.iter().filter(|row| !others.contains(row)).map(String::as_str)
    };
    only(left, right).chain(only(right, left)).collect()
}

/// Two servers with room for many requests at once.
fn two_servers(db: &Db) -> [Store; 2] {
    let options = StoreOptions { apply_connections: 6, ..StoreOptions::SMALL };
    [(); 2].map(|()| Store::new(&db.url(LOGIN), options).expect("a store"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_at_once_leave_the_same_rows() {
    let db = Db::new().await;
    let stores = two_servers(&db);
    let whole = Scene::new(&db, 0x10).await;
    stores[0].apply(&whole.workspace, &three_agents(whole.contact)).await.expect("applied");
    let want = whole.state(&db).await;
    let mut dice = Dice::new(11);
    for id in 0x20..0x38 {
        let scene = Scene::new(&db, id).await;
        let mut events = three_agents(scene.contact);
        dice.shuffle(&mut events);
        // Each by itself and all at once; nothing that comes later closings what was lost.
        let tasks: Vec<_> = events
            .into_iter()
            .enumerate()
            .map(|(n, event)| {
                let (store, workspace) = (stores[n % 2].clone(), scene.workspace.clone());
                tokio::spawn(async move { store.apply(&workspace, &[event]).await })
            })
            .collect();
        for task in tasks {
            task.await.expect("no panic").expect("applied");
        }
        assert_eq!(difference(&scene.state(&db).await, &want), [""; 0], "workspace {id:#x}");
    }
}

/// Calls of the same agents that end at the same time: the last end counts, and nobody waits for
/// somebody who waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn agents_of_calls_that_end_together_are_idle_since_the_last_end() {
    let db = Db::new().await;
    let stores = two_servers(&db);
    let taken = |agent_id: u8, call: u8, over: i64| {
        let leg = |seconds, status| {
            let sid = sid(100 + call);
            let fact = LegEvent { agent: Some(agent(agent_id)), ..LegEvent::new(sid, status) };
            let event = Event { at: at(seconds), fact: Fact::Leg(fact) };
            StoredEvent { call: crate::support::sid(call), event, params: json!(null) }
        };
        [leg(5, LegStatus::InProgress), leg(over, LegStatus::Completed)]
    };
    for round in 0..16 {
        let workspace = workspace(&format!("ws_round_{round}"));
        db.team(&workspace, &[1, 2]).await;
        let tasks: Vec<_> = (0..8)
            .map(|n| {
                let (store, workspace) = (stores[usize::from(n % 2)].clone(), workspace.clone());
                // Two calls at once, of two agents, in either order.
                let (one, two) = if n % 4 < 2 { (1, 2) } else { (2, 1) };
                let over = 100 + i64::from((n + round) % 8);
                let events = [taken(one, 2 * n, over), taken(two, 2 * n + 1, over)].concat();
                tokio::spawn(async move { store.apply(&workspace, &events).await })
            })
            .collect();
        for task in tasks {
            task.await.expect("no panic").expect("applied");
        }
        let idle: Vec<String> = db.dump("voice_agents", &workspace).await;
        let ends = |row: &&String| row.contains(r#""idle_since": "2026-01-01T00:01:47+00:00""#);
        assert_eq!(idle.iter().filter(ends).count(), 2, "{idle:?}");
    }
}

#[tokio::test]
async fn refuses_poison_and_keeps_nothing_of_it() {
    let db = Db::new().await;
    let scene = Scene::new(&db, 0x11).await;
    let store = db.store();
    let good = stored(leg(1, 1, 0, LegStatus::Initiated));
    let other = stored(leg(2, 1, 1, LegStatus::Ringing));
    let refused = |reason: &str| calls::Refused { agent: None, reason: reason.into() };
    let duration = Some(std::time::Duration::from_secs(u64::MAX));
    let for_ever = LegEvent { duration, ..LegEvent::new(sid(7), LegStatus::Completed) };
    let poison = [
        ("NUL in a parameter", StoredEvent { params: json!({"a": "b\0c"}), ..other.clone() }),
        ("NUL in a name", StoredEvent { params: json!({"b\0c": "a"}), ..other }),
        ("NUL in a fact", stored(Event { at: at(0), fact: Fact::Refused(refused("a\0b")) })),
        ("a call that lasts for ever", stored(Event { at: at(0), fact: Fact::Leg(for_ever) })),
    ];
    for (name, event) in poison {
        let events = [good.clone(), event];
        let error = store.apply(&scene.workspace, &events).await.expect_err(name);
        assert!(matches!(error, StoreError::Data(_)), "{name}: {error:?}");
        assert!(!error.is_transient(), "{name}");
        assert_eq!(scene.state(&db).await, Vec::<String>::new(), "{name}");
    }
    store.apply(&scene.workspace, &[good]).await.expect("applied");
    assert_eq!(db.dump("voice_events", &scene.workspace).await.len(), 1);
}

#[tokio::test]
async fn whoever_is_gone_blocks_nothing() {
    let db = Db::new().await;
    // An installation may have keys of its own.
    db.execute(
        "alter table livechat_messages add foreign key (contact_id) references livechat_contacts \
           on delete set null",
    );
    let scene = Scene::new(&db, 0x11).await;
    let store = db.store();
    let log = async || {
        let rows = db.dump("livechat_messages", &scene.workspace).await;
        let row: serde_json::Value = serde_json::from_str(&rows[0]).expect("JSON");
        assert_eq!(rows.len(), 1);
        (row["contact_id"].clone(), row["user_id"].clone())
    };
    let (contact, user) = (json!(scene.contact.to_string()), json!(uuid([2; 16]).to_string()));
    let events = three_agents(scene.contact);
    store.apply(&scene.workspace, &events[..9]).await.expect("applied");
    assert_eq!(log().await, (contact.clone(), user.clone()));

    db.execute("delete from user_profiles where id = repeat('02', 16)::uuid");
    store.apply(&scene.workspace, &events[9..11]).await.expect("applied");
    assert_eq!(log().await, (contact, user.clone()), "who took the call stays in the log");

    db.execute("delete from livechat_contacts");
    store.apply(&scene.workspace, &events).await.expect("applied");
    assert_eq!(log().await, (json!(null), user));

    // Gone before the first word of it came.
    let late = Scene::new(&db, 0x12).await;
    db.execute("delete from livechat_contacts; delete from user_profiles");
    store.apply(&late.workspace, &three_agents(late.contact)).await.expect("applied");
    let row = db.dump("livechat_messages", &late.workspace).await;
    assert!(row[0].contains(r#""user_id": null"#) && row[0].contains(r#""contact_id": null"#));
    assert!(db.dump("voice_calls", &late.workspace).await[0].contains(&uuid([2; 16]).to_string()));
}

#[tokio::test]
async fn rebuilds_the_same_rows_from_the_events() {
    let db = Db::new().await;
    let scene = Scene::new(&db, 0x11).await;
    let store = db.store();
    store.apply(&scene.workspace, &three_agents(scene.contact)).await.expect("applied");
    let want = scene.state(&db).await;
    db.execute(
        "truncate voice_calls, voice_legs; delete from livechat_messages; delete from voice_agents",
    );
    assert_eq!(scene.state(&db).await.len(), 14, "the events");
    store.rebuild(&scene.workspace, &[sid(CALL), sid(0xcb)]).await.expect("rebuilt");
    assert_eq!(scene.state(&db).await, want);
    store.rebuild(&scene.workspace, &[sid(CALL)]).await.expect("rebuilt");
    assert_eq!(scene.state(&db).await, want, "again");
    store.rebuild(&scene.workspace, &[]).await.expect("nothing to do");
    let other = workspace("ws_other");
    store.rebuild(&other, &[sid(CALL)]).await.expect("another's call is unknown");
    assert_eq!(db.state(&other).await, Vec::<String>::new());
}

/// A request with all that the first one says, and more.
fn request(event: Event, own: &[(&str, &str)], more: &[(&str, &str)]) -> StoredEvent {
    let same = [("From", "+15005550001"), ("FromCity", "OAKLAND"), ("ApiVersion", "2010-04-01")];
    let pairs: Vec<_> = own.iter().chain(&same).chain(more).collect();
    StoredEvent { call: sid(CALL), event, params: json!(pairs) }
}

#[tokio::test]
async fn requests_are_kept_once_in_every_order() {
    let db = Db::new().await;
    let store = db.store();
    let (call, child, other) = (sid(CALL), sid(2), sid(3));
    let own = [("CallSid", call.as_str()), ("CallStatus", "ringing"), ("To", "+15005550006")];
    let identity = format!("client:{}", identity::AgentIdentity::new(agent(2)));
    let of_leg = |status| {
        let rest = [("CallStatus", status), ("To", &*identity), ("ParentCallSid", call.as_str())];
        [&[("CallSid", child.as_str())], &rest[..]].concat()
    };
    let dial = [("DialCallStatus", "completed"), ("DialCallSid", other.as_str())];
    let moment = ("Timestamp", "Thu, 01 Jan 2026 00:00:06 +0000");
    let ringing = leg(2, 2, 1, LegStatus::Ringing);
    let answered = leg(6, 2, 2, LegStatus::InProgress);
    let events = [
        request(arrived(1), &own, &[("ErrorCode", "11200")]),
        request(arrived(0), &own, &[("CallToken", "x")]),
        request(ringing, &of_leg("ringing"), &[("CallToken", "x"), ("SequenceNumber", "1")]),
        request(answered, &of_leg("in-progress"), &[moment, ("SequenceNumber", "02")]),
        request(bridged(66, 2, 60), &own, &[dial[0], dial[1], ("DialCallDuration", "60")]),
        request(ended(67, LegStatus::Completed), &own[..2], &[("a", "1"), ("a", "2")]),
    ];
    let kept = async |workspace: &WorkspaceId| -> serde_json::Value {
        let sql = "select jsonb_object_agg(key, params) from voice_events where workspace_id = $1";
        db.owner.client().query_one(sql, &[&workspace.as_str()]).await.expect("rows").get(0)
    };
    let whole = workspace("ws_whole");
    store.apply(&whole, &events).await.expect("applied");
    let want = json!({
        "arrived": events[1].params,
        "leg:CA02020202020202020202020202020202:1:ringing": {},
        "leg:CA02020202020202020202020202020202:2:in-progress":
            {"CallToken": null, "SequenceNumber": "02"},
        "dialled:1": {"CallToken": null, "DialCallSid": other.as_str()},
        // A name that comes twice: nothing is left out.
        "ended": events[5].params,
    });
    assert_eq!(kept(&whole).await, want);
    let mut dice = Dice::new(13);
    for round in 0..24 {
        let mut events = events.clone();
        dice.shuffle(&mut events);
        let workspace = workspace(&format!("ws_{round}"));
        for event in &events {
            store.apply(&workspace, std::slice::from_ref(event)).await.expect("applied");
        }
        assert_eq!(kept(&workspace).await, want, "{events:#?}");
    }

    // Without the first request each is whole, but for what its fact says.
    let alone = workspace("ws_alone");
    store.apply(&alone, &events[2..4]).await.expect("applied");
    let rest = json!([
        ["From", "+15005550001"],
        ["FromCity", "OAKLAND"],
        ["ApiVersion", "2010-04-01"],
        ["SequenceNumber", "02"]
    ]);
    let answered = &kept(&alone).await["leg:CA02020202020202020202020202020202:2:in-progress"];
    assert_eq!(*answered, rest);
}

/// Facts were whole objects, with their moment, and a decision a list of them.
#[tokio::test]
async fn events_and_waves_of_an_earlier_form_are_read() {
    let db = Db::new().await;
    let scene = Scene::new(&db, 0x11).await;
    let store = db.store();
    let events = three_agents(scene.contact);
    store.apply(&scene.workspace, &events).await.expect("applied");
    let want = scene.state(&db).await;
    let read = async || {
        let read = store.call(&scene.workspace, agent(1), sid(CALL)).await.expect("an answer");
        read.calls[0].call.clone()
    };
    let call = read().await;
    assert_eq!(call.waves[0].verdicts.len(), 3);
    for stored in events.iter().rev() {
        let mut fact = serde_json::to_value(&stored.event).expect("JSON");
        if let Fact::Routed(routed) = &stored.event.fact {
            fact["verdicts"] = json!(routed.verdicts);
        }
        let sql = "update voice_events set fact = $2 where key = $1 and at = $3::text::timestamptz";
        let (key, at) = (stored.event.key(), stored.event.at.to_string());
        db.owner.client().execute(sql, &[&key, &fact, &at]).await.expect("an earlier form");
    }
    let waves = serde_json::to_value(&call.waves).expect("JSON");
    db.owner.client().execute("update voice_calls set waves = $1", &[&waves]).await.expect("waves");
    assert_eq!(read().await, call);
    let long = "select count(*) from voice_events where fact ? 'at'";
    assert_eq!(db.value::<i64>(long).await, 14);
    db.execute("truncate voice_calls, voice_legs");
    store.rebuild(&scene.workspace, &[sid(CALL)]).await.expect("rebuilt");
    let rows = |state: &[String]| -> Vec<String> {
        state.iter().filter(|row| !row.starts_with("voice_events")).cloned().collect()
    };
    assert_eq!(rows(&scene.state(&db).await), rows(&want));
}

#[tokio::test]
async fn a_call_takes_so_many_events_of_each_kind_and_always_its_end() {
    let db = Db::new().await;
    let ws = workspace("ws_a");
    db.team(&ws, &[1]).await;
    let store = db.store();
    let flood = |from: u32, to: u32| -> Vec<StoredEvent> {
        (from..to).map(|sequence| stored(leg(1, 1, sequence, LegStatus::Ringing))).collect()
    };
    let waves = |count: u16| -> Vec<StoredEvent> {
        let dialled = |wave| calls::Dialled {
            wave,
            status: calls::DialStatus::NoAnswer,
            child: None,
            duration: None,
            bridged: None,
            caller_gone: false,
        };
        let wave = |wave| stored(Event { at: at(1), fact: Fact::Dialled(dialled(wave)) });
        (1..=count).map(wave).collect()
    };
    let apply = async |events: &[StoredEvent]| store.apply(&ws, events).await.expect("applied");
    assert_eq!(apply(&[stored(arrived(0))]).await, 0);
    let many = u32::try_from(Store::MOST_EVENTS).expect("a number");
    let left_out = apply(&flood(0, many)).await;
    assert!(left_out > 0);
    assert_eq!(apply(&flood(0, 5)).await, 0, "those are known");
    assert_eq!(apply(&flood(many, many + 5)).await, 5);
    assert!(apply(&waves(1_000)).await > 0);
    // The end of a leg and of the call are still told.
    assert_eq!(apply(&[stored(leg(1, 1, many, LegStatus::Completed))]).await, 0);
    assert_eq!(apply(&[stored(ended(60, LegStatus::Completed))]).await, 0);
    let count = db.value::<i64>("select count(*) from voice_events").await;
    assert!(count <= i64::from(many), "{count}");
}

#[tokio::test]
async fn rows_are_written_only_when_they_change() {
    let db = Db::new().await;
    let ws = workspace("ws_a");
    db.team(&ws, &[1, 2, 3]).await;
    let contact = db.contact(&ws, 0x11, "+15005550001").await;
    for table in ["livechat_messages", "voice_calls", "voice_legs", "voice_events", "voice_agents"]
    {
        db.execute(&format!(
            "create table if not exists public.writes (tab text); grant select on public.writes to public; \
             create or replace function public.count_write() returns trigger language plpgsql \
               security definer as $$ begin insert into public.writes values (tg_table_name); \
               return null; end $$; \
             create trigger count_write after insert or update on public.{table} \
               for each row execute function public.count_write()"
        ));
    }
    let count = async |table: &str| {
        let sql = format!("select count(*) from public.writes where tab = '{table}'");
        db.value::<i64>(&sql).await
    };
    let store = db.store();
    let mut events = three_agents(contact);
    events.sort_by_key(|stored| stored.event.at);
    // The first request brings the decision with it; the others come one by one.
    let (first, others) = events.split_at(2);
    store.apply(&ws, first).await.expect("applied");
    for event in others {
        store.apply(&ws, std::slice::from_ref(event)).await.expect("applied");
    }
    // It rings, somebody answers, it is over. The row of the call changes twice more: when the Dial
    // ends, and when the call does, which its words do not say.
    let words = db
        .value::<String>("select coalesce(string_agg(body, ' | '), '') from livechat_messages")
        .await;
    assert_eq!(count("livechat_messages").await, 3, "{words}");
    assert_eq!(count("voice_events").await, 14);
    let once = [count("voice_calls").await, count("voice_legs").await, count("voice_agents").await];
    assert_eq!(once, [5, 10, 2], "calls, legs, agents");
    for event in &events {
        store.apply(&ws, std::slice::from_ref(event)).await.expect("applied");
    }
    assert_eq!(count("livechat_messages").await, 3, "nothing is new");
    assert_eq!(count("voice_events").await, 14);
    let twice =
        [count("voice_calls").await, count("voice_legs").await, count("voice_agents").await];
    assert_eq!(twice, once);
}
