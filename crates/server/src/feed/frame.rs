//! Events as bytes (HTML standard, 9.2.6).

use std::fmt::Display;

use bytes::Bytes;
use identity::Timestamp;
use serde_json::json;

/// A comment, which readers skip.
pub(super) const BEAT: Bytes = Bytes::from_static(b":\n\n");

/// One event. `id` is the number of the change that it is about: who has it has everything before it.
pub(super) fn event(name: &str, id: Option<i64>, data: &str) -> Bytes {
    // JSON has no line breaks outside of strings, and those inside are escaped.
    let text = match id {
        Some(id) => format!("id: {id}\nevent: {name}\ndata: {data}\n\n"),
        None => format!("event: {name}\ndata: {data}\n\n"),
    };
    text.into()
}

/// Why a stream starts anew with a snapshot.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ResetReason {
    /// Changes since the last event are not known any more.
    Gap,
    /// The reader was too slow.
    Slow,
}

identity::codes!(ResetReason, "reason of a reset", { Gap => "gap", Slow => "slow" });

/// Everything that went before counts no more.
pub(super) fn reset(reason: ResetReason) -> Bytes {
    event("reset", None, &json!({ "reason": reason }).to_string())
}

/// A snapshot in two parts: what is the same for everybody, and [`me`].
pub(super) fn snapshot<'a>(
    seq: i64,
    now: Timestamp,
    agents: impl Iterator<Item = &'a String>,
    calls: impl Iterator<Item = impl Display>,
) -> Bytes {
    let agents = list(agents);
    let calls = list(calls);
    format!(
        "id: {seq}\nevent: snapshot\ndata: {{\"now\":\"{now}\",\"agents\":[{agents}],\
         \"calls\":[{calls}],\"me\":"
    )
    .into()
}

/// The rest of a snapshot: the asking agent.
pub(super) fn me(agent: &str) -> Bytes {
    format!("{agent}}}\n\n").into()
}

fn list(items: impl Iterator<Item = impl Display>) -> String {
    let mut list = String::new();
    for item in items {
        if !list.is_empty() {
            list.push(',');
        }
        list.push_str(&item.to_string());
    }
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_three_lines_whatever_it_says() {
        let data = json!({ "name": "a\nb\r\nid: 9" }).to_string();
        let bytes = event("agent", Some(7), &data);
        let text = std::str::from_utf8(&bytes).unwrap();
        assert_eq!(text, "id: 7\nevent: agent\ndata: {\"name\":\"a\\nb\\r\\nid: 9\"}\n\n");
        assert_eq!(reset(ResetReason::Gap), "event: reset\ndata: {\"reason\":\"gap\"}\n\n");
    }

    #[test]
    fn both_parts_of_a_snapshot_make_one_event() {
        let now = Timestamp::from_unix_seconds(0);
        let agents = [r#"{"a":1}"#.to_owned(), r#"{"a":2}"#.to_owned()];
        let calls = [json!({ "c": 1 })];
        let head = snapshot(3, now, agents.iter(), calls.into_iter());
        let text = [head, me(&agents[1])].concat();
        assert_eq!(
            String::from_utf8(text).unwrap(),
            "id: 3\nevent: snapshot\ndata: {\"now\":\"1970-01-01T00:00:00Z\",\"agents\":[{\"a\":1},\
             {\"a\":2}],\"calls\":[{\"c\":1}],\"me\":{\"a\":2}}\n\n"
        );
    }
}
