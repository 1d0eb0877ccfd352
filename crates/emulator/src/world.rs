//! The emulated world: accounts, parties, calls and time. No socket, no thread, no waiting.
//!
//! Everything that happens is a method that changes the tables and leaves behind events on the
//! agenda and webhooks in the post. The [driver](crate::driver) takes both from here.

mod audio;
mod conference;
mod dequeue;
mod device;
mod dial;
mod document;
mod ended;
mod far_end;
mod gather;
pub(crate) mod instruct;
mod leg;
mod line;
mod message;
mod outbound;
mod place;
mod queue;
mod recording;
mod register;
mod run;
mod signal;
mod speak;
#[cfg(test)]
mod stage;
mod stay;
mod voices;
mod whisper;

use identity::{AccountSid, CallSid, Timestamp};
use std::time::Duration;

use crate::http::{Request, full_url};
use crate::post::{Parcel, Post, Purpose};
use crate::seed::Seed;
use crate::state::api::Api;
use crate::state::audio::{Audio, Sounds, Waves};
use crate::state::call::Call;
use crate::state::calls::Calls;
use crate::state::conference::Conferences;
use crate::state::party::Parties;
use crate::state::queue::Queues;
use crate::state::recording::Recordings;
use crate::state::signal::Signal;
use crate::state::tables::Tables;
use crate::state::time::Time;
use crate::step::Target;
use crate::timeline::{Entry, Timeline, What};
use crate::webhook::{Outcome, Webhook};
use crate::{Clock, Config, Direction, Kind, Problem, Progress};

/// Everything there is.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) config: Config,
    pub(crate) seed: Seed,
    pub(crate) time: Time,
    /// Accounts, numbers, TwiML Apps and keys.
    pub(crate) tables: Tables,
    pub(crate) parties: Parties,
    pub(crate) calls: Calls,
    pub(crate) conferences: Conferences,
    pub(crate) queues: Queues,
    pub(crate) recordings: Recordings,
    pub(crate) waves: Waves,
    pub(crate) audio: Audio,
    pub(crate) signal: Signal,
    pub(crate) sounds: Sounds,
    pub(crate) post: Post,
    pub(crate) api: Api,
    pub(crate) timeline: Timeline,
}

impl World {
    pub(crate) fn new(config: Config, now: Timestamp) -> Self {
        Self {
            seed: Seed::new(config.seed),
            time: Time::new(config.clock, now),
            tables: Tables::default(),
            parties: Parties::default(),
            calls: Calls::default(),
            conferences: Conferences::default(),
            queues: Queues::default(),
            recordings: Recordings::default(),
            waves: Waves::default(),
            audio: Audio::default(),
            signal: Signal::default(),
            sounds: Sounds::default(),
            post: Post::new(config.delivery),
            api: Api::default(),
            timeline: Timeline::new(config.keep_entries),
            config,
        }
    }

    /// The requests to be made now.
    pub(crate) fn take_requests(&mut self) -> Vec<Request> {
        self.post.take_ready()
    }

    /// Takes in an answer.
    pub(crate) fn answered(&mut self, id: u64, outcome: Outcome) {
        let Some(parcel) = self.post.answered(id) else { return };
        if let Some(webhook) = self.timeline.webhook_mut(parcel.entry) {
            webhook.sent_to.clone_from(&parcel.webhook.sent_to);
            webhook.outcome = Some(outcome.clone());
        }
        match parcel.purpose {
            Purpose::Document { call, generation } => {
                self.document_answered(call, generation, &parcel, outcome);
            }
            Purpose::Sound { call, generation } => {
                self.sound_answered(call, generation, &parcel.webhook.url, outcome);
            }
            Purpose::Notice { call } => self.notice_answered(call, &outcome),
        }
    }

    /// Carries out the next thing on the agenda, if time may pass until it.
    ///
    /// `held` says that something outside keeps the time from passing.
    pub(crate) fn step(&mut self, held: impl FnOnce() -> bool) -> bool {
        self.time.catch_up();
        self.drop_stale();
        let Some(next) = self.time.next_at() else {
            return self.finish_advance();
        };
        let may_pass = match self.time.clock {
            Clock::Auto => !self.waits_for_hands() && !held(),
            Clock::Stepped | Clock::Real | Clock::Scaled(_) => false,
        };
        // The wall waits for no webhook; an advance does.
        let follows_wall = self.time.clock.scale().is_some() && self.time.advance_to.is_none();
        let is_idle = self.post.is_idle() || follows_wall;
        // What is due now happens whatever holds the time.
        let limit = self.time.advance_to.unwrap_or(self.time.now).max(self.time.now);
        if !is_idle || !(may_pass || next <= limit) {
            return self.finish_advance();
        }
        if let Some((at, due)) = self.time.pop() {
            self.time.jump(at);
            self.happen(due);
            self.tidy();
        }
        true
    }

    /// How long until the next thing happens, where the clock follows the wall.
    pub(crate) fn wall_wait(&mut self) -> Option<Duration> {
        self.drop_stale();
        // An advance waits for webhooks, not for the wall.
        if self.time.advance_to.is_some() && !self.post.is_idle() {
            return None;
        }
        self.time.wall_wait()
    }

    /// Ends an advance for which nothing is left to happen. True if there was one.
    fn finish_advance(&mut self) -> bool {
        if !self.post.is_idle() {
            return false;
        }
        let Some(limit) = self.time.advance_to else { return false };
        if self.time.next_at().is_some_and(|next| next <= limit) {
            return false;
        }
        self.time.advance_to = None;
        self.time.jump(limit);
        true
    }

    /// Time must not pass for something that can no longer happen.
    fn drop_stale(&mut self) {
        while let Some(due) = self.time.peek() {
            if self.is_live(due) {
                return;
            }
            self.time.pop();
        }
    }

    pub(crate) fn note(&mut self, call: Option<CallSid>, what: What) {
        let root = call.and_then(|sid| self.calls.get(&sid)).map(|call| call.root);
        self.timeline.push(Entry { at: self.time.now, call, root, what });
    }

    pub(crate) fn note_problem(&mut self, call: CallSid, problem: Problem) {
        self.note(Some(call), What::Problem(problem));
    }

    /// Puts a webhook of a call into the post.
    pub(crate) fn send(
        &mut self,
        sid: CallSid,
        purpose: Purpose,
        progress: Option<Progress>,
        mail: Mail,
    ) {
        let Some(call) = self.calls.get_mut(&sid) else { return };
        let (lane, account, token) = (call.root, call.account, call.next_token());
        call.webhooks.sent += 1;
        self.send_from(Sender { lane, account, about: sid, token }, purpose, progress, mail);
    }

    /// Puts a webhook into the post.
    pub(crate) fn send_from(
        &mut self,
        sender: Sender,
        purpose: Purpose,
        progress: Option<Progress>,
        mail: Mail,
    ) {
        let Some(auth_token) = self.tables.auth_token(sender.account) else { return };
        let sid = sender.about;
        let root = self.calls.get(&sid).map(|call| call.root);
        let webhook = Webhook {
            kind: mail.kind,
            progress,
            method: mail.target.method,
            signature: mail.signature(&auth_token),
            url: mail.target.url,
            sent_to: None,
            params: mail.params,
            idempotency_token: sender.token,
            outcome: None,
        };
        let what = What::Webhook(Box::new(webhook.clone()));
        let entry = Entry { at: self.time.now, call: Some(sid), root, what };
        let entry = self.timeline.push(entry);
        let kind = webhook.kind;
        for done in self.post.send(Parcel::new(sender.lane, webhook, auth_token, entry, purpose)) {
            self.note(Some(sid), What::Fault { kind, done });
        }
    }

    /// The REST API forgets a call that is over. False if it is not.
    pub(crate) fn forget(&mut self, sid: CallSid) -> bool {
        let Some(call) = self.calls.get_mut(&sid).filter(|call| call.has_ended()) else {
            return false;
        };
        call.rest.deleted = true;
        true
    }

    /// The Sid of the number of the account that a call came in to, or shows.
    pub(crate) fn number_of(&self, call: &Call) -> Option<String> {
        let number = if call.direction == Direction::Inbound { &call.to } else { &call.from };
        let number = number.to_string();
        let owned = self.tables.owns(call.account, &number);
        owned.then(|| format!("PN{}", self.seed.derive(&number, 0).hex()))
    }

    /// Closes the calls whose last webhook has been answered.
    pub(crate) fn tidy(&mut self) {
        for root in self.calls.closing.clone() {
            if self.calls.legs_have_ended(root) && self.post.close(root) {
                self.calls.closing.remove(&root);
                self.calls.by_hand.remove(&root);
                let Some(call) = self.calls.get_mut(&root) else { continue };
                call.life.over = true;
                // A leg that has become a call of its own goes with the one that it came from.
                if call.parent().is_none() {
                    self.call_over(root);
                }
            }
        }
    }
}

/// Whose webhook it is.
#[derive(Debug)]
pub(crate) struct Sender {
    /// Its lane in the post: the call's, or the conference's own.
    pub(crate) lane: CallSid,
    pub(crate) account: AccountSid,
    /// The call or leg that it is about.
    pub(crate) about: CallSid,
    /// The idempotency token.
    pub(crate) token: String,
}

/// A webhook before it is signed.
#[derive(Debug)]
pub(crate) struct Mail {
    pub(crate) kind: Kind,
    /// With an absolute URL.
    pub(crate) target: Target,
    pub(crate) params: Vec<(String, String)>,
}

impl Mail {
    fn signature(&self, token: &twilio_sig::AuthToken) -> String {
        let (method, url) = (self.target.method, full_url(&self.target, &self.params));
        crate::sign::signature(token, method, &url, &self.params)
    }
}
