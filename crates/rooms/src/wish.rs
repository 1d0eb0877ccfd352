//! What the people of a call want.

use alloc::string::String;
use core::fmt;

use identity::{PhoneNumber, UserId, codes};

use crate::{Mode, PartyId};

/// The number of a wish, unique in its call.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct WishId(pub u64);

impl fmt::Display for WishId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One wish of one user.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Wish {
    /// Its number.
    pub id: WishId,
    /// Whose it is.
    pub by: UserId,
    /// What they want.
    pub what: What,
}

/// What somebody wants.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum What {
    /// Puts the contact, or a third party, on hold.
    Hold(PartyId),
    /// Takes them off hold.
    Resume(PartyId),
    /// Mutes a party.
    Mute(PartyId),
    /// Unmutes them.
    Unmute(PartyId),
    /// A blind transfer: the contact is routed again, and everybody else leaves.
    Blind(Target),
    /// Begins a consult transfer: the contact is held, and somebody is called to talk to alone.
    Consult(Peer),
    /// Changes between the consulted party and the contact.
    Swap,
    /// Brings all three together.
    Merge,
    /// Completes the consult transfer: the contact stays with the consulted party.
    Complete,
    /// Cancels it: the consulted party leaves.
    Cancel,
    /// Calls a third party into the call.
    Add(Peer),
    /// Removes a third party.
    Remove(PartyId),
    /// Listens, whispers or barges, or changes between them. The supervisor's browser calls in by itself.
    Supervise(Mode),
    /// Ends that.
    StopSupervising,
    /// Hangs up. If nobody else talks with the contact, the call is over.
    End,
}

/// Whom a contact is transferred to.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Target {
    /// One agent.
    Agent(UserId),
    /// A team, as the settings of the workspace name it.
    Team(String),
    /// A phone.
    Number(PhoneNumber),
    /// Everyone who may take calls.
    Everyone,
}

/// Somebody who can be called into the call.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Peer {
    /// An agent's browser.
    Agent(UserId),
    /// A phone.
    Number(PhoneNumber),
}

/// How a wish ended.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Outcome {
    /// It is so.
    Done,
    /// Nothing was changed that anybody could hear.
    Refused(Refusal),
    /// What was begun is taken back.
    Undone(Refusal),
}

/// Why a wish is not carried out.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Refusal {
    /// The contact is not talking to anybody: they left, or are with the router.
    NotLive,
    /// Whoever wishes is not an agent of this call, or not the one who began the transfer, or supervises a
    /// call of their own.
    NotYours,
    /// A consult transfer is under way.
    TransferRunning,
    /// There is no consult transfer.
    NoTransfer,
    /// It is so already.
    AlreadySo,
    /// The target did not answer, has not answered yet, or left.
    TargetUnavailable,
    /// The call has no such party now.
    NoSuchParty,
    /// Nobody whispers while the contact is on hold.
    OnHold,
    /// The contact would be left with nobody who talks to them.
    NobodyLeft,
    /// The call has as many parties, or as many waiting wishes, as it may have.
    Full,
    /// The carrier refused, or could not be reached.
    CarrierUnavailable,
}

codes!(Refusal, "refusal of a wish", {
    NotLive => "call_not_live",
    NotYours => "not_your_call",
    TransferRunning => "transfer_running",
    NoTransfer => "no_transfer",
    AlreadySo => "already_so",
    TargetUnavailable => "target_unavailable",
    NoSuchParty => "party_not_found",
    OnHold => "on_hold",
    NobodyLeft => "nobody_left",
    Full => "call_full",
    CarrierUnavailable => "carrier_unavailable",
});
