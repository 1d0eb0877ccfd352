#![doc = include_str!("../README.md")]
#![expect(clippy::disallowed_methods, reason = "the set-up waits in real time")]
#![expect(
    clippy::missing_errors_doc,
    reason = "every error is a sentence for the person who runs a program of this package"
)]

pub mod http;
pub mod live_chat;
pub mod place;
mod process;
mod stage;
mod stop;
pub mod team;

pub use place::Place;
pub use stage::Stage;
pub use stop::until_told_to_stop;
pub use team::Team;
