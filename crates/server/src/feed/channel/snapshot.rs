//! The whole state, for a page that has nothing or has missed too much.

use bytes::Bytes;
use store_pg::Snapshot;
use tracing::warn;

use super::super::frame::{self, ResetReason};
use super::super::subscriber::Subscriber;
use super::Channel;
use crate::wire::call::Call;

impl Channel {
    /// Sends a snapshot to some subscribers.
    pub(super) async fn resync(
        &mut self,
        who: impl Fn(&Subscriber) -> bool,
        reset: Option<ResetReason>,
    ) {
        let snapshot = match self.snapshot(&[]).await {
            Ok(Some(snapshot)) => snapshot,
            Ok(None) => return,
            Err(error) => {
                warn!(workspace.id = %self.workspace, "pages of workspace {} get no snapshot: {error}", self.workspace);
                // Without it they would show an old state. They reconnect by themselves.
                self.subscribers.retain(|subscriber| !who(subscriber));
                return;
            }
        };
        let changed = self.update_agents(&snapshot.agents).await;
        self.send_agents(&changed);
        let head = self.snapshot_head(&snapshot);
        let mut subscribers = std::mem::take(&mut self.subscribers);
        for subscriber in subscribers.iter_mut().filter(|subscriber| who(subscriber)) {
            subscriber.resume();
            self.send_snapshot(subscriber, snapshot.seq, &head, reset);
        }
        self.subscribers = subscribers;
    }

    /// Sends a snapshot to one subscriber.
    pub(super) fn send_snapshot(
        &self,
        subscriber: &mut Subscriber,
        seq: i64,
        head: &SnapshotHead,
        reset: Option<ResetReason>,
    ) {
        let mut all = Vec::with_capacity(3);
        if let Some(reason) = reset {
            self.shared.metrics.events_reset(reason.code());
            all.push(frame::reset(reason));
        }
        let me = self.agents.get(&subscriber.user).map_or("null", String::as_str);
        all.extend([head.0.clone(), frame::me(me)]);
        subscriber.send_all(Some(seq), &all);
    }

    /// The part of a snapshot that is the same for everybody.
    pub(super) fn snapshot_head(&self, snapshot: &Snapshot) -> SnapshotHead {
        let calls = snapshot.calls.iter().map(|call| Call::of(call, self.home).text());
        SnapshotHead(frame::snapshot(
            snapshot.seq,
            self.shared.clock.now(),
            self.agents.values(),
            calls,
        ))
    }
}

/// The beginning of a snapshot event, which all readers share.
pub(super) struct SnapshotHead(Bytes);
