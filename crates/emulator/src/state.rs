//! What the emulator remembers: accounts, parties, calls, conferences, queues, recordings, time.
//!
//! Each part owns its rows and the rules that need nothing else. The [world](crate::world) holds
//! all parts and says what happens between them.

pub(crate) mod agenda;
pub(crate) mod api;
pub(crate) mod audio;
pub(crate) mod call;
pub(crate) mod calls;
pub(crate) mod conference;
pub(crate) mod params;
pub(crate) mod party;
pub(crate) mod queue;
pub(crate) mod recording;
pub(crate) mod scope;
pub(crate) mod secret;
pub(crate) mod signal;
pub(crate) mod tables;
pub(crate) mod time;
