//! The next step: what is wanted, compared with what is known.

use super::{Call, Next, Party, PartyId, Place, Plan, Role, Sound, Step};
use crate::Mode;

impl Call {
    /// What the call waits for.
    ///
    /// It follows from the state alone, so whoever reads the state after a crash goes on with the same step.
    pub fn next(&self) -> Next {
        if self.pending.is_some() {
            return Next::Answer;
        }
        if self.doubt {
            return Next::Step(Step::Look);
        }
        let contact = self.contact().place;
        match self.plan {
            Plan::Over if contact != Place::Gone => {
                return Next::Step(Step::HangUp { party: PartyId::CONTACT });
            }
            Plan::Away(_) if contact != Place::Router && contact != Place::Gone => {
                return Next::Step(Step::Move);
            }
            Plan::Here => return self.next_here(),
            Plan::Over | Plan::Away(_) => {}
        }
        self.unwanted().map_or(Next::Nothing, Next::Step)
    }

    fn next_here(&self) -> Next {
        if self.contact().place == Place::Bridge {
            if self.is_converting {
                return Next::Arrival;
            }
            if !self.needs_room() {
                return self.unwanted().map_or(Next::Nothing, Next::Step);
            }
            let child =
                if self.parent == PartyId::CONTACT { self.partner } else { PartyId::CONTACT };
            return Next::Step(Step::Convert { child });
        }
        // Whoever is to hear less hears less first, and whoever is to hear more does so last.
        let first = self.changes().find(|(_, before, after)| !before.opens(*after));
        let last = || self.changes().find(|(_, before, after)| before.opens(*after));
        let change = |(party, _, sound)| Step::Change { party, sound };
        let step = first
            .map(change)
            .or_else(|| self.unwanted())
            .or_else(|| self.uncalled())
            .or_else(|| last().map(change));
        match step {
            Some(step) => Next::Step(step),
            None if self.parties.iter().any(|it| it.place == Place::Turning) => Next::Arrival,
            None => Next::Nothing,
        }
    }

    /// Whether somebody wants what a bridge cannot give.
    fn needs_room(&self) -> bool {
        let wants_more = |(id, it): (PartyId, &Party)| {
            let is_third = id != PartyId::CONTACT && id != self.partner;
            it.is_staying() && (is_third || it.want.hold || it.want.mute)
        };
        self.numbered().any(wants_more)
    }

    /// Who is in the room and hears something else than they should: before and after.
    fn changes(&self) -> impl Iterator<Item = (PartyId, Sound, Sound)> {
        self.numbered()
            .filter(|(id, it)| it.place == Place::Room && !self.is_leaving(*id, it))
            .map(|(id, it)| (id, it.sound, self.wanted(id, it)))
            .filter(|(_, before, after)| before != after)
    }

    /// What a party in the room should hear.
    fn wanted(&self, id: PartyId, it: &Party) -> Sound {
        let is_held = self.transfer.is_some_and(|transfer| {
            (id == PartyId::CONTACT && transfer.holds_contact())
                || (id == transfer.to && transfer.holds_target())
        });
        if it.who.role() != Role::Supervisor {
            return Sound { held: it.want.hold || is_held, muted: it.want.mute, coaches: None };
        }
        match it.want.mode {
            Mode::Listen => Sound::LISTENING,
            Mode::Barge => Sound::OPEN,
            Mode::Whisper => self
                .coached()
                .map_or(Sound::LISTENING, |agent| Sound { coaches: Some(agent), ..Sound::OPEN }),
        }
    }

    /// The agent who hears a whisper: the one the contact has been with for longest, if they are not on hold.
    fn coached(&self) -> Option<PartyId> {
        let hears = |it: &Party| {
            it.who.role() == Role::Agent
                && it.place == Place::Room
                && it.is_staying()
                && !it.sound.held
                && !it.want.hold
        };
        self.numbered().find(|(_, it)| hears(it)).map(|(id, _)| id)
    }

    /// A leg that is to end.
    fn unwanted(&self) -> Option<Step> {
        let may_end = |(id, it): &(PartyId, &Party)| {
            it.place != Place::Gone && it.place != Place::New && self.is_leaving(*id, it)
        };
        self.numbered().skip(1).find(may_end).map(|(party, _)| Step::HangUp { party })
    }

    /// Whether a party leaves now. Whoever completes a transfer leaves when the other two hear each other.
    fn is_leaving(&self, id: PartyId, it: &Party) -> bool {
        let is_open = |id: PartyId| {
            let it = &self.parties[id.index()];
            it.place == Place::Room && !it.sound.held
        };
        let has_completed = self.transfer.is_some_and(|transfer| {
            transfer.is_completing
                && transfer.by == id
                && is_open(transfer.to)
                && is_open(PartyId::CONTACT)
        });
        it.want.leave || has_completed
    }

    /// Somebody who is to be called.
    fn uncalled(&self) -> Option<Step> {
        let is_new = |(_, it): &(PartyId, &Party)| it.place == Place::New && it.is_staying();
        let is_settled = self.contact().place == Place::Room;
        self.numbered().find(is_new).filter(|_| is_settled).map(|(party, _)| Step::Call { party })
    }
}
