//! What a workspace has chosen.

use core::time::Duration;

use identity::codes;

use crate::Ending;

/// Whom to ring, how long, and what to do when nobody answers.
///
/// With the feature `serde` it is an object in which every field may be absent and none may be
/// misspelled:
/// `{"ring_seconds":30,"assigned_unavailable":"everyone","assigned_unanswered":"good_bye",`
/// `"everyone_unanswered":"good_bye","max_waves":10,"order":"longest_idle"}`.
///
/// # Examples
///
/// ```
/// use core::time::Duration;
/// use routing::{EveryoneUnanswered, Policy};
///
/// let policy = Policy { everyone_unanswered: EveryoneUnanswered::Voicemail, ..Policy::default() };
/// assert_eq!(policy.ring_timeout(), Duration::from_secs(30));
/// assert_eq!(policy.last_wave(), 10);
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize, serde::Serialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
pub struct Policy {
    /// How long one wave rings; see [`Policy::ring_timeout`] for the limits.
    #[cfg_attr(feature = "serde", serde(rename = "ring_seconds", with = "seconds"))]
    pub ring: Duration,
    /// What happens if none of the assigned agents can take a call.
    pub assigned_unavailable: AssignedUnavailable,
    /// What happens if all the assigned agents have rung and none answered.
    pub assigned_unanswered: AssignedUnanswered,
    /// What happens if everybody has rung and nobody answered.
    pub everyone_unanswered: EveryoneUnanswered,
    /// The most waves that one call may ring; see [`Policy::last_wave`] for the limits.
    pub max_waves: u16,
    /// Who rings in the earlier wave.
    pub order: Order,
}

impl Policy {
    /// Twilio's shortest `timeout` of a Dial.
    pub const MIN_RING: Duration = Duration::from_secs(5);

    /// Twilio's longest `timeout` of a Dial.
    pub const MAX_RING: Duration = Duration::from_secs(600);

    /// The most waves a call may ring whatever the policy says: 500 agents.
    pub const MAX_WAVES: u16 = 50;

    /// How long one wave rings, in whole seconds within what Twilio allows (5 to 600).
    pub fn ring_timeout(&self) -> Duration {
        Duration::from_secs(self.ring.as_secs()).clamp(Self::MIN_RING, Self::MAX_RING)
    }

    /// The number of the last wave that may ring, from 1 to [`Policy::MAX_WAVES`].
    pub fn last_wave(&self) -> u16 {
        self.max_waves.clamp(1, Self::MAX_WAVES)
    }
}

impl Default for Policy {
    /// 30 s a wave, the assigned agents and then a good-bye, everybody if none of the assigned can
    /// take a call, at most ten waves, idle longest first.
    fn default() -> Self {
        Self {
            ring: Duration::from_secs(30),
            assigned_unavailable: AssignedUnavailable::Everyone,
            assigned_unanswered: AssignedUnanswered::GoodBye,
            everyone_unanswered: EveryoneUnanswered::GoodBye,
            max_waves: 10,
            order: Order::LongestIdle,
        }
    }
}

/// What happens if none of the assigned agents can take a call.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum AssignedUnavailable {
    /// All agents and admins ring.
    Everyone,
    /// Nobody rings; the caller hears what [`Policy::assigned_unanswered`] ends in.
    Nobody,
}

codes!(AssignedUnavailable, "rule for unavailable assigned agents", {
    Everyone => "everyone",
    Nobody => "nobody",
});

/// What happens if all the assigned agents have rung and none answered.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum AssignedUnanswered {
    /// The caller hears a good-bye.
    GoodBye,
    /// All other agents and admins ring.
    Everyone,
    /// The caller may leave a message.
    Voicemail,
}

codes!(AssignedUnanswered, "rule for unanswered assigned agents", {
    GoodBye => "good_bye",
    Everyone => "everyone",
    Voicemail => "voicemail",
});

/// What happens if everybody has rung and nobody answered.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum EveryoneUnanswered {
    /// The caller hears a good-bye.
    GoodBye,
    /// The caller may leave a message.
    Voicemail,
}

codes!(EveryoneUnanswered, "rule for an unanswered call", {
    GoodBye => "good_bye",
    Voicemail => "voicemail",
});

impl EveryoneUnanswered {
    pub(crate) const fn ending(self) -> Ending {
        match self {
            Self::GoodBye => Ending::GoodBye,
            Self::Voicemail => Ending::Voicemail,
        }
    }
}

/// Who rings in the earlier wave. Ties end in the user id, so that none is left.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Order {
    /// Idle longest first.
    LongestIdle,
    /// Agents before admins; among each, idle longest first.
    AgentsFirst,
}

codes!(Order, "order", { LongestIdle => "longest_idle", AgentsFirst => "agents_first" });

/// A `Duration` as whole seconds.
#[cfg(feature = "serde")]
mod seconds {
    use core::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        length: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(length.as_secs())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_secs)
    }
}
