//! What legs, the room and the router report. Everything may come late, twice and in any order.

use alloc::vec::Vec;

use identity::{CallSid, UserId};

use super::{After, Call, Errand, How, Last, News, Party, PartyId, Place, Plan, Role, Sound, Who};
use crate::{Cause, Mode, Step};

impl Call {
    /// A leg asks for its next document.
    pub(super) fn asked(&mut self, party: PartyId, after: After, round: u16, news: &mut Vec<News>) {
        if round != self.round || self.party(party).is_none_or(|it| it.place == Place::Gone) {
            return;
        }
        match after {
            After::Dial(how) => self.dial_is_over(party, how, news),
            After::Room if party == PartyId::CONTACT => self.room_is_over(news),
            After::Router if party == PartyId::CONTACT => {
                self.moved();
                self.contact_mut().place = Place::Router;
                // Whatever the answer to the redirect will be: it was executed.
                self.pending.take_if(|pending| pending.order.step == Step::Move);
                if self.plan == Plan::Here {
                    let errand = Errand::new(Cause::Lost, None, None);
                    self.turn(Plan::Away(errand), news);
                }
            }
            After::Room | After::Router => {}
        }
    }

    /// The parent of the bridge is alone: the child was redirected, or has left.
    fn dial_is_over(&mut self, party: PartyId, how: How, news: &mut Vec<News>) {
        if party != self.parent || self.parties[party.index()].place != Place::Bridge {
            return;
        }
        self.moved();
        if self.is_converting && self.plan == Plan::Here {
            self.turn_into_room();
            return;
        }
        if self.plan == Plan::Here {
            let child = if party == PartyId::CONTACT { self.partner } else { PartyId::CONTACT };
            if how == How::HungUp {
                self.left(child, how, news);
            } else {
                // Nothing says that the child's leg is over: it is ended, or taken by the router.
                let user = self.parties[self.partner.index()].who.user();
                self.last = Some(Last { user, how });
                self.parties[self.partner.index()].want.leave = true;
            }
        }
        if party != PartyId::CONTACT {
            return;
        }
        self.go_on(news);
        if let Plan::Away(_) = self.plan {
            self.contact_mut().place = Place::Router;
        }
    }

    /// The contact's room ended though nobody wanted that.
    fn room_is_over(&mut self, news: &mut Vec<News>) {
        if self.contact().place != Place::Room && self.contact().place != Place::Turning {
            return;
        }
        self.moved();
        if self.plan == Plan::Here {
            let errand = Errand::new(Cause::Lost, None, None);
            self.turn(Plan::Away(errand), news);
        }
        if let Plan::Away(_) = self.plan {
            self.contact_mut().place = Place::Router;
        }
    }

    /// Both legs of the bridge are on their way into the room, or one is there.
    pub(super) fn turn_into_room(&mut self) {
        for id in [PartyId::CONTACT, self.partner] {
            let it = &mut self.parties[id.index()];
            if it.place == Place::Bridge {
                it.place = Place::Turning;
            }
        }
        self.is_converting = false;
    }

    /// A party is in the room.
    pub(super) fn joined(
        &mut self,
        party: PartyId,
        leg: CallSid,
        round: u16,
        news: &mut Vec<News>,
    ) {
        // The contact alone goes from room to room. Everybody else of an earlier room is to leave, and is to be known.
        if round != self.round && party == PartyId::CONTACT {
            return;
        }
        let Some(it) = self.parties.get_mut(party.index()) else { return };
        match it.place {
            Place::Called | Place::Turning | Place::Bridge => {}
            // Nobody knew of the leg when the party was given up: it is to end.
            Place::Gone if it.leg.is_none() => it.want.leave = true,
            Place::New | Place::Room | Place::Router | Place::Gone => return,
        }
        let was_bridged = it.place == Place::Bridge;
        it.place = Place::Room;
        it.leg = Some(leg);
        if was_bridged && round == self.round {
            self.turn_into_room();
        }
        self.moved();
        news.push(News::Joined(party));
    }

    /// A leg is over.
    pub(super) fn left(&mut self, party: PartyId, how: How, news: &mut Vec<News>) {
        let Some(it) = self.parties.get_mut(party.index()) else { return };
        if it.place == Place::Gone {
            return;
        }
        let was_in = it.is_in();
        let how = if it.ended { How::Removed } else { how };
        it.place = Place::Gone;
        let (role, user) = (it.who.role(), it.who.user());
        let spoke = match role {
            Role::Agent | Role::Guest => true,
            Role::Supervisor => it.want.mode == Mode::Barge,
            Role::Contact => false,
        };
        // Whoever was to leave anyway has said how.
        if was_in && spoke && !it.want.leave {
            self.last = Some(Last { user, how });
        }
        if was_in && role == Role::Agent {
            self.contact_mut().want.hold = false;
        }
        self.moved();
        news.push(News::Left(party, how));
    }

    /// The router's Dial connected the contact with an agent.
    pub(super) fn connected(
        &mut self,
        agent: UserId,
        leg: CallSid,
        round: u16,
        news: &mut Vec<News>,
    ) {
        let is_at_router =
            matches!(self.plan, Plan::Away(_)) && self.contact().place == Place::Router;
        let is_known = self.parties.iter().any(|it| it.leg == Some(leg));
        let Ok(ordinal) = u8::try_from(self.parties.len()) else { return };
        if round != self.round || !is_at_router || is_known {
            return;
        }
        let partner = PartyId::new(ordinal);
        self.parties.push(Party::new(Who::Agent(agent), Some(leg), Place::Bridge));
        let contact = self.contact_mut();
        contact.place = Place::Bridge;
        contact.sound = Sound::OPEN;
        contact.want.hold = false;
        contact.want.mute = false;
        (self.partner, self.parent) = (partner, PartyId::CONTACT);
        (self.plan, self.last) = (Plan::Here, None);
        self.pending.take_if(|pending| pending.order.step == Step::Move);
        self.is_converting = false;
        self.round = self.round.wrapping_add(1);
        self.moved();
        news.push(News::Connected(partner));
    }

    /// Nobody answered the router's Dial.
    pub(super) fn advance(&mut self, errand: &Errand, round: u16, news: &mut Vec<News>) {
        let is_now = round == self.round && self.contact().place == Place::Router;
        let Plan::Away(now) = &mut self.plan else { return };
        if is_now && now == errand {
            now.advance();
            news.push(News::Routed(now.clone()));
        }
    }

    /// What is being looked up may be older than what has just happened.
    fn moved(&mut self) {
        if let Some(pending) = &mut self.pending {
            pending.is_stale = true;
        }
    }
}
