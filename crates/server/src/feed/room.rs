//! The streams of one workspace on this server: when what is done for them. Who comes in is in
//! [`welcome`], what they are told in [`look`] and [`snapshot`], whose page is open in [`pages`].

mod look;
mod pages;
mod snapshot;
mod welcome;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use identity::{UserId, WorkspaceId};
use store_pg::{Changes, Snapshot, StoreError};
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use super::seat::{Pace, Seat};
use super::{Door, Shared, Watcher};
use pages::RENEWAL;

/// One task: everything that it does for its streams happens in one order.
pub(super) struct Room {
    shared: Arc<Shared>,
    workspace: WorkspaceId,
    door: mpsc::Receiver<Watcher>,
    wake: Arc<Notify>,
    seats: Vec<Seat>,
    /// The number of the last change that was sent to everybody.
    seq: i64,
    /// The agents as they were last sent, as JSON.
    agents: BTreeMap<UserId, String>,
    /// Agents whose page was closed, until that is written down.
    left: BTreeSet<UserId>,
    renew_at: Instant,
    look_at: Instant,
}

impl Room {
    /// Opens a room, which closes by itself when the last stream has ended.
    pub(super) fn open(shared: Arc<Shared>, workspace: WorkspaceId) -> Door {
        let (watchers, door) = mpsc::channel(MOST_AT_THE_DOOR);
        let wake = Arc::new(Notify::new());
        let tasks = shared.tasks.clone();
        let now = shared.clock.instant();
        let room = Self {
            shared,
            workspace,
            door,
            wake: Arc::clone(&wake),
            seats: Vec::new(),
            seq: 0,
            agents: BTreeMap::new(),
            left: BTreeSet::new(),
            renew_at: now + RENEWAL,
            look_at: now + LOOK,
        };
        tasks.spawn(room.run());
        Door { watchers, wake }
    }

    async fn run(mut self) {
        let stop = self.shared.stop.clone();
        tokio::select! {
            biased;
            () = stop.cancelled() => {
                self.left = self.pages();
                self.seats.clear();
                // The pages have a whole lease to find another server.
                let _ = tokio::time::timeout(LAST_RENEWAL, self.renew()).await;
            }
            () = self.serve() => {}
        }
    }

    /// Serves until nobody watches.
    async fn serve(&mut self) {
        while !self.is_left() {
            let next = self.next_look();
            tokio::select! {
                biased;
                watcher = self.door.recv() => {
                    if let Some(watcher) = watcher {
                        self.welcome(watcher).await;
                    }
                }
                () = self.wake.notified() => self.look().await,
                () = tokio::time::sleep_until(next) => self.look().await,
            }
            self.sweep();
            if self.shared.clock.instant() >= self.renew_at || !self.left.is_empty() {
                self.renew().await;
            }
            self.hurry().await;
        }
    }

    /// Leaves the list of rooms if nobody is there or at the door.
    fn is_left(&mut self) -> bool {
        let mut rooms = self.shared.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let is_left = self.seats.is_empty() && self.left.is_empty() && self.door.is_empty();
        // At first the one for whom it was opened stands at the door.
        if is_left {
            rooms.remove(&self.workspace);
        }
        is_left
    }

    fn next_look(&self) -> Instant {
        let is_slow = self.seats.iter().any(|seat| seat.pace() != Pace::Good);
        let soon = if is_slow { self.shared.clock.instant() + HURRY } else { self.look_at };
        self.look_at.min(self.renew_at).min(soon)
    }

    /// Takes away streams whose reader is gone.
    fn sweep(&mut self) {
        let left = &mut self.left;
        self.seats.retain(|seat| {
            let is_open = !seat.is_closed();
            if !is_open && seat.page.is_some() {
                left.insert(seat.user);
            }
            is_open
        });
    }

    async fn snapshot(&mut self, asking: &[UserId]) -> Result<Option<Snapshot>, StoreError> {
        for user in self.askers(asking) {
            let read = self.shared.store.snapshot(&self.workspace, user, self.shared.clock.now());
            if let Some(snapshot) = in_time(read).await? {
                return Ok(Some(snapshot));
            }
            self.expel(user);
        }
        Ok(None)
    }

    async fn changes(
        &mut self,
        after: i64,
        asking: &[UserId],
    ) -> Result<Option<Changes>, StoreError> {
        for user in self.askers(asking) {
            let read =
                self.shared.store.changes(&self.workspace, user, after, self.shared.clock.now());
            if let Some(changes) = in_time(read).await? {
                return Ok(Some(changes));
            }
            self.expel(user);
        }
        Ok(None)
    }

    /// In whose names the database may be asked: what one member sees, all members see.
    fn askers(&self, asking: &[UserId]) -> BTreeSet<UserId> {
        asking.iter().copied().chain(self.seats.iter().map(|seat| seat.user)).collect()
    }

    /// Ends the streams of somebody who is no member any more.
    fn expel(&mut self, user: UserId) {
        self.seats.retain(|seat| seat.user != user);
    }
}

/// Waits for the database for as long as pages can wait: one that is stopped never answers.
async fn in_time<T>(work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let done = tokio::time::timeout(DEADLINE, work).await;
    done.unwrap_or_else(|_| Err(StoreError::Away("no answer in time".into())))
}

/// How often a room looks without being told: a member that was taken away, or a new name, is told by
/// nobody.
const LOOK: Duration = Duration::from_secs(10);

/// After a failure of the database.
const RETRY: Duration = Duration::from_secs(1);

/// How often slow readers are looked after.
const HURRY: Duration = Duration::from_millis(500);

const DEADLINE: Duration = Duration::from_secs(5);

/// At the end of the server.
const LAST_RENEWAL: Duration = Duration::from_secs(1);

/// Who may wait for a room at the same time: all pages come at once after a restart.
const MOST_AT_THE_DOOR: usize = 4096;
