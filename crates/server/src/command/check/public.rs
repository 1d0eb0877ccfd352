//! The public URL: does it lead to a server that accepts a request signed for it?

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, StatusCode, Uri, header};
use twilio_sig::{AuthToken, Headers, SecretError};

use super::Report;
use super::database::Found;
use super::fetch::{self, FetchError};
use crate::config::Config;
use crate::endpoint::{Carrier, Endpoint, Operations};

pub(super) async fn look(config: &Config, workspaces: &[Found], report: &mut Report) {
    let base = config.public_url.as_str();
    let at_home = is_at_home(base);
    if at_home && !config.reconcile.api.as_ref().is_some_and(|api| is_at_home(api.as_str())) {
        report.fault(
            format!(
                "SWITCHROOM_PUBLIC_URL ({base}) is on this machine, where Twilio cannot call it"
            ),
            "set it to the https URL that leads here",
        );
    } else if base.starts_with("http://") && !at_home {
        report.fault(
            format!("SWITCHROOM_PUBLIC_URL ({base}) is not https"),
            "let a proxy end TLS: without it, signed requests can be read and replayed",
        );
    }
    let Some(found) = workspaces.first() else { return };
    match try_signed(config, found).await {
        Ok(StatusCode::NO_CONTENT) => {
            report.good("public URL, with a signed request");
            ready(config, report).await;
        }
        Ok(StatusCode::FORBIDDEN) => report.fault(
            format!("the server at {base} refuses a request that is signed for it"),
            "let the proxy pass path and query unchanged, and give the server the same \
             SWITCHROOM_PUBLIC_URL and SWITCHROOM_SECRETS_KEY",
        ),
        Ok(status) => report.fault(
            format!("{base} answers a signed request with status {status}"),
            "set SWITCHROOM_PUBLIC_URL to the URL of `switchroom serve`",
        ),
        Err(_) if !is_running(config).await => {
            report.first("start `switchroom serve`, and check again while it runs");
        }
        Err(error) => report.fault(
            format!("nobody answers at SWITCHROOM_PUBLIC_URL ({base}): {error}"),
            "point the host name and the proxy to `switchroom serve`, which runs here",
        ),
    }
}

/// What the server says about itself: it knows what waits, and why.
async fn ready(config: &Config, report: &mut Report) {
    let url = config.public_url.join(&Endpoint::Operations(Operations::Ready).to_string());
    let Ok(request) = Request::get(&url).body(Full::new(Bytes::new())) else { return };
    let Ok(fetched) = fetch::fetch(&config.clock, request).await else { return };
    let Ok(said) = serde_json::from_slice::<Said>(&fetched.body) else { return };
    match (said.reason, said.degraded) {
        (Some(reason), _) => report.fault(
            format!("the server is not ready: {reason}"),
            "look at its log, which says since when",
        ),
        (None, Some(degraded)) => report.fault(
            format!("the server is ready, but {degraded}"),
            "look at its log, and at `switchroom spool list`",
        ),
        (None, None) => report.good("the server is ready"),
    }
}

/// The body of `/readyz`.
#[derive(serde::Deserialize)]
struct Said {
    reason: Option<String>,
    degraded: Option<String>,
}

/// Whether anything listens where the server does.
async fn is_running(config: &Config) -> bool {
    let port = config.listen.port();
    let address = match config.listen.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
    };
    let connecting = tokio::net::TcpStream::connect((address, port));
    tokio::time::timeout(PATIENCE, connecting).await.is_ok_and(|connected| connected.is_ok())
}

const PATIENCE: Duration = Duration::from_secs(2);

/// Why a signed request got no answer.
#[derive(Debug, thiserror::Error)]
enum TryError {
    #[error("the workspace has no auth token")]
    NoToken,
    #[error(transparent)]
    Token(#[from] SecretError),
    #[error(transparent)]
    Url(#[from] hyper::http::Error),
    #[error(transparent)]
    Fetch(#[from] FetchError),
}

/// Sends a status callback without a call, signed as Twilio would sign it. The server checks it and writes
/// nothing.
async fn try_signed(config: &Config, found: &Found) -> Result<StatusCode, TryError> {
    let url =
        config.public_url.join(&Endpoint::Carrier(found.id.clone(), Carrier::Status).to_string());
    let params = [("AccountSid", found.row.account.as_str()), ("Switchroom", "check")];
    let token = found.credentials.auth_tokens.first().ok_or(TryError::NoToken)?;
    let token = AuthToken::new(token)?;
    let signature = token.sign(&twilio_sig::Request::form(&url, &params));
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
    let request = Request::post(&url)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(Headers::SIGNATURE, signature)
        .body(Full::new(Bytes::from(body)))?;
    Ok(fetch::fetch(&config.clock, request).await?.status)
}

/// Whether a URL leads to this machine.
fn is_at_home(url: &str) -> bool {
    let uri: Option<Uri> = url.parse().ok();
    let host = uri.as_ref().and_then(Uri::host).unwrap_or_default();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}
