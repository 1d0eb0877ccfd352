//! Slow clients: their connections are closed in time, and no other client notices.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::http::Ask;
use crate::world::World;

/// Deadlines are 5 s; a busy machine may be late.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sends a beginning, then a byte every so often, and waits until the server closes.
async fn drip(address: SocketAddr, head: Vec<u8>, byte: &'static [u8]) -> Vec<u8> {
    let stream = TcpStream::connect(address).await.expect("a connection");
    let (mut reader, mut writer) = stream.into_split();
    let mut answer = Vec::new();
    let write = async {
        if writer.write_all(&head).await.is_err() || byte.is_empty() {
            std::future::pending::<()>().await;
        }
        loop {
            tokio::time::sleep(Duration::from_millis(200)).await;
            if writer.write_all(byte).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    tokio::select! {
        () = write => {}
        // An end and a reset are both an end.
        _ = reader.read_to_end(&mut answer) => {}
    }
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn each_is_given_up_and_nobody_else_notices() {
    let world = World::new().await;
    let team = world.team("acme").await;
    world.agents(&team, 1).await;
    let address = world.servers[0].address();
    let params = [("CallSid", "CA01010101010101010101010101010101"), ("CallStatus", "completed")];
    let form = team.signed("voice/status", &params);
    let bytes = form.bytes();
    let body_from = bytes.len() - form.body.len();
    let get = b"GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n";
    let cases: [(&str, Vec<u8>, &'static [u8], &str); 6] = [
        ("silent from the start", Vec::new(), b"", ""),
        ("silent in the headers", bytes[..40].to_vec(), b"", ""),
        ("headers byte by byte", bytes[..body_from - 2].to_vec(), b"x", ""),
        ("silent in the body", bytes[..body_from + 3].to_vec(), b"", "HTTP/1.1 400 "),
        ("a body byte by byte", bytes[..body_from + 3].to_vec(), b"x", "HTTP/1.1 400 "),
        ("a body that nobody reads", get.to_vec(), b"x", "HTTP/1.1 200 "),
    ];
    let slow: Vec<_> = cases
        .into_iter()
        .flat_map(|case| std::iter::repeat_n(case, 20))
        .map(|(name, head, byte, start)| {
            tokio::spawn(async move {
                let answer = timeout(PATIENCE, drip(address, head, byte)).await;
                let answer = answer.unwrap_or_else(|_| panic!("{name}: still open"));
                let answer = String::from_utf8_lossy(&answer).into_owned();
                assert!(answer.starts_with(start), "{name}: {answer}");
            })
        })
        .collect();
    while slow.iter().any(|task| !task.is_finished()) {
        let answer = world.ask(&form).await;
        assert_eq!(answer.status, 204);
        assert_eq!(world.ask(&Ask::get("/healthz")).await.status, 200);
    }
    for task in slow {
        task.await.expect("given up");
    }
    world.stop().await;
}
