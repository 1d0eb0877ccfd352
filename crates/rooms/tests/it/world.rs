//! What is true: a carrier with legs, a bridge, rooms and a router, as Twilio's documentation describes them. It knows
//! nothing of the state machine; it executes steps, asks for documents and reports.

mod rules;

use identity::{CallSid, PhoneNumber, UserId};
use rooms::{
    After, Answer, Call, Document, Errand, How, Input, Mode, News, Order, PartyId, Seen, SeenAt,
    Sound, Stage, Step, Target, TransferEnd, What, Wish, WishId,
};

pub(crate) const ANA: UserId = UserId::from_bytes([0xa; 16]);
pub(crate) const BEN: UserId = UserId::from_bytes([0xb; 16]);
pub(crate) const EVE: UserId = UserId::from_bytes([0xe; 16]);
pub(crate) const SUE: UserId = UserId::from_bytes([0x5; 16]);

pub(crate) fn guest() -> PhoneNumber {
    "+15005550009".parse().expect("a number")
}

/// Where a leg really is.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) enum At {
    Nowhere,
    Ringing {
        round: u16,
    },
    Bridge,
    /// It waits for a document.
    Asking,
    Room {
        round: u16,
        sound: Sound,
    },
    Router(Errand),
    Gone,
}

/// A callback that is under way.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) enum Mail {
    Joined { party: u8, round: u16 },
    Left { party: u8, how: u8 },
    Connected,
}

/// A request for a document.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Ask {
    pub(crate) party: PartyId,
    pub(crate) after: After,
    pub(crate) round: u16,
    /// The router's Dial that nobody answered.
    pub(crate) nobody: Option<Errand>,
    /// The leg was redirected meanwhile, so the answer has no effect.
    pub(crate) is_void: bool,
}

/// What happens to a step.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fate {
    Executed,
    /// Refused, though nothing is wrong: too many requests.
    Refused,
    /// Neither executed nor answered.
    Lost,
    /// Executed, not answered.
    Unanswered,
    /// Not answered, and executed at any later moment.
    Late,
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct World {
    pub(crate) call: Call,
    pub(crate) legs: Vec<At>,
    /// Sorted: they may be delivered in any order.
    pub(crate) mail: Vec<Mail>,
    pub(crate) asks: Vec<Ask>,
    /// The answer to the ordered step.
    pub(crate) sent: Option<(Order, Reply)>,
    /// A step that is executed later.
    pub(crate) late: Option<(Step, u16)>,
    /// Whose leg runs the Dial.
    parent: PartyId,
    /// The agent whom the router connected, and the round that its URL has.
    connected: Option<(UserId, CallSid, u16)>,
    /// Somebody hung up on purpose since the contact was last connected.
    meant: bool,
    /// Who hung up, or stopped supervising, through the API.
    enders: Vec<UserId>,
    /// Who was to leave before the call was to end.
    leaving: Vec<PartyId>,
    /// Who was consulted in a transfer that failed or was cancelled.
    dropped: Vec<PartyId>,
    /// Supervisors who may be heard by the contact.
    barged: bool,
    /// A step was executed later than the ones after it, so nobody knows who heard whom.
    was_late: bool,
    /// Wishes that have not ended.
    open: Vec<WishId>,
}

/// An answer, hashable.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Reply(pub(crate) Answer);

/// A rule is broken.
pub(crate) type Broken = String;

impl World {
    pub(crate) fn inbound() -> Self {
        Self::new(Call::inbound(sid(0), ANA, sid(1)), PartyId::CONTACT)
    }

    pub(crate) fn outbound() -> Self {
        Self::new(Call::outbound(ANA, sid(1), sid(0)), PartyId::new(1))
    }

    fn new(call: Call, parent: PartyId) -> Self {
        Self {
            call,
            legs: vec![At::Bridge, At::Bridge],
            mail: Vec::new(),
            asks: Vec::new(),
            sent: None,
            late: None,
            parent,
            connected: None,
            meant: false,
            enders: Vec::new(),
            leaving: Vec::new(),
            dropped: Vec::new(),
            barged: false,
            was_late: false,
            open: Vec::new(),
        }
    }

    // What the state machine is told.

    pub(crate) fn wish(&mut self, id: u64, by: UserId, what: What) -> Result<(), Broken> {
        if matches!(what, What::End | What::StopSupervising) {
            self.meant = true;
            self.enders.push(by);
        }
        self.barged |= what == What::Supervise(Mode::Barge);
        self.open.push(WishId(id));
        self.apply(Input::Wish(Wish { id: WishId(id), by, what }))
    }

    pub(crate) fn apply(&mut self, input: Input) -> Result<(), Broken> {
        let consulted = self.call.transfer().map(|transfer| transfer.to);
        for news in self.call.apply(input) {
            let is_failed = matches!(
                news,
                News::TransferEnded(_, TransferEnd::Failed | TransferEnd::Cancelled)
            );
            self.dropped.extend(consulted.filter(|_| is_failed));
            if let News::WishEnded(id, _) = news {
                let Some(at) = self.open.iter().position(|open| *open == id) else {
                    return Err(format!("wish {id} ended twice"));
                };
                self.open.remove(at);
            }
        }
        if !self.call.is_over() {
            let leaves = |party: &PartyId| self.call.party(*party).is_some_and(|it| it.want.leave);
            self.leaving = (0..self.call.parties().len()).map(id).filter(leaves).collect();
        }
        while self.legs.len() < self.call.parties().len() {
            self.legs.push(At::Nowhere);
        }
        Ok(())
    }

    pub(crate) fn deliver(&mut self, at: usize, again: bool) -> Result<(), Broken> {
        let mail = if again { self.mail[at] } else { self.mail.remove(at) };
        let input = match mail {
            Mail::Joined { party, round } => {
                Input::Joined { party: PartyId::new(party), leg: sid(party), round }
            }
            Mail::Left { party, how } => {
                Input::Left { party: PartyId::new(party), how: HOWS[usize::from(how)] }
            }
            Mail::Connected => match self.connection() {
                Some(input) => input,
                None => return Ok(()),
            },
        };
        self.apply(input)
    }

    fn connection(&self) -> Option<Input> {
        let (agent, leg, round) = self.connected?;
        Some(Input::Connected { agent, leg, round })
    }

    pub(crate) fn answer_ask(&mut self, at: usize) -> Result<(), Broken> {
        let ask = self.asks.remove(at);
        // The action says that its Dial was answered.
        if let (After::Dial(_), Some(input)) = (ask.after, self.connection()) {
            self.apply(input)?;
        }
        if let Some(errand) = ask.nobody {
            self.apply(Input::NobodyAnswered { errand, round: ask.round })?;
        }
        self.apply(Input::Asked { party: ask.party, after: ask.after, round: ask.round })?;
        if ask.is_void {
            return Ok(());
        }
        match self.call.document(ask.party, ask.after) {
            Document::Room(sound) => {
                self.join(ask.party, self.call.round(), sound);
                Ok(())
            }
            Document::Ring(errand) if ask.party == PartyId::CONTACT => {
                self.legs[0] = At::Router(errand);
                Ok(())
            }
            Document::Ring(_) => Err("an agent's leg is routed".into()),
            Document::HangUp => self.end(ask.party, How::Removed, true),
        }
    }

    pub(crate) fn deliver_answer(&mut self) -> Result<(), Broken> {
        let Some((order, Reply(answer))) = self.sent.take() else { return Ok(()) };
        // Whoever looks finds the router's leg, too.
        let is_bridged = Seen { party: PartyId::CONTACT, at: SeenAt::Bridge };
        if matches!(&answer, Answer::Seen(seen) if seen.contains(&is_bridged))
            && let Some(input) = self.connection()
        {
            self.apply(input)?;
        }
        self.apply(Input::Answered(order.number, answer))
    }

    // What the carrier does.

    pub(crate) fn carry_out(&mut self, fate: Fate) -> Result<(), Broken> {
        let order = self.call.order().expect("a step");
        let round = self.call.round();
        let answer = match fate {
            Fate::Executed => self.execute(order.step, round)?,
            Fate::Refused => Answer::TooMany,
            Fate::Lost => Answer::Unsure,
            Fate::Unanswered => {
                self.execute(order.step, round)?;
                Answer::Unsure
            }
            Fate::Late => {
                self.late = Some((order.step, round));
                Answer::Unsure
            }
        };
        self.sent = Some((order, Reply(answer)));
        Ok(())
    }

    pub(crate) fn execute_late(&mut self) -> Result<(), Broken> {
        let Some((step, round)) = self.late.take() else { return Ok(()) };
        self.was_late = true;
        if step == (Step::HangUp { party: PartyId::CONTACT }) && self.meant {
            // Whoever hung up meant it, also if the call went on because the carrier said nothing.
            return self.end(PartyId::CONTACT, How::Removed, false);
        }
        self.execute(step, round).map(drop)
    }

    fn execute(&mut self, step: Step, round: u16) -> Result<Answer, Broken> {
        match step {
            Step::Convert { child } => Ok(self.convert(child, round)),
            Step::Change { party, sound } => Ok(self.change(party, sound)),
            Step::Call { party } => {
                if self.legs[index(party)] != At::Nowhere {
                    return Err(format!("{party} is called twice"));
                }
                self.legs[index(party)] = At::Ringing { round };
                Ok(Answer::Called(sid(number(party))))
            }
            Step::HangUp { party } => {
                if matches!(self.legs[index(party)], At::Gone | At::Nowhere) {
                    return Ok(Answer::NotInProgress);
                }
                self.end(party, How::Removed, true)?;
                Ok(Answer::Done)
            }
            Step::Move => Ok(self.move_contact(round)),
            Step::Look => Ok(Answer::Seen(self.seen())),
        }
    }

    fn convert(&mut self, child: PartyId, round: u16) -> Answer {
        match self.legs[index(child)] {
            At::Gone | At::Nowhere | At::Ringing { .. } => return Answer::NotInProgress,
            At::Bridge => self.release_parent(child, How::Lost),
            _ => self.leave_place(child),
        }
        self.join(child, round, Sound::OPEN);
        Answer::Done
    }

    fn change(&mut self, party: PartyId, sound: Sound) -> Answer {
        let At::Room { round, .. } = self.legs[index(party)] else { return Answer::Absent };
        if let Some(coached) = sound.coaches {
            match &self.legs[index(coached)] {
                At::Room { sound, .. } if sound.held => return Answer::CoachedOnHold,
                At::Room { .. } => {}
                _ => return Answer::Refused,
            }
        }
        self.legs[index(party)] = At::Room { round, sound };
        Answer::Done
    }

    fn move_contact(&mut self, round: u16) -> Answer {
        let contact = PartyId::CONTACT;
        match self.legs[0] {
            At::Gone => return Answer::NotInProgress,
            At::Bridge if self.parent == contact => {
                // The old Dial's action is requested too, and its answer has no effect.
                self.ask(contact, After::Dial(How::Lost), true);
                let child = self.partner();
                self.gone(child, How::Lost);
            }
            At::Bridge => self.release_parent(contact, How::Lost),
            At::Room { .. } => {
                self.ask(contact, After::Room, true);
                self.leave_place(contact);
            }
            _ => {}
        }
        self.legs[0] = At::Asking;
        self.asks.retain(|ask| ask.party != contact || ask.is_void);
        let after = After::Router;
        self.asks.push(Ask { party: contact, after, round, nobody: None, is_void: false });
        Answer::Done
    }

    fn seen(&self) -> Vec<Seen> {
        let at = |leg: &At| match leg {
            At::Nowhere => None,
            At::Ringing { .. } => Some(SeenAt::Ringing),
            At::Bridge => Some(SeenAt::Bridge),
            At::Room { round, sound } if *round == self.call.round() => Some(SeenAt::Room(*sound)),
            At::Room { .. } | At::Asking | At::Router(_) => Some(SeenAt::Elsewhere),
            At::Gone => Some(SeenAt::Gone(How::Lost)),
        };
        let legs = self.legs.iter().enumerate();
        legs.filter_map(|(party, leg)| Some(Seen { party: id(party), at: at(leg)? })).collect()
    }

    /// Somebody answers a call into the room, or a supervisor's browser calls in.
    pub(crate) fn pick_up(&mut self, party: PartyId) -> Result<(), Broken> {
        let At::Ringing { round } = self.legs[index(party)] else {
            self.legs[index(party)] = At::Asking;
            self.ask(party, After::Router, false);
            return Ok(());
        };
        if let Some(transfer) = self.call.transfer()
            && !self.was_late
            && transfer.to == party
            && transfer.holds_contact()
            && !transfer.is_cancelling
            && matches!(&self.legs[0], At::Room { sound, .. } if !sound.held)
        {
            return Err("a consulted party meets the contact".into());
        }
        self.join(party, round, Sound::OPEN);
        Ok(())
    }

    /// The router's Dial is answered.
    pub(crate) fn connect(&mut self) {
        let At::Router(errand) = self.legs[0].clone() else { return };
        let target = match (errand.stage, errand.to) {
            (Stage::Target, Some(Target::Agent(user))) => user,
            (Stage::Back, _) => errand.back.unwrap_or(EVE),
            _ => EVE,
        };
        let party = self.legs.len();
        self.connected = Some((target, sid(number(id(party))), self.call.round()));
        self.legs[0] = At::Bridge;
        self.legs.push(At::Bridge);
        self.parent = PartyId::CONTACT;
        self.meant = false;
        self.post(Mail::Connected);
    }

    /// Nobody answers the router's Dial.
    pub(crate) fn nobody_answers(&mut self) {
        let At::Router(errand) = self.legs[0].clone() else { return };
        self.legs[0] = At::Asking;
        let (party, round) = (PartyId::CONTACT, self.call.round());
        let nobody = Some(errand);
        self.asks.push(Ask { party, after: After::Router, round, nobody, is_void: false });
    }

    /// A person leaves, or is lost.
    pub(crate) fn leaves(&mut self, party: PartyId, how: How) -> Result<(), Broken> {
        self.meant |= how == How::HungUp && party != PartyId::CONTACT;
        self.end(party, how, false)
    }

    fn end(&mut self, party: PartyId, how: How, by_us: bool) -> Result<(), Broken> {
        if by_us {
            let may =
                if party == PartyId::CONTACT { self.may_hang_up() } else { self.may_remove(party) };
            may?;
        }
        match self.legs[index(party)] {
            At::Gone => return Ok(()),
            At::Bridge if self.parent == party => {
                let child =
                    if party == PartyId::CONTACT { self.partner() } else { PartyId::CONTACT };
                self.gone(child, how);
            }
            At::Bridge => self.release_parent(party, how),
            _ => self.leave_place(party),
        }
        self.gone(party, if by_us { How::Lost } else { how });
        Ok(())
    }

    /// The child leaves its Dial, whose parent asks what comes next.
    fn release_parent(&mut self, child: PartyId, how: How) {
        let parent = if child == PartyId::CONTACT { self.partner() } else { PartyId::CONTACT };
        if self.legs[index(parent)] == At::Bridge {
            self.legs[index(parent)] = At::Asking;
            self.ask(parent, After::Dial(how), false);
        }
    }

    /// The room ends when the contact leaves it, and everybody else's leg with it.
    fn leave_place(&mut self, party: PartyId) {
        self.asks.retain(|ask| ask.party != party || ask.is_void);
        let At::Room { round, .. } = self.legs[index(party)] else { return };
        if party != PartyId::CONTACT {
            return;
        }
        for other in 1..self.legs.len() {
            if matches!(self.legs[other], At::Room { round: theirs, .. } if theirs == round) {
                self.gone(id(other), How::Lost);
            }
        }
    }

    fn gone(&mut self, party: PartyId, how: How) {
        self.asks.retain(|ask| ask.party != party);
        self.legs[index(party)] = At::Gone;
        let how = HOWS.iter().position(|it| *it == how).unwrap_or(1);
        self.post(Mail::Left { party: number(party), how: u8::try_from(how).unwrap_or(1) });
    }

    fn join(&mut self, party: PartyId, round: u16, sound: Sound) {
        self.legs[index(party)] = At::Room { round, sound };
        self.post(Mail::Joined { party: number(party), round });
    }

    fn ask(&mut self, party: PartyId, after: After, is_void: bool) {
        let round = self.call.round();
        self.asks.push(Ask { party, after, round, nobody: None, is_void });
    }

    fn post(&mut self, mail: Mail) {
        self.mail.push(mail);
        self.mail.sort_unstable();
    }

    /// The agent in the bridge.
    fn partner(&self) -> PartyId {
        let at = self.legs.iter().rposition(|leg| *leg == At::Bridge || *leg == At::Asking);
        id(at.filter(|at| *at > 0).unwrap_or(1))
    }
}

/// The ways to leave, in the order in which [`Mail`] numbers them.
const HOWS: [How; 4] = [How::HungUp, How::Lost, How::NotReached, How::Removed];

pub(crate) fn sid(n: u8) -> CallSid {
    CallSid::from_bytes([n; 16])
}

pub(crate) fn id(party: usize) -> PartyId {
    PartyId::new(u8::try_from(party).expect("few parties"))
}

pub(crate) fn index(party: PartyId) -> usize {
    usize::from(number(party))
}

fn number(party: PartyId) -> u8 {
    (0..=u8::MAX).find(|it| PartyId::new(*it) == party).unwrap_or_default()
}
