//! What an agent sees and sets.

use std::time::Duration;

use calls::{
    Direction, EndReason, Event, Fact, LegEvent, LegStatus, Outcome, Party, Refused, fold,
};
use identity::WorkspaceId;
use routing::{Page, Presence, Role};
use serde_json::json;
use store_pg::{AgentRow, Before, Filter, Logged, Store, StoredEvent};

use crate::events::*;
use crate::support::*;

#[tokio::test]
async fn an_agent_sets_its_own_status_and_sees_the_team() {
    let db = Db::new().await;
    let (ws, other) = (workspace("ws_a"), workspace("ws_b"));
    db.team(&ws, &[1, 2]).await;
    db.profile(&ws, agent(3), "viewer").await;
    db.team(&other, &[4]).await;
    let store = db.store();
    for (user, want) in [(1, true), (3, false), (4, false), (9, false)] {
        assert_eq!(store.is_member(&ws, agent(user)).await.expect("an answer"), want, "{user}");
        let set = store.set_presence(&ws, agent(user), Presence::Away, at(i64::from(user))).await;
        assert_eq!(set.expect("an answer"), want, "{user}");
    }
    // Said again: since when does not change.
    store.set_presence(&ws, agent(1), Presence::Away, at(50)).await.expect("set");
    let events = [leg(10, 1, 0, LegStatus::Initiated), leg(12, 1, 2, LegStatus::InProgress)];
    let ringing = [leg(20, 2, 0, LegStatus::Initiated), leg(21, 2, 1, LegStatus::Ringing)];
    let events: Vec<_> = events.into_iter().chain(ringing).map(stored).collect();
    let (talks, rings) = events.split_at(2);
    store.apply(&ws, talks).await.expect("applied");
    store
        .apply(
            &ws,
            &rings
                .iter()
                .map(|event| StoredEvent { call: sid(0xcb), ..event.clone() })
                .collect::<Vec<_>>(),
        )
        .await
        .expect("applied");
    let row = |user| AgentRow {
        user: agent(user),
        name: Some(format!("Agent 0{user}")),
        role: Role::Agent,
        presence: Presence::Unknown,
        presence_since: None,
        on_call_since: None,
        offered_since: None,
        call: None,
        idle_since: None,
        ready_since: None,
        page: Page::Unknown,
        online_until: None,
        page_ready_until: None,
        page_lacks: None,
    };
    let one = AgentRow {
        presence: Presence::Away,
        presence_since: Some(at(1)),
        on_call_since: Some(at(12)),
        call: Some(sid(CALL)),
        ..row(1)
    };
    let two = AgentRow { offered_since: Some(at(21)), call: Some(sid(0xcb)), ..row(2) };
    assert_eq!(store.agents(&ws, agent(2), at(60)).await.expect("agents"), [one, two]);
    for user in [3, 4, 9] {
        assert_eq!(store.agents(&ws, agent(user), at(60)).await.expect("agents"), [], "{user}");
    }
    assert_eq!(store.agents(&other, agent(4), at(60)).await.expect("agents"), [row(4)]);
    store.set_presence(&ws, agent(1), Presence::Available, at(60)).await.expect("set");
    let since = store.agents(&ws, agent(1), at(60)).await.expect("agents")[0].presence_since;
    assert_eq!(since, Some(at(60)));
}

#[tokio::test]
async fn only_what_is_said_after_the_end_of_a_call_ends_the_work_that_follows_it() {
    let db = Db::new().await;
    let ws = workspace("ws_a");
    db.team(&ws, &[1]).await;
    let store = db.store();
    // The one leg of a call, whose Sid is made of the next number.
    let apply = async |call: u8, seconds, sequence, status| {
        let fact = LegEvent {
            agent: Some(agent(1)),
            sequence: Some(sequence),
            ..LegEvent::new(sid(call + 1), status)
        };
        let event = Event { at: at(seconds), fact: Fact::Leg(fact) };
        let event = StoredEvent { call: sid(call), event, params: json!({}) };
        store.apply(&ws, &[event]).await.expect("applied");
    };
    let available = async |seconds| {
        let set = store.set_presence(&ws, agent(1), Presence::Available, at(seconds)).await;
        assert!(set.expect("an answer"));
    };
    let works = async || {
        let agents = store.agents(&ws, agent(1), at(100)).await.expect("agents");
        agents[0].works_until(Duration::from_secs(60))
    };
    available(0).await;
    apply(0x10, 5, 1, LegStatus::InProgress).await;
    // During the call, and once more after its end, of which nothing is known yet.
    available(30).await;
    assert!(store.end_wrap_up(&ws, agent(1), at(42)).await.expect("an answer"));
    apply(0x10, 40, 2, LegStatus::Completed).await;
    assert_eq!(works().await, Some(at(100)), "said before its end was known");
    // The value does not change, and our clock is behind: it is about this call all the same.
    available(39).await;
    assert_eq!(works().await, None, "said after its end was known");
    // A call that was over before that one, and is told late.
    apply(0x20, 1, 1, LegStatus::InProgress).await;
    apply(0x20, 4, 2, LegStatus::Completed).await;
    assert_eq!(works().await, None, "an older call");
    apply(0x30, 45, 1, LegStatus::InProgress).await;
    apply(0x30, 50, 2, LegStatus::Completed).await;
    assert_eq!(works().await, Some(at(110)), "the next call");
    assert!(store.end_wrap_up(&ws, agent(1), at(55)).await.expect("an answer"));
    assert_eq!(works().await, None, "ended by hand");
}

#[tokio::test]
async fn the_log_comes_newest_first_and_page_by_page() {
    let db = Db::new().await;
    let (ws, other) = (workspace("ws_a"), workspace("ws_b"));
    db.team(&ws, &[1, 2, 3]).await;
    db.team(&other, &[4]).await;
    let contact = db.contact(&ws, 0x11, "+15005550001").await;
    let store = db.store();
    store.apply(&ws, &three_agents(contact)).await.expect("applied");
    // Two began at the same moment.
    for (id, seconds) in [(0xd1, 5), (0xd2, 5), (0xd3, -5)] {
        let event = StoredEvent { call: sid(id), ..stored(arrived(seconds)) };
        store.apply(&ws, &[event]).await.expect("applied");
    }
    let mut pages = Vec::new();
    let mut before = None;
    loop {
        let page =
            store.calls(&ws, agent(1), Filter::default(), 2, before).await.expect("a page").calls;
        let Some(last) = page.last() else { break };
        let last = &last.call;
        before = last.started_at.map(|started_at| Before { started_at, sid: last.sid });
        pages.push(page.iter().map(|logged| logged.call.sid).collect::<Vec<_>>());
    }
    assert_eq!(pages, [[sid(0xd2), sid(0xd1)], [sid(CALL), sid(0xd3)]]);

    let logged = store.call(&ws, agent(1), sid(CALL)).await.expect("an answer").calls.remove(0);
    assert_eq!(logged.contact_name.as_deref(), Some("Contact 11"));
    let call = logged.call;
    assert_eq!(call.legs.iter().map(|leg| leg.sid).collect::<Vec<_>>(), [sid(1), sid(2), sid(3)]);
    assert_eq!((call.direction, call.outcome), (Direction::Inbound, Outcome::Completed));
    assert_eq!(call.from.as_str(), "+15005550001");
    assert_eq!(call.contact, Some(contact));
    assert_eq!(call.handled_by, Some(agent(2)));
    assert_eq!((call.started_at, call.answered_at), (Some(at(0)), Some(at(6))));
    assert_eq!((call.ended_at, call.end_reason), (Some(at(67)), Some(EndReason::Completed)));
    assert_eq!(call.waves[0].verdicts.len(), 3);
    let leg = &call.legs[1];
    assert_eq!((leg.agent, leg.status), (Some(agent(2)), LegStatus::Completed));
    assert_eq!(
        [leg.initiated_at, leg.ringing_at, leg.answered_at, leg.ended_at],
        [1, 2, 6, 66].map(|seconds| Some(at(seconds)))
    );

    for (workspace, user, what) in [(&ws, 4, "another's"), (&other, 4, "absent"), (&other, 1, "x")]
    {
        let found = store.call(workspace, agent(user), sid(CALL)).await.expect("an answer");
        assert_eq!(found, Logged::default(), "{what}");
        assert_eq!(
            store.calls(workspace, agent(user), Filter::default(), 9, None).await.expect("a page"),
            Logged::default(),
            "{what}"
        );
    }
}

/// Everything that a record says is stored: what is read is what was folded.
#[tokio::test]
async fn a_record_is_read_as_it_was_folded() {
    let db = Db::new().await;
    let ws = workspace("ws_a");
    db.team(&ws, &[1, 2, 3]).await;
    let contact = db.contact(&ws, 0x11, "+15005550001").await;
    let store = db.store();
    let gone = LegEvent {
        agent: Some(agent(3)),
        sip_response: Some(480),
        sequence: Some(2),
        ..LegEvent::new(sid(3), LegStatus::NoAnswer)
    };
    let mut inbound = three_agents(contact);
    inbound.push(stored(Event { at: at(4), fact: Fact::Leg(gone) }));
    let from = Party::read("client:agent_01010101010101010101010101010101");
    let wanted = calls::Arrived::new(Direction::Outbound, from, Party::read("+1900"));
    let refused = Refused { agent: Some(agent(1)), reason: calls::Refusal::PremiumNumber.into() };
    let refused = [Fact::Arrived(wanted), Fact::Refused(refused)];
    let refused = refused.map(|fact| stored(Event { at: at(0), fact })).to_vec();
    for (id, events) in [(1, inbound), (2, outbound(contact)), (3, refused)] {
        let call = sid(0xd0 + id);
        let events: Vec<_> =
            events.into_iter().map(|event| StoredEvent { call, ..event }).collect();
        store.apply(&ws, &events).await.expect("applied");
        let mut folded = fold(call, events.iter().map(|stored| &stored.event));
        folded.legs.sort_by_key(|leg| (leg.initiated_at.is_none(), leg.initiated_at, leg.sid));
        let read = store.call(&ws, agent(1), call).await.expect("an answer").calls.remove(0);
        assert_eq!(read.call, folded, "{id}");
    }
}

/// A workspace whose log has one call.
async fn with_one_call() -> (Db, WorkspaceId, Store) {
    let db = Db::new().await;
    let ws = workspace("ws_a");
    db.team(&ws, &[1, 2, 3]).await;
    let contact = db.contact(&ws, 0x11, "+15005550001").await;
    let store = db.store();
    store.apply(&ws, &three_agents(contact)).await.expect("applied");
    (db, ws, store)
}

/// Two versions of the program may write the same log for a while.
#[tokio::test]
async fn words_of_a_newer_version_leave_the_log_readable() {
    let (db, ws, store) = with_one_call().await;
    db.execute(&format!(
        "update voice_calls set outcome = '{WORD}', end_reason = '{WORD}', refusal = '{WORD}', \
           waves = jsonb_set(waves, '{{0,scope}}', '\"{WORD}\"'); \
         update voice_legs set status = '{WORD}', end_reason = '{WORD}'",
    ));
    let read = store.call(&ws, agent(1), sid(CALL)).await.expect("an answer").calls.remove(0).call;
    assert_eq!((read.outcome, read.end_reason), (Outcome::Completed, None));
    assert_eq!(read.refusal.as_ref().map(identity::Word::as_str), Some(WORD));
    assert_eq!(read.waves[0].scope.as_ref().map(identity::Word::as_str), Some(WORD));
    let legs: Vec<_> = read.legs.iter().map(|leg| (leg.status, leg.end)).collect();
    let (over, talked) = ((LegStatus::NoAnswer, None), (LegStatus::Completed, None));
    assert_eq!(legs, [over, talked, over]);
    db.execute("update voice_calls set waves = '[{\"number\": \"first\"}]'");
    let read = store.call(&ws, agent(1), sid(CALL)).await.expect("an answer").calls.remove(0).call;
    assert_eq!(read.waves, []);
}

/// It belongs to no set, and never will.
const WORD: &str = "word_of_tomorrow";

#[tokio::test]
async fn one_row_that_cannot_be_read_hides_no_other() {
    let (db, ws, store) = with_one_call().await;
    let good = store.calls(&ws, agent(1), Filter::default(), 9, None).await.expect("a page");
    assert_eq!((good.calls.len(), good.calls[0].call.legs.len()), (1, 3));
    // A newer call and a leg of the good one, written by somebody else.
    let written = format!(
        "insert into public.voice_calls (workspace_id, call_sid, direction, outcome, started_at) \
           values ('ws_a', 'a call of mine', 'inbound', 'ringing', timestamptz '2027-01-01'), \
                  ('ws_a', 'CA', 'x', 'y', '-infinity'); \
         insert into public.voice_legs (workspace_id, leg_sid, call_sid, status, initiated_at) \
           values ('ws_a', 'a leg of mine', '{}', 'ringing', 'infinity')",
        sid(CALL)
    );
    db.execute(&written);
    let read = store.calls(&ws, agent(1), Filter::default(), 9, None).await.expect("a page");
    assert_eq!((&read.calls, read.left_out, read.damaged.len()), (&good.calls, 2, 3));
    let named = ["voice_calls: ", "voice_legs: ", "voice_calls: "];
    for (damaged, (table, column)) in
        read.damaged.iter().zip(named.into_iter().zip(["v_call_sid", "l_leg_sid", "v_call_sid"]))
    {
        assert!(damaged.starts_with(table) && damaged.contains(column), "{damaged}");
        assert!(!damaged.contains("mine"), "a value is not for the log: {damaged}");
    }
    let one = store.call(&ws, agent(1), sid(CALL)).await.expect("an answer");
    assert_eq!((&one.calls, one.damaged.len()), (&good.calls, 1));
    let page = store.snapshot(&ws, agent(1), at(60)).await.expect("a snapshot").expect("a member");
    assert_eq!(page.calls, []);
    let changes =
        store.changes(&ws, agent(1), 0, at(60)).await.expect("changes").expect("a member");
    assert_eq!((&changes.calls, changes.damaged.len()), (&good.calls, 1));
}
