//! `<Dial>` of a `<Queue>`: the first caller who waits there is bridged.

use identity::{CallSid, QueueSid};

use super::World;
use super::run::Goes;
use crate::Kind;
use crate::state::agenda::Due;
use crate::state::audio::Hears;
use crate::state::call::{Dequeuing, Doing, Turn};
use crate::state::params::{Params, add};
use crate::step::{Dial, QueueNoun};
use crate::timeline::What;

impl World {
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
            // A queue of an unknown name.
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

    /// Brings those who have dialled a queue together with those who wait in it.
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
        // The plan to stop waiting is void.
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

    /// The waiting caller has heard what there was to hear: they are bridged.
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

    /// Nobody came in time.
    pub(super) fn dequeuing_timeout(&mut self, dialer: CallSid) {
        self.finish_dequeuing(dialer, "no-answer");
    }

    /// The bridge is over, or the caller left before it: whoever dialled the queue goes on.
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

    /// Whoever dialled the queue is gone, or goes elsewhere.
    pub(super) fn dequeuing_abandoned(&mut self, dialer: CallSid, dequeuing: &Dequeuing) {
        let status = if dequeuing.member.is_some() { "completed" } else { "no-answer" };
        self.close_dequeuing(dialer, dequeuing, status);
    }

    /// Ends all that belongs to it. True if an `action` is asked.
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
