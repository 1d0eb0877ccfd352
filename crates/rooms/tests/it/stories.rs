//! Stories that a person can read: which steps, in which order.

use identity::UserId;
use rooms::{
    After, Answer, Call, Cause, Document, Errand, How, Input, Mode, News, Next, Outcome, PartyId,
    PartyState, Peer, Place, Refusal, Sound, Stage, Step, Target, TransferEnd, What, Wish, WishId,
};

use crate::world::{ANA, BEN, EVE, SUE, guest, sid};

const CONTACT: PartyId = PartyId::CONTACT;
const FIRST: PartyId = PartyId::new(1);
const SECOND: PartyId = PartyId::new(2);
const HELD: Sound = Sound { held: true, ..Sound::OPEN };

fn wish(call: &mut Call, id: u64, by: UserId, what: What) -> Vec<News> {
    call.apply(Input::Wish(Wish { id: WishId(id), by, what }))
}

fn ended(id: u64, outcome: Outcome) -> News {
    News::WishEnded(WishId(id), outcome)
}

/// The next step is this one, and it is answered.
fn step(call: &mut Call, want: Step, answer: Answer) -> Vec<News> {
    let order = call.order().expect("a step");
    assert_eq!(order.step, want);
    kept(call);
    call.apply(Input::Answered(order.number, answer))
}

fn change(party: PartyId, sound: Sound) -> Step {
    Step::Change { party, sound }
}

fn joins(call: &mut Call, party: PartyId, leg: u8) -> Vec<News> {
    call.apply(Input::Joined { party, leg: sid(leg), round: call.round() })
}

/// What is written is read back the same, at every step.
#[cfg(feature = "serde")]
fn kept(call: &Call) {
    let text = serde_json::to_string(call).expect("it is written");
    assert_eq!(serde_json::from_str::<Call>(&text).expect("it is read"), *call);
}

#[cfg(not(feature = "serde"))]
fn kept(_: &Call) {}

/// A room with the contact and Ana, and whatever wish made it one.
fn room(what: What) -> Call {
    let mut call = Call::inbound(sid(0), ANA, sid(1));
    wish(&mut call, 1, ANA, what);
    step(&mut call, Step::Convert { child: FIRST }, Answer::Done);
    let after = After::Dial(How::Lost);
    call.apply(Input::Asked { party: CONTACT, after, round: 0 });
    assert_eq!(call.document(CONTACT, after), Document::Room(Sound::OPEN));
    joins(&mut call, FIRST, 1);
    joins(&mut call, CONTACT, 0);
    call
}

/// Ben is consulted, and has answered.
fn consulted() -> Call {
    let mut call = room(What::Consult(Peer::Agent(BEN)));
    step(&mut call, change(CONTACT, HELD), Answer::Done);
    let news = step(&mut call, Step::Call { party: SECOND }, Answer::Called(sid(2)));
    assert_eq!(news, [ended(1, Outcome::Done)]);
    joins(&mut call, SECOND, 2);
    assert_eq!(call.next(), Next::Nothing);
    call
}

#[test]
fn a_call_is_held_and_resumed_and_becomes_a_room_once() {
    let mut call = room(What::Hold(CONTACT));
    let news = step(&mut call, change(CONTACT, HELD), Answer::Done);
    assert_eq!(news, [News::Held(CONTACT), ended(1, Outcome::Done)]);
    assert_eq!(call.parties()[0].state(), PartyState::Held);

    wish(&mut call, 2, ANA, What::Resume(CONTACT));
    let news = step(&mut call, change(CONTACT, Sound::OPEN), Answer::Done);
    assert_eq!(news, [News::Resumed(CONTACT), ended(2, Outcome::Done)]);
    wish(&mut call, 3, ANA, What::Hold(CONTACT));
    step(&mut call, change(CONTACT, HELD), Answer::Done);
}

#[test]
fn an_outbound_call_moves_the_contact_first() {
    let mut call = Call::outbound(ANA, sid(1), sid(0));
    wish(&mut call, 1, ANA, What::Hold(CONTACT));
    step(&mut call, Step::Convert { child: CONTACT }, Answer::Done);
    let after = After::Dial(How::Lost);
    call.apply(Input::Asked { party: FIRST, after, round: 0 });
    assert_eq!(call.document(FIRST, after), Document::Room(Sound::OPEN));
}

#[test]
fn a_blind_transfer_rings_the_target_then_who_transferred_then_by_the_policy() {
    let mut call = Call::inbound(sid(0), ANA, sid(1));
    let target = Target::Team("sales".into());
    let news = wish(&mut call, 1, ANA, What::Blind(target.clone()));
    let errand =
        |stage| Errand { cause: Cause::Transfer, to: Some(target.clone()), back: Some(ANA), stage };
    assert_eq!(news, [News::Routed(errand(Stage::Target))]);
    let news = step(&mut call, Step::Move, Answer::Done);
    assert_eq!(news, [ended(1, Outcome::Done)]);
    // The old Dial's action comes too, and must not end anything.
    let after = After::Dial(How::Lost);
    call.apply(Input::Asked { party: CONTACT, after, round: 0 });
    assert_eq!(call.document(CONTACT, after), Document::Ring(errand(Stage::Target)));
    for (from, to) in [(Stage::Target, Stage::Back), (Stage::Back, Stage::Policy)] {
        let over = Input::NobodyAnswered { errand: errand(from), round: 0 };
        assert_eq!(call.apply(over.clone()), [News::Routed(errand(to))]);
        assert_eq!(call.apply(over), [], "a repeated report");
    }
    let news = call.apply(Input::Connected { agent: EVE, leg: sid(9), round: 0 });
    assert_eq!(news, [News::Connected(SECOND)]);
    assert_eq!((call.round(), call.parties()[0].place), (1, Place::Bridge));
    // Her second call of this kind becomes a room of its own.
    step(&mut call, Step::HangUp { party: FIRST }, Answer::NotInProgress);
    wish(&mut call, 2, EVE, What::Hold(CONTACT));
    step(&mut call, Step::Convert { child: SECOND }, Answer::Done);
}

#[test]
fn a_consult_transfer_is_completed_with_both_together_first() {
    let mut call = consulted();
    wish(&mut call, 2, ANA, What::Complete);
    step(&mut call, change(CONTACT, Sound::OPEN), Answer::Done);
    let news = step(&mut call, Step::HangUp { party: FIRST }, Answer::Done);
    assert_eq!(
        news,
        [
            News::Left(FIRST, How::Removed),
            News::TransferEnded(WishId(1), TransferEnd::Completed),
            ended(2, Outcome::Done),
        ]
    );
    assert_eq!(call.next(), Next::Nothing);
}

#[test]
fn a_consult_transfer_is_cancelled_with_the_other_gone_first() {
    let mut call = consulted();
    wish(&mut call, 2, ANA, What::Cancel);
    let news = step(&mut call, Step::HangUp { party: SECOND }, Answer::Done);
    assert_eq!(news[1], News::TransferEnded(WishId(1), TransferEnd::Cancelled));
    let news = step(&mut call, change(CONTACT, Sound::OPEN), Answer::Done);
    assert_eq!(news, [News::Resumed(CONTACT), ended(2, Outcome::Done)]);
}

#[test]
fn whoever_consults_swaps_and_merges() {
    let mut call = consulted();
    wish(&mut call, 2, ANA, What::Swap);
    step(&mut call, change(SECOND, HELD), Answer::Done);
    step(&mut call, change(CONTACT, Sound::OPEN), Answer::Done);
    wish(&mut call, 3, ANA, What::Merge);
    let news = step(&mut call, change(SECOND, Sound::OPEN), Answer::Done);
    assert_eq!(news, [News::Resumed(SECOND), ended(3, Outcome::Done)]);
    // Complete and cancel at once: the first one counts.
    wish(&mut call, 4, ANA, What::Complete);
    wish(&mut call, 5, ANA, What::Cancel);
    let news = step(&mut call, Step::HangUp { party: FIRST }, Answer::Done);
    assert_eq!(news.last(), Some(&ended(5, Outcome::Refused(Refusal::NotYours))));
}

#[test]
fn nobody_answers_a_consultation_and_the_contact_comes_back() {
    let mut call = room(What::Consult(Peer::Number(guest())));
    step(&mut call, change(CONTACT, HELD), Answer::Done);
    step(&mut call, Step::Call { party: SECOND }, Answer::Called(sid(2)));
    let news = call.apply(Input::Left { party: SECOND, how: How::NotReached });
    assert_eq!(news[1], News::TransferEnded(WishId(1), TransferEnd::Failed));
    step(&mut call, change(CONTACT, Sound::OPEN), Answer::Done);
}

#[test]
fn a_wish_that_fails_is_taken_back() {
    let mut call = room(What::Consult(Peer::Agent(BEN)));
    step(&mut call, change(CONTACT, HELD), Answer::Done);
    let news = step(&mut call, Step::Call { party: SECOND }, Answer::TooMany);
    assert_eq!(news[0], News::Left(SECOND, How::NotReached));
    assert!(news.contains(&ended(1, Outcome::Undone(Refusal::CarrierUnavailable))), "{news:?}");
    step(&mut call, change(CONTACT, Sound::OPEN), Answer::TooMany);
    assert!(call.failures() > 0);
    step(&mut call, change(CONTACT, Sound::OPEN), Answer::Done);
    assert_eq!((call.failures(), call.next()), (0, Next::Nothing));
}

#[test]
fn a_refused_hold_is_not_wanted_any_more_and_an_old_answer_says_nothing() {
    let mut call = room(What::Hold(CONTACT));
    let old = call.order().expect("a step");
    let news = call.apply(Input::Answered(old.number, Answer::TooMany));
    assert_eq!(news, [ended(1, Outcome::Refused(Refusal::CarrierUnavailable))]);
    assert_eq!(call.next(), Next::Nothing);
    assert_eq!(
        wish(&mut call, 2, ANA, What::Resume(CONTACT)),
        [ended(2, Outcome::Refused(Refusal::AlreadySo))]
    );
    wish(&mut call, 3, ANA, What::Hold(CONTACT));
    let new = call.order().expect("a step");
    assert_eq!(call.apply(Input::Answered(old.number, Answer::Done)), []);
    assert_eq!((call.ordered(), call.next()), (Some(new), Next::Answer));
}

#[test]
fn a_crash_brings_the_contact_to_the_router_and_a_hang_up_ends_the_call() {
    for (how, want) in [
        (
            How::Lost,
            Document::Ring(Errand {
                cause: Cause::Lost,
                to: Some(Target::Agent(ANA)),
                back: None,
                stage: Stage::Target,
            }),
        ),
        (How::HungUp, Document::HangUp),
    ] {
        let mut call = Call::inbound(sid(0), ANA, sid(1));
        let after = After::Dial(how);
        call.apply(Input::Asked { party: CONTACT, after, round: 0 });
        assert_eq!(call.document(CONTACT, after), want);
    }
}

#[test]
fn a_supervisor_joins_muted_and_is_changed_then() {
    let mut call = Call::inbound(sid(0), ANA, sid(1));
    wish(&mut call, 1, SUE, What::Supervise(Mode::Whisper));
    step(&mut call, Step::Convert { child: FIRST }, Answer::Done);
    joins(&mut call, FIRST, 1);
    let news = joins(&mut call, CONTACT, 0);
    assert_eq!(news.last(), Some(&ended(1, Outcome::Done)), "her browser may call in");
    assert_eq!(call.document(SECOND, After::Router), Document::Room(Sound::LISTENING));
    joins(&mut call, SECOND, 2);
    let whisper = Sound { coaches: Some(FIRST), ..Sound::OPEN };
    let news = step(&mut call, change(SECOND, whisper), Answer::Done);
    assert_eq!(news, [News::Supervises(SECOND, Mode::Whisper)]);
    assert_eq!(call.parties()[2].state(), PartyState::Whispering);
    // The agent to whom she whispers leaves, and she hears only. Nobody talks with the contact then.
    call.apply(Input::Left { party: FIRST, how: How::Lost });
    step(&mut call, Step::Move, Answer::Done);
    step(&mut call, Step::HangUp { party: SECOND }, Answer::Done);
}

#[test]
fn refusals_say_why_and_change_nothing() {
    let there = consulted;
    let held = || {
        let mut call = room(What::Hold(CONTACT));
        step(&mut call, change(CONTACT, HELD), Answer::Done);
        call
    };
    let plain = || Call::inbound(sid(0), ANA, sid(1));
    let cases: [(Call, UserId, What, Refusal); 15] = [
        (plain(), EVE, What::Hold(CONTACT), Refusal::NotYours),
        (plain(), ANA, What::Hold(FIRST), Refusal::NoSuchParty),
        (plain(), ANA, What::Hold(SECOND), Refusal::NoSuchParty),
        (plain(), ANA, What::Resume(CONTACT), Refusal::AlreadySo),
        (plain(), ANA, What::Complete, Refusal::NoTransfer),
        (plain(), ANA, What::Supervise(Mode::Listen), Refusal::NotYours),
        (plain(), ANA, What::Blind(Target::Agent(ANA)), Refusal::TargetUnavailable),
        (plain(), ANA, What::Remove(CONTACT), Refusal::NoSuchParty),
        (plain(), SUE, What::StopSupervising, Refusal::NoSuchParty),
        (held(), ANA, What::Hold(CONTACT), Refusal::AlreadySo),
        (held(), SUE, What::Supervise(Mode::Whisper), Refusal::OnHold),
        (there(), ANA, What::Blind(Target::Everyone), Refusal::TransferRunning),
        (there(), ANA, What::Resume(CONTACT), Refusal::TransferRunning),
        (there(), BEN, What::Complete, Refusal::NotYours),
        (there(), ANA, What::Consult(Peer::Agent(EVE)), Refusal::TransferRunning),
    ];
    for (mut call, by, what, refusal) in cases {
        let before = call.clone();
        let news = wish(&mut call, 7, by, what.clone());
        assert_eq!(news, [ended(7, Outcome::Refused(refusal))], "{what:?}");
        assert_eq!(call, before, "{what:?}");
    }
}

#[test]
fn wishes_wait_for_each_other_up_to_a_number() {
    let mut call = Call::inbound(sid(0), ANA, sid(1));
    for id in 0..=Call::MAX_WAITING as u64 {
        assert_eq!(wish(&mut call, id, ANA, What::Hold(CONTACT)), [], "{id}");
    }
    let news = wish(&mut call, 99, ANA, What::Hold(CONTACT));
    assert_eq!(news, [ended(99, Outcome::Refused(Refusal::Full))]);
}
