//! One voice token, compared with the bare HMAC over the signed text.
//!
//! `cargo bench -p voice-token`

#![expect(clippy::unwrap_used, reason = "a benchmark may fail loudly")]

use std::time::Duration;

use divan::{Bencher, black_box};
use hmac::{Hmac, KeyInit as _, Mac as _};
use identity::{AppSid, Timestamp};
use sha2::Sha256;
use voice_token::{ApiKey, Grants, Identity, Issuer, VoiceGrant};

fn main() {
    divan::main();
}

const SECRET: &str = "s3cr3t-for-tests-only-32-bytes!!";
const NOW: Timestamp = Timestamp::from_unix_seconds(1_767_225_600);

fn key() -> ApiKey {
    ApiKey::parse("SK00000000000000000000000000000002", SECRET).unwrap()
}

fn issuer() -> Issuer {
    Issuer::new("AC00000000000000000000000000000001".parse().unwrap(), key())
}

fn identity() -> Identity {
    "agent_7f3c2d1e00004000800000000000000a".parse().unwrap()
}

fn grants() -> Grants {
    let application: AppSid = "AP00000000000000000000000000000003".parse().unwrap();
    let outgoing = Some(application.into());
    VoiceGrant { incoming: true, outgoing, ..VoiceGrant::default() }.into()
}

#[divan::bench(sample_size = 500)]
fn a_bare_hmac(bencher: Bencher<'_, '_>) {
    let jwt = issuer().issue(&identity(), &grants(), NOW);
    let (signed, _) = jwt.rsplit_once('.').unwrap();
    bencher.bench_local(|| {
        let mut mac = Hmac::<Sha256>::new_from_slice(black_box(SECRET.as_bytes())).unwrap();
        mac.update(black_box(signed.as_bytes()));
        mac.finalize().into_bytes()
    });
}

#[divan::bench(sample_size = 500)]
fn b_issue(bencher: Bencher<'_, '_>) {
    let (issuer, identity, grants) = (issuer(), identity(), grants());
    bencher.bench_local(|| issuer.issue(black_box(&identity), black_box(&grants), NOW).len());
}

#[divan::bench(sample_size = 500)]
fn c_prepare_and_issue(bencher: Bencher<'_, '_>) {
    bencher.bench_local(|| issuer().issue(&identity(), &grants(), NOW).len());
}

#[divan::bench(sample_size = 500)]
fn d_verify(bencher: Bencher<'_, '_>) {
    let (key, jwt) = (key(), issuer().issue(&identity(), &grants(), NOW));
    bencher.bench_local(|| key.verify(black_box(&jwt), NOW, Duration::ZERO).unwrap().expires_at);
}
