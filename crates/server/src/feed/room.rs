//! The streams of one workspace on this server.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use calls::{LegEnd, RingEnd};
use identity::{CallSid, Timestamp, UserId, WorkspaceId};
use routing::Page;
use store_pg::{AgentRow, CallRow, Change, Changes, LegRow, Snapshot, StoreError, Subject};
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;
use tracing::warn;

use super::events::Events;
use super::frame::{self, AnsweredBy, RingEnded};
use super::seat::{Pace, QUEUE, Seat};
use super::{Door, LEASE, MOST_STREAMS, NoEvents, Shared, Watcher};
use crate::clock;
use crate::wire::agent::Agent;
use crate::wire::call;

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
        let room = Self {
            shared,
            workspace,
            door,
            wake: Arc::clone(&wake),
            seats: Vec::new(),
            seq: 0,
            agents: BTreeMap::new(),
            left: BTreeSet::new(),
            renew_at: Instant::now() + RENEWAL,
            look_at: Instant::now() + LOOK,
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
            if Instant::now() >= self.renew_at || !self.left.is_empty() {
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
        let soon = if is_slow { Instant::now() + HURRY } else { self.look_at };
        self.look_at.min(self.renew_at).min(soon)
    }

    /// The agents whose pages are open here.
    fn pages(&self) -> BTreeSet<UserId> {
        self.seats.iter().filter(|seat| seat.page.is_some()).map(|seat| seat.user).collect()
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

    /// Puts the leases of the open pages off, and those of the closed ones for the last time.
    async fn renew(&mut self) {
        let users = self.pages().union(&self.left).copied().collect::<Vec<_>>();
        if users.is_empty() {
            self.renew_at = Instant::now() + RENEWAL;
            return;
        }
        let renewed = self.shared.store.renew_pages(&self.workspace, &users, LEASE);
        match in_time(renewed).await {
            Ok(()) => {
                self.left.clear();
                self.renew_at = Instant::now() + RENEWAL;
            }
            Err(error) => {
                warn!(workspace.id = %self.workspace, "open pages are not noted: {error}");
                self.renew_at = Instant::now() + RETRY;
                if self.seats.is_empty() {
                    // The lease runs out a little earlier.
                    self.left.clear();
                }
            }
        }
    }

    /// Lets everybody in who stands at the door.
    async fn welcome(&mut self, first: Watcher) {
        let mut watchers = vec![first];
        while let Ok(next) = self.door.try_recv() {
            watchers.push(next);
        }
        let (mut watchers, refused) = self.seats_for(watchers);
        for watcher in refused {
            let _ = watcher.answer.send(Err(NoEvents::TooMany));
        }
        if watchers.iter().any(|watcher| watcher.ask.page.is_some()) {
            // Before the snapshot, so that it shows whose page has just been opened.
            let users: Vec<UserId> = watchers
                .iter()
                .filter(|watcher| watcher.ask.page.is_some())
                .map(|watcher| watcher.ask.user)
                .collect();
            let noted = self.shared.store.renew_pages(&self.workspace, &users, LEASE);
            if let Err(error) = in_time(noted).await {
                warn!(workspace.id = %self.workspace, "open pages are not noted: {error}");
                self.renew_at = Instant::now() + RETRY;
            }
        }
        let asking = watchers.iter().map(|watcher| watcher.ask.user).collect::<Vec<_>>();
        let snapshot = match self.snapshot(&asking).await {
            Ok(snapshot) => snapshot,
            Err(error) => {
                warn!(workspace.id = %self.workspace, "nobody may watch: {error}");
                for watcher in watchers {
                    let _ = watcher.answer.send(Err(NoEvents::Away));
                }
                return;
            }
        };
        let Some(snapshot) = snapshot else {
            for watcher in watchers {
                let _ = watcher.answer.send(Err(NoEvents::NotMember));
            }
            return;
        };
        let is_member = |user| snapshot.agents.iter().any(|agent| agent.user == user);
        let missed = watchers.iter().filter_map(|watcher| watcher.ask.after);
        let missed = missed.filter(|after| snapshot.seq - MOST_MISSED <= *after).min();
        let missed = match missed.filter(|after| *after <= snapshot.seq) {
            Some(after) => self.changes(after, &asking).await.unwrap_or_default(),
            None => None,
        };
        if self.seats.is_empty() {
            self.seq = snapshot.seq;
            self.agents.clear();
        }
        let news = self.learn(&snapshot.agents).await;
        self.send_agents(&news);
        let parts = self.parts(&snapshot);
        for watcher in watchers.drain(..) {
            if !is_member(watcher.ask.user) {
                let _ = watcher.answer.send(Err(NoEvents::NotMember));
                continue;
            }
            let page = watcher.ask.page;
            let (mut seat, queue) = Seat::new(watcher.ask.user, page);
            match (watcher.ask.after, &missed) {
                (None, _) => self.sit(&mut seat, snapshot.seq, &parts, None),
                (Some(after), Some(missed)) if self.catch_up(&mut seat, after, missed) => {}
                (Some(_), _) => self.sit(&mut seat, snapshot.seq, &parts, Some("gap")),
            }
            let (wake, metrics) = (Arc::clone(&self.wake), Arc::clone(&self.shared.metrics));
            let events = Events::new(queue, watcher.ask.lasts, wake, metrics);
            if watcher.answer.send(Ok(events)).is_ok() {
                self.seats.push(seat);
            } else if seat.page.is_some() {
                self.left.insert(seat.user);
            }
        }
        // What was written since the snapshot, for all.
        self.wake.notify_one();
    }

    /// Who may sit down, and who has too many streams. A page that comes back takes the place of its
    /// own last stream, which may be dead without anybody knowing.
    fn seats_for(&mut self, watchers: Vec<Watcher>) -> (Vec<Watcher>, Vec<Watcher>) {
        let mut streams: BTreeMap<UserId, usize> = BTreeMap::new();
        let (mut welcome, mut refused) = (Vec::new(), Vec::new());
        for watcher in watchers {
            let ask = &watcher.ask;
            self.seats.retain(|seat| {
                let is_same = seat.user == ask.user && seat.page.is_some() && seat.page == ask.page;
                !is_same && !seat.is_closed()
            });
            let held = self.seats.iter().filter(|seat| seat.user == ask.user).count();
            let asked = streams.entry(ask.user).or_default();
            if held + *asked < MOST_STREAMS {
                *asked += 1;
                welcome.push(watcher);
            } else {
                refused.push(watcher);
            }
        }
        (welcome, refused)
    }

    /// Gives a page everything there is.
    fn sit(&self, seat: &mut Seat, seq: i64, parts: &Parts, reset: Option<&'static str>) {
        let mut all = Vec::with_capacity(3);
        if let Some(reason) = reset {
            self.shared.metrics.events_reset(reason);
            all.push(frame::reset(reason));
        }
        let me = self.agents.get(&seat.user).map_or("null", String::as_str);
        all.extend([parts.0.clone(), frame::me(me)]);
        seat.send_all(Some(seq), &all);
    }

    /// Gives a page what it has missed, if that is little; `false` if a snapshot is better.
    fn catch_up(&self, seat: &mut Seat, after: i64, missed: &Changes) -> bool {
        let Some(changes) = &missed.changes else { return false };
        if changes.len() + self.agents.len() > QUEUE / 2 {
            return false;
        }
        seat.has(after);
        // What time alone has changed has no number.
        for agent in self.agents.values() {
            seat.send(None, &frame::event("agent", None, agent));
        }
        for (id, event) in events(changes, missed) {
            seat.send(Some(id), &event);
        }
        seat.has(missed.seq);
        true
    }

    /// Looks what has changed and tells everybody.
    async fn look(&mut self) {
        self.look_at = Instant::now() + LOOK;
        self.sweep();
        if self.seats.is_empty() {
            return;
        }
        let changes = match self.changes(self.seq, &[]).await {
            Ok(Some(changes)) => changes,
            Ok(None) => return,
            Err(error) => {
                warn!(workspace.id = %self.workspace, "pages wait for news: {error}");
                self.look_at = Instant::now() + RETRY;
                return;
            }
        };
        let is_member = |user| changes.agents.iter().any(|agent| agent.user == user);
        self.seats.retain(|seat| is_member(seat.user));
        let somebody_left = self.agents.keys().any(|user| !is_member(*user));
        let news = self.learn(&changes.agents).await;
        let seq = std::mem::replace(&mut self.seq, changes.seq);
        let Some(list) = &changes.changes else {
            warn!(workspace.id = %self.workspace, after = seq, "pages begin anew");
            self.begin_anew(|_| true, Some("gap")).await;
            return;
        };
        let now = clock::now();
        for change in list {
            self.shared.metrics.event_lag(now.since(change.at));
        }
        for (id, event) in events(list, &changes) {
            self.seats.iter_mut().for_each(|seat| seat.send(Some(id), &event));
        }
        self.send_agents(&news);
        if somebody_left {
            self.begin_anew(|_| true, None).await;
        }
    }

    /// Gives slow readers who have caught up a snapshot.
    async fn hurry(&mut self) {
        if self.seats.iter().any(|seat| seat.pace() == Pace::Ready) {
            self.begin_anew(|seat| seat.pace() == Pace::Ready, Some("slow")).await;
        }
    }

    /// Sends a snapshot to some.
    async fn begin_anew(&mut self, who: impl Fn(&Seat) -> bool, reset: Option<&'static str>) {
        let snapshot = match self.snapshot(&[]).await {
            Ok(Some(snapshot)) => snapshot,
            Ok(None) => return,
            Err(error) => {
                warn!(workspace.id = %self.workspace, "pages wait for a snapshot: {error}");
                // Without it they would show what is no longer so; they come back by themselves.
                self.seats.retain(|seat| !who(seat));
                return;
            }
        };
        let news = self.learn(&snapshot.agents).await;
        self.send_agents(&news);
        let parts = self.parts(&snapshot);
        let mut seats = std::mem::take(&mut self.seats);
        for seat in seats.iter_mut().filter(|seat| who(seat)) {
            seat.unstick();
            self.sit(seat, snapshot.seq, &parts, reset);
        }
        self.seats = seats;
    }

    /// Notes the agents as they are; those that are not as they were, as events.
    async fn learn(&mut self, rows: &[AgentRow]) -> Vec<Bytes> {
        let wrap_up = self.shared.workspaces.wrap_up(&self.workspace).await;
        let now = clock::now();
        let mut agents = BTreeMap::new();
        let mut news = Vec::new();
        for row in rows {
            let agent = serde_json::to_string(&Agent::of(row, wrap_up, now)).unwrap_or_default();
            if self.agents.get(&row.user) != Some(&agent) {
                news.push(frame::event("agent", None, &agent));
            }
            agents.insert(row.user, agent);
        }
        self.agents = agents;
        let next = rows.iter().filter_map(|row| next_change(row, wrap_up, now)).min();
        if let Some(next) = next {
            self.look_at = self.look_at.min(Instant::now() + next.since(now) + SLACK);
        }
        news
    }

    fn send_agents(&mut self, news: &[Bytes]) {
        for event in news {
            self.seats.iter_mut().for_each(|seat| seat.send(None, event));
        }
    }

    /// The part of a snapshot that is the same for everybody.
    fn parts(&self, snapshot: &Snapshot) -> Parts {
        let calls = snapshot.calls.iter().map(call::render);
        Parts(frame::snapshot(snapshot.seq, clock::now(), self.agents.values(), calls))
    }

    async fn snapshot(&mut self, asking: &[UserId]) -> Result<Option<Snapshot>, StoreError> {
        for user in self.askers(asking) {
            let read = self.shared.store.snapshot(&self.workspace, user, clock::now());
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
            let read = self.shared.store.changes(&self.workspace, user, after, clock::now());
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

/// The beginning of a snapshot event, which all readers share.
struct Parts(Bytes);

/// When an agent's status changes by itself.
fn next_change(row: &AgentRow, wrap_up: Duration, now: Timestamp) -> Option<Timestamp> {
    let free = row.works_until(wrap_up).filter(|until| *until > now);
    let closes = row.online_until.filter(|until| row.page == Page::Open && *until > now);
    free.into_iter().chain(closes).min()
}

/// Changes as events, by their numbers.
fn events(changes: &[Change], state: &Changes) -> Vec<(i64, Bytes)> {
    let event = |change: &Change| {
        let id = Some(change.seq);
        let event = match change.subject {
            Subject::Call(sid) => {
                let call = state.calls.iter().find(|call| call.sid == sid)?;
                frame::event("call", id, &call::render(call).to_string())
            }
            Subject::Ring(leg) => {
                let ended = ring_ended(state, leg)?;
                frame::event("ring_ended", id, &serde_json::to_string(&ended).ok()?)
            }
            Subject::Agent => return None,
        };
        Some((change.seq, event))
    };
    changes.iter().filter_map(event).collect()
}

/// Why a page stopped ringing, with the name of who has the call.
fn ring_ended(state: &Changes, leg_sid: CallSid) -> Option<RingEnded<'_>> {
    let has_leg = |call: &&CallRow| call.legs.iter().any(|leg| leg.sid == leg_sid);
    let call = state.calls.iter().find(has_leg)?;
    let leg = call.legs.iter().find(|leg| leg.sid == leg_sid)?;
    let reason = ring_end(call, leg)?;
    let by = call.handled_by.filter(|_| reason == RingEnd::Answered);
    let name_of = |user| {
        let agent = state.agents.iter().find(|agent| agent.user == user)?;
        agent.name.as_deref()
    };
    Some(RingEnded {
        call_sid: call.sid,
        leg_sid,
        user_id: leg.agent?.to_string(),
        reason: reason.code(),
        answered_by: by.map(|user| AnsweredBy { user_id: user.to_string(), name: name_of(user) }),
    })
}

/// As [`calls::Call::ring_end`].
fn ring_end(call: &CallRow, leg: &LegRow) -> Option<RingEnd> {
    let is_on_call = leg.answered_at.is_some() && leg.ended_at.is_none();
    if is_on_call && leg.agent == call.handled_by {
        return Some(RingEnd::Answered);
    }
    leg.end_reason.as_deref()?.parse::<LegEnd>().ok()?.ring_end()
}

/// Waits for the database for as long as pages can wait: one that is stopped never answers.
async fn in_time<T>(work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    let done = tokio::time::timeout(DEADLINE, work).await;
    done.unwrap_or_else(|_| Err(StoreError::Away("no answer in time".into())))
}

/// How often open pages are noted: twice may fail before a lease runs out.
const RENEWAL: Duration = Duration::from_secs(10);

/// How often a room looks without being told: a member that was taken away, or a new name, is told by
/// nobody.
const LOOK: Duration = Duration::from_secs(10);

/// After a failure of the database.
const RETRY: Duration = Duration::from_secs(1);

/// How often slow readers are looked after.
const HURRY: Duration = Duration::from_millis(500);

/// After a moment at which something changes by itself: the clocks of server and database differ.
const SLACK: Duration = Duration::from_millis(250);

const DEADLINE: Duration = Duration::from_secs(5);

/// At the end of the server.
const LAST_RENEWAL: Duration = Duration::from_secs(1);

/// A page that was away for longer than so many changes gets a snapshot.
const MOST_MISSED: i64 = 1024;

/// Who may wait for a room at the same time: all pages come at once after a restart.
const MOST_AT_THE_DOOR: usize = 4096;
