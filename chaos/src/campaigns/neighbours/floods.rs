//! Trouble by requests. Every flood goes on until it is dropped.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use harness::http::{Ask, Connection};
use tokio::task::JoinSet;

use super::Scene;
use crate::session::{Kind, session};
use crate::story::{Call, now};
use crate::world::post;

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
