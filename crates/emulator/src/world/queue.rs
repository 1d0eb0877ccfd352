//! Queues: `<Enqueue>` lets callers wait, and `<Dial>` of a `<Queue>` takes the first one out.

use identity::{CallSid, QueueSid};

use super::{Goes, World};
use crate::Kind;
use crate::problem::{Problem, QUEUE_FULL};
use crate::state::agenda::Due;
use crate::state::audio::Hears;
use crate::state::call::{Away, Dequeuing, Doing, Place, Queued, Turn};
use crate::state::params::{Params, add};
use crate::state::queue::{DEFAULT_QUEUE_SIZE, Member};
use crate::step::{Dial, Enqueue, QueueNoun, Target};
use crate::timeline::What;

impl World {
    /// Carries out `<Enqueue>`.
    pub(super) fn enqueue(&mut self, sid: CallSid, enqueue: Enqueue) -> Goes {
        self.answer_call(sid);
        let Some(call) = self.calls.get(&sid) else { return Goes::Later };
        let account = call.account;
        let queue = self.queues.named(account, &enqueue.name).unwrap_or_else(|| {
            let most = enqueue.max_size.and_then(|most| usize::try_from(most).ok());
            let size = most.unwrap_or(DEFAULT_QUEUE_SIZE);
            self.queues.create(self.seed, account, &enqueue.name, size, self.time.now)
        });
        let queued = Queued {
            queue,
            joined_at: self.time.now,
            action: enqueue.action.map(|action| self.resolve(sid, action)),
            wait: self.resolve_wait(sid, enqueue.wait),
            turn: Turn::Waits,
        };
        let Some(row) = self.queues.get_mut(&queue) else { return Goes::Later };
        if row.is_full() {
            let text = format!("the queue has room for {}", row.max_size);
            self.note_problem(sid, Problem::warning(QUEUE_FULL, text));
            return self.after_queue(sid, &queued, "queue-full");
        }
        row.members.push_back(Member { call: sid, joined_at: self.time.now });
        self.note_queue(sid, queue, "waits");
        self.enter_stay(sid, Place::Queue(queued), self.config.time_limit);
        self.serve_queue(queue);
        // Nobody has dialled the queue yet.
        if self.queued(sid).is_some_and(|queued| queued.turn == Turn::Waits) {
            self.wait_in_queue(sid);
        }
        Goes::Later
    }

    /// Plays the wait document to a caller.
    fn wait_in_queue(&mut self, sid: CallSid) {
        let Some(queued) = self.queued(sid).cloned() else { return };
        let mut more = self.queue_params(&queued);
        let Some(queue) = self.queues.get(&queued.queue) else { return };
        let position = queue.members.iter().position(|member| member.call == sid);
        add(&mut more, "QueuePosition", position.map_or(0, |at| at + 1));
        add(&mut more, "AvgQueueTime", queue.average_wait());
        add(&mut more, "CurrentQueueSize", queue.members.len());
        add(&mut more, "MaxQueueSize", queue.max_size);
        self.hear_wait(sid, &queued.wait, more);
    }

    /// The wait document is over: it is requested again.
    pub(super) fn wait_in_queue_again(&mut self, sid: CallSid) {
        if self.took_time(sid) {
            self.wait_in_queue(sid);
        }
    }

    /// Takes a call out of its queue. It continues with its own document.
    pub(super) fn leave_queue(&mut self, sid: CallSid, result: &'static str) {
        if !matches!(self.queued(sid), Some(queued) if queued.turn == Turn::Waits) {
            return;
        }
        if let Some(queued) = self.take_out(sid)
            && self.after_queue(sid, &queued, result) == Goes::On
        {
            self.run(sid);
        }
    }

    /// Takes a call out of its queue, or out of the bridge that it led to.
    pub(super) fn take_out(&mut self, sid: CallSid) -> Option<Queued> {
        self.queued(sid)?;
        let Some(Place::Queue(queued)) = self.end_stay(sid) else { return None };
        let now = self.time.now;
        if let Some(queue) = self.queues.get_mut(&queued.queue) {
            queue.remove(sid, now);
        }
        Some(queued)
    }

    /// Requests the `action` of an `<Enqueue>`, or continues with the next verb.
    pub(super) fn after_queue(
        &mut self,
        sid: CallSid,
        queued: &Queued,
        result: &'static str,
    ) -> Goes {
        self.note_queue(sid, queued.queue, result);
        let Some(action) = queued.action.clone() else { return Goes::On };
        let mut more = Params::new();
        add(&mut more, "QueueResult", result);
        more.extend(self.queue_params(queued));
        self.fetch(sid, Kind::Action, action, more);
        Goes::Later
    }

    /// The call ends or is redirected while it is in a queue or bridged out of it.
    pub(super) fn queue_cut_short(&mut self, sid: CallSid, queued: &Queued, away: Away) {
        let now = self.time.now;
        if let Some(queue) = self.queues.get_mut(&queued.queue) {
            queue.remove(sid, now);
        }
        let (result, by) = match (queued.turn, away) {
            (Turn::Waits, Away::HungUp) => ("hangup", None),
            (Turn::Waits, Away::Redirected) => ("redirected", None),
            (Turn::Whispers { by }, Away::HungUp) => ("hangup", Some(by)),
            (Turn::Whispers { by }, Away::Redirected) => ("redirected", Some(by)),
            (Turn::Talks { by }, Away::HungUp) => ("bridged", Some(by)),
            (Turn::Talks { by }, Away::Redirected) => ("redirected-from-bridged", Some(by)),
        };
        self.after_queue(sid, queued, result);
        if let Some(by) = by {
            self.dequeuing_over(by);
        }
    }

    /// The API takes a caller out of a queue, to another document. Without a call it is the first
    /// caller. `None` if there is no such caller.
    pub(crate) fn dequeue(
        &mut self,
        queue: QueueSid,
        member: Option<CallSid>,
        target: Target,
    ) -> Option<CallSid> {
        let members = &self.queues.get(&queue)?.members;
        let found = match member {
            Some(call) => members.iter().find(|member| member.call == call),
            None => members.front(),
        };
        let call = found?.call;
        let queued = self.take_out(call)?;
        self.after_queue(call, &queued, "redirected");
        self.fetch(call, Kind::Redirect, target, Params::new());
        Some(call)
    }

    pub(super) fn queued(&self, sid: CallSid) -> Option<&Queued> {
        match &self.calls.get(&sid)?.script.stay.as_ref()?.place {
            Place::Queue(queued) => Some(queued),
            Place::Conference(_) => None,
        }
    }

    pub(super) fn set_turn(&mut self, sid: CallSid, turn: Turn) {
        let stay = self.calls.get_mut(&sid).and_then(|call| call.script.stay.as_mut());
        if let Some(Place::Queue(queued)) = stay.map(|stay| &mut stay.place) {
            queued.turn = turn;
        }
    }

    /// The parameters about a queue.
    pub(super) fn queue_params(&self, queued: &Queued) -> Params {
        let mut params = Params::new();
        add(&mut params, "QueueSid", queued.queue);
        add(&mut params, "QueueTime", self.time.now.since(queued.joined_at).as_secs());
        params
    }

    pub(super) fn note_queue(&mut self, sid: CallSid, queue: QueueSid, what: &'static str) {
        let Some(name) = self.queues.get(&queue).map(|queue| queue.name.clone()) else { return };
        self.note(Some(sid), What::Queue { name, what });
    }

    pub(super) fn dial_queue(
        &mut self,
        sid: CallSid,
        dial: Dial,
        noun: QueueNoun,
        first: bool,
    ) -> Goes {
        if !(dial.answer_on_bridge && first) {
            self.answer_call(sid);
        }
        let Some(call) = self.calls.get(&sid) else { return Goes::Later };
        let queue = self.queues.named(call.account, &noun.name);
        let timeout = dial.timeout + self.config.extra_ring;
        let whisper = noun.whisper.map(|target| self.resolve(sid, target));
        let dequeuing = Dequeuing {
            dial,
            queue,
            whisper,
            member: None,
            bridged: false,
            recording: None,
            queue_params: Params::new(),
        };
        let Some(call) = self.calls.get_mut(&sid) else { return Goes::Later };
        let generation = call.script.turn_to(Doing::Dequeuing(Box::new(dequeuing)));
        let Some(queue) = queue else {
            // There is no queue of this name.
            self.finish_dequeuing(sid, "failed");
            return Goes::Later;
        };
        self.audio.set(sid, Hears::Ringback);
        self.time.schedule(timeout, Due::DialTimeout { call: sid, generation });
        if let Some(row) = self.queues.get_mut(&queue) {
            row.dialers.push_back(sid);
        }
        self.serve_queue(queue);
        Goes::Later
    }

    /// Matches the calls that have dialled a queue with the callers who wait in it.
    pub(super) fn serve_queue(&mut self, queue: QueueSid) {
        while let Some((dialer, member)) =
            self.queues.get_mut(&queue).and_then(|queue| queue.match_first(self.time.now))
        {
            self.take_member(dialer, member);
        }
    }

    fn take_member(&mut self, dialer: CallSid, member: CallSid) {
        let Some(queued) = self.queued(member).cloned() else { return };
        let about = self.queue_params(&queued);
        let Some(call) = self.calls.get_mut(&dialer) else { return };
        let Some(dequeuing) = call.script.dequeuing_mut() else { return };
        dequeuing.member = Some(member);
        dequeuing.queue_params.clone_from(&about);
        let whisper = dequeuing.whisper.clone();
        // The timeout no longer applies.
        call.script.generation += 1;
        self.set_turn(member, Turn::Whispers { by: dialer });
        if let Some(call) = self.calls.get_mut(&member) {
            call.script.steps.clear();
            call.script.turn_to(Doing::Nothing);
        }
        self.audio.set(member, Hears::Silence);
        match whisper {
            Some(target) => {
                let mut more = about;
                // Twilio's spelling.
                add(&mut more, "DequeingCallSid", dialer);
                self.fetch(member, Kind::Whisper, target, more);
            }
            None => self.queue_whisper_over(member),
        }
    }

    /// The waiting caller has heard the document before the bridge: they are bridged.
    pub(super) fn queue_whisper_over(&mut self, member: CallSid) {
        let Some(Turn::Whispers { by: dialer }) = self.queued(member).map(|it| it.turn) else {
            return;
        };
        let Some(call) = self.calls.get_mut(&dialer) else { return };
        let Some(dequeuing) = call.script.dequeuing_mut() else { return };
        dequeuing.bridged = true;
        let limit = dequeuing.dial.time_limit.unwrap_or(self.config.time_limit);
        let record = dequeuing.dial.record.clone();
        call.life.was_bridged = true;
        let generation = call.script.generation;
        self.set_turn(member, Turn::Talks { by: dialer });
        self.answer_call(dialer);
        if let Some(call) = self.calls.get_mut(&member) {
            call.life.was_bridged = true;
            call.script.turn_to(Doing::Nothing);
            let with = call.person().clone();
            self.note(Some(dialer), What::Bridged { with });
        }
        self.audio.bridge(dialer, member);
        self.time.schedule(limit, Due::TimeLimit { call: dialer, generation });
        self.caller_talks(dialer);
        self.caller_talks(member);
        let recording =
            record.map(|record| self.begin_dial_recording(dialer, vec![dialer, member], record));
        if let Some(call) = self.calls.get_mut(&dialer)
            && let Some(dequeuing) = call.script.dequeuing_mut()
        {
            dequeuing.recording = recording;
        }
    }

    /// No caller came in time.
    pub(super) fn dequeuing_timeout(&mut self, dialer: CallSid) {
        self.finish_dequeuing(dialer, "no-answer");
    }

    /// The bridge is over, or the caller left before it: the call that dialled the queue continues.
    pub(super) fn dequeuing_over(&mut self, dialer: CallSid) {
        self.finish_dequeuing(dialer, "completed");
    }

    fn finish_dequeuing(&mut self, dialer: CallSid, status: &'static str) {
        let Some(call) = self.calls.get_mut(&dialer) else { return };
        let Doing::Dequeuing(_) = &call.script.doing else { return };
        let Doing::Dequeuing(dequeuing) = std::mem::take(&mut call.script.doing) else { return };
        self.audio.set(dialer, Hears::Silence);
        if !self.close_dequeuing(dialer, &dequeuing, status) {
            self.run(dialer);
        }
    }

    /// The call that dialled the queue has ended or is redirected.
    pub(super) fn dequeuing_abandoned(&mut self, dialer: CallSid, dequeuing: &Dequeuing) {
        let status = if dequeuing.member.is_some() { "completed" } else { "no-answer" };
        self.close_dequeuing(dialer, dequeuing, status);
    }

    /// Ends everything that belongs to it. True if an `action` is requested.
    fn close_dequeuing(
        &mut self,
        dialer: CallSid,
        dequeuing: &Dequeuing,
        status: &'static str,
    ) -> bool {
        if let Some(row) = dequeuing.queue.and_then(|queue| self.queues.get_mut(&queue)) {
            row.dialers.retain(|other| *other != dialer);
        }
        if let Some(recording) = dequeuing.recording {
            self.end_recording(recording, None);
        }
        let asked = self.ask_after_queue(dialer, dequeuing, status);
        let is_theirs =
            |turn| matches!(turn, Turn::Whispers { by } | Turn::Talks { by } if by == dialer);
        if let Some(member) = dequeuing.member
            && self.queued(member).is_some_and(|queued| is_theirs(queued.turn))
            && let Some(queued) = self.take_out(member)
            && self.after_queue(member, &queued, "bridged") == Goes::On
        {
            self.run(member);
        }
        asked
    }

    fn ask_after_queue(&mut self, sid: CallSid, dequeuing: &Dequeuing, status: &str) -> bool {
        let Some(action) = dequeuing.dial.action.clone() else { return false };
        let mut more = Params::new();
        add(&mut more, "DialCallStatus", status);
        if let Some(member) = dequeuing.member {
            add(&mut more, "DialCallSid", member);
        }
        add(&mut more, "DialBridged", dequeuing.bridged);
        more.extend(dequeuing.queue_params.iter().cloned());
        if let Some(recording) = dequeuing.recording {
            more.extend(self.recording_params(recording));
        }
        let target = self.resolve(sid, action);
        self.fetch(sid, Kind::Action, target, more);
        true
    }
}

#[cfg(test)]
mod tests;
