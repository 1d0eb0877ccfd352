//! What we decided about a call.

use alloc::vec::Vec;

use identity::{ContactId, PhoneNumber, UserId, Word};
use routing::{ReasonCode, Scope};

use crate::Refusal;

/// Our decision to let an agent's call out.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Placed {
    /// Who calls.
    pub agent: UserId,
    /// The number that is dialled.
    pub to: PhoneNumber,
    /// Whose number it is.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub contact: Option<ContactId>,
}

/// Our decision not to let an agent's call out.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Refused {
    /// Who wanted to call; `None` for a browser that is not an agent's.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub agent: Option<UserId>,
    /// The rule.
    pub reason: Word<Refusal>,
}

/// Our decision about one wave of an inbound call.
///
/// A decision that rings nobody is a decision too: no wave follows.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Routed {
    /// The number of the wave, from 1.
    pub wave: u16,
    /// Who calls, if the number is a contact's.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub contact: Option<ContactId>,
    /// Whom the call is for.
    pub scope: Word<Scope>,
    /// What was decided about every candidate, in the router's order.
    #[cfg_attr(feature = "serde", serde(with = "super::verdicts"))]
    pub verdicts: Vec<Verdict>,
}

/// What was decided about one candidate.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Verdict {
    /// Who.
    pub user: UserId,
    /// Why they ring, or do not.
    pub reason: Word<ReasonCode>,
    /// Whether they ring in this wave; not so for those who are planned for a later one.
    pub rings: bool,
}
