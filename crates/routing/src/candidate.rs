//! What a decision is made from: the caller and the people who might answer.

use identity::{ContactId, Timestamp, UserId, codes};

/// A role whose members take calls.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Role {
    /// `agent` in `user_profiles.workspace_role`.
    Agent,
    /// `admin` in `user_profiles.workspace_role`.
    Admin,
}

codes!(Role, "role", { Agent => "agent", Admin => "admin" });

/// What an agent last set by hand.
///
/// What calls do to an agent is their [`Activity`]. The two are kept apart, so that an agent who goes
/// away during a call is away after it.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Presence {
    /// Their page never reported. They ring: a team may use the token and the webhooks alone.
    Unknown,
    /// Ready for calls.
    Available,
    /// Signed in, not taking calls.
    Away,
    /// Not signed in.
    Offline,
}

codes!(Presence, "presence", {
    Unknown => "unknown",
    Available => "available",
    Away => "away",
    Offline => "offline",
});

/// Whether the agent's page is there to ring.
///
/// It is kept apart from what the agent set by hand: an agent who closes the last tab is available
/// again when they open one.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Page {
    /// No page of theirs ever reported. They ring, because a team may use pages of its own.
    Unknown,
    /// A page is open, or was until a moment ago.
    Open,
    /// A page is open and cannot take a call now: it said so, or it has been silent for too long.
    NotReady,
    /// The last page was closed, or has been silent for longer than a reload takes.
    Closed,
}

codes!(Page, "state of a page", {
    Unknown => "unknown",
    Open => "open",
    NotReady => "not_ready",
    Closed => "closed",
});

/// What keeps an open page from taking calls.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum NotReady {
    /// The browser gives the page no microphone.
    Microphone,
    /// The page is not connected to the phone network.
    Phone,
    /// The page has said nothing for too long: the browser has frozen it, or it has just been opened.
    Silent,
}

codes!(NotReady, "what a page lacks", {
    Microphone => "microphone",
    Phone => "phone",
    Silent => "silent",
});

/// What calls are doing to an agent right now.
///
/// An agent whose page only rings with another call is [`Activity::Idle`]: the page shows both calls,
/// and the one that they accept first makes them busy.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Activity {
    /// On no call.
    Idle,
    /// Finishing the work of the last call.
    WrapUp {
        /// The first moment at which they ring again.
        until: Timestamp,
    },
    /// In a conversation, or placing a call.
    OnCall,
}

/// One person who might ring, and all facts that decide whether they do.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Candidate {
    /// Who it is.
    pub user: UserId,
    /// Their role; `None` for somebody who is assigned but is no longer a member that takes calls.
    pub role: Option<Role>,
    /// Whether the caller's contact is assigned to them.
    pub assigned: bool,
    /// What they set by hand.
    pub presence: Presence,
    /// Whether their page is there.
    pub page: Page,
    /// What calls are doing to them.
    pub activity: Activity,
    /// Since when they are idle: the end of their last call, or the moment at which they became
    /// available if that is later. `None` if it is not known: they count as idle longest.
    pub idle_since: Option<Timestamp>,
    /// The wave of this same call in which they have rung already.
    pub rung_in: Option<u16>,
}

/// Who calls.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Caller {
    /// A number that is withheld, or that belongs to no contact.
    Unknown,
    /// A contact of the workspace.
    Contact(ContactId),
}
