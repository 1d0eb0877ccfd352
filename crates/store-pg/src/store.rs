//! The database, as the server's own login role.

use std::sync::Arc;

use deadpool_postgres::Pool;
use identity::{Timestamp, WorkspaceId};
use uuid::Uuid;

use crate::admission::Admission;
use crate::error::StoreError;
use crate::fault::Fault;
use crate::guard;
use crate::pool::{self, Borrowed, PoolPlan};
use crate::share::Shares;
use crate::sql;
use crate::url::{self, Target};

/// The database, as the server's own login role. It has no rights of its own, only those of the roles
/// `voice_webhook` and `voice_agent`.
///
/// Webhooks, agents, the reconciler, watching pages, reports and the log have pools, so that a slow page
/// does not keep a caller waiting. Of the pools for requests, one workspace has half at most, and one
/// connection for reports.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) webhook: Pool,
    pub(crate) agent: Pool,
    pub(crate) apply: Pool,
    pub(crate) feed: Pool,
    pub(crate) report: Pool,
    pub(crate) webhook_shares: Shares,
    pub(crate) agent_shares: Shares,
    pub(crate) report_shares: Shares,
    /// Writes the log.
    pub(crate) lane: Pool,
    pub(crate) target: Target,
    /// By which it knows its own notifications.
    pub(crate) name: Arc<str>,
    admission: Arc<Admission>,
}

/// How one pool is used at this moment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PoolUse {
    /// `webhook`, `agent`, `apply`, `feed`, `report` or `lane`.
    pub name: &'static str,
    /// Connections that may be opened.
    pub limit: usize,
    /// Connections that are open.
    pub open: usize,
    /// Connections that wait for work.
    pub idle: usize,
    /// Requests that wait for a connection.
    pub waiting: usize,
    /// Statements so far that were refused because their workspace had its share of the pool.
    pub over_share: u64,
}

impl Store {
    /// Reads a connection string without using it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Url`] if it cannot be read.
    pub fn check_url(url: &str) -> Result<(), StoreError> {
        url::parse(url).map(drop)
    }

    /// The pools, in the order of the fields.
    pub(crate) fn with_plans(target: Target, plans: &[PoolPlan; 6]) -> Result<Self, StoreError> {
        let admission = Arc::new(Admission::default());
        let [webhook, agent, apply, feed, report, lane] = plans;
        let webhook = pool::pool(&target, webhook, &admission)?;
        let agent = pool::pool(&target, agent, &admission)?;
        Ok(Self {
            webhook_shares: Shares::half_of(&webhook),
            agent_shares: Shares::half_of(&agent),
            report_shares: Shares::of(1),
            webhook,
            agent,
            apply: pool::pool(&target, apply, &admission)?,
            feed: pool::pool(&target, feed, &admission)?,
            report: pool::pool(&target, report, &admission)?,
            lane: pool::pool(&target, lane, &admission)?,
            target,
            name: Uuid::new_v4().simple().to_string().into(),
            admission,
        })
    }

    /// Refuses a database in which one workspace could see another, or whose schema is not this
    /// program's. Until a later check accepts it, every request is answered with
    /// [`StoreError::Untrusted`].
    ///
    /// # Errors
    ///
    /// [`StoreError::Refused`] with every fault and its fix; [`StoreError::Away`] if the database
    /// does not answer, which says nothing about it.
    pub async fn guard(&self) -> Result<(), StoreError> {
        let faults = self.faults().await?;
        self.admit(faults)
    }

    /// Checks an accepted database again, and refuses it only if one workspace could see another, or if a
    /// pooler gives its sessions to others. A schema that is being migrated, or a table of the live chat that
    /// takes no rows, is no reason to send agents away, nor is a check that could not be finished.
    ///
    /// # Errors
    ///
    /// As [`Store::guard`].
    pub async fn look_again(&self) -> Result<(), StoreError> {
        // The name may lead to a pooler by now. A database without room for more sessions does not say.
        let faults = match guard::pooler::fault(&self.target).await {
            Ok(Some(fault)) => vec![fault],
            _ => guard::leaks(&pool::connect_one(&self.target).await?).await?,
        };
        self.admit(faults)
    }

    fn admit(&self, faults: Vec<Fault>) -> Result<(), StoreError> {
        self.admission.set(faults.is_empty());
        if faults.is_empty() { Ok(()) } else { Err(StoreError::Refused(faults)) }
    }

    /// Stops using the database until [`Store::guard`] accepts it: it did not answer when it was due
    /// for a check.
    pub fn distrust(&self) {
        self.admission.set(false);
    }

    /// Waits until a connection has been opened since the last call. It may lead to another database
    /// than before, after a restore or a failover, that nobody has checked.
    pub async fn connected(&self) {
        self.admission.wait().await;
    }

    /// Every fault of the set-up with its fix.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`] if the database does not answer.
    pub async fn faults(&self) -> Result<Vec<Fault>, StoreError> {
        match guard::pooler::fault(&self.target).await? {
            Some(fault) => Ok(vec![fault]),
            None => guard::faults(&pool::connect_one(&self.target).await?).await,
        }
    }

    /// What one workspace could see of another through functions of which only a person can tell, and
    /// settings that look like a mistake.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`] if the database does not answer.
    pub async fn warnings(&self) -> Result<Vec<Fault>, StoreError> {
        guard::warnings(&pool::connect_one(&self.target).await?).await
    }

    /// Every kind of row that the live chat's log would refuse from a workspace's calls. Nothing stays.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`] if the database does not answer.
    pub async fn log_faults(&self, workspace: &WorkspaceId) -> Result<Vec<Fault>, StoreError> {
        guard::log::faults(&pool::connect_one(&self.target).await?, workspace).await
    }

    /// What the database's clock says.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`] if the database does not answer.
    pub async fn now(&self) -> Result<Timestamp, StoreError> {
        sql::now(&pool::connect_one(&self.target).await?).await
    }

    /// Whether the database answers, callers' pool included, keeps the settings of a transaction, has
    /// a schema with which this program works, and takes writes.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`], [`StoreError::Exhausted`]; [`StoreError::Refused`] if the schema is
    /// of another version, a pooler in statement mode is in between, or nothing can be written.
    pub async fn ready(&self) -> Result<(), StoreError> {
        let client = Borrowed::from(&self.webhook).await?;
        let mut faults: Vec<Fault> = guard::ready_fault(&client).await?.into_iter().collect();
        let row = client.query_one("select current_setting('transaction_read_only')", &[]).await?;
        client.finished();
        if row.get::<_, &str>(0) == "on" {
            faults.push(Fault {
                fault: "the database takes no writes".to_owned(),
                fix: "let it take writes again, or connect to the primary".to_owned(),
            });
        }
        if faults.is_empty() { Ok(()) } else { Err(StoreError::Refused(faults)) }
    }

    /// How many workspaces' records can be written at the same time.
    pub fn lane_connections(&self) -> usize {
        self.lane.status().max_size
    }

    /// How the pools are used at this moment.
    pub fn pools(&self) -> [PoolUse; 6] {
        let shares = |name| match name {
            "webhook" => Some(&self.webhook_shares),
            "agent" => Some(&self.agent_shares),
            "report" => Some(&self.report_shares),
            _ => None,
        };
        self.named_pools().map(|(name, pool)| {
            let status = pool.status();
            PoolUse {
                name,
                limit: status.max_size,
                open: status.size,
                idle: status.available,
                waiting: status.waiting,
                over_share: shares(name).map_or(0, Shares::refused),
            }
        })
    }

    const fn named_pools(&self) -> [(&'static str, &Pool); 6] {
        [
            ("webhook", &self.webhook),
            ("agent", &self.agent),
            ("apply", &self.apply),
            ("feed", &self.feed),
            ("report", &self.report),
            ("lane", &self.lane),
        ]
    }

    /// Closes the pools; work in flight ends with an error.
    pub fn close(&self) {
        for (_, pool) in self.named_pools() {
            pool.close();
        }
    }
}
