//! Calls that the REST API places: they are dialled, and ask for their document once answered.

use std::time::Duration;

use identity::{AccountSid, AppSid, CallSid};

use super::params::Params;
use super::{Caller, Due, World};
use crate::step::{Subscription, Target};
use crate::{Address, CallStatus, Direction, Kind, Progress, Voice};

/// A call to be placed.
#[derive(Clone, Debug)]
pub(crate) struct CallOut {
    pub(crate) account: AccountSid,
    pub(crate) from: Address,
    pub(crate) to: Address,
    /// What is run once the call is answered.
    pub(crate) first: First,
    /// The TwiML App whose URLs these are.
    pub(crate) app: Option<AppSid>,
    /// How long it may ring; the network takes some seconds more.
    pub(crate) timeout: Duration,
    /// How long it may last.
    pub(crate) time_limit: Duration,
    pub(crate) subscription: Option<Subscription>,
    /// What a browser learns of the call.
    pub(crate) parameters: Vec<(String, String)>,
}

/// Where the documents of a call come from.
#[derive(Clone, Debug)]
pub(crate) struct First {
    /// The URLs; the first one is not asked if there is a document.
    pub(crate) voice: Voice,
    /// The document itself.
    pub(crate) twiml: Option<String>,
}

/// What a call that the API has placed will do.
#[derive(Clone, Debug)]
pub(crate) struct Outbound {
    first: First,
    timeout: Duration,
    time_limit: Duration,
}

impl World {
    /// Queues a call: one after the other begins, as fast as the account may dial.
    pub(crate) fn call_out(&mut self, out: CallOut) -> CallSid {
        let ends = (out.from, out.to);
        let caller = Caller::default();
        let sid = self.new_call(out.account, ends, Direction::OutboundApi, caller);
        if let Some(call) = self.calls.get_mut(&sid) {
            call.status = CallStatus::Queued;
            call.app = out.app;
            call.voice = Some(out.first.voice.clone());
            call.subscription = out.subscription;
            call.parameters = out.parameters;
            let (timeout, time_limit) = (out.timeout, out.time_limit);
            call.outbound = Some(Outbound { first: out.first, timeout, time_limit });
        }
        let wait = self.turn_of(out.account);
        self.schedule(wait, Due::DialsOut { call: sid });
        sid
    }

    /// How long the account's next call waits for its turn.
    fn turn_of(&mut self, account: AccountSid) -> Duration {
        let Some(rate) = self.config.calls_per_second else { return Duration::ZERO };
        let free = self.free_at.get(&account).copied().unwrap_or(self.now).max(self.now);
        self.free_at.insert(account, free + Duration::from_secs(1) / rate.get());
        free.since(self.now)
    }

    /// The turn of a queued call has come.
    pub(super) fn dials_out(&mut self, sid: CallSid) {
        let now = self.now;
        let Some(call) = self.calls.get_mut(&sid) else { return };
        call.started_at = Some(now);
        let rings = call.outbound.as_ref().map(|outbound| outbound.timeout).unwrap_or_default();
        self.dial_out(sid);
        self.schedule(rings + self.config.extra_ring, Due::RingsOut { call: sid });
    }

    /// It has rung long enough.
    pub(super) fn rings_out(&mut self, sid: CallSid) {
        self.end_leg(sid, CallStatus::NoAnswer, super::device::SIP_CANCELED);
    }

    /// Somebody has picked up: the call begins.
    pub(super) fn outbound_answered(&mut self, sid: CallSid) {
        let Some(call) = self.calls.get(&sid) else { return };
        let Some(outbound) = call.outbound.clone() else { return };
        self.schedule(outbound.time_limit, Due::CallLimit { call: sid });
        self.begin_with(sid, Kind::Voice, outbound.first);
    }

    /// Runs a document, or asks for it.
    pub(super) fn begin_with(&mut self, sid: CallSid, kind: Kind, first: First) {
        if let Some(twiml) = first.twiml {
            self.run_given(sid, kind, &twiml);
            return;
        }
        let target = Target { url: first.voice.url, method: first.voice.method };
        self.fetch(sid, kind, target, Params::new());
    }

    /// Reports the end of a call to whoever asked for it when the call was placed.
    pub(super) fn report_end(&mut self, sid: CallSid) {
        self.leg_event(sid, Progress::Completed);
    }
}
