//! Indexes on the live chat's tables, made without stopping its writers.

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::catalogue::{Name, ident};
use super::plan::Index;
use crate::error::StoreError;
use crate::fault::Fault;

/// Makes indexes one by one.
///
/// # Errors
///
/// [`StoreError::Refused`] if somebody's transaction keeps one from being made for five seconds.
pub(super) async fn make(client: &Client, indexes: &[Index]) -> Result<(), StoreError> {
    if indexes.is_empty() {
        return Ok(());
    }
    client.batch_execute("set lock_timeout = '5s'").await?;
    let made = all(client, indexes).await;
    client.batch_execute("reset lock_timeout").await?;
    made
}

async fn all(client: &Client, indexes: &[Index]) -> Result<(), StoreError> {
    for index in indexes {
        let name = Name { schema: index.table.schema.clone(), name: index.name.clone() };
        if index.is_partitioned {
            let sql = format!(
                "create index if not exists {} on only {} {}",
                ident(&index.name),
                index.table.sql(),
                index.rest
            );
            run(client, index, &index.table, &sql).await?;
            for partition in &index.partitions {
                let mut short = format!("{}_{}", index.name, partition.name);
                short.truncate(60);
                let part = Name { schema: partition.schema.clone(), name: short };
                one(client, index, partition, &part, true).await?;
                let sql = format!("alter index {} attach partition {}", name.sql(), part.sql());
                run(client, index, partition, &sql).await?;
            }
        } else {
            one(client, index, &index.table, &name, index.is_broken).await?;
        }
    }
    Ok(())
}

/// Makes one index. A half-made one of an earlier try is dropped first.
async fn one(
    client: &Client,
    index: &Index,
    table: &Name,
    name: &Name,
    may_be_broken: bool,
) -> Result<(), StoreError> {
    if may_be_broken {
        let sql = "select exists (select from pg_catalog.pg_index \
                   where indexrelid = to_regclass($1) and not indisvalid)";
        let is_broken: bool = client.query_one(sql, &[&name.sql()]).await?.get(0);
        if is_broken {
            run(client, index, table, &format!("drop index concurrently if exists {}", name.sql()))
                .await?;
        }
    }
    let sql = format!(
        "create index concurrently if not exists {} on {} {}",
        ident(&name.name),
        table.sql(),
        index.rest
    );
    run(client, index, table, &sql).await
}

async fn run(client: &Client, index: &Index, table: &Name, sql: &str) -> Result<(), StoreError> {
    match client.batch_execute(sql).await {
        Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => {
            let holders = holders(client, &[&table.sql()]).await?;
            Err(StoreError::Refused(vec![Fault {
                fault: format!(
                    "the index {} on {} could not be made within 5 s: {holders}",
                    index.name,
                    table.shown()
                ),
                fix: "everything else is done: migrate again when that transaction is over"
                    .to_owned(),
            }]))
        }
        done => Ok(done?),
    }
}

/// Who keeps others from these tables: those that hold a lock on one, else the oldest transactions.
pub(super) async fn holders(client: &Client, tables: &[&str]) -> Result<String, StoreError> {
    let rows = client.query(HOLDERS, &[&tables]).await?;
    let lines: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    Ok(match lines.as_slice() {
        [] => "whoever held it has let go since".to_owned(),
        lines => lines.join("; "),
    })
}

/// Another role's transaction shows its times and its program to few: then its process and role are all.
const HOLDERS: &str = "\
select format('pid %s (%s, role %s) has held %s for %s s', a.pid, \
    coalesce(nullif(a.application_name, ''), 'a program without a name'), a.usename, \
    coalesce(h.held, 'a snapshot'), \
    coalesce(round(extract(epoch from clock_timestamp() - a.xact_start))::text, '?')) \
from pg_catalog.pg_stat_activity a \
left join lateral (select string_agg(distinct regexp_replace(l.relation::regclass::text, '^public\\.', ''), ', ') as held \
  from pg_catalog.pg_locks l where l.pid = a.pid and l.granted \
    and l.relation = any (array(select to_regclass(t.name) from unnest($1::text[]) as t (name)))) h \
  on true \
where a.pid <> pg_backend_pid() and a.datname = current_database() \
  and (a.xact_start is not null or h.held is not null) \
order by h.held is null, a.xact_start limit 3";
