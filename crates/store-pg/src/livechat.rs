//! The live chat is somebody else's: reads its shape, and writes the functions that answer from it.
//!
//! Switchroom asks a live chat who belongs to a workspace, which contacts have a number, who is assigned
//! to them, and whether a workspace exists, and tells it one row for each call. These are functions of
//! the schema `livechat` with fixed signatures. Their bodies are written here for the tables that are
//! there, or by the owner of the database.

mod bodies;
mod catalogue;
mod indexes;
mod plan;
mod probe;
mod report;
mod shape;
mod synonyms;

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::error::StoreError;
use crate::fault::Fault;
use catalogue::Catalogue;
pub(crate) use plan::GENERATOR;
use plan::{Index, Plan};
pub use report::{Line, LineKind, Look};
use shape::Shape;

/// The tables of the contract, for a database without a live chat.
const STANDARD: &str = include_str!("livechat/standard.sql");

/// What was done inside the transaction, and the indexes that are left to do after it.
pub(crate) struct Adapted {
    pub(crate) look: Look,
    indexes: Vec<Index>,
}

/// Makes the functions, rights and policies, inside the transaction of the migration, and tries them.
///
/// With a fault in the look, the transaction must be rolled back.
pub(crate) async fn adapt(client: &Client) -> Result<Adapted, StoreError> {
    let (mut catalogue, mut shape) = read(client).await?;
    let mut look = Look::default();
    if catalogue.functions.is_empty() && shape.is_absent() {
        client.batch_execute(STANDARD).await?;
        look.line(
            "livechat",
            LineKind::Made,
            "the tables of the contract: there is no live chat here",
        );
        (catalogue, shape) = read(client).await?;
    }
    let migrating: String = client.query_one("select current_user::text", &[]).await?.get(0);
    let plan = Plan::of(&catalogue, &shape, &migrating);
    look.lines.extend(plan.look.lines.iter().cloned());
    look.faults.extend(plan.look.faults.iter().cloned());
    // Where nothing changes, nothing is held and nothing is tried: servers may be running.
    if look.faults.is_empty() && !(plan.quiet.is_empty() && plan.policies.is_empty()) {
        look.faults = as_role(client, carry_out(client, &plan, &catalogue, &shape)).await?;
    }
    Ok(Adapted { look, indexes: plan.indexes })
}

impl Adapted {
    /// Makes the indexes, outside every transaction and without stopping writers.
    ///
    /// # Errors
    ///
    /// [`StoreError::Refused`] if somebody's transaction keeps one from being made for five seconds.
    pub(crate) async fn finish(self, client: &Client) -> Result<Look, StoreError> {
        indexes::renew(client).await?;
        indexes::make(client, &self.indexes).await?;
        Ok(self.look)
    }
}

async fn read(client: &Client) -> Result<(Catalogue, Shape), StoreError> {
    let catalogue = Catalogue::read(client).await?;
    let shape = Shape::of(&catalogue);
    Ok((catalogue, shape))
}

/// Does some work with the rights of the functions' roles: a function belongs to its role, and only who has
/// the rights of that role can make it so. The membership ends with the work, because the policies of a
/// role count for its members too.
async fn as_role<T>(
    client: &Client,
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let sql = "select pg_has_role(current_user, 'voice_livechat', 'USAGE') \
               and pg_has_role(current_user, 'voice_finder', 'USAGE')";
    let is_member: bool = client.query_one(sql, &[]).await?.get(0);
    if !is_member {
        client.batch_execute("grant voice_livechat, voice_finder to current_user").await?;
    }
    let done = work.await?;
    if !is_member {
        client.batch_execute("revoke voice_livechat, voice_finder from current_user").await?;
    }
    Ok(done)
}

/// Makes what changes in the transaction and tries it. What locks tables of the live chat comes last, and
/// what may take long is tried before. Returns what is refused.
async fn carry_out(
    client: &Client,
    plan: &Plan,
    catalogue: &Catalogue,
    shape: &Shape,
) -> Result<Vec<Fault>, StoreError> {
    if !plan.quiet.is_empty() {
        let sql = "create schema if not exists livechat; \
                   grant usage, create on schema livechat to voice_livechat, voice_finder";
        client.batch_execute(sql).await?;
        for sql in &plan.quiet {
            client.batch_execute(sql).await?;
        }
        let sql = "revoke create on schema livechat from voice_livechat, voice_finder";
        client.batch_execute(sql).await?;
    }
    let has_own_log = !plan::generates(catalogue, "log");
    let faults = probe::questions(client, shape, has_own_log).await?;
    if !faults.is_empty() {
        return Ok(faults);
    }
    if let Some(fault) = lock(client, plan).await? {
        return Ok(vec![fault]);
    }
    for sql in &plan.policies {
        client.batch_execute(sql).await?;
    }
    match &shape.log {
        Ok(log) if !has_own_log => probe::log(client, shape, log).await,
        _ => Ok(Vec::new()),
    }
}

/// Locks the tables that get policies. While somebody else has one, it waits for moments only, because
/// whoever comes later waits behind it. Returns who has one for too long.
async fn lock(client: &Client, plan: &Plan) -> Result<Option<Fault>, StoreError> {
    if plan.locked.is_empty() {
        return Ok(None);
    }
    let tables: Vec<&str> = plan.locked.iter().map(String::as_str).collect();
    let sql = format!("lock table {} in access exclusive mode", tables.join(", "));
    client.batch_execute("savepoint unlocked").await?;
    for _ in 0..LOCK_TRIES {
        client.batch_execute("set local lock_timeout = '300ms'").await?;
        match client.batch_execute(&sql).await {
            Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => {
                client.batch_execute("rollback to unlocked; select pg_sleep(0.2)").await?;
            }
            locked => {
                locked?;
                client.batch_execute("set local lock_timeout = '5s'").await?;
                return Ok(None);
            }
        }
    }
    let holders = indexes::holders(client, &tables).await?;
    Ok(Some(Fault {
        fault: format!(
            "{} cannot be locked for policies: {holders}",
            tables.join(", ").replace("public.", "")
        ),
        fix: "migrate again when that transaction is over".to_owned(),
    }))
}

/// With the waits in between, five seconds.
const LOCK_TRIES: u8 = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::{LIVE_CHAT, QUESTIONS};

    #[test]
    fn the_tables_of_the_contract_are_those_that_the_tests_know() {
        for table in LIVE_CHAT {
            assert!(STANDARD.contains(&format!("create table public.{table} (")), "{table}");
        }
        assert_eq!(STANDARD.matches("create table ").count(), LIVE_CHAT.len());
    }

    /// A later generator writes other bodies: then raise [`GENERATOR`], so that `check` asks for a migration.
    #[test]
    fn the_generator_has_a_version() {
        let code = |source: &'static str| {
            let code = source.split("#[cfg(test)]").next().unwrap_or(source);
            code.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//"))
        };
        let sources = [include_str!("livechat/bodies.rs"), include_str!("livechat/bodies/log.rs")];
        let lines: Vec<&str> = sources.into_iter().flat_map(code).collect();
        let sum = plan::sha(&lines.join("\n"));
        assert_eq!((GENERATOR, sum.as_str()), ("2", "31c2aae32b99d704396a8d867a02731a"));
    }

    #[test]
    fn every_question_has_a_body() {
        let mut bodies: Vec<&str> = bodies::SIGNATURES.iter().map(|one| one.name).collect();
        let mut questions = QUESTIONS;
        bodies.sort_unstable();
        questions.sort_unstable();
        assert_eq!(bodies, questions);
    }
}
