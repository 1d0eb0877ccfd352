//! The law: the contact stays with somebody who can hear them, or with the router, until somebody hangs up on
//! purpose.

use alloc::vec::Vec;

use super::{
    Call, Errand, How, Last, News, Next, Outcome, Party, PartyId, Place, Plan, Refusal, Role,
    TransferEnd, What, Who,
};
use crate::{Cause, Mode, Peer, Sound, Target, Wish};

impl Call {
    /// Draws every conclusion from what is known, and begins the wishes that waited.
    pub(super) fn go_on(&mut self, news: &mut Vec<News>) {
        loop {
            self.settle(news);
            if self.finish(news) {
                continue;
            }
            if self.running.is_some() || self.waiting.is_empty() {
                return;
            }
            let wish = self.waiting.remove(0);
            if let Err(refusal) = self.begin(&wish, news) {
                news.push(News::WishEnded(wish.id, Outcome::Refused(refusal)));
            }
        }
    }

    fn settle(&mut self, news: &mut Vec<News>) {
        self.drop_uncalled(news);
        if self.contact().place == Place::Gone {
            self.turn(Plan::Over, news);
        }
        if self.contact().place == Place::Router {
            // A blind transfer, or a hang-up while somebody rings, is done when the router has the contact.
            self.end_wish(None, news);
        }
        if self.plan != Plan::Here {
            return;
        }
        self.settle_transfer(news);
        // Only an agent of the call can take somebody off hold.
        let is_agent = |it: &Party| it.who.role() == Role::Agent && it.is_in() && it.is_staying();
        if !self.parties.iter().any(is_agent) {
            self.parties.iter_mut().for_each(|it| it.want.hold = false);
        }
        self.keep_supervisor(news);
        let hearers: Vec<PartyId> = self.hearers().collect();
        if hearers.is_empty() {
            let plan = self.without_hearers();
            self.turn(plan, news);
        } else if hearers.iter().all(|id| self.parties[id.index()].want.hold) {
            for id in hearers {
                self.parties[id.index()].want.hold = false;
            }
        }
    }

    /// Lets a supervisor who still talks with the contact go on, if everybody else left before they became a
    /// listener or whispered.
    fn keep_supervisor(&mut self, news: &mut Vec<News>) {
        let talks = |it: &Party| {
            it.who.role() == Role::Supervisor
                && it.place == Place::Room
                && it.is_staying()
                && it.sound == Sound::OPEN
        };
        if self.hearers().next().is_some() {
            return;
        }
        let Some(index) = self.parties.iter().position(talks) else { return };
        self.parties[index].want.mode = Mode::Barge;
        let user = self.parties[index].who.user();
        let is_theirs =
            |wish: &Wish| matches!(wish.what, What::Supervise(_)) && Some(wish.by) == user;
        if self.running.as_ref().is_some_and(|it| is_theirs(&it.wish)) {
            self.end_wish(Some(Refusal::NobodyLeft), news);
        }
    }

    /// Those who talk with the contact, or would if nobody were on hold.
    pub(super) fn hearers(&self) -> impl Iterator<Item = PartyId> {
        let hears = |it: &Party| match it.who.role() {
            Role::Contact => false,
            Role::Agent | Role::Guest => it.is_in(),
            Role::Supervisor => it.place == Place::Room && it.want.mode == Mode::Barge,
        };
        self.numbered().filter(move |(_, it)| hears(it) && it.is_staying()).map(|(id, _)| id)
    }

    /// What becomes of a contact whom nobody hears any more.
    fn without_hearers(&self) -> Plan {
        let last = self.last.unwrap_or(Last { user: None, how: How::Lost });
        let rings = |it: &&Party| {
            matches!(it.place, Place::New | Place::Called)
                && it.is_staying()
                && matches!(it.who.role(), Role::Agent | Role::Guest)
        };
        if last.how != How::HungUp {
            let again = last.user.map(Target::Agent);
            return Plan::Away(Errand::new(Cause::Lost, again, None));
        }
        match self.parties.iter().find(rings) {
            Some(it) => Plan::Away(Errand::new(Cause::Transfer, target(&it.who), last.user)),
            None => Plan::Over,
        }
    }

    /// Ends a transfer whose people left.
    fn settle_transfer(&mut self, news: &mut Vec<News>) {
        let Some(it) = self.transfer else { return };
        let to = &self.parties[it.to.index()];
        let by = &self.parties[it.by.index()];
        if !to.is_staying() && to.place == Place::Gone {
            let end = if it.is_cancelling { TransferEnd::Cancelled } else { TransferEnd::Failed };
            self.end_transfer(end, news);
            if !it.is_cancelling {
                self.fail_of_transfer(Refusal::TargetUnavailable, news);
            }
        } else if !by.is_staying() && to.place == Place::Room && !it.is_cancelling {
            self.contact_mut().want.hold = false;
            self.end_transfer(TransferEnd::Completed, news);
        } else if !by.is_staying() {
            let meant = self.last.is_some_and(|last| last.how == How::HungUp);
            let end = if meant { TransferEnd::Routed } else { TransferEnd::Failed };
            if !meant || it.is_cancelling {
                self.parties[it.to.index()].want.leave = true;
            }
            self.end_transfer(if it.is_cancelling { TransferEnd::Cancelled } else { end }, news);
            self.fail_of_transfer(Refusal::NotLive, news);
        }
    }

    fn end_transfer(&mut self, end: TransferEnd, news: &mut Vec<News>) {
        if let Some(it) = self.transfer.take() {
            news.push(News::TransferEnded(it.wish, end));
        }
    }

    /// Ends a wish that has no sense without the transfer.
    fn fail_of_transfer(&mut self, refusal: Refusal, news: &mut Vec<News>) {
        let is_of_it = |what: &What| {
            matches!(what, What::Consult(_) | What::Complete | What::Swap | What::Merge)
        };
        if self.running.as_ref().is_some_and(|it| is_of_it(&it.wish.what)) {
            self.end_wish(Some(refusal), news);
        }
    }

    /// Changes what is to become of the contact. Everybody else is to leave.
    pub(super) fn turn(&mut self, plan: Plan, news: &mut Vec<News>) {
        if self.plan == plan {
            return;
        }
        self.plan = plan;
        self.end_transfer(TransferEnd::Failed, news);
        self.parties[1..].iter_mut().for_each(|it| it.want.leave = true);
        match &self.plan {
            Plan::Away(errand) => news.push(News::Routed(errand.clone())),
            Plan::Over => news.push(News::Over),
            Plan::Here => {}
        }
        let is_meant = |what: &What| match what {
            What::End => true,
            What::Blind(_) => self.contact().place != Place::Gone,
            _ => false,
        };
        if self.running.as_ref().is_some_and(|it| !is_meant(&it.wish.what)) {
            self.end_wish(Some(Refusal::NotLive), news);
        }
    }

    /// Those who were to be called, or to call in by themselves, and are no longer wanted.
    fn drop_uncalled(&mut self, news: &mut Vec<News>) {
        let gone: Vec<PartyId> = self
            .numbered()
            .filter(|(_, it)| {
                let is_awaited = it.who.role() == Role::Supervisor && it.place == Place::Called;
                it.want.leave && (it.place == Place::New || is_awaited)
            })
            .map(|(id, _)| id)
            .collect();
        for id in gone {
            self.left(id, How::NotReached, news);
        }
    }

    /// Ends the running wish if everything is as it wants.
    fn finish(&mut self, news: &mut Vec<News>) -> bool {
        let is_so = self.running.is_some() && self.next() == Next::Nothing;
        if is_so {
            self.end_wish(None, news);
        }
        is_so
    }

    /// Ends the running wish, without taking anything back.
    pub(super) fn end_wish(&mut self, refusal: Option<Refusal>, news: &mut Vec<News>) {
        let Some(running) = self.running.take() else { return };
        let outcome = match refusal {
            None => Outcome::Done,
            Some(refusal) if running.is_heard => Outcome::Undone(refusal),
            Some(refusal) => Outcome::Refused(refusal),
        };
        news.push(News::WishEnded(running.wish.id, outcome));
    }

    /// Takes the running wish back: wants, transfer and plan are as before it, and whoever was to be called for it
    /// leaves. What has happened since is judged again.
    pub(super) fn revert(&mut self, refusal: Refusal, news: &mut Vec<News>) {
        let Some(running) = &self.running else { return };
        if self.contact().place == Place::Gone {
            return;
        }
        let (transfer, last) = (running.transfer, running.last);
        for (party, want) in self.parties.iter_mut().zip(&running.wants) {
            party.want = *want;
        }
        let known = running.wants.len();
        self.parties[known..].iter_mut().for_each(|it| it.want.leave = true);
        if self.transfer.is_some() && transfer.is_none() {
            self.end_transfer(TransferEnd::Failed, news);
        }
        (self.transfer, self.last) = (transfer, last);
        self.plan = Plan::Here;
        self.end_wish(Some(refusal), news);
    }
}

fn target(who: &Who) -> Option<Target> {
    match who {
        Who::Agent(user) | Who::Supervisor(user) => Some(Target::Agent(*user)),
        Who::Guest(number) => Some(Target::Number(number.clone())),
        Who::Contact => None,
    }
}

impl From<Peer> for Who {
    fn from(peer: Peer) -> Self {
        match peer {
            Peer::Agent(user) => Self::Agent(user),
            Peer::Number(number) => Self::Guest(number),
        }
    }
}
