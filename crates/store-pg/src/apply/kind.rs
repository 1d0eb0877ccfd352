//! The kinds of events, and how many of each a call may have.

use calls::Fact;

use crate::Store;

/// What shares one limit.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Kind {
    /// There is one of it for each call.
    Single,
    /// A wave, with the agents that it rang.
    Wave,
    /// The end of a wave.
    Dialled,
    /// A leg goes on.
    Leg,
    /// A leg ends: it frees an agent.
    LegEnd,
    /// The reconciler ended something.
    Closed,
}

impl Kind {
    pub(super) const fn of(fact: &Fact) -> Self {
        match fact {
            Fact::Arrived(_)
            | Fact::Placed(_)
            | Fact::Refused(_)
            | Fact::Ended(_)
            | Fact::Found(_) => Self::Single,
            Fact::Routed(_) => Self::Wave,
            Fact::Dialled(_) => Self::Dialled,
            Fact::Leg(leg) | Fact::FoundLeg(leg) if leg.status.is_final() => Self::LegEnd,
            Fact::Leg(_) | Fact::FoundLeg(_) => Self::Leg,
            Fact::Closed(_) => Self::Closed,
        }
    }

    /// The most of it in one call. Together they are [`Store::MOST_EVENTS`].
    pub(super) const fn most(self) -> usize {
        match self {
            Self::Single => 5,
            // A policy may ask for fifty.
            Self::Wave | Self::Dialled => 51,
            // Ten agents in each of them.
            Self::LegEnd => 510,
            Self::Closed => 60,
            Self::Leg => Store::MOST_EVENTS - 5 - 2 * 51 - 510 - 60,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_are_the_whole() {
        let kinds =
            [Kind::Single, Kind::Wave, Kind::Dialled, Kind::Leg, Kind::LegEnd, Kind::Closed];
        assert_eq!(kinds.into_iter().map(Kind::most).sum::<usize>(), Store::MOST_EVENTS);
    }
}
