//! What a decision says.

use alloc::vec::Vec;
use core::fmt;

use identity::{Timestamp, UserId, codes};

/// Who rings from here on, what follows, and the reason for every candidate.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Decision {
    /// Whom the call is for.
    pub scope: Scope,
    /// The number of the first of [`Decision::waves`], from 1.
    pub first_wave: u16,
    /// The waves from here on, each of 1 to [`WAVE_SIZE`](crate::WAVE_SIZE) users in ring order.
    /// Empty if nobody can be rung: then [`Decision::then`] applies at once.
    pub waves: Vec<Vec<UserId>>,
    /// One verdict per candidate: those that ring in ring order, then the others by user id.
    pub verdicts: Vec<Verdict>,
    /// What follows if no wave is answered.
    pub then: Ending,
}

impl Decision {
    /// The wave to ring now; empty if nobody rings.
    pub fn next(&self) -> &[UserId] {
        self.waves.first().map_or(&[], Vec::as_slice)
    }
}

/// Whom a call is for.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(tag = "code", rename_all = "snake_case"))]
pub enum Scope {
    /// The agents to whom the contact is assigned, and nobody else.
    Assigned,
    /// All agents and admins.
    Everyone {
        /// Why not only the assigned agents.
        because: Because,
    },
    /// Nobody any more: what the policy says follows.
    Nobody {
        /// What has become of the assigned agents.
        because: Because,
    },
}

impl Scope {
    /// The stable `snake_case` text: `assigned`, `everyone` or `nobody`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Assigned => "assigned",
            Self::Everyone { .. } => "everyone",
            Self::Nobody { .. } => "nobody",
        }
    }

    /// Why not the assigned agents; `None` if it is they.
    pub const fn because(self) -> Option<Because> {
        match self {
            Self::Assigned => None,
            Self::Everyone { because } | Self::Nobody { because } => Some(because),
        }
    }
}

/// Why a call is not for the assigned agents, or no longer.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Because {
    /// The number belongs to no contact, or is withheld.
    UnknownCaller,
    /// The contact is assigned to no member that takes calls.
    NotAssigned,
    /// None of the assigned agents can take a call.
    AssignedUnavailable,
    /// The assigned agents have rung and none answered.
    AssignedUnanswered,
}

codes!(Because, "reason of a scope", {
    UnknownCaller => "unknown_caller",
    NotAssigned => "not_assigned",
    AssignedUnavailable => "assigned_unavailable",
    AssignedUnanswered => "assigned_unanswered",
});

/// What follows when the last wave has rung in vain.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Ending {
    /// The caller hears a good-bye.
    GoodBye,
    /// The caller may leave a message.
    Voicemail,
    /// Everybody else rings: resolve again. Never the ending of a decision without waves.
    Everyone,
}

codes!(Ending, "ending", {
    GoodBye => "good_bye",
    Voicemail => "voicemail",
    Everyone => "everyone",
});

/// What was decided about one candidate.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
pub struct Verdict {
    /// Who.
    pub user: UserId,
    /// Whether the caller's contact is assigned to them.
    pub assigned: bool,
    /// Why they ring, or do not.
    pub reason: Reason,
}

/// Why somebody rings, or does not.
///
/// With the feature `serde` it is an object: `{"code":"rings","wave":1}`.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(tag = "code", rename_all = "snake_case"))]
pub enum Reason {
    /// They ring.
    Rings {
        /// In which wave of the call, from 1.
        wave: u16,
    },
    /// They would, but the policy allows no further wave.
    BeyondLastWave,
    /// They have rung in this call and did not answer.
    AlreadyRang {
        /// In which wave of the call, from 1.
        wave: u16,
    },
    /// They are on a call.
    OnCall,
    /// They are finishing the work of a call.
    WrapUp {
        /// The first moment at which they ring again.
        until: Timestamp,
    },
    /// They said that they take no calls.
    Away,
    /// They are signed out.
    Offline,
    /// They closed the last page that could ring.
    PageClosed,
    /// The call is for the assigned agents, and they are not one of them.
    NotAssigned,
    /// They are no longer a member that takes calls.
    NotMember,
}

impl Reason {
    /// The stable `snake_case` text, for example `already_rang`.
    ///
    /// # Examples
    ///
    /// ```
    /// use routing::Reason;
    ///
    /// assert_eq!(Reason::Rings { wave: 2 }.code(), "rings");
    /// assert_eq!(Reason::OnCall.to_string(), "on_call");
    /// ```
    pub const fn code(self) -> &'static str {
        match self {
            Self::Rings { .. } => "rings",
            Self::BeyondLastWave => "beyond_last_wave",
            Self::AlreadyRang { .. } => "already_rang",
            Self::OnCall => "on_call",
            Self::WrapUp { .. } => "wrap_up",
            Self::Away => "away",
            Self::Offline => "offline",
            Self::PageClosed => "page_closed",
            Self::NotAssigned => "not_assigned",
            Self::NotMember => "not_member",
        }
    }

    /// Whether they ring.
    pub const fn rings(self) -> bool {
        matches!(self, Self::Rings { .. })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
