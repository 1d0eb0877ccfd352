//! The state of one call that goes on.

mod answers;
mod facts;
mod judge;
mod law;
mod next;

use alloc::vec::Vec;

use identity::{CallSid, UserId};

use crate::{
    Answer, Document, Errand, How, News, Order, Outcome, Party, PartyId, Place, Refusal, Role,
    Sound, Step, StepNumber, Transfer, TransferEnd, Want, What, Who, Wish,
};

/// A call from its first answer on: who is in it, where each leg is, what everybody wants, and the one step that
/// the carrier is being asked.
///
/// It changes by [`Call::apply`] and [`Call::order`] only. Between two requests it may be kept anywhere: it has no
/// clock and no handle, and whoever reads it next goes on from the same place.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Call {
    /// By ordinal; the contact is the first.
    parties: Vec<Party>,
    /// With whom the contact was bridged last.
    partner: PartyId,
    /// Whose leg runs the Dial of that bridge: the contact's or the partner's.
    parent: PartyId,
    /// How often the contact was bridged. It is part of the room's name and of our URLs, so that what an earlier
    /// bridge or room still reports is not taken for this one's.
    round: u16,
    /// Whether the child of the bridge may have been redirected into the room.
    is_converting: bool,
    plan: Plan,
    transfer: Option<Transfer>,
    /// The wish that is being carried out.
    running: Option<Running>,
    /// The wishes that wait for it, in the order in which they came.
    waiting: Vec<Wish>,
    /// The step that is being asked.
    pending: Option<Pending>,
    /// The number of the last step.
    number: StepNumber,
    /// Whether the carrier has to be asked where the legs are before anything else is done.
    doubt: bool,
    /// Failed steps in a row, at most 255, for the pause before the next one.
    failures: u8,
    /// Who last stopped talking with the contact.
    last: Option<Last>,
}

/// What is to become of the contact.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
enum Plan {
    /// They stay with those who are in the call.
    Here,
    /// They go to the router, or are with it.
    Away(Errand),
    /// The call ends.
    Over,
}

/// A wish that is being carried out, and what to return to if it fails.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
struct Running {
    wish: Wish,
    /// What was wanted of each party before.
    wants: Vec<Want>,
    transfer: Option<Transfer>,
    last: Option<Last>,
    /// Whether anybody can have heard anything of it.
    is_heard: bool,
    /// How many of its steps failed or remained unanswered.
    failures: u8,
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
struct Pending {
    order: Order,
    /// Whether a leg moved since: what [`Step::Look`] finds may be older than that.
    is_stale: bool,
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
struct Last {
    user: Option<UserId>,
    how: How,
}

/// Something that happened outside.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum Input {
    /// Somebody wants something.
    Wish(Wish),
    /// A leg asks for its next document: apply this, then answer with [`Call::document`].
    Asked {
        /// Whose leg.
        party: PartyId,
        /// After what.
        after: After,
        /// The round in the URL that was asked.
        round: u16,
    },
    /// A party joined the room, by an event of the conference or a status callback.
    Joined {
        /// Who.
        party: PartyId,
        /// Their leg.
        leg: CallSid,
        /// The round in the name of the room.
        round: u16,
    },
    /// A leg is over. That is final.
    Left {
        /// Whose leg.
        party: PartyId,
        /// How; [`How::Lost`] if nothing says that it was meant.
        how: How,
    },
    /// The router's Dial connected the contact with an agent. If the `action` of that Dial says so first, this is
    /// applied before [`Input::Asked`].
    Connected {
        /// Who answered.
        agent: UserId,
        /// Their leg.
        leg: CallSid,
        /// The round in the URL that reports it.
        round: u16,
    },
    /// The router's Dial is over, and nobody answered.
    NobodyAnswered {
        /// The errand in the URL that reports it.
        errand: Errand,
        /// The round in that URL.
        round: u16,
    },
    /// What came of the step with this number.
    Answered(StepNumber, Answer),
    /// A callback that should have come did not, or somebody wants to know: look.
    Doubt,
}

/// What a leg did before it asked for a document.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum After {
    /// Its plain Dial is over. If the other leg ended by itself, this is how.
    Dial(How),
    /// It left the room.
    Room,
    /// It was redirected to the router, or the router rings nobody any more.
    Router,
}

/// What a call waits for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Next {
    /// A step of the carrier's: [`Call::order`].
    Step(Step),
    /// The answer to the step that was ordered. Without one in time: [`Answer::Unsure`].
    Answer,
    /// A leg that is on its way into the room. If it does not arrive in time: [`Input::Doubt`].
    Arrival,
    /// Nothing but the people.
    Nothing,
}

impl Call {
    /// The most parties who are in a call at one time.
    pub const MAX_PARTIES: usize = 10;
    /// The most wishes that wait.
    pub const MAX_WAITING: usize = 8;

    /// A call that came in, and was answered: the contact's leg runs the Dial.
    pub fn inbound(contact: CallSid, agent: UserId, leg: CallSid) -> Self {
        Self::bridged(contact, agent, leg, PartyId::CONTACT)
    }

    /// A call that an agent placed, and that was answered: the agent's leg runs the Dial.
    pub fn outbound(agent: UserId, leg: CallSid, contact: CallSid) -> Self {
        Self::bridged(contact, agent, leg, PARTNER)
    }

    fn bridged(contact: CallSid, agent: UserId, leg: CallSid, parent: PartyId) -> Self {
        let contact = Party::new(Who::Contact, Some(contact), Place::Bridge);
        let agent = Party::new(Who::Agent(agent), Some(leg), Place::Bridge);
        Self {
            parties: [contact, agent].into(),
            partner: PARTNER,
            parent,
            round: 0,
            is_converting: false,
            plan: Plan::Here,
            transfer: None,
            running: None,
            waiting: Vec::new(),
            pending: None,
            number: StepNumber(0),
            doubt: false,
            failures: 0,
            last: None,
        }
    }

    /// Takes in what happened, and says what follows. Everything may come late, twice and in any order.
    pub fn apply(&mut self, input: Input) -> Vec<News> {
        let mut news = Vec::new();
        match input {
            Input::Wish(wish) if self.waiting.len() < Self::MAX_WAITING => self.waiting.push(wish),
            Input::Wish(wish) => {
                news.push(News::WishEnded(wish.id, Outcome::Refused(Refusal::Full)));
            }
            Input::Asked { party, after, round } => self.asked(party, after, round, &mut news),
            Input::Joined { party, leg, round } => self.joined(party, leg, round, &mut news),
            Input::Left { party, how } => self.left(party, how, &mut news),
            Input::Connected { agent, leg, round } => self.connected(agent, leg, round, &mut news),
            Input::NobodyAnswered { errand, round } => self.advance(&errand, round, &mut news),
            Input::Answered(number, answer) => self.answered(number, answer, &mut news),
            Input::Doubt => self.doubt = true,
        }
        self.go_on(&mut news);
        news
    }

    /// Orders the next step, if it is a step that the call waits for. The state must be kept before the carrier is
    /// asked; then the answer is applied, [`Answer::Unsure`] if none is known.
    pub fn order(&mut self) -> Option<Order> {
        let Next::Step(step) = self.next() else { return None };
        self.number.0 = self.number.0.wrapping_add(1);
        let order = Order { number: self.number, step };
        self.pending = Some(Pending { order, is_stale: false });
        match step {
            Step::Convert { .. } => self.is_converting = true,
            Step::Call { party } => self.parties[party.index()].place = Place::Called,
            Step::HangUp { party } => self.parties[party.index()].ended = true,
            Step::Change { .. } | Step::Move | Step::Look => {}
        }
        Some(order)
    }

    /// The document for a leg, after its request was applied.
    pub fn document(&self, party: PartyId, after: After) -> Document {
        let Some(it) = self.party(party) else { return Document::HangUp };
        match (&self.plan, it.who.role()) {
            (Plan::Away(errand), Role::Contact) => Document::Ring(errand.clone()),
            (Plan::Here, Role::Contact) => Document::Room(it.sound),
            (Plan::Over | Plan::Away(_), _) => Document::HangUp,
            (Plan::Here, _) if !it.is_staying() || after == After::Room => Document::HangUp,
            (Plan::Here, _) => Document::Room(it.sound),
        }
    }

    /// Everybody who is or was in the call. The position is the ordinal.
    pub fn parties(&self) -> &[Party] {
        &self.parties
    }

    /// One party.
    pub fn party(&self, id: PartyId) -> Option<&Party> {
        self.parties.get(id.index())
    }

    /// The party of a user who is in the call or is called into it.
    pub fn party_of(&self, user: UserId) -> Option<PartyId> {
        let is_theirs =
            |(_, it): &(PartyId, &Party)| it.who.user() == Some(user) && it.is_staying();
        self.numbered().find(is_theirs).map(|(id, _)| id)
    }

    /// The consult transfer that is under way.
    pub const fn transfer(&self) -> Option<&Transfer> {
        self.transfer.as_ref()
    }

    /// The number that belongs into the name of the room and into our URLs now.
    pub const fn round(&self) -> u16 {
        self.round
    }

    /// How many steps in a row have failed: the next one should wait accordingly.
    pub const fn failures(&self) -> u8 {
        self.failures
    }

    /// Whom the router rings, while the contact is with it or on the way to it.
    pub const fn errand(&self) -> Option<&Errand> {
        match &self.plan {
            Plan::Away(errand) => Some(errand),
            Plan::Here | Plan::Over => None,
        }
    }

    /// Whether the call is over, or is to be.
    pub fn is_over(&self) -> bool {
        self.plan == Plan::Over
    }

    /// The wish that is being carried out.
    pub fn running(&self) -> Option<&Wish> {
        self.running.as_ref().map(|running| &running.wish)
    }

    /// The step that was ordered and is not answered.
    pub fn ordered(&self) -> Option<Order> {
        self.pending.map(|pending| pending.order)
    }

    fn numbered(&self) -> impl Iterator<Item = (PartyId, &Party)> {
        (0..).map(PartyId::new).zip(&self.parties)
    }

    fn contact(&self) -> &Party {
        &self.parties[0]
    }

    fn contact_mut(&mut self) -> &mut Party {
        &mut self.parties[0]
    }
}

const PARTNER: PartyId = PartyId::new(1);
