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

/// What the person who places a call does.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Caller {
    pub(crate) gives_up_after: Option<Duration>,
    pub(crate) hangs_up_after: Option<Duration>,
    /// The keys that they press at each `<Gather>`, in turn.
    pub(crate) digits: VecDeque<String>,
    pub(crate) by_hand: bool,
}
