//! What has changed since the last look, told to everybody.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use identity::Timestamp;
use routing::Page;
use store_pg::AgentRow;
use tracing::warn;

use super::super::seat::Pace;
use super::super::{frame, news};
use super::{LOOK, RETRY, Room};
use crate::wire::agent::Agent;

impl Room {
    /// Looks what has changed and tells everybody.
    pub(super) async fn look(&mut self) {
        self.look_at = self.shared.clock.instant() + LOOK;
        self.sweep();
        if self.seats.is_empty() {
            return;
        }
        let changes = match self.changes(self.seq, &[]).await {
            Ok(Some(changes)) => changes,
            Ok(None) => return,
            Err(error) => {
                warn!(workspace.id = %self.workspace, "pages wait for news: {error}");
                self.look_at = self.shared.clock.instant() + RETRY;
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
        let now = self.shared.clock.now();
        for change in list {
            self.shared.metrics.event_lag(now.since(change.at));
        }
        for (id, event) in news::events(list, &changes) {
            self.seats.iter_mut().for_each(|seat| seat.send(Some(id), &event));
        }
        self.send_agents(&news);
        if somebody_left {
            self.begin_anew(|_| true, None).await;
        }
    }

    /// Gives slow readers who have caught up a snapshot.
    pub(super) async fn hurry(&mut self) {
        if self.seats.iter().any(|seat| seat.pace() == Pace::Ready) {
            self.begin_anew(|seat| seat.pace() == Pace::Ready, Some("slow")).await;
        }
    }

    /// Notes the agents as they are; those that are not as they were, as events.
    pub(super) async fn learn(&mut self, rows: &[AgentRow]) -> Vec<Bytes> {
        let wrap_up = self.shared.workspaces.wrap_up(&self.workspace).await;
        let now = self.shared.clock.now();
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
            self.look_at = self.look_at.min(self.shared.clock.instant() + next.since(now) + SLACK);
        }
        news
    }

    pub(super) fn send_agents(&mut self, news: &[Bytes]) {
        for event in news {
            self.seats.iter_mut().for_each(|seat| seat.send(None, event));
        }
    }
}

/// When an agent's status changes by itself.
fn next_change(row: &AgentRow, wrap_up: Duration, now: Timestamp) -> Option<Timestamp> {
    let free = row.works_until(wrap_up).filter(|until| *until > now);
    let closes = row.online_until.filter(|until| row.page == Page::Open && *until > now);
    free.into_iter().chain(closes).min()
}

/// After a moment at which something changes by itself: the clocks of server and database differ.
const SLACK: Duration = Duration::from_millis(250);
