//! What a decision says.

use alloc::vec::Vec;
use core::fmt;

use identity::{Code, Timestamp, UserId, codes};

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
    /// The word for a verdict of this decision about its first wave.
    pub const fn word(&self, verdict: &Verdict) -> ReasonCode {
        match verdict.reason {
            Reason::Rings { wave } if wave > self.first_wave => ReasonCode::Waits,
            reason => reason.word(),
        }
    }

    /// The wave to ring now; empty if nobody rings.
    pub fn next(&self) -> &[UserId] {
        self.waves.first().map_or(&[], Vec::as_slice)
    }
}

/// The agents that a call is for.
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
        /// Why not the assigned agents.
        because: Because,
    },
}

impl Scope {
    /// Every value, in the order of the definition.
    pub const ALL: &'static [Self] = &[
        Self::Assigned,
        Self::Everyone { because: Because::UnknownCaller },
        Self::Everyone { because: Because::NotAssigned },
        Self::Everyone { because: Because::AssignedUnavailable },
        Self::Everyone { because: Because::AssignedUnanswered },
        Self::Nobody { because: Because::UnknownCaller },
        Self::Nobody { because: Because::NotAssigned },
        Self::Nobody { because: Because::AssignedUnavailable },
        Self::Nobody { because: Because::AssignedUnanswered },
    ];

    /// The stable text of this value, as the record of a call keeps it: `assigned`, or who and why,
    /// for example `everyone:not_assigned`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Assigned => "assigned",
            Self::Everyone { because } => match because {
                Because::UnknownCaller => "everyone:unknown_caller",
                Because::NotAssigned => "everyone:not_assigned",
                Because::AssignedUnavailable => "everyone:assigned_unavailable",
                Because::AssignedUnanswered => "everyone:assigned_unanswered",
            },
            Self::Nobody { because } => match because {
                Because::UnknownCaller => "nobody:unknown_caller",
                Because::NotAssigned => "nobody:not_assigned",
                Because::AssignedUnavailable => "nobody:assigned_unavailable",
                Because::AssignedUnanswered => "nobody:assigned_unanswered",
            },
        }
    }

    /// Whom the call is for, without the reason.
    pub const fn whom(self) -> Whom {
        match self {
            Self::Assigned => Whom::Assigned,
            Self::Everyone { .. } => Whom::Everyone,
            Self::Nobody { .. } => Whom::Nobody,
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

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Code for Scope {
    const WHAT: &'static str = "scope";
    const ALL: &'static [Self] = Self::ALL;

    fn code(self) -> &'static str {
        self.code()
    }
}

/// The first word of a [`Scope`].
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Whom {
    /// The agents to whom the contact is assigned.
    Assigned,
    /// All agents and admins.
    Everyone,
    /// Nobody any more.
    Nobody,
}

codes!(Whom, "first word of a scope", {
    Assigned => "assigned",
    Everyone => "everyone",
    Nobody => "nobody",
});

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

/// What follows when nobody answered the last wave.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Ending {
    /// The caller hears a good-bye.
    GoodBye,
    /// The caller may leave a message.
    Voicemail,
    /// Everybody else rings: call `resolve` again. A decision without waves never ends like this.
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
    /// They set that they take no calls.
    Away,
    /// They are signed out.
    Offline,
    /// They closed the last page that could ring.
    PageClosed,
    /// Their page is open and cannot take a call.
    PageNotReady,
    /// The call is for the assigned agents, and they are not one of them.
    NotAssigned,
    /// They are no longer a member that takes calls.
    NotMember,
}

impl Reason {
    /// The word for it, without its numbers.
    ///
    /// # Examples
    ///
    /// ```
    /// use routing::{Reason, ReasonCode};
    ///
    /// assert_eq!(Reason::Rings { wave: 2 }.word(), ReasonCode::Rings);
    /// assert_eq!(Reason::OnCall.to_string(), "on_call");
    /// ```
    pub const fn word(self) -> ReasonCode {
        match self {
            Self::Rings { .. } => ReasonCode::Rings,
            Self::BeyondLastWave => ReasonCode::BeyondLastWave,
            Self::AlreadyRang { .. } => ReasonCode::AlreadyRang,
            Self::OnCall => ReasonCode::OnCall,
            Self::WrapUp { .. } => ReasonCode::WrapUp,
            Self::Away => ReasonCode::Away,
            Self::Offline => ReasonCode::Offline,
            Self::PageClosed => ReasonCode::PageClosed,
            Self::PageNotReady => ReasonCode::PageNotReady,
            Self::NotAssigned => ReasonCode::NotAssigned,
            Self::NotMember => ReasonCode::NotMember,
        }
    }

    /// The stable `snake_case` text, for example `already_rang`.
    pub const fn code(self) -> &'static str {
        self.word().code()
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

/// The words for a [`Reason`], as the record of a call keeps them.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum ReasonCode {
    /// They ring in the wave that was decided.
    Rings,
    /// They are planned for a later wave. The router decides again when that wave is due.
    Waits,
    /// The policy allows no wave in which they would ring.
    BeyondLastWave,
    /// They have rung in this call and did not answer.
    AlreadyRang,
    /// They are on a call.
    OnCall,
    /// They are finishing the work of a call.
    WrapUp,
    /// They set that they take no calls.
    Away,
    /// They are signed out.
    Offline,
    /// They closed the last page that could ring.
    PageClosed,
    /// Their page is open and cannot take a call.
    PageNotReady,
    /// The call is for the assigned agents, and they are not one of them.
    NotAssigned,
    /// They are no longer a member that takes calls.
    NotMember,
}

codes!(ReasonCode, "reason", {
    Rings => "rings",
    Waits => "waits",
    BeyondLastWave => "beyond_last_wave",
    AlreadyRang => "already_rang",
    OnCall => "on_call",
    WrapUp => "wrap_up",
    Away => "away",
    Offline => "offline",
    PageClosed => "page_closed",
    PageNotReady => "page_not_ready",
    NotAssigned => "not_assigned",
    NotMember => "not_member",
});
