//! The pools of the store, and the statements that each of them prepares.

use std::time::Duration;

use crate::error::StoreError;
use crate::pool::PoolPlan;
use crate::scope::{AGENT, ENTER, WEBHOOK};
use crate::store::Store;
use crate::{agents, apply, changes, claim, log, pages, roster, stats, url, workspaces};

/// How many connections the store opens at most.
#[derive(Clone, Copy, Debug)]
pub struct StoreOptions {
    /// For webhooks: a caller waits.
    pub webhook_connections: usize,
    /// For agents and their pages.
    pub agent_connections: usize,
    /// For the reconciler and for calls that are folded again.
    pub apply_connections: usize,
    /// For writing the log.
    pub lane_connections: usize,
    /// For pages that watch changes.
    pub feed_connections: usize,
    /// For figures and for pages of the log that no index finds.
    pub report_connections: usize,
}

impl StoreOptions {
    /// Enough for a machine of two to four cores; Postgres gains nothing from more.
    pub const SMALL: Self = Self {
        webhook_connections: 8,
        agent_connections: 4,
        apply_connections: 2,
        lane_connections: 6,
        feed_connections: 2,
        report_connections: 2,
    };

    /// The fewest connections with which everything goes on: no part waits for another one for ever.
    pub const FEWEST: usize = 12;

    /// This many connections, at least [`StoreOptions::FEWEST`], shared out as in
    /// [`StoreOptions::SMALL`]. What is left over is for webhooks.
    pub fn sharing(connections: usize) -> Self {
        let small = Self::SMALL;
        let share = |part: usize, fewest: usize| (part * connections / small.total()).max(fewest);
        let mut shared = Self {
            webhook_connections: 0,
            agent_connections: share(small.agent_connections, 2),
            apply_connections: share(small.apply_connections, 1),
            // Those that are well need one that nobody else can have.
            lane_connections: share(small.lane_connections, 4),
            feed_connections: share(small.feed_connections, 1),
            report_connections: share(small.report_connections, 1),
        };
        shared.webhook_connections = connections.max(Self::FEWEST) - shared.total();
        shared
    }

    /// All of them together.
    pub const fn total(&self) -> usize {
        self.webhook_connections
            + self.agent_connections
            + self.apply_connections
            + self.lane_connections
            + self.feed_connections
            + self.report_connections
    }
}

impl Store {
    /// Makes the pools. It does not connect yet: see [`Store::guard`].
    ///
    /// # Errors
    ///
    /// [`StoreError::Url`] if the connection string cannot be read.
    pub fn new(url: &str, options: StoreOptions) -> Result<Self, StoreError> {
        let target = url::parse(url)?;
        let plan = |connections, statement_timeout_millis, statements| PoolPlan {
            role: WEBHOOK,
            connections,
            statement_timeout_millis,
            statements,
            wait: Duration::from_millis(500),
        };
        let webhook = plan(options.webhook_connections, 2_000, WEBHOOK_STATEMENTS);
        let agent = plan(options.agent_connections, 5_000, AGENT_STATEMENTS);
        let agent = PoolPlan { role: AGENT, ..agent };
        let apply = plan(options.apply_connections, 10_000, apply::STATEMENTS);
        let feed = plan(options.feed_connections, 5_000, changes::STATEMENTS);
        let report = plan(options.report_connections, 5_000, REPORT_STATEMENTS);
        let report = PoolPlan { role: AGENT, ..report };
        // Each transaction brings limits of its own.
        let lane = plan(options.lane_connections, 10_000, apply::STATEMENTS);
        // Nobody waits for a lane, and several spools may have lanes.
        let lane = PoolPlan { wait: Duration::from_secs(5), ..lane };
        Self::with_plans(target, &[webhook, agent, apply, feed, report, lane])
    }
}

const WEBHOOK_STATEMENTS: &[&str] = &[
    ENTER,
    roster::CALLER,
    agents::MEMBERS,
    claim::LOCK_CLAIMS,
    claim::CLAIM_CALL,
    workspaces::WORKSPACE,
];

const AGENT_STATEMENTS: &[&str] = &[
    ENTER,
    agents::MEMBER,
    agents::AGENTS,
    agents::SET_PRESENCE,
    agents::END_WRAP_UP,
    pages::REPORT,
    log::CALLS,
    log::CALLS_OF_AGENT,
    log::CALLS_IN,
    log::CALLS_OUT,
    log::CALLS_MISSED,
    log::CALL,
];

const REPORT_STATEMENTS: &[&str] = &[
    ENTER,
    log::CALLS,
    log::CALLS_OF_AGENT,
    log::CALLS_IN,
    log::CALLS_OUT,
    log::CALLS_MISSED,
    stats::STATS,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_connections_is_shared_out() {
        assert_eq!(StoreOptions::SMALL.total(), 24);
        assert_eq!(
            format!("{:?}", StoreOptions::sharing(24)),
            format!("{:?}", StoreOptions::SMALL)
        );
        for connections in StoreOptions::FEWEST..200 {
            let shared = StoreOptions::sharing(connections);
            assert_eq!(shared.total(), connections);
            assert!(shared.webhook_connections >= 3, "{shared:?}");
        }
        assert_eq!(StoreOptions::sharing(1).total(), StoreOptions::FEWEST);
    }
}
