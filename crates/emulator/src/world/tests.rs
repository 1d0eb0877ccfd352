use std::time::Duration;

use super::stage::{Stage, account};
use crate::state::call::Caller;
use crate::state::party::{Party, Presence};
use crate::{Address, Behaviour};

#[test]
fn only_the_last_calls_are_kept_with_their_legs_and_recordings() {
    let mut stage = Stage::new(|path, _| match path {
        "/voice" => "<Dial record=\"record-from-answer\"><Client>ana</Client></Dial>".into(),
        _ => String::new(),
    });
    stage.world.config.keep_calls = 5;
    let behaviour = Behaviour::talks(Duration::from_secs(1), Duration::from_secs(2));
    let ana = Address::Client("ana".to_owned());
    stage.world.add_party(Party::new(Some(account()), ana, behaviour, Presence::Here));
    let mut placed = Vec::new();
    for _ in 0..40 {
        let caller = Caller::default();
        let from = Address::Number("+15005559901".to_owned());
        placed.push(stage.world.call_in(from, "+15005550001", Vec::new(), caller));
        stage.settle();
        stage.pass(60);
    }
    let world = &stage.world;
    let kept: Vec<bool> = placed.iter().map(|sid| world.calls.contains_key(sid)).collect();
    assert_eq!(kept, [[false; 35].as_slice(), &[true; 5]].concat());
    assert!(placed[35..].iter().all(|sid| world.calls[sid].life.over));
    assert_eq!((world.calls.len(), world.recordings.len()), (10, 5), "a leg and a file each");
    assert!(world.audio.count() <= 10, "{}", world.audio.count());
}

#[test]
fn only_the_last_conferences_are_kept() {
    let mut stage = Stage::new(|path, _| match path {
        "/voice" => "<Dial><Conference>room</Conference></Dial>".into(),
        _ => String::new(),
    });
    stage.world.config.keep_calls = 5;
    for _ in 0..20 {
        let call = stage.calls(1);
        stage.world.hang_up(call);
        stage.pass(1);
    }
    assert_eq!((stage.world.conferences.len(), stage.world.calls.len()), (5, 5));
}

#[test]
fn closed_pages_are_remembered_for_some_minutes() {
    let mut stage = Stage::new(|_, _| String::new());
    let ana = || Address::Client("ana".to_owned());
    let page = |stage: &mut Stage| {
        let id = stage.world.signal.sockets.open();
        let mut party = Party::new(Some(account()), ana(), Behaviour::ByHand, Presence::Away);
        (party.is_page, party.socket) = (true, Some(id));
        let party = stage.world.add_party(party);
        stage.world.signal.sockets.belongs_to(id, party);
        (id, party)
    };
    let (open, virtual_one) = (page(&mut stage), {
        let agent = Party::new(Some(account()), ana(), Behaviour::ByHand, Presence::Here);
        stage.world.add_party(agent)
    });
    let mut last = open.1;
    for _ in 0..200 {
        let (socket, party) = page(&mut stage);
        stage.world.socket_closed(socket);
        stage.pass(10);
        last = party;
    }
    let parties = &stage.world.parties;
    assert!(
        (30..=33).contains(&parties.iter().count()),
        "of five minutes: {}",
        parties.iter().count()
    );
    for id in [open.1, virtual_one, last] {
        assert!(parties.get(id).is_some(), "{id:?}");
    }
}
