//! The public behaviour of the crate.

#![expect(clippy::expect_used, reason = "a test may fail loudly")]

mod explain;
mod flips;
#[cfg(feature = "http")]
mod http;
mod keys;
mod laws;
mod vectors;

use twilio_sig::AuthToken;

const TOKEN: &str = "2bc2d9b4a1f84d0c9e7a5f3b6d8e1c0f";

fn token() -> AuthToken {
    AuthToken::new(TOKEN).expect("a token")
}
