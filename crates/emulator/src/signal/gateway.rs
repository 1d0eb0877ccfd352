//! The gateway: TLS on loopback.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::certificate::Identity;
use super::http;
use crate::shared::Shared;

/// The gateway for the Voice SDK of real browsers. It stops when this is dropped; connected
/// browsers stay connected until the [`Emulator`](crate::Emulator) is dropped.
///
/// Its certificate is self-made and names `localhost` and `127.0.0.1`. A browser must be told to
/// trust it: Chromium by `--ignore-certificate-errors-spki-list=` and [`Gateway::spki_sha256`].
///
/// It also answers for the other hosts that the SDK uses without options, so that
/// `--host-resolver-rules=MAP *.twilio.com 127.0.0.1:PORT` is enough for an unmodified application:
/// it sends short silence for the sounds, and accepts the Insights.
pub struct Gateway {
    address: SocketAddr,
    spki_sha256: String,
    certificate: Vec<u8>,
    task: JoinHandle<()>,
}

impl Gateway {
    pub(crate) async fn open(shared: Arc<Shared>, address: SocketAddr) -> io::Result<Self> {
        if !address.ip().is_loopback() {
            let text = "the emulator listens on loopback addresses only";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let identity = Identity::new()?;
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(listen(listener, identity.acceptor, shared));
        let certificate = identity.certificate.to_vec();
        Ok(Self { address, spki_sha256: identity.spki_sha256, certificate, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The option `chunderw` of the SDK's `Device`: host and port.
    pub fn chunderw(&self) -> String {
        self.address.to_string()
    }

    /// Base64 of the SHA-256 of the certificate's public key.
    pub fn spki_sha256(&self) -> &str {
        &self.spki_sha256
    }

    /// The certificate, in DER, for clients that trust a given certificate.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Gateway({})", self.address)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(listener: TcpListener, acceptor: TlsAcceptor, shared: Arc<Shared>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // The client is gone already, or too many files are open. Neither is a reason to stop.
            tokio::time::sleep(BREATH).await;
            continue;
        };
        tokio::spawn(serve(stream, acceptor.clone(), Arc::clone(&shared)));
    }
}

/// Serves one connection until it ends or becomes a socket.
async fn serve(stream: TcpStream, acceptor: TlsAcceptor, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    // A client that does not trust the certificate leaves here.
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let service = service_fn(|request| {
        let response = http::answer(&shared, request);
        async move { Ok::<_, std::convert::Infallible>(response) }
    });
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await;
}

/// The pause after a connection that could not be accepted.
const BREATH: Duration = Duration::from_millis(20);
