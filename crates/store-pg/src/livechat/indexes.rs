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

/// Makes the indexes on `voice.tail` again if they were made by an earlier definition of it.
///
/// # Errors
///
/// As [`make`]. The next migration tries again.
pub(super) async fn renew(client: &Client) -> Result<(), StoreError> {
    let sql = "select pg_catalog.obj_description(to_regprocedure('voice.tail(text)'), 'pg_proc')";
    let applied: Option<String> = client.query_one(sql, &[]).await?.get(0);
    if applied.as_deref() == Some(TAIL) {
        return Ok(());
    }
    client.batch_execute("set lock_timeout = '5s'").await?;
    let renewed = again(client).await;
    client.batch_execute("reset lock_timeout").await?;
    renewed?;
    Ok(client.batch_execute(&format!("comment on function voice.tail(text) is '{TAIL}'")).await?)
}

async fn again(client: &Client) -> Result<(), StoreError> {
    for row in client.query(ON_TAILS, &[]).await? {
        let (schema, name, table) = (row.get(0), row.get(1), row.get(2));
        let table = Name { schema, name: table };
        let index = Name { schema: table.schema.clone(), name };
        let sql = format!("reindex index concurrently {}", index.sql());
        run(client, &index.name, &table, &sql).await?;
    }
    Ok(())
}

/// Which definition of `voice.tail` the indexes were made by. It is raised with the definition.
const TAIL: &str = "definition 2";

const ON_TAILS: &str = "\
select n.nspname::text, i.relname::text, t.relname::text from pg_catalog.pg_index x \
join pg_catalog.pg_class i on i.oid = x.indexrelid join pg_catalog.pg_class t on t.oid = x.indrelid \
join pg_catalog.pg_namespace n on n.oid = i.relnamespace \
where i.relkind = 'i' and pg_catalog.pg_get_indexdef(x.indexrelid) like '%voice.tail(%'";

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
            run(client, &index.name, &index.table, &sql).await?;
            for partition in &index.partitions {
                let mut short = format!("{}_{}", index.name, partition.name);
                short.truncate(60);
                let part = Name { schema: partition.schema.clone(), name: short };
                one(client, index, partition, &part, true).await?;
                let sql = format!("alter index {} attach partition {}", name.sql(), part.sql());
                run(client, &index.name, partition, &sql).await?;
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
            run(
                client,
                &index.name,
                table,
                &format!("drop index concurrently if exists {}", name.sql()),
            )
            .await?;
        }
    }
    let sql = format!(
        "create index concurrently if not exists {} on {} {}",
        ident(&name.name),
        table.sql(),
        index.rest
    );
    run(client, &index.name, table, &sql).await
}

async fn run(client: &Client, index: &str, table: &Name, sql: &str) -> Result<(), StoreError> {
    match client.batch_execute(sql).await {
        Err(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) => {
            let holders = holders(client, &[&table.sql()]).await?;
            Err(StoreError::Refused(vec![Fault {
                fault: format!(
                    "the index {} on {} could not be made within 5 s: {holders}",
                    index,
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
