//! The story of one call.

use std::fmt;
use std::time::Duration;

use identity::CallSid;

use crate::state::call::Call;
use crate::timeline::{Entry, Heard, What};
use crate::world::World;
use crate::{Address, CallStatus, Kind, Problem, Webhook};

/// One call with its legs, and everything that happened to them. Prints one line for each entry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Story {
    /// `CA…` of the caller's leg.
    pub sid: CallSid,
    /// Who called.
    pub from: Address,
    /// Who was called.
    pub to: Address,
    /// The status of the caller's leg.
    pub status: CallStatus,
    /// From the answer of the caller's leg to its end.
    pub talked: Duration,
    /// The legs, in the order in which they were dialled.
    pub legs: Vec<Leg>,
    /// Whether the caller heard Twilio's own error message.
    pub application_error: bool,
    /// Everything that happened, oldest first.
    pub entries: Vec<Entry>,
}

/// One leg of a call.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Leg {
    /// `CA…`.
    pub sid: CallSid,
    /// The address that it rang.
    pub to: Address,
    /// The caller id it showed.
    pub from: Address,
    /// Its status.
    pub status: CallStatus,
    /// The SIP code of its answer or end.
    pub sip: Option<u16>,
    /// Whether it was answered.
    pub answered: bool,
    /// Whole seconds from the answer to the end.
    pub seconds: u64,
    /// The `<Parameter>`s of its noun.
    pub parameters: Vec<(String, String)>,
}

impl Story {
    pub(crate) fn of(world: &World, sid: CallSid) -> Self {
        let call = world.calls.get(&sid);
        let mut legs = Vec::new();
        add_legs(world, sid, &mut legs);
        let entries = world.timeline.iter().filter(|entry| entry.root == Some(sid));
        let nobody = || Address::Number(String::new());
        Self {
            sid,
            from: call.map_or_else(nobody, |call| call.from.clone()),
            to: call.map_or_else(nobody, |call| call.to.clone()),
            status: call.map_or(CallStatus::Failed, |call| call.life.status),
            talked: Duration::from_secs(call.map_or(0, |call| call.life.talked_seconds())),
            legs: legs.into_iter().map(Leg::of).collect(),
            application_error: call.is_some_and(|call| call.script.application_error),
            entries: entries.cloned().collect(),
        }
    }

    /// The address that answered, if any: of the last leg that was answered.
    pub fn answered_by(&self) -> Option<&Address> {
        self.legs.iter().rev().find(|leg| leg.answered).map(|leg| &leg.to)
    }

    /// The addresses of all legs, in the order of the documents, with repetitions.
    pub fn rang(&self) -> Vec<&Address> {
        self.legs.iter().map(|leg| &leg.to).collect()
    }

    /// The last leg to this address.
    pub fn leg(&self, to: &Address) -> Option<&Leg> {
        self.legs.iter().rev().find(|leg| leg.to == *to)
    }

    /// Every webhook of the call and its legs, in the order of their events.
    pub fn webhooks(&self) -> impl Iterator<Item = &Webhook> {
        self.entries.iter().filter_map(|entry| match &entry.what {
            What::Webhook(webhook) => Some(&**webhook),
            _ => None,
        })
    }

    /// The webhooks of one kind.
    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Webhook> {
        self.webhooks().filter(move |webhook| webhook.kind == kind)
    }

    /// The entries of Twilio's debugger.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        self.entries.iter().filter_map(|entry| match &entry.what {
            What::Problem(problem) => Some(problem),
            _ => None,
        })
    }

    /// The texts that the caller heard.
    pub fn said(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter_map(|entry| match &entry.what {
            What::Heard(Heard::Said(text)) => Some(text.as_str()),
            _ => None,
        })
    }

    /// The features that the documents used and that are not emulated.
    pub fn not_emulated(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter_map(|entry| match &entry.what {
            What::NotEmulated(what) => Some(what.as_str()),
            _ => None,
        })
    }
}

/// The legs of a call, each followed by the legs that it dialled itself.
fn add_legs<'w>(world: &'w World, sid: CallSid, found: &mut Vec<&'w Call>) {
    let Some(call) = world.calls.get(&sid) else { return };
    for leg in &call.legs {
        found.extend(world.calls.get(leg));
        add_legs(world, *leg, found);
    }
}

impl Leg {
    fn of(call: &Call) -> Self {
        Self {
            sid: call.sid,
            to: call.to.clone(),
            from: call.from.clone(),
            status: call.life.status,
            sip: call.life.sip,
            answered: call.is_answered(),
            seconds: call.life.talked_seconds(),
            parameters: call.end.parameters.clone(),
        }
    }
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for entry in &self.entries {
            writeln!(f, "{entry}")?;
        }
        Ok(())
    }
}
