//! The keys of session tokens.

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, StatusCode};
use session::JwkSet;

use super::{Report, fetch};
use crate::config::Config;

pub(super) async fn look(config: &Config, report: &mut Report) {
    let Some(url) = &config.sessions.jwks_url else { return };
    let Ok(request) = Request::get(url).body(Full::new(Bytes::new())) else { return };
    let fix = "set SWITCHROOM_SESSION_JWKS_URL to the document with the project's keys; redirects \
               are not followed";
    let fetched = match fetch::fetch(&config.clock, request).await {
        Ok(fetched) => fetched,
        Err(error) => {
            report.fault(format!("the session keys cannot be fetched: {error}"), fix);
            return;
        }
    };
    if fetched.status != StatusCode::OK {
        let status = fetched.status;
        report.fault(format!("the session keys cannot be fetched: status {status}"), fix);
        return;
    }
    match JwkSet::parse(&fetched.body) {
        Err(error) => report.fault(format!("the session keys cannot be used: {error}"), fix),
        Ok(set) if set.is_empty() && config.sessions.secret.is_none() => report.fault(
            "the set of session keys holds no key that can be used",
            "sign sessions with ES256 or RS256 and a key id, or set SWITCHROOM_SESSION_SECRET",
        ),
        Ok(_) => report.good("session keys"),
    }
}
