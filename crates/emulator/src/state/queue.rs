//! Queues: callers wait until somebody dials the queue, or they leave.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use identity::{AccountSid, CallSid, QueueSid, Timestamp};

use crate::seed::Seed;

/// A queue of an account.
#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) sid: QueueSid,
    pub(crate) account: AccountSid,
    pub(crate) name: String,
    pub(crate) max_size: usize,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    /// The callers who wait, the first one first.
    pub(crate) members: VecDeque<Member>,
    /// Calls that have dialled the queue and wait for a caller.
    pub(crate) dialers: VecDeque<CallSid>,
    /// The total wait of the callers who have left, and their number.
    waited: (Duration, u32),
}

/// A caller who waits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Member {
    pub(crate) call: CallSid,
    pub(crate) joined_at: Timestamp,
}

impl Queue {
    /// The mean wait of those who have left, in seconds.
    pub(crate) fn average_wait(&self) -> u64 {
        self.waited.0.checked_div(self.waited.1).unwrap_or_default().as_secs()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.members.len() >= self.max_size
    }

    /// Removes a caller.
    pub(crate) fn remove(&mut self, call: CallSid, now: Timestamp) {
        let Some(at) = self.members.iter().position(|member| member.call == call) else { return };
        if let Some(member) = self.members.remove(at) {
            self.waited.0 += now.since(member.joined_at);
            self.waited.1 += 1;
        }
    }

    /// Takes the first call that has dialled the queue and the first caller who waits, if there
    /// are both.
    pub(crate) fn match_first(&mut self, now: Timestamp) -> Option<(CallSid, CallSid)> {
        let (dialer, member) = (*self.dialers.front()?, self.members.front()?.call);
        self.dialers.pop_front();
        self.remove(member, now);
        Some((dialer, member))
    }
}

/// All queues.
#[derive(Debug, Default)]
pub(crate) struct Queues {
    by_sid: BTreeMap<QueueSid, Queue>,
    made: u64,
}

impl Queues {
    pub(crate) fn get(&self, sid: &QueueSid) -> Option<&Queue> {
        self.by_sid.get(sid)
    }

    pub(crate) fn get_mut(&mut self, sid: &QueueSid) -> Option<&mut Queue> {
        self.by_sid.get_mut(sid)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &Queue> {
        self.by_sid.values()
    }

    pub(crate) fn remove(&mut self, sid: &QueueSid) -> Option<Queue> {
        self.by_sid.remove(sid)
    }

    /// The queue of this name.
    pub(crate) fn named(&self, account: AccountSid, name: &str) -> Option<QueueSid> {
        let is_it = |it: &&Queue| it.account == account && it.name == name;
        self.values().find(is_it).map(|it| it.sid)
    }

    pub(crate) fn create(
        &mut self,
        seed: Seed,
        account: AccountSid,
        name: &str,
        max_size: usize,
        now: Timestamp,
    ) -> QueueSid {
        self.made += 1;
        let sid = QueueSid::from_bytes(seed.derive("queue", self.made).bytes());
        self.open(sid, account, name, max_size, now);
        sid
    }

    /// Creates a queue with this Sid. False if the Sid or the name is taken.
    pub(crate) fn open(
        &mut self,
        sid: QueueSid,
        account: AccountSid,
        name: &str,
        max_size: usize,
        now: Timestamp,
    ) -> bool {
        if self.by_sid.contains_key(&sid) || self.named(account, name).is_some() {
            return false;
        }
        let queue = Queue {
            sid,
            account,
            name: name.to_owned(),
            max_size,
            created_at: now,
            updated_at: now,
            members: VecDeque::new(),
            dialers: VecDeque::new(),
            waited: (Duration::ZERO, 0),
        };
        self.by_sid.insert(sid, queue);
        true
    }
}

/// Members of a queue without a size of its own (documentation of `<Enqueue>`).
pub(crate) const DEFAULT_QUEUE_SIZE: usize = 1000;
