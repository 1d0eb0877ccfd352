//! Every interleaving: breadth first, each state once.

use std::collections::{HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use identity::UserId;
use rooms::{How, Next, Place, Role, Stage, What};

use crate::world::{At, Broken, Fate, World, id};

/// What may still happen.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Budget {
    /// Wishes that somebody may still have, in any order, each with its number.
    pub(crate) wishes: Vec<(u64, UserId, What)>,
    /// How many troubles: a step that is refused, lost, not answered or late; a callback lost or sent twice; a party
    /// who leaves or is lost.
    pub(crate) troubles: u8,
    /// How often the router may find an agent.
    pub(crate) connects: u8,
}

#[derive(Clone, Debug, Hash)]
struct State {
    world: World,
    budget: Budget,
}

/// How much was searched.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Figures {
    pub(crate) states: u64,
    pub(crate) transitions: u64,
}

/// One thing that happens.
#[derive(Clone, Debug)]
enum Move {
    Wish(usize),
    Step(Fate),
    Answer,
    Deliver { at: usize, again: bool },
    Drop(usize),
    Ask(usize),
    PickUp(usize),
    Leave(usize, How),
    Late,
    Connect,
    NobodyAnswers,
}

/// Searches everything that can happen from here. At every state the rules hold, and if nothing more happens, it comes
/// to rest as the law says.
pub(crate) fn search(world: &World, budget: &Budget) -> Result<Figures, String> {
    let mut figures = Figures::default();
    let mut known = HashSet::new();
    let mut at_rest = HashSet::new();
    // Each state with its number and its parent's, for the way to a broken rule.
    let mut ways: Vec<(usize, Move)> = Vec::new();
    let first = State { world: world.clone(), budget: budget.clone() };
    known.insert(fingerprint(&first));
    let mut queue = VecDeque::from([(first, usize::MAX)]);
    while let Some((state, way)) = queue.pop_front() {
        figures.states += 1;
        if let Err(broken) = rests(&state.world, &mut at_rest) {
            return Err(told(world, budget, &ways, way, &format!("at rest: {broken}")));
        }
        for happens in moves(&state) {
            figures.transitions += 1;
            let mut next = state.clone();
            let done = happen(&mut next, &happens).and_then(|()| next.world.check());
            if let Err(broken) = done {
                ways.push((way, happens));
                return Err(told(world, budget, &ways, ways.len() - 1, &broken));
            }
            if known.insert(fingerprint(&next)) {
                ways.push((way, happens));
                queue.push_back((next, ways.len() - 1));
            }
        }
    }
    Ok(figures)
}

fn moves(State { world, budget }: &State) -> Vec<Move> {
    let mut moves: Vec<Move> = (0..budget.wishes.len()).map(Move::Wish).collect();
    let is_trouble = budget.troubles > 0;
    if let Next::Step(_) = world.call.next() {
        moves.push(Move::Step(Fate::Executed));
        if is_trouble {
            moves.extend([Fate::Refused, Fate::Lost, Fate::Unanswered].map(Move::Step));
            if world.late.is_none() {
                moves.push(Move::Step(Fate::Late));
            }
        }
    }
    if world.sent.is_some() {
        moves.push(Move::Answer);
    }
    if world.late.is_some() {
        moves.push(Move::Late);
    }
    for at in 0..world.mail.len() {
        moves.push(Move::Deliver { at, again: false });
        if is_trouble {
            moves.extend([Move::Deliver { at, again: true }, Move::Drop(at)]);
        }
    }
    moves.extend((0..world.asks.len()).map(Move::Ask));
    for (party, leg) in world.legs.iter().enumerate() {
        let known = world.call.party(id(party));
        let calls_in = known.is_some_and(|it| {
            it.who.role() == Role::Supervisor && it.place == Place::Called && !it.want.leave
        });
        let in_room = world.legs[0] != At::Bridge && matches!(world.call.next(), Next::Nothing);
        match leg {
            // A late step is executed before anybody answers.
            At::Ringing { .. } if world.late.is_some() => {}
            At::Ringing { .. } => {
                moves.push(Move::PickUp(party));
                moves.push(Move::Leave(party, How::NotReached));
            }
            At::Nowhere if calls_in && in_room => moves.push(Move::PickUp(party)),
            _ if is_trouble && world.lives(party) => {
                moves.push(Move::Leave(party, How::HungUp));
                moves.push(Move::Leave(party, How::Lost));
            }
            _ => {}
        }
    }
    if let At::Router(errand) = &world.legs[0] {
        if budget.connects > 0 && world.late.is_none() {
            moves.push(Move::Connect);
        }
        if errand.stage != Stage::Policy {
            moves.push(Move::NobodyAnswers);
        }
    }
    moves
}

fn happen(State { world, budget }: &mut State, happens: &Move) -> Result<(), Broken> {
    let mut trouble = || budget.troubles -= 1;
    match *happens {
        Move::Wish(at) => {
            let (id, by, what) = budget.wishes.remove(at);
            world.wish(id, by, what)
        }
        Move::Step(fate) => {
            if fate != Fate::Executed {
                trouble();
            }
            world.carry_out(fate)
        }
        Move::Answer => world.deliver_answer(),
        Move::Deliver { at, again } => {
            if again {
                trouble();
            }
            world.deliver(at, again)
        }
        Move::Drop(at) => {
            trouble();
            world.mail.remove(at);
            Ok(())
        }
        Move::Ask(at) => world.answer_ask(at),
        Move::PickUp(party) => world.pick_up(id(party)),
        Move::Leave(party, how) => {
            if how != How::NotReached {
                trouble();
            }
            world.leaves(id(party), how)
        }
        Move::Late => world.execute_late(),
        Move::Connect => {
            budget.connects -= 1;
            world.connect();
            Ok(())
        }
        Move::NobodyAnswers => {
            world.nobody_answers();
            Ok(())
        }
    }
}

/// Lets everything arrive that is under way, and the carrier do what it is asked. Then the law holds.
pub(crate) fn settle(world: &mut World) -> Result<(), Broken> {
    settle_with(world, &mut HashSet::new())
}

fn rests(world: &World, at_rest: &mut HashSet<u128>) -> Result<(), Broken> {
    settle_with(&mut world.clone(), at_rest)
}

fn settle_with(world: &mut World, at_rest: &mut HashSet<u128>) -> Result<(), Broken> {
    let mut has_doubted = false;
    for _ in 0..300 {
        // From here on it is known how it ends.
        if !has_doubted && !at_rest.insert(fingerprint(world)) {
            return Ok(());
        }
        if world.late.is_some() {
            world.execute_late()?;
        } else if !world.mail.is_empty() {
            world.deliver(0, false)?;
        } else if !world.asks.is_empty() {
            world.answer_ask(0)?;
        } else if world.sent.is_some() {
            world.deliver_answer()?;
        } else if let Next::Step(_) = world.call.next() {
            world.carry_out(Fate::Executed)?;
        } else if !has_doubted {
            has_doubted = true;
            world.apply(rooms::Input::Doubt)?;
        } else {
            return world.check_rest();
        }
        world.check()?;
    }
    Err(format!("it never comes to rest: {:?}", world.call.next()))
}

fn fingerprint(it: &impl Hash) -> u128 {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        salt.hash(&mut hasher);
        it.hash(&mut hasher);
        u128::from(hasher.finish())
    };
    half(0) << 64 | half(1)
}

/// The shortest way to a broken rule.
fn told(
    world: &World,
    budget: &Budget,
    ways: &[(usize, Move)],
    mut way: usize,
    broken: &str,
) -> String {
    let mut path = Vec::new();
    while let Some((before, happens)) = ways.get(way) {
        path.push(happens.clone());
        way = *before;
    }
    let mut state = State { world: world.clone(), budget: budget.clone() };
    let mut lines = vec![format!("{broken}\nwishes: {:?}", budget.wishes)];
    for happens in path.iter().rev() {
        let result = happen(&mut state, happens);
        let places: Vec<_> = state.world.call.parties().iter().map(|it| it.place).collect();
        lines.push(format!(
            "{happens:?} -> legs {:?}, known {places:?}, next {:?}, running {:?}, errand {:?}, mail {:?} {result:?}",
            state.world.legs,
            state.world.call.next(),
            state.world.call.running().map(|it| &it.what),
            state.world.call.errand(),
            state.world.mail,
        ));
    }
    lines.join("\n")
}
