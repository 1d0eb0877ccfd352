//! How often a request goes to the database and back.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use store_pg::{Claim, Store, StoreOptions, StoredEvent};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::OwnedWriteHalf;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

use crate::events::*;
use crate::support::*;

/// Stands between client and server. It counts the client's requests, and can hold the answers back.
/// A client that sends more in the meantime has not waited for them.
struct Gate {
    dir: PathBuf,
    asked: watch::Receiver<usize>,
    /// Answers pass while the client has asked for no more than this.
    allowed: Arc<watch::Sender<usize>>,
}

impl Gate {
    fn before(server: &Path, name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("store-pg-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("a directory");
        let listener = UnixListener::bind(dir.join(".s.PGSQL.5432")).expect("a socket");
        let server = server.join(".s.PGSQL.5432");
        let (count, asked) = watch::channel(0);
        let allowed = Arc::new(watch::Sender::new(usize::MAX));
        let (count, gate) = (Arc::new(count), Arc::clone(&allowed));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = UnixStream::connect(&server).await.expect("the server");
                let (client_read, client_write) = client.into_split();
                let (server_read, server_write) = server.into_split();
                let asked = count.subscribe();
                tokio::spawn(ask(client_read, server_write, Arc::clone(&count)));
                tokio::spawn(answer(server_read, client_write, asked, gate.subscribe()));
            }
        });
        Self { dir, asked, allowed }
    }

    /// Runs a request, holding back all answers until the client has asked for so many more things,
    /// then again.
    async fn trips<T>(&mut self, asked: &[usize], request: impl Future<Output = T>) -> T {
        let before = *self.asked.borrow();
        self.allowed.send_replace(before);
        let gate = async {
            let mut total = before;
            for more in asked {
                total += more;
                let waited = self.asked.wait_for(|asked| *asked >= total);
                let waited = tokio::time::timeout(Duration::from_secs(20), waited).await;
                waited.expect("the client waits for an answer").map(|_| ()).expect("a gate");
                self.allowed.send_replace(total);
            }
        };
        let (result, ()) = tokio::join!(request, gate);
        assert_eq!(*self.asked.borrow() - before, asked.iter().sum::<usize>(), "it asked for more");
        self.allowed.send_replace(usize::MAX);
        result
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// Hands on what the client says. Every simple query and every `Sync` asks for an answer.
async fn ask(
    mut client: impl AsyncRead + Unpin,
    mut server: OwnedWriteHalf,
    count: Arc<watch::Sender<usize>>,
) -> Option<()> {
    let mut kind = None;
    loop {
        // The first message has a length, but no kind.
        let mut message = Vec::new();
        if kind.is_some() {
            kind = Some(client.read_u8().await.ok()?);
            message.extend(kind);
        }
        let length = client.read_u32().await.ok()?;
        message.extend(length.to_be_bytes());
        let mut body = vec![0; usize::try_from(length).ok()?.checked_sub(4)?];
        client.read_exact(&mut body).await.ok()?;
        message.extend(body);
        server.write_all(&message).await.ok()?;
        if matches!(kind, Some(b'Q' | b'S')) {
            count.send_modify(|count| *count += 1);
        }
        kind = kind.or(Some(0));
    }
}

/// Hands on what the server says, once everything was asked that may be asked without it.
async fn answer(
    mut server: impl AsyncRead + Unpin,
    mut client: OwnedWriteHalf,
    asked: watch::Receiver<usize>,
    mut allowed: watch::Receiver<usize>,
) -> Option<()> {
    let mut buffer = vec![0; 65_536];
    loop {
        let length = server.read(&mut buffer).await.ok().filter(|length| *length > 0)?;
        allowed.wait_for(|allowed| *asked.borrow() <= *allowed).await.ok()?;
        client.write_all(&buffer[..length]).await.ok()?;
    }
}

#[tokio::test]
async fn a_lookup_is_one_round_trip_and_the_log_two() {
    let db = Db::new().await;
    let ws = workspace("ws_a");
    db.team(&ws, &[1, 2, 3]).await;
    let contact = db.contact(&ws, 0x11, "+15005550001").await;
    let mut gate = Gate::before(db.socket_dir(), "trips");
    let url = db
        .url(LOGIN)
        .replace(db.socket_dir().to_str().expect("a path"), gate.dir.to_str().expect("a path"));
    let one = StoreOptions {
        webhook_connections: 1,
        agent_connections: 1,
        apply_connections: 1,
        report_connections: 1,
        feed_connections: 1,
        lane_connections: 1,
    };
    let store = Store::new(&url, one).expect("a store");
    let caller = number("+15005550001");
    let events = three_agents(contact);
    // The first of each kind opens the connection and prepares its statements.
    roster(&store, &ws, Some(&caller), *US, sid(CALL), Duration::ZERO, at(0))
        .await
        .expect("a roster");
    store.agents(&ws, agent(1), at(0)).await.expect("agents");
    assert!(store.is_member(&ws, agent(1)).await.expect("an answer"));
    store.apply(&ws, &events[..1]).await.expect("applied");

    // Begin, scope, statement, a look whether the scope is still that one, commit.
    let members = gate.trips(&[5], store.members(&ws, at(0))).await.expect("the members");
    assert_eq!(members.len(), 3);
    // Who calls is one statement and nothing around it.
    let asked = gate.trips(&[1], store.caller(&ws, &["05550001".to_owned()], sid(CALL))).await;
    assert_eq!(asked.expect("an answer").contacts[0].contact.id, contact);
    assert!(gate.trips(&[1], store.is_member(&ws, agent(1))).await.expect("an answer"));
    // The same with a lock before the statement.
    let (agent_id, call) = (agent(1), sid(0xd1));
    let claim = Claim {
        agent: agent_id,
        number: &caller,
        home: *US,
        call,
        limit: 1,
        since: at(-60),
        limit_of_all: 1,
        since_of_all: at(-60),
    };
    let claimed = store.claim_call(&ws, &claim, at(0));
    assert!(gate.trips(&[7], claimed).await.expect("an answer").claimed);
    assert!(gate.trips(&[5], store.workspace(&ws)).await.expect("an answer").is_none());
    assert_eq!(
        gate.trips(&[5], store.agents(&ws, agent(1), at(0))).await.expect("agents").len(),
        3
    );
    // A call that begins is not read: begin, scope, its row, whether it was erased; event, log, news, the
    // look, commit.
    let new = [StoredEvent { call: sid(0xd2), ..events[0].clone() }];
    let applied = gate.trips(&[4, 5], store.apply(&ws, &new)).await;
    applied.expect("applied");
    // If it is not new after all, it is locked and read.
    let applied = gate.trips(&[4, 3, 11], store.apply(&ws, &events)).await;
    applied.expect("applied");
    let leg = &events[3..4];
    let applied = gate.trips(&[6, 2], store.apply(&ws, leg)).await;
    applied.expect("nothing is written of what is known");
}
