//! Calls as Twilio reports them: one voice webhook and eight callbacks, and the expected record.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use identity::{AgentIdentity, CallSid, Timestamp, UserId};

use crate::planted;
use crate::world::{Workspace, bytes};

/// One call that comes in, rings the two agents of its caller, and is answered by the first.
pub(crate) struct Call {
    pub(crate) workspace: Workspace,
    pub(crate) sid: CallSid,
    caller: u32,
    /// The answering leg, and the one that Twilio cancels.
    pub(crate) legs: [CallSid; 2],
    /// When it began, by Twilio's clock.
    began: Timestamp,
    /// Whether the voice webhook has a time. Twilio's has none; a campaign that checks the duration of
    /// calls to the second needs it.
    is_dated: bool,
}

/// One request of a call.
#[derive(Clone)]
pub(crate) struct Step {
    pub(crate) call: CallSid,
    /// Its event, by the key under which the log keeps it.
    pub(crate) key: String,
    pub(crate) request: Vec<u8>,
    /// Whether it is answered with TwiML.
    pub(crate) is_voice: bool,
}

impl Call {
    /// The call with this number; the same number is the same call.
    pub(crate) fn new(workspace: &Workspace, number: u32, began: Timestamp) -> Self {
        // Legs differ from calls and from each other in the high bits.
        let sid = |kind: u32| CallSid::from_bytes(bytes(workspace.mark | kind << 24, number));
        Self {
            workspace: workspace.clone(),
            sid: sid(0),
            caller: number % planted::NUMBERS,
            legs: [sid(1), sid(2)],
            began,
            is_dated: true,
        }
    }

    /// Who answers, and who is cancelled.
    pub(crate) fn assigned(&self) -> [UserId; 2] {
        Workspace::assigned(self.caller).map(|agent| self.workspace.agent(agent))
    }

    /// Who answers.
    pub(crate) fn agent(&self) -> UserId {
        self.assigned()[0]
    }

    /// Every request, in Twilio's order.
    pub(crate) fn steps(&self) -> Vec<Step> {
        let mut steps = vec![self.voice()];
        let legs = [
            (0, 0, "initiated", 1),
            (1, 0, "initiated", 1),
            (0, 1, "ringing", 2),
            (1, 1, "ringing", 2),
            (0, 2, "in-progress", 5),
            (1, 2, "canceled", 5),
            (0, 3, "completed", 35),
        ];
        steps.extend(legs.map(|(leg, sequence, status, after)| {
            self.leg(leg, sequence, status, Duration::from_secs(after))
        }));
        steps.push(self.ended());
        steps
    }

    /// The voice webhook.
    pub(crate) fn voice(&self) -> Step {
        let (sid, from) = (self.sid.to_string(), planted::number(self.caller));
        let began = if self.is_dated { self.at(Duration::ZERO) } else { String::new() };
        let params = [
            ("CallSid", &*sid),
            ("From", &from),
            ("To", &self.workspace.number),
            ("CallStatus", "ringing"),
            ("Direction", "inbound"),
            ("Timestamp", &began),
            ("Note", planted::NOTE),
        ];
        self.step("arrived".to_owned(), "voice", &params)
    }

    fn leg(&self, leg: usize, sequence: u32, status: &str, after: Duration) -> Step {
        let (call, sid, from) =
            (self.sid.to_string(), self.legs[leg].to_string(), planted::number(self.caller));
        let agent = self.assigned()[leg];
        let params = [
            ("CallSid", &*sid),
            ("ParentCallSid", &call),
            ("From", &from),
            ("To", &format!("client:{}", AgentIdentity::new(agent))),
            ("CallStatus", status),
            ("CallbackSource", "call-progress-events"),
            ("SequenceNumber", &sequence.to_string()),
            ("Timestamp", &self.at(after)),
        ];
        self.step(format!("leg:{sid}:{sequence}:{status}"), "voice/status", &params)
    }

    fn ended(&self) -> Step {
        let (call, from) = (self.sid.to_string(), planted::number(self.caller));
        let params = [
            ("CallSid", &*call),
            ("From", &from),
            ("To", &self.workspace.number),
            ("CallStatus", "completed"),
            ("CallDuration", "36"),
            ("Timestamp", &self.at(Duration::from_secs(36))),
        ];
        self.step("ended".to_owned(), "voice/status", &params)
    }

    /// A time of the call, as Twilio sends it.
    fn at(&self, after: Duration) -> String {
        (self.began + after).to_rfc2822().to_string()
    }

    fn step(&self, key: String, rest: &str, params: &[(&str, &str)]) -> Step {
        let request = self.workspace.signed(&self.workspace.path(rest), params);
        Step { call: self.sid, key, request, is_voice: rest == "voice" }
    }
}

/// The current time in whole seconds, as Twilio sends it.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_seconds(i64::try_from(since.as_secs()).unwrap_or_default())
}

/// One call after the other, some of them at a time: step by step, sixteen calls together.
pub(crate) struct Calls {
    workspaces: Vec<Workspace>,
    began: Timestamp,
    is_dated: bool,
    all: Vec<Call>,
    ready: VecDeque<Step>,
}

impl Calls {
    pub(crate) fn of(workspaces: &[Workspace]) -> Self {
        Self {
            workspaces: workspaces.to_vec(),
            began: now(),
            is_dated: true,
            all: Vec::new(),
            ready: VecDeque::new(),
        }
    }

    /// The same without the time of arrival, as with Twilio.
    pub(crate) fn undated(workspaces: &[Workspace]) -> Self {
        Self { is_dated: false, ..Self::of(workspaces) }
    }

    /// Those of which at least the first step was made.
    pub(crate) fn all(&self) -> &[Call] {
        &self.all
    }

    /// The remaining steps of the calls that have begun.
    pub(crate) fn rest(&mut self) -> impl Iterator<Item = Step> {
        self.ready.drain(..)
    }

    /// The steps of as many calls as it takes for every caller to have called every workspace.
    pub(crate) fn round(&mut self) -> impl Iterator<Item = Step> {
        self.some(planted::NUMBERS as usize * self.workspaces.len())
    }

    /// The steps of so many calls, or a few more.
    pub(crate) fn some(&mut self, calls: usize) -> impl Iterator<Item = Step> {
        let each = Call::new(&self.workspaces[0], 0, self.began).steps().len();
        self.by_ref().take(calls.next_multiple_of(TOGETHER as usize) * each)
    }

    fn begin(&mut self) {
        let mut steps = Vec::new();
        for _ in 0..TOGETHER {
            let number = u32::try_from(self.all.len()).expect("fewer than 4 billion");
            // Whatever their number: in the end every caller calls every workspace.
            let turn = self.all.len() + self.all.len() / planted::NUMBERS as usize;
            let workspace = &self.workspaces[turn % self.workspaces.len()];
            let is_dated = self.is_dated;
            let call = Call { is_dated, ..Call::new(workspace, number, self.began) };
            steps.push(call.steps().into_iter());
            self.all.push(call);
        }
        while let Some(step) = steps[0].next() {
            self.ready.push_back(step);
            let others = steps[1..].iter_mut().filter_map(Iterator::next);
            self.ready.extend(others);
        }
    }
}

impl Iterator for Calls {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        if self.ready.is_empty() {
            self.begin();
        }
        self.ready.pop_front()
    }
}

/// Calls that go on at the same time.
const TOGETHER: u32 = 16;
