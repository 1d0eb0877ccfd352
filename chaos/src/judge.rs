//! Compares the database with what was acknowledged and with what really happened.

use std::collections::{BTreeMap, BTreeSet};

use tokio_postgres::Client;

use crate::load::Sent;
use crate::story::Call;

/// The calls in the database.
pub(crate) struct Kept {
    /// Every event's call and key.
    events: BTreeSet<(String, String)>,
    /// How many rows a call has in the live chat's log.
    rows: BTreeMap<String, i64>,
    calls: BTreeMap<String, Record>,
}

/// How a call went, in the words of the database.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Record {
    outcome: String,
    handled_by: Option<String>,
    logged_for: Option<String>,
    answered_after: Option<i64>,
    lasted: Option<i64>,
    legs: String,
}

impl Kept {
    /// Reads everything.
    pub(crate) async fn read(client: &Client) -> Self {
        let events = "select call_sid, key from public.voice_events";
        let events = client.query(events, &[]).await.expect("the events");
        let rows = "select twilio_sid, count(*) from public.livechat_messages \
                    where msg_type = 'call' group by 1";
        let rows = client.query(rows, &[]).await.expect("the log");
        let calls = "\
            select v.call_sid, v.outcome, v.handled_by::text, m.user_id::text, \
              extract(epoch from v.answered_at - v.started_at)::int8, \
              extract(epoch from v.ended_at - v.started_at)::int8, \
              (select string_agg(concat_ws(' ', l.status, l.end_reason, l.user_id::text, \
                  extract(epoch from l.ended_at - l.initiated_at)::int8), ', ' order by l.leg_sid) \
                from public.voice_legs l \
                where l.workspace_id = v.workspace_id and l.call_sid = v.call_sid) \
            from public.voice_calls v left join public.livechat_messages m \
              on m.workspace_id = v.workspace_id and m.twilio_sid = v.call_sid \
                and m.msg_type = 'call'";
        let calls = client.query(calls, &[]).await.expect("the calls");
        let record = |row: &tokio_postgres::Row| Record {
            outcome: row.get(1),
            handled_by: row.get(2),
            logged_for: row.get(3),
            answered_after: row.get(4),
            lasted: row.get(5),
            legs: row.get::<_, Option<String>>(6).unwrap_or_default(),
        };
        Self {
            events: events.iter().map(|row| (row.get(0), row.get(1))).collect(),
            rows: rows.iter().map(|row| (row.get(0), row.get(1))).collect(),
            calls: calls.iter().map(|row| (row.get(0), record(row))).collect(),
        }
    }

    /// Whether there is an event, by its call and key.
    pub(crate) fn has(&self, event: &(String, String)) -> bool {
        self.events.contains(event)
    }

    /// Panics if an acknowledged event is missing, a call is logged twice, or there is an event that
    /// nobody sent. Returns the number of acknowledged events.
    pub(crate) fn has_all_once(&self, sent: &[Sent]) -> usize {
        let acknowledged: BTreeSet<_> = sent
            .iter()
            .filter(|sent| sent.is_acknowledged())
            .map(|sent| (sent.call.to_string(), sent.key.clone()))
            .collect();
        let lost: Vec<_> = acknowledged.difference(&self.events).take(5).collect();
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
        let asked: BTreeSet<_> =
            sent.iter().map(|sent| (sent.call.to_string(), sent.key.clone())).collect();
        // The server's own events: routing decisions, and calls that it ended by deadline.
        let is_decision = |key: &str| key.starts_with("routed:") || key.starts_with("mended:");
        let invented = |event: &&(String, String)| !is_decision(&event.1) && !asked.contains(event);
        let invented: Vec<_> = self.events.iter().filter(invented).take(5).collect();
        assert!(invented.is_empty(), "never sent: {invented:?}");
        let doubled: Vec<_> = self.rows.iter().filter(|(_, count)| **count != 1).collect();
        assert!(doubled.is_empty(), "logged more than once: {doubled:?}");
        let calls: BTreeSet<&String> = self.events.iter().map(|(call, _)| call).collect();
        let logged: BTreeSet<&String> = self.rows.keys().collect();
        let unlogged: Vec<_> = calls.difference(&logged).take(5).collect();
        assert!(unlogged.is_empty(), "not logged: {unlogged:?}");
        acknowledged.len()
    }

    /// Panics unless the record of each call is right: who answered, who was cancelled, and how long
    /// it took, to the second.
    pub(crate) fn tells(&self, calls: &[Call]) {
        self.compare(calls, |_| {});
    }

    /// The same without the times since the call arrived, which Twilio does not send.
    pub(crate) fn tells_but_arrivals(&self, calls: &[Call]) {
        self.compare(calls, |record| {
            record.answered_after = None;
            record.lasted = None;
        });
    }

    fn compare(&self, calls: &[Call], forget: impl Fn(&mut Record)) {
        for call in calls {
            let (agent, legs) = (call.agent().to_string(), legs(call));
            let mut want = Record {
                outcome: "completed".to_owned(),
                handled_by: Some(agent.clone()),
                logged_for: Some(agent),
                answered_after: Some(5),
                lasted: Some(36),
                legs,
            };
            let mut got = self.calls.get(&call.sid.to_string()).cloned();
            forget(&mut want);
            got.iter_mut().for_each(&forget);
            assert_eq!(got, Some(want), "call {}", call.sid);
        }
    }

    /// Panics if a call or a leg ends before it began.
    pub(crate) fn has_no_negative_time(&self) {
        let is_negative = |record: &&Record| {
            [record.answered_after, record.lasted].into_iter().flatten().any(|time| time < 0)
                || record.legs.split(", ").any(|leg| leg.contains(" -"))
        };
        let negative: Vec<_> = self.calls.values().filter(is_negative).take(5).collect();
        assert!(negative.is_empty(), "ended before it began: {negative:?}");
    }
}

fn legs(call: &Call) -> String {
    let [answered, canceled] = call.assigned().map(|agent| agent.to_string());
    format!("completed completed {answered} 34, canceled answered_elsewhere {canceled} 4")
}
