//! Time passes: the next event of the agenda happens.

use std::time::Duration;

use identity::CallSid;

use super::World;
use super::life::SIP_OK;
use crate::state::agenda::Due;
use crate::{CallStatus, Clock};

impl World {
    /// Carries out the next event of the agenda, if time may pass until then. `held` says whether a
    /// [`Hold`](crate::Hold) stops time.
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
        // A clock that follows the wall clock does not wait for webhooks. An advance does.
        let follows_wall = self.time.clock.scale().is_some() && self.time.advance_to.is_none();
        let is_idle = self.post.is_idle() || follows_wall;
        // An event that is due now happens even if the time is stopped.
        let limit = self.time.advance_to.unwrap_or(self.time.now).max(self.time.now);
        if !is_idle || !(may_pass || next <= limit) {
            return self.finish_advance();
        }
        if let Some((at, due)) = self.time.pop() {
            self.time.jump(at);
            self.happen(due);
            self.close_lanes();
        }
        true
    }

    /// How long the driver waits for the next event, if the clock follows the wall clock.
    pub(crate) fn wall_wait(&mut self) -> Option<Duration> {
        self.drop_stale();
        // An advance waits for webhooks, not for the wall clock.
        if self.time.advance_to.is_some() && !self.post.is_idle() {
            return None;
        }
        self.time.wall_wait()
    }

    /// Ends an advance that has no events left. True if there was one.
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

    /// Drops events that no longer apply, so that no time passes for them.
    fn drop_stale(&mut self) {
        while let Some(due) = self.time.peek() {
            if self.is_live(due) {
                return;
            }
            self.time.pop();
        }
    }

    /// Whether an event still applies.
    pub(super) fn is_live(&self, due: Due) -> bool {
        let call = |sid: CallSid| self.calls.running(sid);
        match due {
            Due::Resume { call, generation }
            | Due::Presses { call, generation }
            | Due::Speaks { call, generation }
            | Due::DialTimeout { call, generation }
            | Due::TimeLimit { call, generation }
            | Due::HangsUp { call, generation } => self.calls.is_planned(call, generation),
            Due::StayLimit { call: sid, stay } => call(sid)
                .is_some_and(|call| call.script.stay.is_some() && call.script.stays == stay),
            Due::Rings { leg } | Due::Unreachable { leg } | Due::Leaves { leg } => {
                call(leg).is_some()
            }
            Due::DialsOut { call: sid }
            | Due::CallLimit { call: sid }
            | Due::Detected { call: sid, .. } => call(sid).is_some(),
            Due::RingsOut { call: sid } => call(sid).is_some_and(|it| !it.is_answered()),
            Due::Answers { party, leg } | Due::Declines { party, leg } => self
                .parties
                .get(party)
                .is_some_and(|party| party.on_call.is_none() && party.pending.contains(&leg)),
            Due::LineLost { line } => self.is_lost(line),
            Due::GivesUp { call: sid } => call(sid).is_some_and(|call| !call.life.was_bridged),
        }
    }

    /// Carries out an event.
    pub(super) fn happen(&mut self, due: Due) {
        match due {
            Due::Resume { call, .. } => self.resume(call),
            Due::DialsOut { call } => self.dials_out(call),
            Due::RingsOut { call } => self.rings_out(call),
            Due::CallLimit { call } => self.end_leg(call, CallStatus::Completed, SIP_OK),
            Due::Detected { call, length } => self.detected(call, length),
            Due::Presses { call, .. } => self.presses_key(call),
            Due::Speaks { call, .. } => self.speaks_next(call),
            Due::StayLimit { call, .. } => self.stay_limit(call),
            Due::DialTimeout { call, .. } => self.dial_timeout(call),
            Due::TimeLimit { call, .. } => self.time_limit(call),
            Due::Rings { leg } => self.leg_rings(leg),
            Due::Unreachable { leg } => self.leg_unreachable(leg),
            Due::Answers { party, leg } => {
                self.party_answers(party, leg);
            }
            Due::Declines { party, leg } => {
                self.party_declines(party, leg);
            }
            Due::Leaves { leg } => {
                self.hang_up(leg);
            }
            Due::LineLost { line } => self.line_lost(line),
            Due::GivesUp { call } | Due::HangsUp { call, .. } => {
                self.hang_up(call);
            }
        }
    }

    /// Whether a person who only the test controls is ringing or talking.
    pub(super) fn waits_for_hands(&self) -> bool {
        self.parties.wait_for_hands() || self.calls.wait_for_hands()
    }
}
