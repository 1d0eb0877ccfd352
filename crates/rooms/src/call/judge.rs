//! Whether a wish may be carried out, and what it changes.

use alloc::vec::Vec;

use super::{
    Call, Errand, How, Last, News, Party, PartyId, Place, Plan, Refusal, Role, Running, Transfer,
    What, Who, Wish,
};
use crate::{Cause, Front, Mode, Peer, Target};

impl Call {
    /// Begins a wish.
    ///
    /// # Errors
    ///
    /// Why it is refused; then nothing has changed.
    pub(super) fn begin(&mut self, wish: &Wish, news: &mut Vec<News>) -> Result<(), Refusal> {
        if self.plan != Plan::Here {
            return Err(Refusal::NotLive);
        }
        let running = Running {
            wants: self.parties.iter().map(|it| it.want).collect(),
            transfer: self.transfer,
            last: self.last,
            is_heard: false,
            failures: 0,
            wish: wish.clone(),
        };
        let mine = self.party_of(wish.by);
        match wish.what {
            What::Supervise(mode) => self.supervise(wish, mine, mode)?,
            What::StopSupervising => self.stop_supervising(wish, mine)?,
            _ => {
                let is_agent = |id: &PartyId| {
                    let it = &self.parties[id.index()];
                    it.who.role() == Role::Agent && it.is_in()
                };
                let by = mine.filter(is_agent).ok_or(Refusal::NotYours)?;
                // The plan changes only when the wish is known to be running.
                if let Some(plan) = self.wanted_by(wish, by, news)? {
                    self.running = Some(running);
                    self.turn(plan, news);
                    return Ok(());
                }
            }
        }
        self.running = Some(running);
        Ok(())
    }

    /// A wish of one of the call's agents. Returns the new plan, if it changes.
    fn wanted_by(
        &mut self,
        wish: &Wish,
        by: PartyId,
        news: &mut Vec<News>,
    ) -> Result<Option<Plan>, Refusal> {
        match &wish.what {
            What::Hold(party) => self.set_hold(*party, by, true)?,
            What::Resume(party) => self.set_hold(*party, by, false)?,
            What::Mute(party) => self.set_mute(*party, true)?,
            What::Unmute(party) => self.set_mute(*party, false)?,
            What::Blind(target) => return self.blind(target, wish).map(Some),
            What::Consult(peer) => {
                let to = self.call(peer)?;
                let front = Front::Target;
                let (is_completing, is_cancelling) = (false, false);
                let it = Transfer { wish: wish.id, by, to, front, is_completing, is_cancelling };
                self.transfer = Some(it);
                news.push(News::Consults(wish.id));
            }
            What::Swap => {
                let it = self.transfer_of(by, true)?;
                it.front = match it.front {
                    Front::Target => Front::Contact,
                    Front::Contact | Front::Both => Front::Target,
                };
            }
            What::Merge => {
                let it = self.transfer_of(by, true)?;
                if it.front == Front::Both {
                    return Err(Refusal::AlreadySo);
                }
                it.front = Front::Both;
                self.contact_mut().want.hold = false;
            }
            What::Complete => {
                self.transfer_of(by, true)?.is_completing = true;
                self.contact_mut().want.hold = false;
            }
            What::Cancel => {
                let it = self.transfer_of(by, false)?;
                it.is_cancelling = true;
                let to = it.to;
                self.parties[to.index()].want.leave = true;
            }
            What::Add(peer) => drop(self.call(peer)?),
            What::Remove(party) => self.remove(*party, by)?,
            What::End => {
                let user = Some(wish.by);
                self.last = Some(Last { user, how: How::HungUp });
                self.parties[by.index()].want.leave = true;
                self.contact_mut().want.hold = false;
            }
            What::Supervise(_) | What::StopSupervising => {}
        }
        Ok(None)
    }

    /// A party who is there.
    fn present(&self, id: PartyId) -> Result<&Party, Refusal> {
        let there = self.party(id).filter(|it| it.is_in() && it.is_staying());
        there.ok_or(Refusal::NoSuchParty)
    }

    fn set_hold(&mut self, id: PartyId, by: PartyId, on: bool) -> Result<(), Refusal> {
        let it = self.present(id)?;
        if id == by || it.who.role() == Role::Supervisor {
            return Err(Refusal::NoSuchParty);
        }
        let is_of_transfer = self
            .transfer
            .is_some_and(|transfer| [PartyId::CONTACT, transfer.by, transfer.to].contains(&id));
        if is_of_transfer {
            return Err(Refusal::TransferRunning);
        }
        if it.want.hold == on {
            return Err(Refusal::AlreadySo);
        }
        self.parties[id.index()].want.hold = on;
        Ok(())
    }

    fn set_mute(&mut self, id: PartyId, on: bool) -> Result<(), Refusal> {
        let it = self.present(id)?;
        if it.who.role() == Role::Supervisor {
            return Err(Refusal::NoSuchParty);
        }
        if it.want.mute == on {
            return Err(Refusal::AlreadySo);
        }
        self.parties[id.index()].want.mute = on;
        Ok(())
    }

    fn blind(&self, target: &Target, wish: &Wish) -> Result<Plan, Refusal> {
        if self.transfer.is_some() {
            return Err(Refusal::TransferRunning);
        }
        if *target == Target::Agent(wish.by) {
            return Err(Refusal::TargetUnavailable);
        }
        Ok(Plan::Away(Errand::new(Cause::Transfer, Some(target.clone()), Some(wish.by))))
    }

    /// The transfer, if this agent began it and `to` is there, or need not be.
    fn transfer_of(&mut self, by: PartyId, must_be_there: bool) -> Result<&mut Transfer, Refusal> {
        let it = self.transfer.ok_or(Refusal::NoTransfer)?;
        if it.by != by {
            return Err(Refusal::NotYours);
        }
        if must_be_there && self.parties[it.to.index()].place != Place::Room {
            return Err(Refusal::TargetUnavailable);
        }
        self.transfer.as_mut().ok_or(Refusal::NoTransfer)
    }

    /// Adds somebody to be called.
    fn call(&mut self, peer: &Peer) -> Result<PartyId, Refusal> {
        if self.transfer.is_some() {
            return Err(Refusal::TransferRunning);
        }
        let who = Who::from(peer.clone());
        let is_there = |it: &Party| {
            it.is_staying()
                && (it.who == who || (who.user().is_some() && it.who.user() == who.user()))
        };
        if self.parties.iter().any(is_there) {
            return Err(Refusal::AlreadySo);
        }
        self.add(Party::new(who, None, Place::New))
    }

    fn add(&mut self, party: Party) -> Result<PartyId, Refusal> {
        let id = u8::try_from(self.parties.len()).map_err(|_| Refusal::Full)?;
        let there = self.parties.iter().filter(|it| it.place != Place::Gone).count();
        if there >= Self::MAX_PARTIES {
            return Err(Refusal::Full);
        }
        self.parties.push(party);
        Ok(PartyId::new(id))
    }

    fn remove(&mut self, id: PartyId, by: PartyId) -> Result<(), Refusal> {
        let is_third = |it: &&Party| {
            matches!(it.who.role(), Role::Agent | Role::Guest) && it.is_staying() && id != by
        };
        self.party(id).filter(is_third).ok_or(Refusal::NoSuchParty)?;
        if self.transfer.is_some_and(|it| it.by == id || it.to == id) {
            return Err(Refusal::TransferRunning);
        }
        self.parties[id.index()].want.leave = true;
        Ok(())
    }

    fn supervise(&mut self, wish: &Wish, mine: Option<PartyId>, mode: Mode) -> Result<(), Refusal> {
        let is_held = self.contact().want.hold
            || self.transfer.is_some_and(|transfer| transfer.holds_contact());
        if mode == Mode::Whisper && is_held {
            return Err(Refusal::OnHold);
        }
        let Some(id) = mine else {
            let mut party = Party::new(Who::Supervisor(wish.by), None, Place::Called);
            party.want.mode = mode;
            return self.add(party).map(drop);
        };
        let it = &self.parties[id.index()];
        if it.who.role() != Role::Supervisor {
            return Err(Refusal::NotYours);
        }
        if it.want.mode == mode {
            return Err(Refusal::AlreadySo);
        }
        if mode != Mode::Barge && self.hearers().eq([id]) {
            return Err(Refusal::NobodyLeft);
        }
        self.parties[id.index()].want.mode = mode;
        Ok(())
    }

    fn stop_supervising(&mut self, wish: &Wish, mine: Option<PartyId>) -> Result<(), Refusal> {
        let is_theirs = |id: &PartyId| self.parties[id.index()].who.role() == Role::Supervisor;
        let id = mine.filter(is_theirs).ok_or(Refusal::NoSuchParty)?;
        if self.hearers().eq([id]) {
            self.last = Some(Last { user: Some(wish.by), how: How::HungUp });
        }
        self.parties[id.index()].want.leave = true;
        Ok(())
    }
}
