//! What happened, for the record of the call and for pages.

use crate::{Errand, How, Mode, Outcome, PartyId, WishId};

/// One thing that happened.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub enum News {
    /// A party is in the room.
    Joined(PartyId),
    /// A party left the call.
    Left(PartyId, How),
    /// A party hears music.
    Held(PartyId),
    /// A party hears the others again.
    Resumed(PartyId),
    /// A supervisor takes part in this way from now on.
    Supervises(PartyId, Mode),
    /// A consult transfer began.
    Consults(WishId),
    /// A consult transfer ended.
    TransferEnded(WishId, TransferEnd),
    /// The contact is routed again.
    Routed(Errand),
    /// The router connected the contact with this agent.
    Connected(PartyId),
    /// A wish ended.
    WishEnded(WishId, Outcome),
    /// The call is over.
    Over,
}

/// How a consult transfer ended.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum TransferEnd {
    /// The contact stays with the consulted party.
    Completed,
    /// The consulted party was sent away.
    Cancelled,
    /// The consulted party did not answer or left, or the contact did.
    Failed,
    /// Whoever began it hung up while it rang: the contact is routed to the consulted party.
    Routed,
}
