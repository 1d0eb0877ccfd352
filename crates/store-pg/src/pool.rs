//! Connections.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime,
};
use tokio::sync::mpsc;
use tokio_postgres::NoTls;
use tokio_postgres::error::SqlState;

use crate::admission::Admission;
use crate::error::StoreError;
use crate::notices::{MOST_NOTICES, drive};
use crate::url::Target;

/// Something that is done on one connection, from begin to commit.
///
/// A closure would be shorter, but the compiler cannot see yet that its future may go from one
/// thread to another.
pub(crate) trait Work {
    /// What comes of it.
    type Done;

    fn on(&self, client: &Object) -> impl Future<Output = Result<Self::Done, StoreError>> + Send;
}

/// Does work on a connection of the pool. If the connection turns out to be lost, the work is tried
/// once more on a new one.
pub(crate) async fn on_connection<W: Work>(pool: &Pool, work: &W) -> Result<W::Done, StoreError> {
    let mut is_last = false;
    loop {
        let client = Borrowed::from(pool).await?;
        match work.on(&client).await {
            Ok(done) => {
                client.finished();
                return Ok(done);
            }
            Err(error) if error.is_lost() && !is_last => {
                // One is rarely lost alone, and the others may not have noticed yet.
                is_last = true;
                pool.retain(|_, _| false);
            }
            Err(error) => {
                if error.is_answer() {
                    client.undone().await;
                }
                return Err(error);
            }
        }
    }
}

/// What one pool is for.
pub(crate) struct PoolPlan {
    /// The role of its connections: that of a statement without a transaction around it. Without a
    /// workspace, policies show it no row.
    pub(crate) role: &'static str,
    /// How many connections at most.
    pub(crate) connections: usize,
    /// How long a statement may run, in milliseconds.
    pub(crate) statement_timeout_millis: u32,
    /// Statements that every connection prepares when it is made, so that no request pays for it. One
    /// whose table is locked is prepared when it is used.
    pub(crate) statements: &'static [&'static str],
    /// How long a request waits for a connection.
    pub(crate) wait: Duration,
}

/// How long preparing a statement may wait for a lock, in milliseconds.
const HASTE: u32 = 50;

/// Makes a pool; no connection is opened yet. While nothing is admitted none is lent.
pub(crate) fn pool(
    target: &Target,
    plan: &PoolPlan,
    admission: &Arc<Admission>,
) -> Result<Pool, StoreError> {
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let config = target.config.clone();
    let manager = match &target.tls {
        Some(tls) => Manager::from_config(config, tls.clone(), recycling),
        None => Manager::from_config(config, NoTls, recycling),
    };
    let statements = plan.statements;
    let session = format!(
        "{PATH}; set statement_timeout = {}; set lock_timeout = {}; \
         set idle_in_transaction_session_timeout = 5000; set plan_cache_mode = 'force_generic_plan'; \
         set jit = off",
        plan.statement_timeout_millis,
        plan.statement_timeout_millis / 2,
    );
    let hasty = format!("set role {}; set lock_timeout = {HASTE}", plan.role);
    let new = Arc::clone(admission);
    let prepare = Hook::async_fn(move |client, _| {
        let (hasty, session, admission) = (hasty.clone(), session.clone(), Arc::clone(&new));
        Box::pin(async move {
            admission.connected();
            admission.check().map_err(HookError::message)?;
            // Another program's lock on one table must not keep the connection from all the others.
            client.batch_execute(&hasty).await.map_err(HookError::Backend)?;
            for sql in statements {
                match client.prepare_cached(sql).await {
                    Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => {}
                    prepared => drop(prepared.map_err(HookError::Backend)?),
                }
            }
            client.batch_execute(&session).await.map_err(HookError::Backend)
        })
    });
    let used = Arc::clone(admission);
    let lend = Hook::sync_fn(move |_, _| used.check().map_err(HookError::message));
    Pool::builder(manager)
        .max_size(plan.connections)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(plan.wait))
        .create_timeout(Some(Duration::from_secs(3)))
        .recycle_timeout(Some(Duration::from_millis(500)))
        .post_create(prepare)
        .pre_recycle(lend)
        .build()
        .map_err(|error| StoreError::Url(format!("cannot be used: {error}")))
}

/// Takes `pg_catalog` out of the session's `search_path`, so that it comes first by itself: a schema
/// that the settings of a role or database put before it could replace what a statement asks. The other
/// schemas stay, because triggers of the live chat may look for its tables there.
const PATH: &str = "select pg_catalog.set_config('search_path', coalesce(\
    (select pg_catalog.string_agg(pg_catalog.quote_ident(s.name), ', ' order by s.rank) \
     from pg_catalog.unnest(pg_catalog.current_schemas(false)) with ordinality as s (name, rank) \
     where s.name operator(pg_catalog.<>) 'pg_catalog'), ''), false)";

/// One connection outside the pools, driven by its own task.
pub(crate) async fn connect_one(target: &Target) -> Result<tokio_postgres::Client, StoreError> {
    let client = connect_plainly(target).await?;
    // The questions of the guard are long and their answers short.
    client.batch_execute(&format!("{PATH}; set jit = off")).await?;
    Ok(client)
}

/// One connection outside the pools as the database makes it, without a setting of ours.
pub(crate) async fn connect_plainly(target: &Target) -> Result<tokio_postgres::Client, StoreError> {
    if let Some(tls) = &target.tls {
        let (client, connection) = target.config.connect(tls.clone()).await?;
        tokio::spawn(async move { drop(connection.await) });
        Ok(client)
    } else {
        let (client, connection) = target.config.connect(NoTls).await?;
        tokio::spawn(async move { drop(connection.await) });
        Ok(client)
    }
}

/// One connection outside the pools whose notices are handed on.
pub(crate) async fn connect_to_hear(
    target: &Target,
) -> Result<(tokio_postgres::Client, mpsc::Receiver<String>), StoreError> {
    let (sender, notices) = mpsc::channel(MOST_NOTICES);
    if let Some(tls) = &target.tls {
        let (client, connection) = target.config.connect(tls.clone()).await?;
        tokio::spawn(drive(connection, sender));
        Ok((client, notices))
    } else {
        let (client, connection) = target.config.connect(NoTls).await?;
        tokio::spawn(drive(connection, sender));
        Ok((client, notices))
    }
}

/// A borrowed connection that goes back to its pool only if the work on it was finished.
///
/// After a broken connection or a dropped request nobody knows what is in flight, so it is closed instead:
/// the next borrower must never find another workspace's transaction.
pub(crate) struct Borrowed(Option<Object>);

impl Borrowed {
    /// Takes an idle connection, or has a new one opened.
    ///
    /// Opening takes several round trips. It goes on if this is dropped, as when a caller has
    /// waited long enough, so that the next request finds the connection.
    pub(crate) async fn from(pool: &Pool) -> Result<Self, StoreError> {
        let status = pool.status();
        if status.available > 0 || status.size >= status.max_size {
            return Ok(Self(Some(pool.get().await?)));
        }
        let pool = pool.clone();
        let opened = tokio::spawn(async move { pool.get().await });
        match opened.await {
            Ok(opened) => Ok(Self(Some(opened?))),
            Err(error) => Err(StoreError::Away(Box::new(error))),
        }
    }

    /// Gives the connection back after the database itself refused something: everything that was sent
    /// before is answered before the rollback is, so nothing of it stays. A new connection would cost
    /// the database more than most refusals.
    async fn undone(self) {
        if self.batch_execute("rollback").await.is_ok() {
            self.finished();
        }
    }

    /// Gives the connection back for the next borrower.
    pub(crate) fn finished(mut self) {
        drop(self.0.take());
    }
}

impl std::ops::Deref for Borrowed {
    type Target = Object;

    #[expect(clippy::expect_used, reason = "only `finished` and `drop` take it, and both consume")]
    fn deref(&self) -> &Object {
        self.0.as_ref().expect("the connection is there until it is given back")
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        if let Some(object) = self.0.take() {
            drop(Object::take(object));
        }
    }
}
