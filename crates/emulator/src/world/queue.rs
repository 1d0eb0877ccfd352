//! Queues: callers wait until somebody dials the queue, or they leave.

use identity::{CallSid, QueueSid};

use super::World;
use super::run::Goes;
use crate::Kind;
use crate::problem::{Problem, QUEUE_FULL};
use crate::state::call::{Away, Place, Queued, Turn};
use crate::state::params::{Params, add};
use crate::state::queue::{DEFAULT_QUEUE_SIZE, Member};
use crate::step::{Enqueue, Target};
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
        // Nobody was there to take the call.
        if self.queued(sid).is_some_and(|queued| queued.turn == Turn::Waits) {
            self.wait_in_queue(sid);
        }
        Goes::Later
    }

    /// Lets the caller hear what there is to hear while they wait.
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

    /// The document for those who wait is over: it is asked again.
    pub(super) fn wait_in_queue_again(&mut self, sid: CallSid) {
        if self.took_time(sid) {
            self.wait_in_queue(sid);
        }
    }

    /// Takes a call out of its queue, and goes on with its document.
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

    /// Asks the `action` of an `<Enqueue>`, or goes on with the next verb.
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

    /// The call is over, or goes elsewhere, while it is in a queue or bridged out of it.
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

    /// The API takes somebody out of a queue, the first one if nobody is named, and leads them
    /// elsewhere. `None` if nobody waits there.
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

    /// What every webhook about a stay in a queue says.
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
}

#[cfg(test)]
mod tests;
