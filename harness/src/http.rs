//! HTTP/1.1 by hand, byte for byte where it matters.

mod answer;
mod ask;
mod connection;

pub use answer::Answer;
pub use ask::{Ask, encode};
pub use connection::{Connection, everything, exchange};
