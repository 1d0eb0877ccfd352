use std::time::Duration;

use identity::CallSid;

use super::super::stage::{Stage, account};
use super::Instruction;
use crate::state::audio::Hears;
use crate::state::call::First;
use crate::state::party::{Party, Presence};
use crate::{Address, Behaviour, CallStatus, Kind, Voice, Webhook};

/// The caller is bridged with Ana. A redirected call meets Bo, or joins the room.
fn transfers(path: &str, webhook: &Webhook) -> String {
    let is_led_away = webhook.param("DialCallDuration").is_none();
    let verbs = match path {
        "/voice" => "<Dial action=\"/after\"><Client>ana</Client></Dial>",
        "/bo" => "<Dial><Client>bo</Client></Dial>",
        "/room" => "<Dial><Conference beep=\"false\">room</Conference></Dial>",
        "/after" if is_led_away => "<Dial><Conference beep=\"false\">room</Conference></Dial>",
        "/after" => "<Say>Never heard.</Say>",
        _ => "",
    };
    verbs.to_owned()
}

fn bridged() -> (Stage, CallSid, CallSid) {
    let mut stage = Stage::new(transfers);
    for name in ["ana", "bo"] {
        let address = Address::Client(name.to_owned());
        let picks_up = Behaviour::answers(Duration::ZERO);
        let party = Party::new(Some(account()), address, picks_up, Presence::Here);
        stage.world.add_party(party);
    }
    let caller = stage.calls(1);
    stage.pass(5);
    let leg = stage.world.calls[&caller].legs[0];
    assert_eq!(stage.world.audio.of(caller).what, Hears::Leg(leg));
    (stage, caller, leg)
}

fn lead(stage: &mut Stage, call: CallSid, path: &str) {
    let voice = Voice::new(format!("http://a.example{path}"));
    let first = First { voice, twiml: None };
    stage.world.instruct(call, Instruction::GoOn(Box::new(first))).unwrap();
    stage.settle();
}

#[test]
fn a_cold_transfer_asks_the_action_first_and_ignores_it() {
    let (mut stage, caller, ana) = bridged();
    lead(&mut stage, caller, "/bo");
    stage.pass(5);

    assert_eq!(stage.world.calls[&ana].life.status, CallStatus::Completed);
    assert_eq!(stage.params(Kind::Action, "DialCallStatus"), ["completed"]);
    let order: Vec<Kind> = stage.sent.iter().map(|webhook| webhook.kind).collect();
    assert_eq!(order, [Kind::Voice, Kind::Action, Kind::Redirect]);
    let bo = stage.world.calls[&caller].legs[1];
    assert_eq!(stage.world.calls[&bo].life.status, CallStatus::InProgress);
    assert_eq!(stage.world.audio.of(caller).what, Hears::Leg(bo));
    assert_eq!(stage.world.audio.of(ana).what, Hears::Silence);
}

#[test]
fn a_bridge_becomes_a_conference_if_the_child_goes_first() {
    let (mut stage, caller, ana) = bridged();
    lead(&mut stage, ana, "/room");
    stage.pass(2);

    // The child was redirected: its duration is absent, and the parent continues with its action.
    assert_eq!(stage.params(Kind::Action, "DialCallStatus"), ["completed"]);
    assert_eq!(stage.world.calls[&caller].life.status, CallStatus::InProgress);
    assert_eq!(stage.world.audio.of(caller).what, Hears::Mix(vec![ana]));
    assert_eq!(stage.world.audio.of(ana).what, Hears::Mix(vec![caller]));
    let id = stage.world.conferences.named(account(), "room").unwrap();
    assert_eq!(stage.world.conferences[&id].participants.len(), 2);
}

#[test]
fn a_redirected_child_can_dial() {
    let (mut stage, caller, ana) = bridged();
    stage.world.hang_up(caller);
    stage.settle();
    assert!(stage.world.calls[&ana].has_ended(), "it ends with its parent");

    let (mut stage, caller, ana) = bridged();
    lead(&mut stage, ana, "/bo");
    stage.pass(5);
    stage.world.hang_up(caller);
    stage.settle();
    let bo = stage.world.calls[&ana].legs[0];
    assert_eq!(stage.world.calls[&bo].parent(), Some(ana));
    assert_eq!(stage.world.audio.of(ana).what, Hears::Leg(bo), "the parent does not matter");
    let story = crate::Story::of(&stage.world, caller);
    let legs: Vec<CallSid> = story.legs.iter().map(|leg| leg.sid).collect();
    assert_eq!(legs, [ana, bo], "the story lists all");
    assert!(!stage.world.calls[&caller].life.over);
    stage.world.hang_up(bo);
    stage.settle();
    stage.pass(1);
    assert!(stage.world.calls[&caller].life.over);
}
