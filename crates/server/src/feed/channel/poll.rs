//! Changes since the last poll, sent to every subscriber.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use identity::Timestamp;
use routing::Page;
use store_pg::AgentRow;
use tracing::warn;

use super::super::events;
use super::super::frame::{self, ResetReason};
use super::super::subscriber::Backlog;
use super::{Channel, POLL, RETRY};
use crate::wire::agent::Agent;

impl Channel {
    /// Reads what has changed and sends it to every subscriber.
    pub(super) async fn poll(&mut self) {
        self.poll_at = self.shared.clock.instant() + POLL;
        self.drop_closed();
        if self.subscribers.is_empty() {
            return;
        }
        let changes = match self.changes(self.seq, &[]).await {
            Ok(Some(changes)) => changes,
            Ok(None) => return,
            Err(error) => {
                warn!(workspace.id = %self.workspace, "events of workspace {} are delayed: {error}", self.workspace);
                self.poll_at = self.shared.clock.instant() + RETRY;
                return;
            }
        };
        let is_member = |user| changes.agents.iter().any(|agent| agent.user == user);
        self.subscribers.retain(|subscriber| is_member(subscriber.user));
        let somebody_left = self.agents.keys().any(|user| !is_member(*user));
        let agents = self.update_agents(&changes.agents).await;
        let seq = std::mem::replace(&mut self.seq, changes.seq);
        let Some(list) = &changes.changes else {
            warn!(workspace.id = %self.workspace, after = seq, "changes of workspace {} are missing: its pages get a snapshot", self.workspace);
            self.resync(|_| true, Some(ResetReason::Gap)).await;
            return;
        };
        let now = self.shared.clock.now();
        for change in list {
            self.shared.metrics.event_lag(now.since(change.at));
        }
        for (id, event) in events::of(list, &changes, self.home) {
            self.subscribers.iter_mut().for_each(|one| one.send(Some(id), &event));
        }
        self.send_agents(&agents);
        if somebody_left {
            self.resync(|_| true, None).await;
        }
    }

    /// Sends a snapshot to slow readers that have read everything they were sent.
    pub(super) async fn resync_slow(&mut self) {
        if self.subscribers.iter().any(|one| one.backlog() == Backlog::Drained) {
            self.resync(|one| one.backlog() == Backlog::Drained, Some(ResetReason::Slow)).await;
        }
    }

    /// Remembers the agents as they are, and the country of their workspace, and returns an event for each agent
    /// who has changed.
    pub(super) async fn update_agents(&mut self, rows: &[AgentRow]) -> Vec<Bytes> {
        let wrap_up = self.shared.workspaces.wrap_up(&self.workspace).await;
        self.home = self.shared.workspaces.home(&self.workspace).await;
        let now = self.shared.clock.now();
        let mut rows = rows.to_vec();
        self.shared.pages(&self.workspace).correct_agents(&mut rows, now);
        let mut agents = BTreeMap::new();
        let mut changed = Vec::new();
        for row in &rows {
            let agent = serde_json::to_string(&Agent::of(row, wrap_up, now)).unwrap_or_default();
            if self.agents.get(&row.user) != Some(&agent) {
                changed.push(frame::event("agent", None, &agent));
            }
            agents.insert(row.user, agent);
        }
        self.agents = agents;
        let next = rows.iter().filter_map(|row| next_change(row, wrap_up, now)).min();
        if let Some(next) = next {
            let at = self.shared.clock.instant() + next.since(now) + SLACK;
            self.poll_at = self.poll_at.min(at);
        }
        changed
    }

    pub(super) fn send_agents(&mut self, agents: &[Bytes]) {
        for event in agents {
            self.subscribers.iter_mut().for_each(|one| one.send(None, event));
        }
    }
}

/// When an agent's status changes by itself.
fn next_change(row: &AgentRow, wrap_up: Duration, now: Timestamp) -> Option<Timestamp> {
    let free = row.works_until(wrap_up).filter(|until| *until > now);
    let leases = [row.online_until, row.page_ready_until].into_iter().flatten();
    let ends = leases.filter(|until| row.page == Page::Open && *until > now);
    free.into_iter().chain(ends).min()
}

/// After a moment at which something changes by itself: the clocks of server and database differ.
const SLACK: Duration = Duration::from_millis(250);
