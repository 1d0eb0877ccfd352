//! Words of closed sets as conditions of statements. The enums say which words they are.

use calls::{Direction, EndReason, Event, Outcome};
use routing::Presence;

use crate::text::{codes_where, join, quoted};

/// The words of one value, in quotes.
pub(crate) const INBOUND: &str = quoted!(&[Direction::Inbound.code()]);
pub(crate) const OUTBOUND: &str = quoted!(&[Direction::Outbound.code()]);
pub(crate) const RINGING: &str = quoted!(&[Outcome::Ringing.code()]);
pub(crate) const LOST: &str = quoted!(&[EndReason::Lost.code()]);
pub(crate) const AVAILABLE: &str = quoted!(&[Presence::Available.code()]);
pub(crate) const CLOSED: &str = quoted!(&[Event::CLOSED]);

/// `outcome …`: a call that was answered, and an inbound one that was missed.
pub(crate) const IS_ANSWERED: &str =
    join!("in (", quoted!(codes_where!(Outcome, Outcome::is_answered)), ")");
pub(crate) const IS_MISSED: &str =
    join!("in (", quoted!(codes_where!(Outcome, Outcome::is_missed)), ")");

/// `key …`: an event in which Twilio said that the call is over.
#[cfg(test)]
pub(crate) const IS_OVER: &str = join!("in (", quoted!(&Event::OVER), ")");

#[cfg(test)]
mod tests {
    use routing::Role;

    use super::*;
    use crate::SCHEMA;

    /// A partial index serves a statement only if their conditions have the same words.
    #[test]
    fn the_schema_has_the_same_words() {
        let missed = join!("where direction = ", INBOUND, " and outcome ", IS_MISSED, ";");
        let hand = Presence::ALL.iter().filter(|presence| **presence != Presence::Unknown);
        let hand: Vec<_> = hand.map(|presence| format!("'{presence}'")).collect();
        let parts = [
            missed,
            join!("call_sid desc) where direction = ", INBOUND, ";"),
            join!("call_sid desc) where direction = ", OUTBOUND, ";"),
            join!("and (e.key ", IS_OVER, " or e.key = 'packed'))\n"),
            join!("then ", quoted!(&[Role::Admin.code()]), "\n"),
            join!("then ", quoted!(&[Role::Agent.code()]), " end;"),
            &format!("check (presence in ({}))", hand.join(", ")),
        ];
        for part in parts {
            assert!(SCHEMA.contains(part), "schema.sql has not: {part}");
        }
    }
}
