//! The person at the end of a call, and the call behind them if a number of an account was dialled.

use std::collections::VecDeque;
use std::time::Duration;

use identity::CallSid;

use crate::state::party::PartyId;

/// One end of a line: who is there, and what they do.
#[derive(Debug, Default)]
pub(crate) struct End {
    /// The browser that placed the call, or the party that answered the leg.
    pub(crate) party: Option<PartyId>,
    pub(crate) caller: Caller,
    /// The `<Parameter>`s that a browser gets.
    pub(crate) parameters: Vec<(String, String)>,
    /// The call or leg at the other end of the line, if a number of an account was dialled.
    pub(crate) far_side: Option<CallSid>,
    /// How many numbers of accounts were dialled one after the other up to here.
    pub(crate) hops: u32,
}

/// What somebody says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Utterance {
    pub(crate) text: String,
    /// How sure the recognizer is, as Twilio writes it: from `0.0` to `1.0`.
    pub(crate) confidence: String,
}

impl Utterance {
    /// A text that is understood well.
    pub(crate) fn clear(text: &str) -> Self {
        Self { text: text.to_owned(), confidence: CONFIDENCE.to_owned() }
    }
}

/// The confidence of what is understood well.
const CONFIDENCE: &str = "0.9";

/// What the person who places a call does.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Caller {
    pub(crate) gives_up_after: Option<Duration>,
    pub(crate) hangs_up_after: Option<Duration>,
    /// The keys that they press at each `<Gather>`, in turn.
    pub(crate) digits: VecDeque<String>,
    /// What they say to each `<Gather>` of speech and each `<Record>`, in turn.
    pub(crate) speech: VecDeque<Utterance>,
    pub(crate) by_hand: bool,
}
