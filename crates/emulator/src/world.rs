//! The emulated world: what happens between the parts of the [state](crate::state).
//!
//! Every change is a method of [`World`]. It adds events to the agenda and webhooks to the post;
//! the [driver](crate::driver) takes both. Nothing here waits or has a socket.

pub(crate) mod api;
mod conference;
mod dial;
mod document;
mod keys;
mod leg;
mod life;
mod mail;
mod moment;
mod party;
mod place;
mod queue;
mod record;
mod run;
mod signal;
mod sound;
mod speech;
#[cfg(test)]
mod stage;
mod stall;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use identity::Timestamp;

use crate::Config;
use crate::post::Post;
use crate::seed::Seed;
use crate::state::api::Api;
use crate::state::audio::{Audio, Sounds, Waves};
use crate::state::calls::Calls;
use crate::state::conference::Conferences;
use crate::state::party::Parties;
use crate::state::queue::Queues;
use crate::state::recording::Recordings;
use crate::state::signal::Signal;
use crate::state::tables::Tables;
use crate::state::time::Time;
use crate::timeline::Timeline;

/// All parts of the state.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) config: Config,
    pub(crate) seed: Seed,
    pub(crate) time: Time,
    /// Accounts, numbers, TwiML Apps and keys.
    pub(crate) tables: Tables,
    pub(crate) parties: Parties,
    pub(crate) calls: Calls,
    pub(crate) conferences: Conferences,
    pub(crate) queues: Queues,
    pub(crate) recordings: Recordings,
    pub(crate) waves: Waves,
    pub(crate) audio: Audio,
    pub(crate) signal: Signal,
    pub(crate) sounds: Sounds,
    pub(crate) post: Post,
    pub(crate) api: Api,
    pub(crate) timeline: Timeline,
    /// What the timeline says once only.
    told: BTreeSet<Told>,
}

/// Something that the timeline says once for each URL.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Told {
    /// A file is not fetched.
    NotFetched(String),
    /// The answer of a status callback is not as it should be: its URL, and Twilio's number.
    Notice(String, u32),
}

impl World {
    pub(crate) fn new(config: Config, now: Timestamp) -> Self {
        Self {
            seed: Seed::new(config.seed),
            time: Time::new(config.clock, now),
            tables: Tables::default(),
            parties: Parties::default(),
            calls: Calls::default(),
            conferences: Conferences::default(),
            queues: Queues::default(),
            recordings: Recordings::default(),
            waves: Waves::default(),
            audio: Audio::default(),
            signal: Signal::default(),
            sounds: Sounds::default(),
            post: Post::new(config.delivery),
            api: Api::default(),
            timeline: Timeline::new(config.keep_entries),
            told: BTreeSet::new(),
            config,
        }
    }
}

/// Whether the interpreter continues with the next verb now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Goes {
    On,
    Later,
}
