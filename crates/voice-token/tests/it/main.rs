//! The public behaviour of the crate.

#![expect(clippy::expect_used, reason = "a test may fail loudly")]

mod grants;
mod judge;
mod laws;
mod vectors;
mod verify;

use identity::{AccountSid, Timestamp};
use voice_token::{ApiKey, Issuer};

const ACCOUNT: &str = "AC00000000000000000000000000000001";
const KEY: &str = "SK00000000000000000000000000000002";
const SECRET: &str = "s3cr3t-for-tests-only-32-bytes!!";
/// 2026-01-01T00:00:00Z, when the recorded tokens were made.
const NOW: Timestamp = Timestamp::from_unix_seconds(1_767_225_600);

fn key() -> ApiKey {
    ApiKey::parse(KEY, SECRET).expect("a key")
}

fn account() -> AccountSid {
    ACCOUNT.parse().expect("a Sid")
}

fn issuer() -> Issuer {
    Issuer::new(account(), key())
}
