//! `<Dial>`: legs ring, the first to answer is bridged, the others end.

use std::collections::VecDeque;

use identity::CallSid;

use super::life::{SIP_CANCELED, SIP_OK};
use super::{Goes, World};
use crate::address::dialled;
use crate::problem::{CALLER_ID, NUMBER_FORMAT, Problem, TOO_MANY_NOUNS};
use crate::state::agenda::Due;
use crate::state::audio::Hears;
use crate::state::call::{Call, Dialling, Doing};
use crate::state::params::{Params, add};
use crate::step::{Dial, DialRecord, Noun, Parties};
use crate::timeline::What;
use crate::{Address, CallStatus, EleventhNoun, Kind, NamedLeg, SequentialTimeout};

/// How a `<Dial>` ended.
struct DialOutcome {
    status: &'static str,
    named: Option<CallSid>,
    seconds: u64,
    bridged: bool,
}

impl World {
    /// Begins a `<Dial>`.
    pub(super) fn dial(
        &mut self,
        sid: CallSid,
        dial: Dial,
        mut parties: Parties,
        first: bool,
    ) -> Goes {
        if parties.count > MAX_NOUNS {
            let text = format!(
                "a Dial has {} nouns; the documentation allows {MAX_NOUNS}, and Twilio's \
                 behaviour with more is not known",
                parties.count
            );
            if self.config.unknowns.eleventh_noun == EleventhNoun::Refused {
                self.fail_document(sid, Problem::error(TOO_MANY_NOUNS, text));
                return Goes::Later;
            }
            self.note_problem(sid, Problem::warning(TOO_MANY_NOUNS, text));
            parties.nouns.truncate(MAX_NOUNS);
        }
        // answerOnBridge keeps the caller ringing only if the Dial is the first verb.
        if !(dial.answer_on_bridge && first) {
            self.answer_call(sid);
        }
        let mut queue: VecDeque<Noun> = parties.nouns.into();
        let at_once = if parties.sequential { queue.len().min(1) } else { queue.len() };
        let now: Vec<Noun> = queue.drain(..at_once).collect();
        let timeout = dial.timeout + self.config.extra_ring;
        let caller_id_ok = self.check_caller_id(sid, &dial, now.iter().chain(&queue));
        let recorded = dial.record.clone().filter(|record| record.from_ringing);
        let dialling = Dialling {
            dial,
            queue,
            legs: Vec::new(),
            ended: Vec::new(),
            bridged: None,
            recording: None,
        };
        let Some(call) = self.calls.get_mut(&sid) else { return Goes::Later };
        let generation = call.script.turn_to(Doing::Dialling(Box::new(dialling)));
        if now.is_empty() || !caller_id_ok {
            self.finish_dial(sid);
            return Goes::Later;
        }
        self.time.schedule(timeout, Due::DialTimeout { call: sid, generation });
        self.audio.set(sid, Hears::Ringback);
        if let Some(record) = recorded {
            self.record_ringing(sid, record);
        }
        for noun in now {
            self.start_leg(sid, noun);
        }
        Goes::Later
    }

    /// Whether the caller id may be shown to the phones that are dialled (error 13214).
    fn check_caller_id<'n>(
        &mut self,
        sid: CallSid,
        dial: &Dial,
        mut nouns: impl Iterator<Item = &'n Noun>,
    ) -> bool {
        let Some(call) = self.calls.get(&sid) else { return false };
        if nouns.all(|noun| noun.to.identity().is_some()) {
            return true;
        }
        let shown = dial.caller_id.clone().unwrap_or_else(|| call.from.to_string());
        let of_the_call = call.from.identity().is_none()
            && (shown == call.from.to_string() || shown == call.to.to_string());
        if of_the_call || self.tables.may_show(call.account, &shown) {
            return true;
        }
        let text =
            "the caller id is neither a number of the call, nor of the account, nor verified";
        self.note_problem(sid, Problem::warning(CALLER_ID, text));
        false
    }

    fn start_leg(&mut self, parent: CallSid, mut noun: Noun) {
        let Some(call) = self.calls.get(&parent) else { return };
        let Doing::Dialling(dialling) = &call.script.doing else { return };
        let from =
            dialling.dial.caller_id.as_deref().map_or_else(|| call.from.clone(), Address::from);
        let mut bad = None;
        if let Address::Number(text) = &noun.to {
            match dialled(text, &from.to_string()) {
                Some(number) => noun.to = Address::from(&number),
                None => bad = Some(Problem::warning(NUMBER_FORMAT, "a number cannot be read")),
            }
        }
        let leg = self.new_leg(parent, from, noun);
        if let Some(call) = self.calls.get_mut(&parent)
            && let Some(dialling) = call.script.dialling_mut()
        {
            dialling.legs.push(leg);
        }
        if let Some(problem) = bad {
            self.note_problem(leg, problem);
        }
        self.dial_out(leg);
    }

    /// Bridges a leg. The others end.
    pub(super) fn bridge(&mut self, parent: CallSid, leg: CallSid) {
        let Some(call) = self.calls.get_mut(&parent) else { return };
        let Some(dialling) = call.script.dialling_mut() else { return };
        dialling.bridged = Some(leg);
        let limit = dialling.dial.time_limit.unwrap_or(self.config.time_limit);
        let record = dialling.dial.record.clone();
        call.life.was_bridged = true;
        // The timeout no longer applies.
        call.script.generation += 1;
        let generation = call.script.generation;
        self.answer_call(parent);
        if let Some(party) = self.calls.get(&leg).map(|leg| leg.to.clone()) {
            self.note(Some(parent), What::Bridged { with: party });
        }
        self.audio.bridge(parent, leg);
        self.time.schedule(limit, Due::TimeLimit { call: parent, generation });
        self.caller_talks(parent);
        if let Some(record) = record {
            self.record_bridge(parent, leg, record);
        }
        self.lose_others(parent, leg);
    }

    /// All other legs of a `<Dial>` end, and no other noun is dialled.
    pub(super) fn lose_others(&mut self, parent: CallSid, leg: CallSid) {
        let Some(call) = self.calls.get_mut(&parent) else { return };
        let Some(dialling) = call.script.dialling_mut() else { return };
        dialling.queue.clear();
        let others: Vec<CallSid> =
            dialling.legs.iter().copied().filter(|other| *other != leg).collect();
        let losing = self.config.unknowns.losing_leg.status();
        for other in others {
            let answered = self.calls.get(&other).is_some_and(Call::is_answered);
            let (status, sip) =
                if answered { (CallStatus::Completed, SIP_OK) } else { (losing, SIP_CANCELED) };
            self.end_leg(other, status, sip);
        }
    }

    /// A leg has ended: the next noun is dialled, or the `<Dial>` is over.
    pub(super) fn leg_ended(&mut self, parent: CallSid, leg: CallSid) {
        let Some(call) = self.calls.get_mut(&parent) else { return };
        let Some(dialling) = call.script.dialling_mut() else { return };
        if !dialling.legs.contains(&leg) {
            return;
        }
        dialling.ended.push(leg);
        if dialling.bridged == Some(leg) {
            self.finish_dial(parent);
            return;
        }
        if dialling.bridged.is_some() || dialling.ended.len() < dialling.legs.len() {
            return;
        }
        let Some(noun) = dialling.queue.pop_front() else {
            self.finish_dial(parent);
            return;
        };
        if self.config.unknowns.sequential_timeout == SequentialTimeout::EachNoun {
            let timeout = dialling.dial.timeout + self.config.extra_ring;
            call.script.generation += 1;
            let generation = call.script.generation;
            self.time.schedule(timeout, Due::DialTimeout { call: parent, generation });
        }
        self.start_leg(parent, noun);
    }

    /// The ring timeout is reached.
    pub(super) fn dial_timeout(&mut self, parent: CallSid) {
        let whole = self.config.unknowns.sequential_timeout == SequentialTimeout::Whole;
        let Some(call) = self.calls.get_mut(&parent) else { return };
        if matches!(call.script.doing, Doing::Dequeuing(_)) {
            self.dequeuing_timeout(parent);
            return;
        }
        let Some(dialling) = call.script.dialling_mut() else { return };
        if whole {
            dialling.queue.clear();
        }
        for leg in dialling.legs.clone() {
            // A party that hears its document has answered.
            if self.calls.get(&leg).is_some_and(|leg| !leg.is_answered()) {
                self.end_leg(leg, CallStatus::NoAnswer, SIP_CANCELED);
            }
        }
    }

    /// The time limit of a bridge is reached.
    pub(super) fn time_limit(&mut self, parent: CallSid) {
        match self.calls.get(&parent).map(|call| &call.script.doing) {
            Some(Doing::Dialling(dialling)) => {
                if let Some(leg) = dialling.bridged {
                    self.end_leg(leg, CallStatus::Completed, SIP_OK);
                }
            }
            Some(Doing::Dequeuing(_)) => self.dequeuing_over(parent),
            _ => {}
        }
    }

    /// The `<Dial>` is over: its `action` is requested, or the next verb is carried out.
    fn finish_dial(&mut self, parent: CallSid) {
        let Some(call) = self.calls.get_mut(&parent) else { return };
        let Doing::Dialling(dialling) = std::mem::take(&mut call.script.doing) else { return };
        self.audio.set(parent, Hears::Silence);
        self.end_dial_recording(&dialling);
        let outcome = self.dial_outcome(&dialling);
        if !self.ask_action(parent, &dialling, &outcome) {
            self.run(parent);
        }
    }

    /// The caller has left during the `<Dial>`. The `action` is requested all the same; its answer
    /// has no effect.
    pub(super) fn dial_abandoned(&mut self, parent: CallSid, mut dialling: Dialling) {
        let talking = dialling.bridged;
        let losing = self.config.unknowns.losing_leg.status();
        for leg in dialling.legs.clone() {
            if self.calls.get(&leg).is_none_or(Call::has_ended) {
                continue;
            }
            let answered = self.calls.get(&leg).is_some_and(Call::is_answered);
            if answered {
                self.end_leg(leg, CallStatus::Completed, SIP_OK);
            } else {
                self.end_leg(leg, losing, SIP_CANCELED);
            }
            dialling.ended.push(leg);
        }
        self.end_dial_recording(&dialling);
        let mut outcome = self.dial_outcome(&dialling);
        if talking.is_none() {
            outcome.status = self.config.unknowns.caller_left.status().as_str();
        }
        self.ask_action(parent, &dialling, &outcome);
    }

    /// Records from the first ring on. The leg that answers is added later.
    fn record_ringing(&mut self, sid: CallSid, record: DialRecord) {
        let recording = self.begin_dial_recording(sid, vec![sid], record);
        if let Some(call) = self.calls.get_mut(&sid)
            && let Some(dialling) = call.script.dialling_mut()
        {
            dialling.recording = Some(recording);
        }
    }

    /// Records a bridge, or adds the answered leg to the recording since the ringing.
    fn record_bridge(&mut self, parent: CallSid, leg: CallSid, record: DialRecord) {
        let since_ringing = self.calls.get(&parent).and_then(|call| match &call.script.doing {
            Doing::Dialling(dialling) => dialling.recording,
            _ => None,
        });
        let recording = match since_ringing {
            Some(recording) => {
                self.recordings.add_leg(recording, leg);
                recording
            }
            None => self.begin_dial_recording(parent, vec![parent, leg], record),
        };
        if let Some(call) = self.calls.get_mut(&parent)
            && let Some(dialling) = call.script.dialling_mut()
        {
            dialling.recording = Some(recording);
        }
        if let Some(leg) = self.calls.get_mut(&leg).and_then(|call| call.leg.as_mut()) {
            leg.recording = Some(recording);
        }
    }

    fn end_dial_recording(&mut self, dialling: &Dialling) {
        if let Some(recording) = dialling.recording {
            self.end_recording(recording, None);
        }
    }

    fn ask_action(&mut self, sid: CallSid, dialling: &Dialling, outcome: &DialOutcome) -> bool {
        let Some(action) = dialling.dial.action.clone() else { return false };
        let mut more = Params::new();
        add(&mut more, "DialCallStatus", outcome.status);
        if let Some(leg) = outcome.named {
            add(&mut more, "DialCallSid", leg);
            // Absent if the leg was redirected (documentation of `<Dial>`).
            if self.calls.get(&leg).is_some_and(|call| !call.is_root()) {
                add(&mut more, "DialCallDuration", outcome.seconds);
            }
        }
        add(&mut more, "DialBridged", outcome.bridged);
        if let Some(recording) = dialling.recording {
            more.extend(self.recording_params(recording));
        }
        let target = self.resolve(sid, action);
        self.fetch(sid, Kind::Action, target, more);
        true
    }

    /// How the `<Dial>` ended, for its `action`.
    ///
    /// Twilio's choice among legs that failed differently is not known. Here `no-answer` of any
    /// leg wins over `busy`, and `busy` over `failed`: somebody rang.
    fn dial_outcome(&self, dialling: &Dialling) -> DialOutcome {
        if let Some(leg) = dialling.bridged {
            let seconds = self.calls.get(&leg).map_or(0, |call| call.life.talked_seconds());
            return DialOutcome { status: "completed", named: Some(leg), seconds, bridged: true };
        }
        // Somebody answered, but did not take the call after the document before the bridge.
        let answered = |leg: &&CallSid| self.calls.get(leg).is_some_and(Call::is_answered);
        if let Some(leg) = dialling.legs.iter().rev().find(answered).copied() {
            let seconds = self.calls.get(&leg).map_or(0, |call| call.life.talked_seconds());
            return DialOutcome { status: "completed", named: Some(leg), seconds, bridged: false };
        }
        let ends: Vec<CallStatus> = dialling
            .legs
            .iter()
            .filter_map(|leg| self.calls.get(leg))
            .map(|leg| leg.life.status)
            .filter(|status| status.is_final() && *status != CallStatus::Completed)
            .collect();
        let order = [CallStatus::NoAnswer, CallStatus::Canceled, CallStatus::Busy];
        let worst = order.into_iter().find(|status| ends.contains(status));
        let named = match self.config.unknowns.named_leg {
            NamedLeg::Last => dialling.ended.last().copied(),
            NamedLeg::First => dialling.legs.first().copied(),
            NamedLeg::Absent => None,
        };
        let status = worst.unwrap_or(CallStatus::Failed).as_str();
        DialOutcome { status, named, seconds: 0, bridged: false }
    }
}

/// The most nouns in one `<Dial>` (documentation of `<Client>` and `<Number>`).
const MAX_NOUNS: usize = 10;
