//! Who comes in, and what a page that comes back has missed.

use std::collections::BTreeMap;
use std::sync::Arc;

use identity::UserId;
use store_pg::Changes;
use tracing::warn;

use super::super::events::Events;
use super::super::seat::{QUEUE, Seat};
use super::super::{LEASE, MOST_STREAMS, NoEvents, Watcher, frame, news};
use super::{RETRY, Room, in_time};

impl Room {
    /// Lets everybody in who stands at the door.
    pub(super) async fn welcome(&mut self, first: Watcher) {
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
                self.renew_at = self.shared.clock.instant() + RETRY;
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
        for (id, event) in news::events(changes, missed) {
            seat.send(Some(id), &event);
        }
        seat.has(missed.seq);
        true
    }
}

/// A page that was away for longer than so many changes gets a snapshot.
const MOST_MISSED: i64 = 1024;
