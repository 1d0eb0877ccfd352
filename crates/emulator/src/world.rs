//! The emulated world: accounts, parties, calls and time. No socket, no thread, no waiting.
//!
//! Everything that happens is a method that changes the tables and leaves behind events on the
//! agenda and webhooks in the post. The [driver](crate::driver) takes both from here.

mod agenda;
mod audio;
mod call;
mod conference;
mod dequeue;
mod device;
mod dial;
mod document;
mod ended;
mod far_end;
mod gather;
mod instruct;
mod leg;
mod line;
mod message;
mod outbound;
mod params;
mod place;
mod queue;
mod recording;
mod register;
mod run;
mod scope;
mod secret;
mod signal;
mod speak;
#[cfg(test)]
mod stage;
mod stay;
mod tables;
mod voices;
mod whisper;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use identity::{AccountSid, CallSid, ConferenceSid, QueueSid, RecordingSid, Timestamp};

pub(crate) use crate::frame::{LineId, SocketId};
pub(crate) use agenda::Due;
pub(crate) use audio::{Audio, Hearing, Hears};
pub(crate) use call::{Call, Caller, Doing};
pub(crate) use conference::{Coaching, Conference, Participant, ParticipantChange};
pub(crate) use device::{Party, PartyId, Presence};
pub(crate) use instruct::Instruction;
pub(crate) use outbound::{CallOut, First};
pub(crate) use queue::{DEFAULT_SIZE as DEFAULT_QUEUE_SIZE, Queue};
pub(crate) use recording::{NewRecording, Recording, Source};
pub(crate) use secret::Secret;
pub(crate) use signal::Signal;
pub(crate) use tables::{KeyRow, Tables};
pub(crate) use voices::{End, Seat, Sounds};

use crate::http::Request;
use crate::post::{Parcel, Post, Purpose};
use crate::seed::Seed;
use crate::timeline::{Entry, Timeline, What};
use crate::webhook::{Outcome, Webhook};
use crate::{ApiFault, ApiMishap, Clock, Config, Direction, Problem, Progress};
use agenda::Agenda;
use ended::Ended;

/// Everything there is.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) config: Config,
    pub(crate) seed: Seed,
    pub(crate) now: Timestamp,
    /// Where the emulated clock and the wall met, where it follows the wall.
    anchor: (Instant, Timestamp),
    agenda: Agenda,
    pub(crate) tables: Tables,
    pub(crate) parties: BTreeMap<PartyId, Party>,
    parties_made: usize,
    pub(crate) calls: BTreeMap<CallSid, Call>,
    /// Calls that have ended, whose last webhooks have not.
    ending: BTreeSet<CallSid>,
    ended: Ended,
    /// Calls whose caller only the test moves.
    by_hand: BTreeSet<CallSid>,
    placed: u64,
    pub(crate) conferences: BTreeMap<ConferenceSid, Conference>,
    conferences_made: usize,
    pub(crate) queues: BTreeMap<QueueSid, Queue>,
    queues_made: u64,
    pub(crate) recordings: BTreeMap<RecordingSid, Recording>,
    /// Files that `<Play>` has fetched, as PCMU; `None` if that cannot be.
    waves: BTreeMap<String, Option<Arc<[u8]>>>,
    /// What every leg hears.
    pub(crate) audio: Audio,
    /// Browsers that are real.
    pub(crate) signal: Signal,
    /// What virtual people say.
    pub(crate) sounds: Sounds,
    entered: u64,
    /// When the API may dial the next call of each account.
    free_at: BTreeMap<AccountSid, Timestamp>,
    pub(crate) post: Post,
    pub(crate) api_faults: Vec<ApiFault>,
    /// Where the REST API listens.
    pub(crate) base_url: Option<String>,
    pub(crate) timeline: Timeline,
    /// Until when time may pass although something holds it.
    pub(crate) advance_to: Option<Timestamp>,
}

impl World {
    pub(crate) fn new(config: Config, now: Timestamp) -> Self {
        Self {
            seed: Seed::new(config.seed),
            now,
            anchor: (Instant::now(), now),
            agenda: Agenda::default(),
            tables: Tables::default(),
            parties: BTreeMap::new(),
            parties_made: 0,
            calls: BTreeMap::new(),
            ending: BTreeSet::new(),
            ended: Ended::default(),
            by_hand: BTreeSet::new(),
            placed: 0,
            conferences: BTreeMap::new(),
            conferences_made: 0,
            queues: BTreeMap::new(),
            queues_made: 0,
            recordings: BTreeMap::new(),
            waves: BTreeMap::new(),
            audio: Audio::default(),
            signal: Signal::default(),
            sounds: Sounds::default(),
            entered: 0,
            free_at: BTreeMap::new(),
            post: Post::new(config.delivery),
            api_faults: Vec::new(),
            base_url: None,
            timeline: Timeline::new(config.keep_entries),
            advance_to: None,
            config,
        }
    }

    /// Lets the clock catch up with the wall, where it follows it.
    pub(crate) fn catch_up(&mut self) {
        if let Some(scale) = self.config.clock.scale() {
            let passed = self.anchor.0.elapsed().saturating_mul(scale);
            self.now = self.now.max(self.anchor.1 + passed);
        }
    }

    /// Lets another clock move the time from here on.
    pub(crate) fn set_clock(&mut self, clock: Clock) {
        self.catch_up();
        self.config.clock = clock;
        self.drop_anchor();
    }

    /// The wall and the emulated clock meet here.
    fn drop_anchor(&mut self) {
        self.anchor = (Instant::now(), self.now);
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
        self.catch_up();
        self.drop_stale();
        let Some(next) = self.agenda.next_at() else {
            return self.finish_advance();
        };
        let may_pass = match self.config.clock {
            Clock::Auto => !self.waits_for_hands() && !held(),
            Clock::Stepped | Clock::Real | Clock::Scaled(_) => false,
        };
        // The wall waits for no webhook; an advance does.
        let follows_wall = self.config.clock.scale().is_some() && self.advance_to.is_none();
        let is_idle = self.post.is_idle() || follows_wall;
        // What is due now happens whatever holds the time.
        let limit = self.advance_to.unwrap_or(self.now).max(self.now);
        if !is_idle || !(may_pass || next <= limit) {
            return self.finish_advance();
        }
        if let Some((at, due)) = self.agenda.pop() {
            if at > self.now {
                self.now = at;
                self.drop_anchor();
            }
            self.happen(due);
            self.tidy();
        }
        true
    }

    /// How long until the next thing happens, where the clock follows the wall.
    pub(crate) fn wall_wait(&mut self) -> Option<Duration> {
        self.drop_stale();
        let next = self.agenda.next_at()?;
        // An advance waits for webhooks, not for the wall.
        if self.advance_to.is_some() && !self.post.is_idle() {
            return None;
        }
        let scale = self.config.clock.scale().filter(|scale| *scale > 0)?;
        Some(next.since(self.now) / scale)
    }

    /// Ends an advance for which nothing is left to happen. True if there was one.
    fn finish_advance(&mut self) -> bool {
        if !self.post.is_idle() {
            return false;
        }
        let Some(limit) = self.advance_to else { return false };
        if self.agenda.next_at().is_some_and(|next| next <= limit) {
            return false;
        }
        self.advance_to = None;
        if limit > self.now {
            self.now = limit;
            self.drop_anchor();
        }
        true
    }

    /// Takes a new call or leg in.
    pub(crate) fn enter(&mut self, mut call: Call) {
        self.entered += 1;
        call.order = self.entered;
        call.created_at = self.now;
        call.updated_at = self.now;
        if call.direction != Direction::OutboundApi {
            call.started_at = Some(self.now);
        }
        self.calls.insert(call.sid, call);
    }

    pub(crate) fn schedule(&mut self, after: Duration, due: Due) {
        self.agenda.push(self.now + after, due);
    }

    /// Time must not pass for something that can no longer happen.
    fn drop_stale(&mut self) {
        while let Some(due) = self.agenda.peek() {
            if self.is_live(due) {
                return;
            }
            self.agenda.pop();
        }
    }

    pub(crate) fn note(&mut self, call: Option<CallSid>, what: What) {
        let root = call.and_then(|sid| self.calls.get(&sid)).map(|call| call.root);
        self.timeline.push(Entry { at: self.now, call, root, what });
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
        call.sent += 1;
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
        let entry = Entry { at: self.now, call: Some(sid), root, what };
        let entry = self.timeline.push(entry);
        let kind = webhook.kind;
        for done in self.post.send(Parcel::new(sender.lane, webhook, auth_token, entry, purpose)) {
            self.note(Some(sid), What::Fault { kind, done });
        }
    }

    /// What goes wrong with the next request to the REST API.
    pub(crate) fn next_api_fault(&mut self) -> Option<ApiMishap> {
        let fault = self.api_faults.first_mut()?;
        let mishap = fault.mishap;
        fault.times = fault.times.map(|times| times.saturating_sub(1));
        self.api_faults.retain(|fault| fault.times != Some(0));
        Some(mishap)
    }

    /// The REST API forgets a call that is over. False if it is not.
    pub(crate) fn forget(&mut self, sid: CallSid) -> bool {
        let Some(call) = self.calls.get_mut(&sid).filter(|call| call.has_ended()) else {
            return false;
        };
        call.forgotten = true;
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
        for root in self.ending.clone() {
            let legs_over = self.calls.get(&root).is_none_or(|call| {
                call.legs.iter().all(|leg| self.calls.get(leg).is_none_or(Call::has_ended))
            });
            if legs_over && self.post.close(root) {
                self.ending.remove(&root);
                self.by_hand.remove(&root);
                let Some(call) = self.calls.get_mut(&root) else { continue };
                call.over = true;
                // A leg that has become a call of its own goes with the one that it came from.
                if call.parent.is_none() {
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
    pub(crate) kind: crate::Kind,
    /// With an absolute URL.
    pub(crate) target: crate::step::Target,
    pub(crate) params: Vec<(String, String)>,
}

impl Mail {
    fn signature(&self, token: &twilio_sig::AuthToken) -> String {
        let (method, url) = (self.target.method, crate::http::full_url(&self.target, &self.params));
        crate::sign::signature(token, method, &url, &self.params)
    }
}
