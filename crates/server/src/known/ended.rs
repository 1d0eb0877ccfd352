//! Calls that ended lately, so that a repeated webhook of one of them rings nobody.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use identity::CallSid;

/// The calls that ended last, by Twilio's word. It may forget some: then the database says that they are
/// over, or they ring once more.
#[derive(Debug, Default)]
pub(crate) struct EndedCalls(Mutex<Ended>);

#[derive(Debug, Default)]
struct Ended {
    calls: HashSet<CallSid>,
    /// The same, oldest first.
    order: VecDeque<CallSid>,
}

impl EndedCalls {
    /// Remembers that a call is over.
    pub(crate) fn remember(&self, call: CallSid) {
        let mut ended = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if ended.calls.insert(call) {
            ended.order.push_back(call);
        }
        if ended.order.len() > LIMIT
            && let Some(oldest) = ended.order.pop_front()
        {
            ended.calls.remove(&oldest);
        }
    }

    /// Whether a call is known to be over.
    pub(crate) fn contains(&self, call: CallSid) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).calls.contains(&call)
    }
}

/// More calls than end while a database is away for a minute.
const LIMIT: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_that_ended_last_are_remembered_as_over() {
        let call = |n: u32| {
            let mut bytes = [0; 16];
            bytes[..4].copy_from_slice(&n.to_be_bytes());
            CallSid::from_bytes(bytes)
        };
        let ended = EndedCalls::default();
        let most = u32::try_from(LIMIT).unwrap();
        for n in 0..=most {
            ended.remember(call(n));
            ended.remember(call(n));
        }
        assert!(!ended.contains(call(0)), "forgotten");
        assert!(ended.contains(call(1)) && ended.contains(call(most)));
        assert!(!ended.contains(call(most + 1)));
    }
}
