//! Transfers: consulting somebody, and being routed again.

use identity::UserId;

use crate::{PartyId, Target, WishId};

/// A consult transfer that is under way.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Transfer {
    /// The wish that began it.
    pub wish: WishId,
    /// Who began it.
    pub by: PartyId,
    /// Who is consulted.
    pub to: PartyId,
    /// With whom `by` talks.
    pub front: Front,
    /// Whether it is being completed: the contact and `to` are brought together, then `by` leaves.
    pub is_completing: bool,
    /// Whether it is being cancelled: `to` leaves, then the contact comes back.
    pub is_cancelling: bool,
}

impl Transfer {
    /// Whether the contact is on hold for it.
    pub const fn holds_contact(&self) -> bool {
        matches!(self.front, Front::Target) && !self.is_completing
    }

    /// Whether the consulted party is on hold for it.
    pub const fn holds_target(&self) -> bool {
        matches!(self.front, Front::Contact) && !self.is_completing
    }
}

/// With whom somebody who consults talks.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Front {
    /// With the consulted party; the contact hears music.
    Target,
    /// With the contact; the consulted party hears music.
    Contact,
    /// With both.
    Both,
}

/// Why a contact is with the router, and whom it rings now.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Errand {
    /// Why.
    pub cause: Cause,
    /// Whom it rings first; `None` if nobody in particular.
    pub to: Option<Target>,
    /// Whom it rings if they do not answer.
    pub back: Option<UserId>,
    /// Whom it rings now.
    pub stage: Stage,
}

impl Errand {
    pub(crate) fn new(cause: Cause, to: Option<Target>, back: Option<UserId>) -> Self {
        let stage = if to.is_some() { Stage::Target } else { Stage::Policy };
        Self { cause, to, back, stage }
    }

    /// Nobody answered: goes on to the next stage. The last one is the policy's, which also ends the call.
    pub(crate) fn advance(&mut self) {
        self.stage = match self.stage {
            Stage::Target if self.back.is_some() => Stage::Back,
            Stage::Target | Stage::Back | Stage::Policy => Stage::Policy,
        };
    }
}

/// Why a contact is routed again.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Cause {
    /// Somebody transferred them.
    Transfer,
    /// Whoever they talked with was lost.
    Lost,
}

/// Whom the router rings.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Stage {
    /// [`Errand::to`].
    Target,
    /// [`Errand::back`].
    Back,
    /// Whomever the policy rings for any call, and then what it says for a call that nobody takes.
    Policy,
}
