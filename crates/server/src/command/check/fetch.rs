//! One request, to see what answers.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, StatusCode, header};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use identity::Timestamp;

use crate::clock::{Clock, apart};

/// What came back.
pub(super) struct Fetched {
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
    /// How far the other clock is from ours, if the answer has a date, which has whole seconds.
    pub(super) skew: Option<Duration>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    #[error("{0}")]
    Tls(std::io::Error),
    #[error("{}", super::super::with_causes(.0))]
    Request(#[from] hyper_util::client::legacy::Error),
    #[error("{0}")]
    Body(Box<dyn std::error::Error + Send + Sync>),
    #[error("no answer in time")]
    TimedOut,
}

impl FetchError {
    /// Whether nothing that this machine trusts vouches for the other side.
    pub(super) fn is_distrust(&self) -> bool {
        match self {
            Self::Tls(_) => true,
            Self::Request(error) => trust::is_unknown_authority(error),
            Self::Body(_) | Self::TimedOut => false,
        }
    }
}

/// Sends a request, by TLS where the URL says so; redirects are not followed.
pub(super) async fn fetch(
    clock: &Clock,
    request: Request<Full<Bytes>>,
) -> Result<Fetched, FetchError> {
    let connector = hyper_rustls::HttpsConnectorBuilder::new()
        .with_tls_config(trust::client_config().map_err(FetchError::Tls)?)
        .https_or_http()
        .enable_http1()
        .build();
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build(connector);
    let fetched = async {
        let began = clock.instant();
        let answer = client.request(request).await?;
        let took = clock.elapsed(began);
        let date = answer.headers().get(header::DATE).and_then(|date| date.to_str().ok());
        // RFC 9110, 5.6.7: always GMT.
        let date = date.map(|date| date.replace("GMT", "+0000"));
        let date = date.and_then(|date| Timestamp::parse_rfc2822(&date).ok());
        // The other clock was read during the request, and its fraction of a second is cut off.
        let skew = date.map(|date| apart(date, clock.now()).saturating_sub(took + SECOND));
        let status = answer.status();
        let body = Limited::new(answer.into_body(), MAX_BYTES).collect().await;
        let body = body.map_err(FetchError::Body)?.to_bytes();
        Ok(Fetched { status, body, skew })
    };
    tokio::time::timeout(PATIENCE, fetched).await.unwrap_or(Err(FetchError::TimedOut))
}

/// Beyond it sessions are refused, and calls are timed wrong.
pub(super) const MOST_SKEW: Duration = Duration::from_secs(5);

const SECOND: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(5);
const MAX_BYTES: usize = 256 * 1024;
