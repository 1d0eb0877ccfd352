//! The subscribers of one workspace on this server. New ones are taken in in [`subscribe`]; changes
//! are sent in [`poll`], snapshots in [`snapshot`]; open pages are recorded in [`leases`].

mod leases;
mod poll;
mod snapshot;
mod subscribe;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use dialling::Country;
use identity::{UserId, WorkspaceId};
use store_pg::{Changes, Snapshot, StoreError};
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use super::subscriber::{Backlog, Subscriber};
use super::{Handle, Request, Shared};
use crate::database::damaged;
use leases::RENEWAL;

/// One task: everything that it does for its subscribers happens in one order.
pub(super) struct Channel {
    shared: Arc<Shared>,
    workspace: WorkspaceId,
    requests: mpsc::Receiver<Request>,
    wake: Arc<Notify>,
    subscribers: Vec<Subscriber>,
    /// The number of the last change that was sent to everybody.
    seq: i64,
    /// The agents as they were last sent, as JSON.
    agents: BTreeMap<UserId, String>,
    /// The country in which they write numbers.
    home: Country,
    /// Agents whose page was closed, and whether it said itself that it can take calls, until that is
    /// recorded.
    left: BTreeMap<UserId, bool>,
    renew_at: Instant,
    poll_at: Instant,
}

impl Channel {
    /// Opens a channel, which closes by itself when the last stream has ended.
    pub(super) fn open(shared: Arc<Shared>, workspace: WorkspaceId) -> Handle {
        let (sender, requests) = mpsc::channel(MAX_WAITING);
        let wake = Arc::new(Notify::new());
        let tasks = shared.tasks.clone();
        let now = shared.clock.instant();
        let channel = Self {
            shared,
            workspace,
            requests,
            wake: Arc::clone(&wake),
            subscribers: Vec::new(),
            seq: 0,
            agents: BTreeMap::new(),
            home: Country::NONE,
            left: BTreeMap::new(),
            renew_at: now + RENEWAL,
            poll_at: now + POLL,
        };
        tasks.spawn(channel.run());
        Handle { requests: sender, wake }
    }

    async fn run(mut self) {
        let stop = self.shared.stop.clone();
        tokio::select! {
            biased;
            () = stop.cancelled() => {
                let open = self.subscribers.drain(..).filter(|one| one.page.is_some());
                self.left.extend(open.map(|one| (one.user, one.reports)));
                // The pages have a whole lease to find another server.
                let _ = tokio::time::timeout(LAST_RENEWAL, self.renew()).await;
            }
            () = self.serve() => {}
        }
    }

    /// Serves until there is no subscriber.
    async fn serve(&mut self) {
        while !self.close_if_unused() {
            let idle = self.shared.clock.left(self.next_wake());
            tokio::select! {
                biased;
                request = self.requests.recv() => {
                    if let Some(request) = request {
                        self.subscribe(request).await;
                        self.note_pages();
                    }
                }
                () = self.wake.notified() => self.poll().await,
                () = tokio::time::sleep(idle) => self.poll().await,
            }
            self.drop_closed();
            self.note_pages();
            if self.shared.clock.instant() >= self.renew_at || !self.left.is_empty() {
                self.renew().await;
            }
            self.resync_slow().await;
        }
    }

    /// Leaves the list of channels if there is no subscriber and no request.
    fn close_if_unused(&mut self) -> bool {
        let mut channels = self.shared.channels.lock().unwrap_or_else(PoisonError::into_inner);
        // At first there is the request for which it was opened.
        let is_unused =
            self.subscribers.is_empty() && self.left.is_empty() && self.requests.is_empty();
        if is_unused {
            channels.remove(&self.workspace);
        }
        is_unused
    }

    /// When it has something to do without being told.
    fn next_wake(&self) -> Instant {
        let is_slow = self.subscribers.iter().any(|one| one.backlog() != Backlog::Fits);
        let soon = if is_slow { self.shared.clock.instant() + SLOW_CHECK } else { self.poll_at };
        self.poll_at.min(self.renew_at).min(soon)
    }

    /// Removes subscribers whose connection is gone.
    fn drop_closed(&mut self) {
        let left = &mut self.left;
        self.subscribers.retain(|subscriber| {
            let is_open = !subscriber.is_closed();
            if !is_open && subscriber.page.is_some() {
                left.insert(subscriber.user, subscriber.reports);
            }
            is_open
        });
    }

    async fn snapshot(&mut self, users: &[UserId]) -> Result<Option<Snapshot>, StoreError> {
        for user in self.readers(users) {
            let read = self.shared.store.snapshot(&self.workspace, user, self.shared.clock.now());
            if let Some(snapshot) = in_time(read).await? {
                damaged::note(&self.workspace, &snapshot.damaged);
                return Ok(Some(snapshot));
            }
            self.remove(user);
        }
        Ok(None)
    }

    async fn changes(
        &mut self,
        after: i64,
        users: &[UserId],
    ) -> Result<Option<Changes>, StoreError> {
        for user in self.readers(users) {
            let read =
                self.shared.store.changes(&self.workspace, user, after, self.shared.clock.now());
            if let Some(changes) = in_time(read).await? {
                damaged::note(&self.workspace, &changes.damaged);
                return Ok(Some(changes));
            }
            self.remove(user);
        }
        Ok(None)
    }

    /// The users in whose names the database may be asked: all members see the same.
    fn readers(&self, users: &[UserId]) -> BTreeSet<UserId> {
        users.iter().copied().chain(self.subscribers.iter().map(|one| one.user)).collect()
    }

    /// Ends the streams of a user who is no member any more.
    fn remove(&mut self, user: UserId) {
        self.subscribers.retain(|subscriber| subscriber.user != user);
    }
}

/// Waits for the database for as long as pages can wait: a database that hangs never answers.
async fn in_time<T>(work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let done = tokio::time::timeout(DEADLINE, work).await;
    done.unwrap_or(Err(StoreError::Late))
}

/// How often a channel polls without a notification: nothing is notified when the live chat removes a
/// member or changes a name. A removed agent's stream ends within ten seconds, one slow read included.
const POLL: Duration = Duration::from_secs(5);

/// After a failure of the database.
const RETRY: Duration = Duration::from_secs(1);

/// How often a channel checks whether a slow reader has caught up.
const SLOW_CHECK: Duration = Duration::from_millis(500);

const DEADLINE: Duration = Duration::from_secs(5);

/// When the server stops.
const LAST_RENEWAL: Duration = Duration::from_secs(1);

/// Requests that may wait for a channel: after a restart all pages come at once.
const MAX_WAITING: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_removed_agent_is_noticed_within_ten_seconds_also_when_a_read_is_slow() {
        assert!(POLL + DEADLINE <= Duration::from_secs(10));
    }
}
