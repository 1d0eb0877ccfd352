//! A call: to Twilio, a leg of a `<Dial>` is one too.
//!
//! Each group of fields is a type: the [`Life`] of the call, the [`Script`] that it runs, the
//! [`Webhooks`] that it sends, the person at its [`End`]. A [`Leg`] is present only if a `<Dial>`
//! made the call. [`RestView`] holds what only the REST API reads.

mod end;
mod leg;
mod life;
mod params;
mod rest;
mod script;
mod stay;
mod verbs;
mod webhooks;

pub(crate) use end::{Caller, End, Utterance};
pub(crate) use leg::Leg;
pub(crate) use life::Life;
pub(crate) use params::API_VERSION;
pub(crate) use rest::{CallOut, Detection, First, Outbound, RestView};
pub(crate) use script::{Doing, Script};
pub(crate) use stay::{Away, Conferring, Ear, Place, Queued, Stay, Turn};
pub(crate) use verbs::{Dequeuing, Dialling, Gathering, Message, Transcribing};
pub(crate) use webhooks::Webhooks;

use identity::{AccountSid, CallSid};

use crate::seed::Seed;
use crate::{Address, CallStatus, Direction};

/// A call, or one leg of it.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) sid: CallSid,
    /// The call that this is a leg of; itself if it is not a leg.
    pub(crate) root: CallSid,
    pub(crate) account: AccountSid,
    pub(crate) direction: Direction,
    pub(crate) from: Address,
    pub(crate) to: Address,
    /// Its position among all calls and legs.
    pub(crate) order: u64,
    /// The legs that it has dialled, oldest first.
    pub(crate) legs: Vec<CallSid>,
    pub(crate) life: Life,
    pub(crate) script: Script,
    pub(crate) webhooks: Webhooks,
    pub(crate) end: End,
    /// Present if a `<Dial>` made this call.
    pub(crate) leg: Option<Leg>,
    pub(crate) rest: RestView,
    seed: Seed,
}

impl Call {
    /// A ringing call that is not a leg.
    pub(crate) fn new(
        sid: CallSid,
        account: AccountSid,
        direction: Direction,
        (from, to): (Address, Address),
        seed: Seed,
    ) -> Self {
        Self {
            sid,
            root: sid,
            account,
            direction,
            from,
            to,
            order: 0,
            legs: Vec::new(),
            life: Life::new(CallStatus::Ringing),
            script: Script::default(),
            webhooks: Webhooks::default(),
            end: End::default(),
            leg: None,
            rest: RestView::default(),
            seed,
        }
    }

    /// A leg that this call dials.
    pub(crate) fn new_leg(&self, from: Address, to: Address, leg: Leg) -> Self {
        let seed = self.seed.derive("leg", self.legs.len() as u64);
        let sid = CallSid::from_bytes(seed.bytes());
        Self {
            root: self.root,
            life: Life::new(CallStatus::Queued),
            end: End { hops: self.end.hops, ..End::default() },
            leg: Some(leg),
            ..Self::new(sid, self.account, Direction::OutboundDial, (from, to), seed)
        }
    }

    /// The call whose `<Dial>` made this one.
    pub(crate) fn parent(&self) -> Option<CallSid> {
        self.leg.as_ref().map(|leg| leg.parent)
    }

    /// Whether it is not a leg, or a leg that has become an independent call.
    pub(crate) fn is_root(&self) -> bool {
        self.leg.as_ref().is_none_or(|leg| leg.is_independent)
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.life.status.is_final()
    }

    pub(crate) fn is_answered(&self) -> bool {
        self.life.answered_at.is_some()
    }

    /// The idempotency token of its next webhook.
    pub(crate) fn next_token(&self) -> String {
        self.seed.derive("webhook", self.webhooks.sent).uuid()
    }

    /// The secret with which a browser may resume the call.
    pub(crate) fn reconnect_token(&self) -> String {
        self.seed.derive("reconnect", 0).hex()
    }

    /// The bytes of a Sid of something that belongs to the call.
    pub(crate) fn sid_bytes(&self, what: &str, number: u64) -> [u8; 16] {
        self.seed.derive(what, number).bytes()
    }

    /// The person at this end: the caller, or the person who was dialled.
    pub(crate) fn person(&self) -> &Address {
        if self.direction == Direction::Inbound { &self.from } else { &self.to }
    }
}
