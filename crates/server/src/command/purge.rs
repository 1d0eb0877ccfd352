//! `switchroom purge`: old calls.

use std::str::FromStr;

use clap::Args;
use identity::WorkspaceId;

use super::workspace::connect;
use super::{Failure, print};

/// Deletes the calls of a workspace that are older than so many days.
#[derive(Debug, Args)]
pub struct PurgeCommand {
    /// The workspace's id.
    id: WorkspaceId,
    /// The age, for example `365d`. At least a day.
    #[arg(long)]
    older_than: Days,
}

/// A length of time in whole days.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Days(u32);

impl FromStr for Days {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let days = text.strip_suffix('d').and_then(|number| number.parse().ok());
        match days {
            Some(days @ 1..=MOST_DAYS) => Ok(Self(days)),
            _ => Err("not a number of days, such as 365d"),
        }
    }
}

/// A hundred years.
const MOST_DAYS: u32 = 36_500;

pub(super) async fn run(command: PurgeCommand) -> Result<(), Failure> {
    let PurgeCommand { id, older_than: Days(days) } = command;
    // The embedded database runs for as long as this is held.
    let (_access, owner) = connect().await?;
    let deleted = owner.purge(&id, days).await.map_err(|error| Failure::failed(&error))?;
    print(&format!(
        "workspace {id}: {} calls older than {days} days are deleted, with {} legs, {} events and {} claims \
         of outbound calls; they do not come back from Twilio",
        deleted.calls, deleted.legs, deleted.events, deleted.dials
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_a_number_of_days() {
        assert_eq!("1d".parse(), Ok(Days(1)));
        assert_eq!("365d".parse(), Ok(Days(365)));
        for text in ["", "d", "0d", "-1d", "365", "1y", "36501d", "99999999999d", "1.5d"] {
            assert!(text.parse::<Days>().is_err(), "{text}");
        }
    }
}
