//! One request, to see who answers.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{Request, StatusCode, header};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use identity::Timestamp;

use crate::clock::Clock;

/// What came back.
pub(super) struct Fetched {
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
    /// How far the other clock, which tells seconds, is from ours, if it is told.
    pub(super) skew: Option<Duration>,
}

/// Sends a request, by TLS where the URL says so; redirects are not followed.
///
/// # Errors
///
/// Why nobody answered, with all causes.
pub(super) async fn fetch(clock: &Clock, request: Request<Full<Bytes>>) -> Result<Fetched, String> {
    let connector = hyper_rustls::HttpsConnectorBuilder::new()
        .with_provider_and_native_roots(rustls::crypto::aws_lc_rs::default_provider())
        .map_err(|error| error.to_string())?
        .https_or_http()
        .enable_http1()
        .build();
    let client: Client<_, Full<Bytes>> = Client::builder(TokioExecutor::new()).build(connector);
    let fetched = async {
        let began = clock.instant();
        let answer = client.request(request).await;
        let answer = answer.map_err(|error| super::super::with_causes(&error))?;
        let took = clock.elapsed(began);
        let date = answer.headers().get(header::DATE).and_then(|date| date.to_str().ok());
        // RFC 9110, 5.6.7: always GMT.
        let date = date.map(|date| date.replace("GMT", "+0000"));
        let date = date.and_then(|date| Timestamp::parse_rfc2822(&date).ok());
        // The other clock was read in between, and it drops the fraction of a second.
        let skew = date.map(|date| apart(date, clock.now()).saturating_sub(took + SECOND));
        let status = answer.status();
        let body = Limited::new(answer.into_body(), MAX_BYTES).collect().await;
        let body = body.map_err(|error| error.to_string())?.to_bytes();
        Ok(Fetched { status, body, skew })
    };
    tokio::time::timeout(PATIENCE, fetched)
        .await
        .unwrap_or_else(|_| Err("no answer in time".into()))
}

/// How far two moments are apart.
pub(super) fn apart(one: Timestamp, other: Timestamp) -> Duration {
    Duration::from_micros(one.unix_micros().abs_diff(other.unix_micros()))
}

/// Beyond it sessions are refused, and calls are timed wrong.
pub(super) const MOST_SKEW: Duration = Duration::from_secs(5);

const SECOND: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_secs(5);
const MAX_BYTES: usize = 256 * 1024;
