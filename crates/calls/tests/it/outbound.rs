//! What an agent's own calls come to, and the rows of the log.

use calls::{
    ClosedBy, DialStatus, EndReason, Event, LegEnd, LegStatus, Outcome, Party, Sender, log_entry,
};

use identity::Word;

use crate::support::*;

#[test]
fn outbound_calls_belong_to_whoever_placed_them() {
    let base = || vec![called_out(0, 7), placed(0, 7)];
    let with = |more: Vec<Event>| [base(), more].concat();
    let me = Some(agent(7));
    let over = |outcome, reason, ended| (outcome, Some(reason), me, None, Some(ended));
    let (done, busy) = (LegStatus::Completed, LegStatus::Busy);
    check(vec![
        ("it rings", base(), (Outcome::Ringing, None, me, None, None)),
        (
            "answered",
            with(vec![number(4, 2, LegStatus::InProgress)]),
            (Outcome::InProgress, None, me, Some(4), None),
        ),
        (
            "over",
            with(vec![number(4, 2, LegStatus::InProgress), number(9, 3, done), ended(10, done)]),
            (Outcome::Completed, Some(EndReason::Completed), me, Some(4), Some(10)),
        ),
        (
            "only the Dial action",
            with(vec![bridged(9, 1, 0xdd, 5)]),
            (Outcome::Completed, Some(EndReason::Completed), me, Some(4), Some(9)),
        ),
        ("busy", with(vec![number(5, 2, busy)]), over(Outcome::Busy, EndReason::Declined, 5)),
        (
            "no answer",
            with(vec![unanswered(35, 1, DialStatus::NoAnswer, false), ended(36, done)]),
            over(Outcome::NoAnswer, EndReason::TimedOut, 36),
        ),
        (
            "a number that fails",
            with(vec![unanswered(2, 1, DialStatus::Failed, false)]),
            over(Outcome::Failed, EndReason::Failed, 2),
        ),
        (
            "the agent gives up",
            with(vec![number(2, 1, LegStatus::Ringing), ended(8, done)]),
            over(Outcome::CallerHungUp, EndReason::CallerHungUp, 8),
        ),
        (
            "a deadline",
            with(vec![closed(600, ClosedBy::Deadline, None, done)]),
            over(Outcome::NoAnswer, EndReason::Lost, 600),
        ),
        (
            "refused",
            vec![called_out(0, 7), refused(0, 7)],
            over(Outcome::Refused, EndReason::Refused, 0),
        ),
        (
            "asked twice, allowed once, and it rings",
            with(vec![refused(0, 7)]),
            (Outcome::Ringing, None, me, None, None),
        ),
        (
            "the agent gives up, by the Dial",
            with(vec![unanswered(8, 1, DialStatus::NoAnswer, true)]),
            over(Outcome::CallerHungUp, EndReason::CallerHungUp, 8),
        ),
        (
            "the Dial says how before a deadline does",
            with(vec![
                unanswered(8, 1, DialStatus::Canceled, false),
                closed(600, ClosedBy::Deadline, None, done),
            ]),
            over(Outcome::CallerHungUp, EndReason::CallerHungUp, 8),
        ),
        (
            "asked twice, allowed once",
            with(vec![refused(0, 7), number(4, 2, LegStatus::InProgress)]),
            (Outcome::InProgress, None, me, Some(4), None),
        ),
    ]);
}

#[test]
fn an_agent_who_calls_out_is_on_a_call_from_the_first_moment() {
    let rings = [called_out(0, 7), placed(0, 7), number(2, 1, LegStatus::Ringing)];
    let ringing = call(&rings);
    assert_eq!(ringing.on_call(), [agent(7)]);
    assert_eq!(ringing.ringing(), []);
    assert_eq!(ringing.legs[0].sid, sid(CALL));
    assert_eq!(ringing.to, Party::read("+15005550009"));
    assert_eq!(ringing.contact, Some(contact()));

    let busy = call(&[rings.to_vec(), vec![number(5, 2, LegStatus::Busy)]].concat());
    assert_eq!(busy.on_call(), []);
    assert_eq!(busy.legs[0].end, Some(LegEnd::Declined));

    let refused = call(&[called_out(0, 7), refused(0, 7)]);
    assert_eq!(refused.on_call(), []);
    assert_eq!(refused.refusal.as_ref().map(Word::as_str), Some("country_not_allowed"));
    assert_eq!(refused.legs[0].end, Some(LegEnd::Refused));
}

#[test]
fn the_log_tells_it_in_one_sentence() {
    let no = LegStatus::NoAnswer;
    let missed = [vec![arrived(0), routed(0, 1, &[1])], rang(1, 1, 31, no)].concat();
    let with = |events: &[Event], more: Event| [events.to_vec(), vec![more]].concat();
    let out = [called_out(0, 7), placed(0, 7)];
    let cases = [
        (three_agents(), Sender::Contact, "Incoming call, 1 min 0 s.", Some(agent(2))),
        (missed.clone(), Sender::Contact, "Incoming call, ringing.", None),
        (
            with(&missed, unanswered(31, 1, DialStatus::NoAnswer, true)),
            Sender::Contact,
            "Missed call, the caller hung up.",
            None,
        ),
        (with(&missed, routed(32, 2, &[])), Sender::Contact, "Missed call.", None),
        (out.to_vec(), Sender::User, "Outgoing call, ringing.", Some(agent(7))),
        (
            with(&out, unanswered(9, 1, DialStatus::Busy, false)),
            Sender::User,
            "Outgoing call, busy.",
            Some(agent(7)),
        ),
        (
            with(&out, bridged(20, 1, 0xdd, 12)),
            Sender::User,
            "Outgoing call, 12 s.",
            Some(agent(7)),
        ),
    ];
    for (events, sender, body, user) in cases {
        let call = call(&events);
        let entry = log_entry(&call);
        assert_eq!((entry.sender, entry.body.as_str(), entry.user_id), (sender, body, user));
        assert_eq!(entry.status, call.outcome);
        assert_eq!(entry.contact_id, Some(contact()));
        assert_eq!(entry.created_at, Some(at(0)));
    }
}
