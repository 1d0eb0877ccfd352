//! Stopping: what has begun is finished, and nothing new is begun.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::http::{Ask, signed_form};
use crate::team::Team;
use crate::world::{World, until};

/// A status callback of its own call.
fn callback(team: &Team, call: u8) -> Ask {
    let account = team.account.sid();
    let sid = identity::CallSid::from_bytes([call; 16]);
    let params =
        [("AccountSid", account.as_str()), ("CallSid", sid.as_str()), ("CallStatus", "completed")];
    signed_form(&team.path("voice/status"), &params, &team.auth_token)
}

/// How many events the database has.
async fn events(world: &World) -> i64 {
    let sql = "select count(*) from public.voice_events";
    world.owner.client().query_one(sql, &[]).await.expect("a count").get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_has_begun_is_finished_and_no_new_one_begins() {
    let mut world = World::new().await;
    let team = world.team("acme").await;
    let address = world.servers[0].address();
    let ask = callback(&team, 1).header("Expect", "100-continue");
    let bytes = ask.bytes();
    let (head, body) = bytes.split_at(bytes.len() - ask.body.len());
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(head).await.expect("the headers");
    // The server asks for the body: it has begun.
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).await.expect("an interim answer");
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    let mut idle = TcpStream::connect(address).await.expect("a connection");
    let ready = b"GET /healthz HTTP/1.1\r\nHost: voice.example.com\r\n\r\n";
    idle.write_all(ready).await.expect("a request");
    let mut first = [0; 15];
    idle.read_exact(&mut first).await.expect("an answer");
    assert_eq!(&first, b"HTTP/1.1 200 OK");

    let stopping = tokio::spawn(world.servers.remove(0).stop());
    until("new connections are refused", async || TcpStream::connect(address).await.is_err()).await;
    assert!(!stopping.is_finished(), "a request is under way");
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).await.expect("the idle connection is closed");

    stream.write_all(body).await.expect("the body");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 204 "), "{answer}");
    stopping.await.expect("it stops");
    assert_eq!(events(&world).await, 1, "it was acknowledged");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_in_the_database_at_the_end() {
    let mut world = World::new().await;
    let team = world.team("acme").await;
    let asks: Vec<Ask> = (1..=60).map(|call| callback(&team, call)).collect();
    let answers = futures_util::future::join_all(asks.iter().map(|ask| world.ask(ask))).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [204; 60]);
    world.servers.remove(0).stop().await;
    assert_eq!(events(&world).await, 60);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_around_the_end_are_kept_or_not_acknowledged() {
    let mut world = World::new().await;
    let team = world.team("acme").await;
    let address = world.servers[0].address();
    let flood = (1..=80).map(|call| {
        let bytes = callback(&team, call).bytes();
        tokio::spawn(async move {
            let Ok(mut stream) = TcpStream::connect(address).await else { return false };
            let mut answer = String::new();
            stream.write_all(&bytes).await.is_ok()
                && stream.read_to_string(&mut answer).await.is_ok()
                && answer.starts_with("HTTP/1.1 204 ")
        })
    });
    let flood: Vec<_> = flood.collect();
    let metric = "switchroom_journal_total{outcome=\"written\"}";
    until("some are written", async || world.metric(metric).await > 0).await;
    world.servers.remove(0).stop().await;
    let mut acknowledged = 0;
    for request in flood {
        acknowledged += i64::from(request.await.expect("no panic"));
    }
    let kept = events(&world).await;
    assert!(acknowledged > 0 && kept >= acknowledged, "{acknowledged} acknowledged, {kept} kept");
    world.stop().await;
}
