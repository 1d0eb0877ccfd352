//! What stands between the server and the database, and settings that a session finds.

use std::path::Path;
use std::time::Duration;

use identity::ContactId;
use store_pg::{Store, StoreError, StoreOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

use crate::support::*;

/// A pooler in statement mode: it begins no transaction, so that each statement is alone.
fn statement_pooler(server: &Path, dir: &Path) {
    std::fs::create_dir_all(dir).expect("a directory");
    let listener = UnixListener::bind(dir.join(".s.PGSQL.5432")).expect("a socket");
    let server = server.join(".s.PGSQL.5432");
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = UnixStream::connect(&server).await.expect("the server");
            let (mut client_read, mut client_write) = client.into_split();
            let (mut server_read, mut server_write) = server.into_split();
            tokio::spawn(async move { tokio::io::copy(&mut server_read, &mut client_write).await });
            tokio::spawn(async move {
                let mut bytes = vec![0; 65_536];
                while let Ok(length @ 1..) = client_read.read(&mut bytes).await {
                    let sent = &mut bytes[..length];
                    while let Some(at) = sent.windows(6).position(|word| word == b"begin\0") {
                        sent[at..at + 5].fill(b' ');
                    }
                    if server_write.write_all(sent).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
}

#[tokio::test]
async fn a_pooler_in_statement_mode_is_a_fault_and_not_ready() {
    let db = Db::new().await;
    let dir = std::env::temp_dir().join(format!("store-pg-pooler-{}", std::process::id()));
    statement_pooler(db.socket_dir(), &dir);
    let direct = db.socket_dir().to_str().expect("a path");
    let url = db.url(LOGIN).replace(direct, dir.to_str().expect("a path"));
    let store = Store::new(&url, StoreOptions::SMALL).expect("a store");
    let is_named = |refused: Result<(), StoreError>| {
        let text = refused.expect_err("it is in between").to_string();
        assert_eq!(text.lines().count(), 2, "{text}");
        assert!(text.contains("a pooler in statement mode"), "{text}");
        assert!(text.contains("session mode"), "{text}");
    };
    is_named(store.ready().await);
    is_named(store.guard().await);
    let direct = db.store();
    direct.guard().await.expect("the database is not at fault");
    direct.ready().await.expect("ready");
    std::fs::remove_dir_all(dir).expect("the directory of the test");
}

/// A schema with what our policies and statements ask, under other meanings.
const EVIL: &str = "\
create schema evil; grant usage on schema evil to public; \
create function evil.current_setting(text, boolean) returns text language sql immutable \
  return case $1 when 'voice.workspace_id' then 'ws_b' \
    else '{\"sub\":\"02020202-0202-0202-0202-020202020202\"}' end; \
create function evil.same(text, text) returns boolean language sql immutable return false; \
create operator evil.= (leftarg = text, rightarg = text, function = evil.same); \
create function evil.set_config(text, text, boolean) returns text language sql \
  as 'select pg_catalog.set_config($1, case $1 when ''voice.workspace_id'' then ''ws_b'' else $2 end, $3)';";

/// The settings of a role or a database reach every session.
#[tokio::test]
async fn a_search_path_before_the_catalogue_shows_nobody_else() {
    let db = Db::new().await;
    let (mine, theirs) = (workspace("ws_a"), workspace("ws_b"));
    db.team(&mine, &[1]).await;
    db.team(&theirs, &[2]).await;
    db.contact(&mine, 0x10, "+15005550001").await;
    db.contact(&theirs, 0x20, "+15005550001").await;
    db.execute(EVIL);
    for whose in [format!("role {LOGIN} in database"), "database".to_owned()] {
        db.execute(&format!(
            "alter {whose} {} set search_path = evil, pg_catalog, public",
            db.name()
        ));
        let store = db.store();
        store.guard().await.expect("it cannot leak");
        let caller = number("+15005550001");
        let found = store.roster(&mine, Some(&caller), sid(1), Duration::ZERO, at(0)).await;
        let found = found.expect("a roster");
        assert_eq!(found.contact.expect("a contact").id, ContactId::from_bytes([0x10; 16]));
        let users: Vec<_> = found.candidates.iter().map(|one| one.user).collect();
        assert_eq!(users, [agent(1)], "{whose}");

        // The policies hold by themselves, in a session that keeps the path.
        let client = db.client(LOGIN).await;
        for (role, claims) in [("voice_webhook", ""), ("voice_agent", SUB)] {
            let enter = format!(
                "begin; select pg_catalog.set_config('role', '{role}', true), \
                   pg_catalog.set_config('voice.workspace_id', 'ws_a', true), \
                   pg_catalog.set_config('request.jwt.claims', '{claims}', true)"
            );
            client.batch_execute(&enter).await.expect("a scope");
            let sql =
                "select pg_catalog.array_agg(distinct workspace_id) from public.user_profiles";
            let seen: Vec<String> = client.query_one(sql, &[]).await.expect("rows").get(0);
            assert_eq!(seen, ["ws_a"], "{whose}, {role}");
            client.batch_execute("rollback").await.expect("rollback");
            db.execute(UNPINNED);
            client.batch_execute(&enter).await.expect("a scope");
            let seen: Vec<String> = client.query_one(sql, &[]).await.expect("rows").get(0);
            assert_eq!(seen, ["ws_b"], "the attack is one");
            client.batch_execute("rollback").await.expect("rollback");
            db.owner.migrate(&db.url(LOGIN)).await.expect("as it was");
        }
    }
}

/// Functions that take the path of whoever asks.
const UNPINNED: &str = "\
create or replace function voice.workspace() returns text language sql stable as \
  'select nullif(current_setting(''voice.workspace_id'', true), '''')'; \
create or replace function voice.member_workspace() returns text language sql stable as \
  'select voice.workspace()';";

const SUB: &str = r#"{"sub":"01010101-0101-0101-0101-010101010101"}"#;
