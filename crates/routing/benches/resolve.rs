//! One decision over 50 candidates, as a voice webhook asks for it.

use identity::{ContactId, Timestamp, UserId};
use routing::{Activity, Caller, Candidate, Page, Policy, Presence, Role, resolve};

fn main() {
    divan::main();
}

fn team(assigned: bool) -> Vec<Candidate> {
    (0..50_u8)
        .map(|id| Candidate {
            user: UserId::from_bytes([id.wrapping_mul(37); 16]),
            role: Some(Role::Agent),
            assigned: assigned && id % 25 == 0,
            presence: Presence::Available,
            page: Page::Unknown,
            activity: if id % 7 == 0 { Activity::OnCall } else { Activity::Idle },
            idle_since: Some(Timestamp::from_unix_seconds(i64::from(id % 5))),
            rung_in: None,
        })
        .collect()
}

#[divan::bench]
fn everyone_of_50(bencher: divan::Bencher<'_, '_>) {
    let (team, now) = (team(false), Timestamp::from_unix_seconds(1_767_225_600));
    bencher.bench(|| resolve(Caller::Unknown, divan::black_box(&team), &Policy::default(), 1, now));
}

#[divan::bench]
fn two_assigned_of_50(bencher: divan::Bencher<'_, '_>) {
    let (team, now) = (team(true), Timestamp::from_unix_seconds(1_767_225_600));
    let caller = Caller::Contact(ContactId::from_bytes([9; 16]));
    bencher.bench(|| resolve(caller, divan::black_box(&team), &Policy::default(), 1, now));
}
