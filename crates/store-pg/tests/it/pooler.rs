//! What stands between the server and the database, and settings that a session finds.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use identity::ContactId;
use store_pg::{Owner, Store, StoreError, StoreOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;

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

/// One end of a conversation in the database's protocol.
struct Side {
    messages: mpsc::Receiver<Vec<u8>>,
    write: OwnedWriteHalf,
}

impl Side {
    fn of(stream: UnixStream) -> Self {
        let (mut read, write) = stream.into_split();
        let (sender, messages) = mpsc::channel(64);
        tokio::spawn(async move {
            while let Some(message) = message(&mut read).await {
                if sender.send(message).await.is_err() {
                    break;
                }
            }
        });
        Self { messages, write }
    }

    async fn say(&mut self, message: &[u8]) -> Option<()> {
        self.write.write_all(message).await.ok()
    }
}

/// One message, whole.
async fn message(stream: &mut OwnedReadHalf) -> Option<Vec<u8>> {
    let mut message = vec![0; 5];
    stream.read_exact(&mut message).await.ok()?;
    let length = u32::from_be_bytes(message[1..].try_into().ok()?);
    message.resize(usize::try_from(length).ok()? + 1, 0);
    stream.read_exact(&mut message[5..]).await.ok()?;
    Some(message)
}

/// A pooler in transaction mode: a session belongs to a client from the first message of a transaction to
/// its end, then to whoever asks next. The one that was used last is given first.
struct TransactionPooler {
    socket: PathBuf,
    database: String,
    idle: Mutex<Vec<Side>>,
}

impl TransactionPooler {
    fn start(db: &Db, dir: &Path) {
        std::fs::create_dir_all(dir).expect("a directory");
        let listener = UnixListener::bind(dir.join(".s.PGSQL.5432")).expect("a socket");
        let pooler = Arc::new(Self {
            socket: db.socket_dir().join(".s.PGSQL.5432"),
            database: db.name().to_owned(),
            idle: Mutex::default(),
        });
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&pooler).serve(client));
            }
        });
    }

    async fn serve(self: Arc<Self>, mut client: UnixStream) -> Option<()> {
        // The start of a client is answered without the server: ok, a key, ready.
        let length = client.read_u32().await.ok()?;
        let mut start = vec![0; usize::try_from(length).ok()? - 4];
        client.read_exact(&mut start).await.ok()?;
        let mut client = Side::of(client);
        client.say(b"R\0\0\0\x08\0\0\0\0K\0\0\0\x0c\0\0\0\x01\0\0\0\x01Z\0\0\0\x05I").await?;
        loop {
            let first = client.messages.recv().await.filter(|message| message[0] != b'X')?;
            let kept = self.idle.lock().expect("the idle ones").pop();
            let mut session = match kept {
                Some(session) => session,
                None => self.open().await?,
            };
            session.say(&first).await?;
            loop {
                tokio::select! {
                    asked = client.messages.recv() => session.say(&asked?).await?,
                    answer = session.messages.recv() => {
                        let answer = answer?;
                        client.say(&answer).await?;
                        if answer[0] == b'Z' && answer[5] == b'I' {
                            break;
                        }
                    }
                }
            }
            self.idle.lock().expect("the idle ones").push(session);
        }
    }

    async fn open(&self) -> Option<Side> {
        let mut session = Side::of(UnixStream::connect(&self.socket).await.ok()?);
        let names = format!("user\0{LOGIN}\0database\0{}\0\0", self.database);
        let length = u32::try_from(names.len()).ok()? + 8;
        session.say(&[&length.to_be_bytes()[..], &[0, 3, 0, 0], names.as_bytes()].concat()).await?;
        while session.messages.recv().await?[0] != b'Z' {}
        Some(session)
    }
}

#[tokio::test]
async fn a_pooler_in_transaction_mode_is_a_fault_and_gets_no_settings() {
    let db = Db::new().await;
    let dir = std::env::temp_dir().join(format!("store-pg-transactions-{}", std::process::id()));
    TransactionPooler::start(&db, &dir);
    let direct = db.socket_dir().to_str().expect("a path");
    let url = db.url(LOGIN).replace(direct, dir.to_str().expect("a path"));
    let store = Store::new(&url, StoreOptions::SMALL).expect("a store");
    let refused = [
        store.guard().await.expect_err("it is in between"),
        Owner::connect(&url).await.map(drop).expect_err("it is in between"),
    ];
    for refused in refused {
        let text = refused.to_string();
        assert!(text.contains("a pooler in transaction mode is between"), "{text}");
        assert!(text.contains("pool_mode=session"), "{text}");
    }
    let refused = store.ready().await.expect_err("it is not used");
    assert!(matches!(refused, StoreError::Untrusted), "{refused:?}");

    // Sessions that other clients get now are as the database makes them.
    let sql = "select current_setting('jit'), current_setting('search_path'), \
               current_setting('statement_timeout'), coalesce(current_setting('voice.workspace_id', true), '')";
    let settings = async |url: &str| {
        let client = connect(url).await;
        let answer = client.simple_query(sql).await.expect("the settings");
        let row = answer.iter().find_map(|message| match message {
            tokio_postgres::SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        let row = row.expect("a row");
        (0..4).map(|column| row.get(column).unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(settings(&url).await, settings(&db.url(LOGIN)).await);
    db.store().guard().await.expect("the database is not at fault");
    std::fs::remove_dir_all(dir).expect("the directory of the test");
}

/// A name leads to the database first and to a pooler later.
#[tokio::test]
async fn a_running_server_finds_a_pooler_that_comes_later() {
    let db = Db::new().await;
    let dir = std::env::temp_dir().join(format!("store-pg-later-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a directory");
    let socket = dir.join(".s.PGSQL.5432");
    std::os::unix::fs::symlink(db.socket_dir().join(".s.PGSQL.5432"), &socket).expect("a name");
    let direct = db.socket_dir().to_str().expect("a path");
    let url = db.url(LOGIN).replace(direct, dir.to_str().expect("a path"));
    let store = Store::new(&url, StoreOptions::SMALL).expect("a store");
    store.guard().await.expect("the database itself");
    store.look_again().await.expect("the database itself");
    std::fs::remove_file(&socket).expect("the name is free");
    TransactionPooler::start(&db, &dir);
    let refused = store.look_again().await.expect_err("it is in between").to_string();
    assert!(refused.contains("a pooler in transaction mode is between"), "{refused}");
    let refused = store.ready().await.expect_err("it is not used");
    assert!(matches!(refused, StoreError::Untrusted), "{refused:?}");
    std::fs::remove_dir_all(dir).expect("the directory of the test");
}

#[tokio::test]
async fn a_known_transaction_pooler_is_refused_before_it_is_asked() {
    let url =
        "postgres://voice_app.abcdef:secret@aws-0-eu-central-1.pooler.supabase.com:6543/postgres";
    let store = Store::new(url, StoreOptions::SMALL).expect("a store");
    let text = store.guard().await.expect_err("a pooler").to_string();
    assert!(text.contains("port 6543 is Supabase's pooler in transaction mode"), "{text}");
    assert!(text.contains("use port 5432 of the same host"), "{text}");
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
    db.execute(
        "insert into voice_agents (workspace_id, user_id) \
           select workspace_id, id from user_profiles",
    );
    db.execute(EVIL);
    for whose in [format!("role {LOGIN} in database"), "database".to_owned()] {
        db.execute(&format!(
            "alter {whose} {} set search_path = evil, pg_catalog, public",
            db.name()
        ));
        let store = db.store();
        store.guard().await.expect("it cannot leak");
        let caller = number("+15005550001");
        let found = roster(&store, &mine, Some(&caller), *US, sid(1), Duration::ZERO, at(0)).await;
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
            let sql = "select pg_catalog.array_agg(distinct workspace_id) from public.voice_agents";
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
