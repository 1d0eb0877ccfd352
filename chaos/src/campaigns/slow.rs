//! Thousands of clients that send nothing, send slowly, or do not read, beside good ones.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rustix::process::{Resource, getrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::context::Context;
use crate::load::{Load, Persistence};
use crate::story::Calls;
use crate::times::Times;
use crate::verdict::Verdict;
use crate::world::{Workspace, World};

/// The behaviour of a slow client.
#[derive(Clone, Copy)]
enum Kind {
    /// Connects, and sends nothing.
    Silent,
    /// Sends a header, byte by byte.
    DripsHeaders,
    /// Sends the body of a webhook, byte by byte.
    DripsBody,
    /// Sends requests, and reads no answer.
    DoesNotRead,
}

impl Kind {
    /// One of forty does not read: on loopback the kernel buffers megabytes of answers for each.
    const fn of(number: usize) -> Self {
        match number % 40 {
            39 => Self::DoesNotRead,
            number if number % 3 == 0 => Self::Silent,
            number if number % 3 == 1 => Self::DripsHeaders,
            _ => Self::DripsBody,
        }
    }
}

pub(crate) async fn run(context: &Context) -> String {
    let clients = CLIENTS.min(files() - ROOM);
    let world = World::new(context, 2).await;
    let server = world.server(0).await;
    let mut calls = Calls::of(&world.workspaces);
    calls.warm(&server).await;
    let idle = server.resident_mib();

    let began = Instant::now();
    let mut slow = JoinSet::new();
    for number in 0..clients {
        let (address, workspace) = (server.address(), world.workspaces[0].clone());
        let kind = Kind::of(number);
        slow.spawn(async move { be_slow(kind, address, &workspace).await });
        if number % 50 == 49 {
            // The queue of a listener may be as short as 128.
            sleep(Duration::from_millis(50)).await;
        }
    }
    let opened = began.elapsed();
    let (_place, watched) = watch::channel(Some(server.address()));
    let load = Load::start(&[watched], 32, Persistence::Once);
    let good = async {
        load.pace(&mut calls, context.pick(50, 100), Duration::from_secs(10)).await;
        load.rest(&mut calls);
        let most = server.resident_mib();
        (load.finish().await, most)
    };
    let ((sent, most), outcomes) = tokio::join!(good, slow.join_all());
    let wrong: Vec<_> =
        sent.iter().map(|sent| &sent.verdict).filter(|v| matches!(v, Verdict::Wrong(_))).collect();
    assert!(wrong.is_empty(), "{} of {}: {:?}", wrong.len(), sent.len(), wrong[0]);
    let mut closed = Vec::new();
    for outcome in outcomes {
        closed.push(outcome.expect("every slow client was let in, and was closed"));
    }
    format!(
        "{clients} slow clients in {:.1} s, all closed: {}; beside them {} good requests, 0 errors, {}; \
         memory {idle:.0} to {most:.0} MiB",
        opened.as_secs_f64(),
        Times::of(closed).told(),
        sent.len(),
        Times::of_sent(&sent).told(),
    )
}

/// Stays slow until the server closes the connection. Returns how long that took.
async fn be_slow(kind: Kind, address: SocketAddr, workspace: &Workspace) -> io::Result<Duration> {
    let mut stream = connect(address).await?;
    let began = Instant::now();
    match kind {
        Kind::Silent => closed(&mut stream, b"", began).await,
        Kind::DripsHeaders => {
            stream.write_all(b"POST /api/workspaces/w1/voice HTTP/1.1\r\nHost: chaos\r\n").await?;
            closed(&mut stream, b"X-Drip: drip\r\n", began).await
        }
        Kind::DripsBody => {
            let request = workspace.signed(&workspace.path("voice"), &[("From", "+1")]);
            let body = request.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(0) + 4;
            stream.write_all(&request[..body]).await?;
            closed(&mut stream, b"a", began).await
        }
        Kind::DoesNotRead => {
            let request = b"GET /openapi.json HTTP/1.1\r\nHost: chaos\r\n\r\n".repeat(64);
            // Until writing fails: unread answers fill the buffers of both sides.
            while began.elapsed() < PATIENCE {
                match timeout(PATIENCE, stream.write_all(&request)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(_)) => return Ok(began.elapsed()),
                    Err(_) => break,
                }
            }
            Err(io::ErrorKind::TimedOut.into())
        }
    }
}

/// Connects. If the listener's queue is full, it tries again at once; the system would wait longer
/// each time.
async fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    loop {
        let socket = TcpSocket::new_v4()?;
        // Five thousand of them share the memory of one machine.
        socket.set_recv_buffer_size(SMALL)?;
        socket.set_send_buffer_size(SMALL)?;
        if let Ok(connected) = timeout(Duration::from_millis(500), socket.connect(address)).await {
            return connected;
        }
    }
}

/// Sends slowly until the server answers 408 or 400, or closes.
async fn closed(stream: &mut TcpStream, drip: &[u8], began: Instant) -> io::Result<Duration> {
    let mut buffer = [0; 4096];
    let mut at = 0;
    while began.elapsed() < PATIENCE {
        if let Some(byte) = drip.get(at % drip.len().max(1)) {
            at += 1;
            if stream.write_all(&[*byte]).await.is_err() {
                return Ok(began.elapsed());
            }
        }
        // An answer alone does not count; the connection must be closed.
        if let Ok(Ok(0) | Err(_)) = timeout(DRIP, stream.read(&mut buffer)).await {
            return Ok(began.elapsed());
        }
    }
    Err(io::ErrorKind::TimedOut.into())
}

/// How many files this process, and the server like it, may open.
fn files() -> usize {
    let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    usize::try_from(limit).unwrap_or(usize::MAX)
}

/// As many as there may be; fewer on a system that gives a process fewer files.
const CLIENTS: usize = 5_000;
/// Files for everything else.
const ROOM: usize = 512;
/// Bytes of a socket's buffer.
const SMALL: u32 = 8 * 1024;
/// Between two bytes.
const DRIP: Duration = Duration::from_secs(2);
/// Each limit of the server is 5 or 10 s; a busy machine may add to it.
const PATIENCE: Duration = Duration::from_secs(45);
