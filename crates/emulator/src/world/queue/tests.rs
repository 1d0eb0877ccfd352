use identity::CallSid;

use super::super::api::Instruction;
use super::super::stage::{Stage, account};
use crate::state::call::First;
use crate::step::Target;
use crate::{CallStatus, Kind, Method, Voice, Webhook};

fn waiting(path: &str, _: &Webhook) -> String {
    let verbs = match path {
        "/voice" => "<Enqueue action=\"/left\" waitUrl=\"\">support</Enqueue>",
        "/desk" => "<Say>Your turn.</Say><Pause length=\"30\"/>",
        "/left" => "<Say>Never heard.</Say>",
        _ => "",
    };
    verbs.to_owned()
}

fn queue() -> (Stage, identity::QueueSid, Vec<CallSid>) {
    let mut stage = Stage::new(waiting);
    let calls = (1..=3).map(|digit| stage.calls(digit)).collect();
    stage.pass(12);
    let id = stage.world.queues.named(account(), "support").unwrap();
    (stage, id, calls)
}

#[test]
fn the_api_takes_out_the_first_or_a_certain_one() {
    let (mut stage, id, calls) = queue();
    let target = || Target { url: "http://a.example/desk".into(), method: Method::Post };
    assert_eq!(stage.world.dequeue(id, None, target()), Some(calls[0]));
    assert_eq!(stage.world.dequeue(id, Some(calls[2]), target()), Some(calls[2]));
    assert_eq!(stage.world.dequeue(id, Some(calls[2]), target()), None, "once");
    stage.settle();

    assert_eq!(stage.params(Kind::Action, "QueueResult"), ["redirected", "redirected"]);
    assert_eq!(stage.params(Kind::Action, "QueueTime"), ["12", "12"]);
    let sids = stage.params(Kind::Redirect, "CallSid");
    assert_eq!(sids, [calls[0].to_string(), calls[2].to_string()]);
    let said: Vec<String> = stage.world.timeline.iter().map(|it| it.what.to_string()).collect();
    assert!(said.iter().any(|line| line.contains("Your turn.")));
    assert!(!said.iter().any(|line| line.contains("Never heard.")));
    let row = &stage.world.queues[&id];
    assert_eq!(row.members.len(), 1);
    assert_eq!(row.average_wait(), 12);
}

#[test]
fn a_redirected_caller_has_left() {
    let (mut stage, id, calls) = queue();
    let first = First { voice: Voice::new("http://a.example/desk"), twiml: None };
    stage.world.instruct(calls[1], Instruction::GoOn(Box::new(first))).unwrap();
    stage.world.instruct(calls[0], Instruction::Complete).unwrap();
    stage.settle();
    assert_eq!(stage.params(Kind::Action, "QueueResult"), ["redirected", "hangup"]);
    assert_eq!(stage.world.calls[&calls[1]].life.status, CallStatus::InProgress);
    assert_eq!(stage.world.queues[&id].members.len(), 1);
}
