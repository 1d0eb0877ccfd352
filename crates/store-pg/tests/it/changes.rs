//! Changes are numbered in the order in which they become visible, and none is missed.

use std::time::Duration;

use calls::LegStatus;
use identity::WorkspaceId;
use routing::{NotReady, Page, Presence};
use store_pg::{Changes, Notice, OpenPage, Store, StoredEvent, Subject};

use crate::events::*;
use crate::support::*;

/// What an agent may see of the changes after this one.
async fn after(store: &Store, workspace: &WorkspaceId, seq: i64) -> Changes {
    let changes = store.changes(workspace, agent(1), seq, at(60)).await;
    changes.expect("changes").expect("a member")
}

fn subjects(changes: &Changes) -> Vec<(i64, Subject)> {
    let changes = changes.changes.as_ref().expect("they are kept");
    changes.iter().map(|change| (change.seq, change.subject)).collect()
}

#[tokio::test]
async fn what_changes_is_numbered_and_repetitions_are_not() {
    let db = Db::new().await;
    let (ws, other) = (workspace("ws_a"), workspace("ws_b"));
    db.team(&ws, &[1, 2, 3]).await;
    db.team(&other, &[4]).await;
    let store = db.store();
    let nothing = after(&store, &ws, 0).await;
    assert_eq!((nothing.seq, nothing.agents.len()), (0, 3));
    assert_eq!(subjects(&nothing), []);

    let contact = db.contact(&ws, 0x11, "+15005550001").await;
    let events = three_agents(contact);
    store.apply(&ws, &events).await.expect("applied");
    let call = Subject::Call(sid(CALL));
    let rings = [1, 2, 3].map(|leg| Subject::Ring(sid(leg)));
    let want: Vec<(i64, Subject)> = (1..).zip([call, rings[0], rings[1], rings[2]]).collect();
    let changes = after(&store, &ws, 0).await;
    assert_eq!(subjects(&changes), want);
    assert_eq!(changes.calls.len(), 1);
    assert_eq!(changes.calls[0].call.legs.len(), 3);
    store.apply(&ws, &events).await.expect("applied again");
    assert_eq!(after(&store, &ws, 4).await.seq, 4, "nothing is new");

    // Of each thing the last one counts.
    for presence in [Presence::Away, Presence::Available] {
        store.set_presence(&ws, agent(2), presence, at(60)).await.expect("set");
    }
    store.end_wrap_up(&ws, agent(3), at(60)).await.expect("ended");
    assert_eq!(subjects(&after(&store, &ws, 4).await), [(7, Subject::Agent)]);
    // Who is no member sees nothing, and their numbers are their own.
    assert_eq!(store.changes(&ws, agent(4), 0, at(60)).await.expect("an answer"), None);
    assert_eq!(store.snapshot(&ws, agent(4), at(60)).await.expect("an answer"), None);
    let theirs = store.snapshot(&other, agent(4), at(60)).await.expect("one").expect("a member");
    assert_eq!((theirs.seq, theirs.agents.len(), theirs.calls.len()), (0, 1, 0));
}

#[tokio::test]
async fn old_changes_are_dropped_and_that_is_seen() {
    let db = Db::new().await;
    let ws = workspace("ws_a");
    db.team(&ws, &[1]).await;
    let store = db.store();
    store.set_presence(&ws, agent(1), Presence::Away, at(0)).await.expect("set");
    // A batch that is larger than what is kept.
    let many: Vec<StoredEvent> = (0..600_u16)
        .flat_map(|n| {
            let call = identity::CallSid::from_bytes(
                [&[9; 14][..], &n.to_be_bytes()].concat().try_into().expect("16 bytes"),
            );
            let leg_sid = identity::CallSid::from_bytes(
                [&[8; 14][..], &n.to_be_bytes()].concat().try_into().expect("16 bytes"),
            );
            let mut declined = leg(20, 1, 2, LegStatus::Busy);
            if let calls::Fact::Leg(leg) = &mut declined.fact {
                leg.sid = leg_sid;
            }
            [arrived(1), declined].map(|event| StoredEvent { call, ..stored(event) })
        })
        .collect();
    store.apply(&ws, &many).await.expect("applied");
    let head = 1 + 2 * 600;
    for (seq, is_kept) in [
        (0, false),
        (head - 1025, false),
        (head - 1024, true),
        (head - 1, true),
        (head, true),
        (head + 1, false),
        (i64::MAX, false),
        (-1, false),
        (i64::MIN / 2, false),
    ] {
        let changes = after(&store, &ws, seq).await;
        assert_eq!((changes.seq, changes.changes.is_some()), (head, is_kept), "after {seq}");
    }
    assert_eq!(db.value::<i64>("select count(*) from voice_changes").await, 1024);
}

#[tokio::test]
async fn numbers_become_visible_in_order_however_many_write() {
    let db = Db::new().await;
    let ws = workspace("ws_a");
    db.team(&ws, &[1, 2, 3, 4, 5]).await;
    let store = db.store();
    let writers = (1..=5_u8).map(|user| {
        let (store, ws) = (db.store(), ws.clone());
        tokio::spawn(async move {
            for n in 0..40_u8 {
                let presence = if n % 2 == 0 { Presence::Away } else { Presence::Available };
                store.set_presence(&ws, agent(user), presence, at(0)).await.expect("set");
                let event = StoredEvent { call: sid(user * 40 + n), ..stored(arrived(0)) };
                store.apply(&ws, &[event]).await.expect("applied");
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    // A reader that looks all the time has every call in the end.
    let (mut seq, mut calls) = (0, std::collections::BTreeSet::new());
    loop {
        let is_last = writers.iter().all(tokio::task::JoinHandle::is_finished);
        let changes = after(&store, &ws, seq).await;
        for (_, subject) in subjects(&changes) {
            calls.extend(if let Subject::Call(sid) = subject { Some(sid) } else { None });
        }
        seq = changes.seq;
        if is_last {
            break;
        }
    }
    for writer in writers {
        writer.await.expect("no panic");
    }
    assert_eq!((seq, calls.len()), (400, 200));
}

#[tokio::test]
async fn a_store_is_not_told_what_it_applied_itself_and_others_are() {
    let db = Db::new().await;
    let ws = workspace("ws_a");
    db.team(&ws, &[1, 2, 3]).await;
    let contact = db.contact(&ws, 0x11, "+15005550001").await;
    let (store, other) = (db.store(), db.store());
    let listeners = [store.listen().await, other.listen().await];
    let [mut own, mut others] = listeners.map(|listener| listener.expect("a listener"));
    store.apply_together(&of(&ws, &three_agents(contact)), SHORT).await.expect("applied");
    // The mark behind which nothing of it comes any more.
    db.execute("select pg_notify('voice_changes', 'ws_b')");
    let until_b = async |listener: &mut store_pg::Listener| {
        let mut heard = Vec::new();
        while heard.last() != Some(&Notice::Changed(workspace("ws_b"))) {
            let next = tokio::time::timeout(Duration::from_secs(20), listener.next()).await;
            heard.push(next.expect("a notice").expect("a notice"));
        }
        heard.pop();
        heard
    };
    let changed = [Notice::Changed(ws.clone()), Notice::Agents(ws.clone())];
    assert_eq!(until_b(&mut own).await, changed[..1]);
    assert_eq!(until_b(&mut others).await, changed);
}

#[tokio::test]
async fn a_listener_hears_of_every_workspace_and_notices_its_end() {
    let db = Db::new().await;
    let (a, b) = (workspace("ws_a"), workspace("ws_b"));
    db.team(&a, &[1]).await;
    db.team(&b, &[2]).await;
    let store = db.store();
    let mut listener = store.listen().await.expect("a listener");
    listener.now().await.expect("it is there");
    for (workspace, user) in [(&a, 1), (&b, 2), (&a, 1)] {
        store.set_presence(workspace, agent(user), Presence::Away, at(0)).await.expect("set");
        for want in [Notice::Changed(workspace.clone()), Notice::Agents(workspace.clone())] {
            let heard = tokio::time::timeout(Duration::from_secs(20), listener.next()).await;
            assert_eq!(heard.expect("a notice").expect("a notice"), want);
        }
    }
    // A page that is ready for the first time, once more when that is about to end, and then nothing new.
    for length in [5, 35, 35] {
        let length = Duration::from_secs(length);
        store.report_page(&b, agent(2), "p1", None, length).await.expect("told");
    }
    for want in [Notice::Changed(b.clone()), Notice::Agents(b.clone())].into_iter().cycle().take(4)
    {
        let heard = tokio::time::timeout(Duration::from_secs(20), listener.next()).await;
        assert_eq!(heard.expect("a notice").expect("a notice"), want);
    }
    // Anybody may notify.
    db.execute("select pg_notify('voice_changes', 'no workspace!')");
    db.execute("select pg_notify('voice_changes', 'ws_b')");
    let heard = tokio::time::timeout(Duration::from_secs(20), listener.next()).await;
    assert_eq!(heard.expect("a notice").expect("a notice"), Notice::Changed(b.clone()));
    // More agents than one notification holds.
    let users = (0..200).map(agent).collect::<Vec<_>>();
    let other = store.listen().await.expect("a listener");
    other.tell_unrecorded(&b, &users).await.expect("told");
    for users in users.chunks(128) {
        let heard = tokio::time::timeout(Duration::from_secs(20), listener.next()).await;
        let told = Notice::Unrecorded(b.clone(), users.to_vec());
        assert_eq!(heard.expect("a notice").expect("a notice"), told);
    }
    db.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity \
         where application_name = 'switchroom events'",
    );
    let lost = tokio::time::timeout(Duration::from_secs(20), listener.next()).await;
    assert!(lost.expect("it is noticed").is_err_and(|error| error.is_transient()));
    assert!(listener.now().await.is_err());
}

#[tokio::test]
async fn open_pages_are_leases_that_are_never_cut_short() {
    let db = Db::new().await;
    let ws = workspace("ws_a");
    db.team(&ws, &[1, 2]).await;
    db.profile(&ws, agent(3), "viewer").await;
    let store = db.store();
    let pages = async || -> Vec<Page> {
        let agents = store.agents(&ws, agent(1), at(0)).await.expect("agents");
        agents.iter().map(|agent| agent.page).collect()
    };
    assert_eq!(pages().await, [Page::Unknown, Page::Unknown]);
    let all = [2, 3, 9].map(|user| OpenPage { user: agent(user), reports: false });
    store.renew_pages(&ws, &all, Duration::from_secs(60)).await.expect("renewed");
    assert_eq!(pages().await, [Page::Unknown, Page::Open]);
    assert_eq!(db.value::<i64>("select count(*) from voice_agents").await, 1, "members only");
    store.renew_pages(&ws, &all, Duration::ZERO).await.expect("renewed");
    assert_eq!(pages().await, [Page::Unknown, Page::Open], "another server knows of a page");
    let news = async || after(&store, &ws, 0).await.seq;
    assert_eq!(news().await, 1, "a page that stays is no news");
    db.execute("update voice_agents set online_until = now() - interval '1 second'");
    assert_eq!(pages().await, [Page::Unknown, Page::Closed]);
    let roster =
        roster(&store, &ws, None, *US, sid(1), Duration::ZERO, at(0)).await.expect("a roster");
    let page = |user| roster.candidates.iter().find(|one| one.user == agent(user)).map(|c| c.page);
    assert_eq!((page(1), page(2)), (Some(Page::Unknown), Some(Page::Closed)));
    store.renew_pages(&ws, &all, Duration::from_secs(60)).await.expect("renewed");
    assert_eq!((pages().await[1], news().await), (Page::Open, 2));
    // A status set by hand after the last page was closed is of a page of another kind.
    store.set_presence(&ws, agent(2), Presence::Available, at(0)).await.expect("set");
    assert_eq!(pages().await[1], Page::Open);
    db.execute("update voice_agents set online_until = now() - interval '1 second'");
    store.set_presence(&ws, agent(2), Presence::Available, at(0)).await.expect("set");
    assert_eq!(pages().await[1], Page::Unknown);
}

#[tokio::test]
async fn a_page_that_reports_is_ready_for_as_long_as_it_says_so() {
    let db = Db::new().await;
    let ws = workspace("ws_a");
    db.team(&ws, &[1, 2]).await;
    let store = db.store();
    let minute = Duration::from_secs(60);
    let seen = async || {
        let agents = store.agents(&ws, agent(1), at(0)).await.expect("agents");
        let two = agents.into_iter().find(|one| one.user == agent(2)).expect("agent 2");
        (two.page, two.page_lacks)
    };
    let report = async |page: &str, lacks| {
        store.report_page(&ws, agent(2), page, lacks, minute).await.expect("reported")
    };
    let open = async |reports| {
        let page = OpenPage { user: agent(2), reports };
        store.renew_pages(&ws, &[page], minute).await.expect("renewed");
    };
    let news = async || after(&store, &ws, 0).await.seq;
    open(true).await;
    assert_eq!(seen().await, (Page::NotReady, None), "it has not said anything yet");
    assert!(report("one", None).await);
    assert_eq!((seen().await, news().await), ((Page::Open, None), 2));
    assert!(report("one", None).await);
    assert_eq!(news().await, 2, "the same word again is no news");
    // Another page of the same agent cannot take calls; this one still can.
    assert!(report("two", Some(NotReady::Microphone)).await);
    assert_eq!((seen().await, news().await), ((Page::Open, None), 2));
    assert!(report("one", Some(NotReady::Phone)).await);
    assert_eq!((seen().await, news().await), ((Page::NotReady, Some(NotReady::Phone)), 3));
    assert!(report("two", Some(NotReady::Microphone)).await);
    assert_eq!((seen().await, news().await), ((Page::NotReady, Some(NotReady::Microphone)), 4));
    assert!(report("two", None).await);
    assert_eq!((seen().await, news().await), ((Page::Open, None), 5));
    // Frozen: its stream stays open, and it says nothing.
    db.execute("update voice_agents set page_ready_until = now() - interval '1 second'");
    open(true).await;
    assert_eq!(seen().await, (Page::NotReady, None));
    // A page of an older release says nothing either, and counts while it is open.
    open(false).await;
    assert_eq!(seen().await, (Page::Open, None));
    // A status set by hand while the page is silent is of a page of another kind.
    db.execute("update voice_agents set page_ready_until = now() - interval '1 second'");
    assert_eq!(seen().await, (Page::NotReady, None));
    store.set_presence(&ws, agent(2), Presence::Available, at(0)).await.expect("set");
    assert_eq!(seen().await, (Page::Unknown, None));
    open(true).await;
    assert!(report("one", Some(NotReady::Microphone)).await);
    store.set_presence(&ws, agent(2), Presence::Available, at(0)).await.expect("set");
    assert_eq!(seen().await, (Page::NotReady, Some(NotReady::Microphone)));
    assert!(!store.report_page(&ws, agent(9), "x", None, minute).await.expect("asked"));
    assert_eq!(db.value::<i64>("select count(*) from voice_agents").await, 1, "members only");
}
