//! Who waits for whom, if a call does not go on.

use identity::CallSid;

use super::World;
use crate::state::call::{Doing, Place};
use crate::{Behaviour, Clock};

impl World {
    /// Everything that this call, or the emulated time, waits for, each in one clause.
    pub(crate) fn waits_for(&self, root: CallSid, is_held: bool) -> Vec<String> {
        let mut all = Vec::new();
        for webhook in self.post.unanswered() {
            all.push(format!("{webhook} has no answer yet"));
        }
        for call in self.calls.values().filter(|call| call.root == root && !call.has_ended()) {
            let (who, sid) = (call.person(), call.sid);
            let says = match (&call.script.doing, call.script.stay.as_ref().map(|it| &it.place)) {
                (Doing::Gathering(_), _) => "is asked for keys by <Gather>",
                (Doing::Recording(_), _) => "leaves a message for <Record>",
                (Doing::Dialling(it), _) if it.bridged.is_none() => "waits for somebody to answer",
                (Doing::Dequeuing(it), _) if !it.bridged => "waits for a caller in the queue",
                (_, Some(Place::Conference(_))) => "is in a conference",
                (_, Some(Place::Queue(_))) => "waits in a queue",
                _ if call.is_answered() => "is on the line",
                _ => "has not been answered",
            };
            all.push(format!("{who} ({sid}) {says}"));
        }
        if matches!(self.time.clock, Clock::Stepped) {
            all.push("the time moves with `Emulator::advance` only".to_owned());
        }
        if is_held {
            all.push("a `Hold` stops the time".to_owned());
        }
        if self.time.clock == Clock::Auto {
            self.hands(&mut all);
        }
        all
    }

    /// The people for whom the time stands still.
    fn hands(&self, all: &mut Vec<String>) {
        for call in self.calls.by_hand.iter().filter_map(|sid| self.calls.running(*sid)) {
            let who = call.person();
            all.push(format!(
                "the time stands still, because the caller {who} acts by hand: `press`, `hang_up` or \
                 `Emulator::advance` goes on"
            ));
        }
        let people = self.parties.iter().map(|(_, party)| party);
        for party in people.filter(|it| it.behaviour == Behaviour::ByHand) {
            let who = &party.address;
            if party.on_call.is_some() {
                all.push(format!(
                    "the time stands still, because {who} is on a call by hand: `hang_up` or \
                     `Emulator::advance` goes on"
                ));
            } else if !party.pending.is_empty() {
                all.push(format!(
                    "the time stands still, because {who} rings and acts by hand: `answer`, \
                     `decline` or `Emulator::advance` goes on"
                ));
            }
        }
    }
}
