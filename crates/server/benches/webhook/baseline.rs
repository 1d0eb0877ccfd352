//! The upper bound for the server: a hyper server that reads the body and answers a constant.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::process::Command;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::process::Child;
use crate::world::free_address;

/// Starts this program again as the bare server.
pub(crate) fn start_bare() -> Child {
    let address = free_address();
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.arg("--bare").env("BENCH_LISTEN", address.to_string());
    Child::start(command, address)
}

/// Serves until it is killed.
pub(crate) fn serve_bare() {
    let address: SocketAddr =
        std::env::var("BENCH_LISTEN").expect("an address").parse().expect("an address");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async move {
        let listener = TcpListener::bind(address).await.expect("a listener");
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            stream.set_nodelay(true).expect("no delay");
            let connection =
                http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer));
            tokio::spawn(async move { drop(connection.await) });
        }
    });
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    drop(request.into_body().collect().await);
    let mut reply = Response::new(Full::new(Bytes::from_static(ANSWER)));
    let content_type = hyper::header::HeaderValue::from_static("text/xml; charset=utf-8");
    reply.headers_mut().insert(hyper::header::CONTENT_TYPE, content_type);
    Ok(reply)
}

/// As long as a Dial with ten clients.
const ANSWER: &[u8] = &[b' '; 4_000];
