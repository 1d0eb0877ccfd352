//! New subscribers, and the events that a page that reconnects has missed.

use std::collections::BTreeMap;
use std::sync::Arc;

use identity::UserId;
use store_pg::{Changes, Snapshot, StoreError};
use tracing::warn;

use super::super::frame::{self, ResetReason};
use super::super::stream::EventStream;
use super::super::subscriber::{QUEUE, Subscriber};
use super::super::{MAX_STREAMS, Request, SubscribeError, events};
use super::Channel;
use super::leases::open_pages;
use super::snapshot::SnapshotHead;

impl Channel {
    /// Begins the streams of everybody who waits for one.
    pub(super) async fn subscribe(&mut self, first: Request) {
        let mut requests = vec![first];
        while let Ok(next) = self.requests.try_recv() {
            requests.push(next);
        }
        let (requests, refused) = self.within_limit(requests);
        refuse(refused, SubscribeError::TooMany);
        self.record_new_pages(&requests).await;
        let users = requests.iter().map(|one| one.subscription.user).collect::<Vec<_>>();
        let snapshot = match self.snapshot(&users).await {
            Ok(Some(snapshot)) => snapshot,
            Ok(None) => return refuse(requests, SubscribeError::NotMember),
            Err(error) => {
                warn!(workspace.id = %self.workspace, "workspace {} has no events: {error}", self.workspace);
                return refuse(requests, SubscribeError::Away);
            }
        };
        let missed = self.missed(&requests, &snapshot, &users).await.unwrap_or_default();
        if self.subscribers.is_empty() {
            self.seq = snapshot.seq;
            self.agents.clear();
        }
        let changed = self.update_agents(&snapshot.agents).await;
        self.send_agents(&changed);
        let head = self.snapshot_head(&snapshot);
        let is_member = |user| snapshot.agents.iter().any(|agent| agent.user == user);
        let (members, others): (Vec<_>, Vec<_>) =
            requests.into_iter().partition(|one| is_member(one.subscription.user));
        refuse(others, SubscribeError::NotMember);
        for request in members {
            self.begin(request, snapshot.seq, &head, missed.as_ref());
        }
        // For the changes that were written after the snapshot.
        self.wake.notify_one();
    }

    /// Records the new pages as open. That comes before the snapshot, which shows them then.
    async fn record_new_pages(&mut self, requests: &[Request]) {
        let new = requests.iter().map(|one| &one.subscription);
        let new = new.filter(|one| one.page.is_some()).map(|one| (one.user, one.reports));
        let pages = open_pages(new);
        if !pages.is_empty() {
            self.renew_pages(&pages).await;
        }
    }

    /// The changes since the oldest one that a page which reconnects names, if they are few.
    async fn missed(
        &mut self,
        requests: &[Request],
        snapshot: &Snapshot,
        users: &[UserId],
    ) -> Result<Option<Changes>, StoreError> {
        let named = requests.iter().filter_map(|one| one.subscription.after);
        let oldest = named.filter(|after| snapshot.seq - MAX_MISSED <= *after).min();
        match oldest.filter(|after| *after <= snapshot.seq) {
            Some(after) => self.changes(after, users).await,
            None => Ok(None),
        }
    }

    /// Begins one stream, with what its page has missed or with a snapshot.
    fn begin(&mut self, request: Request, seq: i64, head: &SnapshotHead, missed: Option<&Changes>) {
        let Request { subscription, answer } = request;
        let (mut subscriber, queue) =
            Subscriber::new(subscription.user, subscription.page, subscription.reports);
        match (subscription.after, missed) {
            (None, _) => self.send_snapshot(&mut subscriber, seq, head, None),
            (Some(after), Some(missed)) if self.catch_up(&mut subscriber, after, missed) => {}
            (Some(_), _) => self.send_snapshot(&mut subscriber, seq, head, Some(ResetReason::Gap)),
        }
        let (wake, metrics) = (Arc::clone(&self.wake), Arc::clone(&self.shared.metrics));
        let stream = EventStream::new(queue, subscription.lasts, wake, metrics);
        if answer.send(Ok(stream)).is_ok() {
            self.subscribers.push(subscriber);
        } else if subscriber.page.is_some() {
            self.left.insert(subscriber.user, subscriber.reports);
        }
    }

    /// Divides requests into those within the limit of streams and those beyond it. A page that
    /// reconnects takes the place of its own last stream, which may be dead without anybody knowing.
    fn within_limit(&mut self, requests: Vec<Request>) -> (Vec<Request>, Vec<Request>) {
        let mut streams: BTreeMap<UserId, usize> = BTreeMap::new();
        let (mut accepted, mut refused) = (Vec::new(), Vec::new());
        for request in requests {
            let new = &request.subscription;
            self.subscribers.retain(|one| {
                let is_same = one.user == new.user && one.page.is_some() && one.page == new.page;
                !is_same && !one.is_closed()
            });
            let held = self.subscribers.iter().filter(|one| one.user == new.user).count();
            let asked = streams.entry(new.user).or_default();
            if held + *asked < MAX_STREAMS {
                *asked += 1;
                accepted.push(request);
            } else {
                refused.push(request);
            }
        }
        (accepted, refused)
    }

    /// Sends a page what it has missed, if that is little; `false` if a snapshot is better.
    fn catch_up(&self, subscriber: &mut Subscriber, after: i64, missed: &Changes) -> bool {
        let Some(changes) = &missed.changes else { return false };
        if changes.len() + self.agents.len() > QUEUE / 2 {
            return false;
        }
        subscriber.has(after);
        // A status that changed by itself has no number, so all are sent.
        for agent in self.agents.values() {
            subscriber.send(None, &frame::event("agent", None, agent));
        }
        for (id, event) in events::of(changes, missed, self.home) {
            subscriber.send(Some(id), &event);
        }
        subscriber.has(missed.seq);
        true
    }
}

fn refuse(requests: Vec<Request>, error: SubscribeError) {
    for request in requests {
        // A page that is gone needs no answer.
        let _ = request.answer.send(Err(error));
    }
}

/// A page that has missed more changes than this gets a snapshot.
const MAX_MISSED: i64 = 1024;
