//! Trouble by requests. Every flood goes on until it is dropped.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use harness::http::{Ask, Connection};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::Scene;
use crate::session::{Kind, session};
use crate::story::{Call, now};
use crate::world::post;

/// One whole call in each of the workspaces again and again, ten a second.
pub(super) async fn calls(scene: &Scene<'_>) {
    loop {
        some_calls(scene).await;
        sleep(Duration::from_millis(100)).await;
    }
}

/// One whole call in each of the workspaces.
pub(super) async fn some_calls(scene: &Scene<'_>) {
    let mut connection = Connection::to(scene.server.address());
    for other in scene.others {
        let call = Call::new(other, scene.number(), now().before(LASTS));
        for step in call.steps() {
            // Whatever the workspace gets for its trouble is its own affair.
            let _ = connection.ask(&step.request).await;
        }
    }
}

/// A call in each of the workspaces that rings.
pub(super) async fn open_calls(scene: &Scene<'_>) -> Vec<Call> {
    let mut connection = Connection::to(scene.server.address());
    let mut calls = Vec::new();
    for other in scene.others {
        let call = Call::new(other, scene.number(), now().before(LASTS));
        for step in &call.steps()[..RINGING] {
            connection.ask(&step.request).await.expect("an answer");
        }
        calls.push(call);
    }
    calls
}

/// Answers these calls, and ends them.
pub(super) async fn end_calls(scene: &Scene<'_>, calls: &[Call]) {
    let mut connection = Connection::to(scene.server.address());
    for call in calls {
        for step in &call.steps()[RINGING..] {
            connection.ask(&step.request).await.expect("an answer");
        }
    }
}

/// The action of a Dial after one wave, two waves, and so on, of one call.
pub(super) async fn waves(scene: &Scene<'_>) {
    let other = scene.others[0].clone();
    let call = Call::new(&other, scene.number(), now());
    let requests = scene.context.pick(1_500, 2_500);
    let _ = Connection::to(scene.server.address()).ask(&call.voice().request).await;
    let make = move |number: usize| {
        let rung: Vec<String> = (0..=number).map(|wave| format!("{wave:08}")).collect();
        let path = other.path(&format!("voice/dial?rung={}", rung.join(".")));
        let sid = call.sid.to_string();
        let params =
            [("CallSid", &*sid), ("DialCallStatus", "no-answer"), ("From", "+14158675309")];
        other.signed(&path, &params)
    };
    flood(scene.server.address(), 12, requests, make).await;
}

/// Callbacks about the legs of a few calls.
pub(super) async fn legs(scene: &Scene<'_>) {
    let (calls, each) = scene.context.pick((5, 1_200), (25, 4_050));
    let others = scene.others.to_vec();
    let first = scene.next.fetch_add(calls, Ordering::Relaxed);
    let make = move |number: usize| {
        let other = &others[0];
        let number = u32::try_from(number).expect("few");
        let call = Call::new(other, first + number % calls, now());
        let params = [
            ("CallSid", format!("CA{:08x}{number:024x}", 0xfe00_0000 | other.mark)),
            ("ParentCallSid", call.sid.to_string()),
            ("CallStatus", "ringing".to_owned()),
            ("SequenceNumber", "1".to_owned()),
            ("To", "client:agent_00000000-0000-4000-8000-000000000000".to_owned()),
        ];
        let params: Vec<(&str, &str)> =
            params.iter().map(|(name, value)| (*name, &**value)).collect();
        other.signed(&other.path("voice/status"), &params)
    };
    flood(scene.server.address(), 32, (calls * each) as usize, make).await;
}

/// Callbacks with a parameter of so many bytes.
pub(super) async fn volume(scene: &Scene<'_>, bytes: usize) {
    let requests = scene.context.pick(3_000, 36_000);
    let others = scene.others.to_vec();
    let first = scene.next.fetch_add(100_000, Ordering::Relaxed);
    let bulk = "x".repeat(bytes);
    let make = move |number: usize| {
        let other = &others[number % others.len()];
        let call = Call::new(other, first + u32::try_from(number).expect("few"), now());
        let sid = call.sid.to_string();
        let params = [("CallSid", &*sid), ("CallStatus", "completed"), ("Note", &bulk)];
        other.signed(&other.path("voice/status"), &params)
    };
    flood(scene.server.address(), 32, requests, make).await;
}

/// Figures of 30 days on 40 connections.
pub(super) async fn reports(scene: &Scene<'_>) {
    let other = &scene.others[0];
    let since = now().before(Duration::from_secs(30 * 24 * 3_600)).to_string();
    let path = other.path(&format!("stats?since={}", since.replace('+', "%2B")));
    let bearer = session(Kind::Good, other.agent(1));
    let ask = Ask::get(&path).bearer(&bearer).kept_bytes();
    flood(scene.server.address(), 40, usize::MAX, move |_| ask.clone()).await;
}

/// Calls that come in on twelve connections, from ten callers.
pub(super) async fn voices(scene: &Scene<'_>) {
    let other = scene.others[0].clone();
    let first = scene.next.fetch_add(1_000_000, Ordering::Relaxed);
    let make = move |number: usize| {
        // Calls differ, and callers are the first ten.
        let number = u32::try_from(number).unwrap_or_default();
        let number = (first / 100 + number / 10) * 100 + number % 10;
        Call::new(&other, number, now()).voice().request
    };
    flood(scene.server.address(), 12, usize::MAX, make).await;
}

/// Webhooks without a signature.
pub(super) async fn unsigned(scene: &Scene<'_>) {
    let path = scene.others[0].path("voice");
    let request =
        post(&path, None, "CallSid=CA00000000000000000000000000000001&From=%2B14158675309");
    flood(scene.server.address(), 12, usize::MAX, move |_| request.clone()).await;
}

/// Sends so many requests on so many connections, and then nothing more.
async fn flood(
    address: SocketAddr,
    connections: usize,
    requests: usize,
    make: impl Fn(usize) -> Vec<u8> + Send + Sync + 'static,
) {
    let make = Arc::new(make);
    let next = Arc::new(AtomicUsize::new(0));
    let mut all = JoinSet::new();
    for _ in 0..connections {
        let (make, next) = (Arc::clone(&make), Arc::clone(&next));
        all.spawn(async move {
            let mut connection = Connection::to(address);
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= requests {
                    return;
                }
                // Whatever the workspace gets for its trouble is its own affair.
                let _ = connection.ask(&make(number)).await;
            }
        });
    }
    all.join_all().await;
    std::future::pending::<()>().await;
}

/// How long a call lasts (`Call::steps`).
const LASTS: Duration = Duration::from_secs(36);
/// The steps of a call until both agents ring.
const RINGING: usize = 5;
