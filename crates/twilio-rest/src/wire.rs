//! The JSON of answers.

use std::time::Duration;

use identity::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::{
    CallDirection, CallRecord, CallStatus, ConferenceRecord, Error, ParticipantRecord, Refusal,
};

/// One page of calls.
pub(crate) struct Page {
    pub(crate) calls: Vec<CallRecord>,
    /// Unreadable records.
    pub(crate) unreadable: usize,
    pub(crate) next: Option<String>,
}

#[derive(Deserialize)]
struct PageBody {
    calls: Vec<Value>,
    next_page_uri: Option<String>,
}

#[derive(Deserialize)]
struct CallBody {
    sid: String,
    parent_call_sid: Option<String>,
    status: String,
    direction: Option<String>,
    from: Option<String>,
    to: Option<String>,
    start_time: Option<String>,
    end_time: Option<String>,
    duration: Option<Value>,
}

#[derive(Deserialize)]
struct ConferencesBody {
    conferences: Vec<Value>,
}

#[derive(Deserialize)]
struct ConferenceBody {
    sid: String,
    friendly_name: String,
    status: String,
}

#[derive(Deserialize)]
struct ParticipantsBody {
    participants: Vec<ParticipantBody>,
}

#[derive(Deserialize)]
struct ParticipantBody {
    call_sid: String,
    conference_sid: String,
    label: Option<String>,
    #[serde(default)]
    muted: bool,
    #[serde(default)]
    hold: bool,
    call_sid_to_coach: Option<String>,
    status: Option<String>,
}

/// The classic error body and RFC 9457 share these names, except for that of the message.
#[derive(Deserialize)]
struct ErrorBody {
    code: Option<Value>,
    message: Option<String>,
    detail: Option<String>,
    title: Option<String>,
}

/// Reads a page. An unreadable record is counted and left out: it must not hide the others.
pub(crate) fn page(body: &[u8]) -> Result<Page, Error> {
    let body: PageBody =
        serde_json::from_slice(body).map_err(|_| Error::Malformed { what: "page of calls" })?;
    let all = body.calls.len();
    let read = |call| record(serde_json::from_value(call).ok()?);
    let calls: Vec<CallRecord> = body.calls.into_iter().filter_map(read).collect();
    let next = body.next_page_uri.filter(|uri| !uri.is_empty());
    Ok(Page { unreadable: all - calls.len(), calls, next })
}

/// Reads one call.
pub(crate) fn call(body: &[u8]) -> Result<CallRecord, Error> {
    let body = serde_json::from_slice(body).ok();
    body.and_then(record).ok_or(Error::Malformed { what: "call" })
}

/// Reads a page of conferences. An unreadable record is left out: it must not hide the others.
pub(crate) fn conferences(body: &[u8]) -> Result<Vec<ConferenceRecord>, Error> {
    let body: ConferencesBody = serde_json::from_slice(body)
        .map_err(|_| Error::Malformed { what: "page of conferences" })?;
    let read = |value| {
        let body: ConferenceBody = serde_json::from_value(value).ok()?;
        let is_over = body.status == "completed";
        Some(ConferenceRecord { sid: body.sid.parse().ok()?, name: body.friendly_name, is_over })
    };
    Ok(body.conferences.into_iter().filter_map(read).collect())
}

/// Reads a page of participants. An unreadable record makes the whole page unreadable: whoever asks wants to know who is
/// there, and who is not.
pub(crate) fn participants(body: &[u8]) -> Result<Vec<ParticipantRecord>, Error> {
    let body = serde_json::from_slice::<ParticipantsBody>(body).ok();
    let all = body.and_then(|body| body.participants.into_iter().map(joined).collect());
    all.ok_or(Error::Malformed { what: "page of participants" })
}

/// Reads one participant.
pub(crate) fn participant(body: &[u8]) -> Result<ParticipantRecord, Error> {
    let body = serde_json::from_slice(body).ok();
    body.and_then(joined).ok_or(Error::Malformed { what: "participant" })
}

fn joined(body: ParticipantBody) -> Option<ParticipantRecord> {
    let coaches = body.call_sid_to_coach.filter(|sid| !sid.is_empty());
    Some(ParticipantRecord {
        call: body.call_sid.parse().ok()?,
        conference: body.conference_sid.parse().ok()?,
        label: body.label.filter(|label| !label.is_empty()),
        muted: body.muted,
        held: body.hold,
        coaches: coaches.map(|sid| sid.parse()).transpose().ok()?,
        is_connected: body.status.is_none_or(|status| status == "connected"),
    })
}

/// Reads the body of an error, which may also be HTML or empty.
pub(crate) fn refusal(status: u16, body: &[u8]) -> Refusal {
    let body: Option<ErrorBody> = serde_json::from_slice(body).ok();
    let code = body.as_ref().and_then(|body| number(body.code.as_ref()?));
    let sentence = body.and_then(|body| body.message.or(body.detail).or(body.title));
    let kept = |text: String| {
        text.chars().filter(|c| !c.is_control()).take(Refusal::MAX_MESSAGE).collect()
    };
    Refusal { status, code, message: sentence.map(kept) }
}

fn record(body: CallBody) -> Option<CallRecord> {
    let parent = body.parent_call_sid.filter(|sid| !sid.is_empty());
    let moment = |text: Option<String>| {
        text.filter(|text| !text.is_empty())
            .map(|text| Timestamp::parse_rfc2822(&text).or_else(|_| text.parse()))
            .transpose()
            .ok()
    };
    Some(CallRecord {
        sid: body.sid.parse().ok()?,
        parent: parent.map(|sid| sid.parse()).transpose().ok()?,
        status: CallStatus::read(&body.status)?,
        direction: body.direction.as_deref().map_or(CallDirection::Other, CallDirection::read),
        from: body.from.unwrap_or_default(),
        to: body.to.unwrap_or_default(),
        started_at: moment(body.start_time)?,
        ended_at: moment(body.end_time)?,
        duration: body.duration.as_ref().and_then(number).map(|s| Duration::from_secs(s.into())),
    })
}

/// Twilio writes some numbers as text.
fn number(value: &Value) -> Option<u32> {
    match value {
        Value::Number(number) => number.as_u64()?.try_into().ok(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_error_bodies_are_read_and_everything_else_is_tolerated() {
        let classic = br#"{"code":20404,"message":"not\u0000 found","more_info":"x","status":404}"#;
        let problem = br#"{"type":"x","title":"Not Found","status":404,"code":"20404"}"#;
        let detail = br#"{"title":"Bad","detail":"To is missing","code":21201,"errors":[]}"#;
        let cases: [(&[u8], Option<u32>, Option<&str>); 6] = [
            (classic, Some(20404), Some("not found")),
            (problem, Some(20404), Some("Not Found")),
            (detail, Some(21201), Some("To is missing")),
            (b"<html>502</html>", None, None),
            (b"", None, None),
            (b"[1]", None, None),
        ];
        for (body, code, message) in cases {
            let refusal = refusal(404, body);
            assert_eq!((refusal.code, refusal.message.as_deref()), (code, message));
        }
        let long = format!(r#"{{"message":"{}"}}"#, "x".repeat(9_999));
        let kept = refusal(400, long.as_bytes()).message.unwrap();
        assert_eq!(kept.len(), Refusal::MAX_MESSAGE);
    }

    #[test]
    fn a_record_that_is_none_does_not_hide_the_others() {
        let good = r#"{"sid":"CA01010101010101010101010101010101","status":"completed",
            "parent_call_sid":null,"direction":"inbound","from":"+15005550001","to":"+15005550006",
            "start_time":"Thu, 01 Jan 2026 00:00:00 +0000",
            "end_time":"Thu, 01 Jan 2026 00:01:05 +0000","duration":"65","price":null}"#;
        let bad = r#"{"sid":"CA1","status":"completed"}"#;
        let odd = r#"{"sid":"CA01010101010101010101010101010101","status":"dancing"}"#;
        let body = format!(r#"{{"calls":[{bad},{good},7,{odd}],"next_page_uri":null}}"#);
        let page = page(body.as_bytes()).unwrap();
        assert_eq!((page.unreadable, page.next), (3, None));
        let [call] = &page.calls[..] else { panic!("{:?}", page.calls) };
        assert_eq!(call.duration, Some(Duration::from_secs(65)));
        assert_eq!(call.started_at, Some(Timestamp::from_unix_seconds(1_767_225_600)));
        assert_eq!((call.status, call.parent), (CallStatus::Completed, None));
        assert!(!format!("{call:?}").contains("+1500"));
    }

    proptest! {
        #[test]
        fn no_answer_makes_the_parser_panic(body in ".{0,200}", text in ".{0,40}") {
            drop(page(body.as_bytes()));
            drop(call(body.as_bytes()));
            drop(conferences(body.as_bytes()));
            drop(participants(body.as_bytes()));
            drop(participant(body.as_bytes()));
            refusal(400, body.as_bytes());
            let text = serde_json::to_string(&text).unwrap();
            let sid = r#""CA01010101010101010101010101010101""#;
            let odd = format!(r#"{{"sid":{sid},"status":"busy","start_time":{text},"duration":{text}}}"#);
            drop(call(odd.as_bytes()));
        }
    }
}
