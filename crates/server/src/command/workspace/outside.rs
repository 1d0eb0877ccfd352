//! What `switchroom workspace add` and `set` may say besides credentials.

use std::str::FromStr;

use clap::Args;
use identity::{ParseError, PhoneNumber};
use store_pg::{WorkspaceChange, WorkspaceLine};

use crate::place::{Edge, PlaceError, Region};

/// Caller id, region and edge.
#[derive(Args, Debug)]
pub struct Outside {
    /// The caller id of outbound calls, E.164: one of the numbers, or another that Twilio has verified as
    /// yours; `first` for the first of the numbers.
    #[arg(long, group = "what")]
    caller_id: Option<CallerId>,
    /// Twilio's region in which the account and its key are kept: `us1`, `ie1` or `au1`.
    #[arg(long, group = "what")]
    region: Option<Region>,
    /// Twilio's edge over which browsers and the server reach it, such as `dublin`; `default` for that of the
    /// region.
    #[arg(long, group = "what")]
    edge: Option<EdgeChoice>,
}

impl Outside {
    /// What it changes, with these numbers.
    pub(super) fn change(&self, numbers: Option<Vec<PhoneNumber>>) -> WorkspaceChange {
        WorkspaceChange {
            numbers,
            caller_id: self.caller_id.clone().map(|CallerId(number)| number),
            region: self.region.map(|region| match region {
                Region::Us1 => None,
                other => Some(other.as_str().to_owned()),
            }),
            edge: self.edge.map(|EdgeChoice(edge)| edge.map(|edge| edge.as_str().to_owned())),
        }
    }
}

/// A caller id; `None`: the first number.
#[derive(Clone, Debug)]
struct CallerId(Option<PhoneNumber>);

impl FromStr for CallerId {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "first" { Ok(Self(None)) } else { text.parse().map(|number| Self(Some(number))) }
    }
}

/// An edge; `None`: that of the region.
#[derive(Clone, Copy, Debug)]
struct EdgeChoice(Option<Edge>);

impl FromStr for EdgeChoice {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "default" { Ok(Self(None)) } else { text.parse().map(|edge| Self(Some(edge))) }
    }
}

/// A workspace in one line.
pub(super) fn line(line: &WorkspaceLine) -> String {
    let named = [("caller id", &line.caller_id), ("region", &line.region), ("edge", &line.edge)];
    let named =
        named.iter().filter_map(|(name, value)| Some(format!("{name} {}", value.as_ref()?)));
    let first = [line.id.clone(), line.account.clone(), line.numbers.join(" ")];
    first.into_iter().chain(named).collect::<Vec<_>>().join("  ")
}

/// What to do about a caller id that is none of the workspace's numbers.
pub(super) fn advice(line: &WorkspaceLine) -> Option<String> {
    let caller = line.caller_id.as_ref()?;
    (!line.numbers.contains(caller)).then(|| {
        format!(
            "{caller} is none of the workspace's numbers: Twilio refuses outbound calls unless it is a \
             verified caller id of the account (Console → Phone Numbers → Verified Caller IDs)"
        )
    })
}
