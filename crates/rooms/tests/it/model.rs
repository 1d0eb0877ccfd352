//! The law, searched: two wishes at once, and troubles at any moment.

use identity::UserId;
use rooms::{Mode, PartyId, Peer, Target, What};

use crate::search::{Budget, Figures, search, settle};
use crate::world::{ANA, BEN, EVE, SUE, World, guest};

/// A call as it is when the wishes come.
struct Scene {
    name: &'static str,
    world: World,
    wishes: Vec<(UserId, What)>,
}

fn scenes() -> Vec<Scene> {
    let contact = PartyId::CONTACT;
    let first = |by| {
        vec![
            (by, What::Hold(contact)),
            (by, What::Resume(contact)),
            (by, What::Mute(PartyId::new(1))),
            (by, What::Blind(Target::Agent(BEN))),
            (by, What::Consult(Peer::Agent(BEN))),
            (by, What::Add(Peer::Number(guest()))),
            (by, What::End),
            (SUE, What::Supervise(Mode::Whisper)),
        ]
    };
    let mut held = World::inbound();
    go_on(&mut held, 1, ANA, What::Hold(contact), None);
    let mut three = World::inbound();
    go_on(&mut three, 1, ANA, What::Add(Peer::Agent(BEN)), Some(2));
    let mut visited = World::inbound();
    go_on(&mut visited, 1, ANA, What::Add(Peer::Number(guest())), Some(2));
    let mut rings = World::inbound();
    go_on(&mut rings, 1, ANA, What::Consult(Peer::Agent(BEN)), None);
    let mut consults = rings.clone();
    consults.pick_up(PartyId::new(2)).expect("it rings");
    settle(&mut consults).expect("it settles");
    let mut out = World::outbound();
    go_on(&mut out, 1, ANA, What::Consult(Peer::Number(guest())), Some(2));
    let mut supervised = World::inbound();
    go_on(&mut supervised, 1, SUE, What::Supervise(Mode::Listen), Some(2));
    let transfer = vec![
        (ANA, What::Complete),
        (ANA, What::Cancel),
        (ANA, What::Swap),
        (ANA, What::Merge),
        (ANA, What::End),
        (BEN, What::End),
        (SUE, What::Supervise(Mode::Barge)),
    ];
    vec![
        Scene { name: "inbound, bridged", world: World::inbound(), wishes: first(ANA) },
        Scene { name: "outbound, bridged", world: World::outbound(), wishes: first(ANA) },
        Scene { name: "on hold", world: held, wishes: first(ANA) },
        Scene {
            name: "two agents",
            world: three,
            wishes: vec![
                (ANA, What::Hold(contact)),
                (ANA, What::Hold(PartyId::new(2))),
                (ANA, What::Remove(PartyId::new(2))),
                (BEN, What::Remove(PartyId::new(1))),
                (ANA, What::Blind(Target::Agent(EVE))),
                (BEN, What::Blind(Target::Everyone)),
                (BEN, What::Consult(Peer::Agent(EVE))),
                (ANA, What::End),
                (BEN, What::End),
            ],
        },
        Scene {
            name: "a guest",
            world: visited,
            wishes: vec![
                (ANA, What::Hold(contact)),
                (ANA, What::Resume(contact)),
                (ANA, What::Hold(PartyId::new(2))),
                (ANA, What::Remove(PartyId::new(2))),
                (ANA, What::Blind(Target::Agent(BEN))),
                (ANA, What::End),
                (SUE, What::Supervise(Mode::Whisper)),
            ],
        },
        Scene { name: "consulting, it rings", world: rings, wishes: transfer.clone() },
        Scene { name: "consulting, they talk", world: consults, wishes: transfer.clone() },
        Scene { name: "outbound, consulting a number", world: out, wishes: transfer },
        Scene {
            name: "supervised",
            world: supervised,
            wishes: vec![
                (SUE, What::Supervise(Mode::Barge)),
                (SUE, What::Supervise(Mode::Whisper)),
                (SUE, What::StopSupervising),
                (ANA, What::Hold(contact)),
                (ANA, What::Consult(Peer::Agent(BEN))),
                (ANA, What::Blind(Target::Agent(BEN))),
                (ANA, What::End),
            ],
        },
    ]
}

/// A wish is carried out, somebody who is called picks up, and everything settles.
fn go_on(world: &mut World, id: u64, by: UserId, what: What, answers: Option<u8>) {
    world.wish(id, by, what).expect("it is granted");
    settle(world).expect("it settles");
    if let Some(party) = answers {
        world.pick_up(PartyId::new(party)).expect("it rings");
        settle(world).expect("it settles");
    }
}

/// Searches each scene with every choice of so many wishes.
fn search_all(wishes: usize, troubles: u8) {
    let mut all = Figures::default();
    for scene in scenes() {
        let mut figures = Figures::default();
        for chosen in choices(&scene.wishes, wishes) {
            let numbered = chosen.into_iter().enumerate();
            let wishes = numbered.map(|(n, (by, what))| (n as u64 + 10, by, what)).collect();
            let budget = Budget { wishes, troubles, connects: 1 };
            match search(&scene.world, &budget) {
                Ok(more) => {
                    figures.states += more.states;
                    figures.transitions += more.transitions;
                }
                Err(broken) => panic!("{}: {broken}", scene.name),
            }
        }
        println!(
            "{}: {wishes} wishes, {troubles} troubles: {} states, {} transitions",
            scene.name, figures.states, figures.transitions
        );
        all.states += figures.states;
        all.transitions += figures.transitions;
    }
    println!("all: {} states, {} transitions", all.states, all.transitions);
    assert!(all.states > 1_000, "{all:?}");
}

/// Every choice of `n` of these; the same one may be chosen twice.
fn choices(all: &[(UserId, What)], n: usize) -> Vec<Vec<(UserId, What)>> {
    let Some(fewer) = n.checked_sub(1) else { return vec![Vec::new()] };
    let mut chosen = Vec::new();
    for (at, one) in all.iter().enumerate() {
        for mut more in choices(&all[at..], fewer) {
            more.push(one.clone());
            chosen.push(more);
        }
    }
    chosen
}

/// `ROOMS_SEARCH` asks for other searches, as wishes and troubles: `1 2, 2 1` takes minutes, and its figures are in
/// docs/reliability.md.
#[test]
fn no_interleaving_loses_the_contact() {
    let asked = std::env::var("ROOMS_SEARCH").unwrap_or_else(|_| "2 0, 1 1".to_owned());
    for search in asked.split(',') {
        let (wishes, troubles) = search.trim().split_once(' ').expect("wishes and troubles");
        search_all(wishes.parse().expect("a number"), troubles.parse().expect("a number"));
    }
}
