//! Who may use the control API: only pages and programs of this machine.
//!
//! The emulator listens on loopback, but a browser on this machine runs pages from everywhere. Such
//! a page can send requests here: under its own host name that points to loopback (DNS rebinding),
//! or across origins. The header `Host` shows the first case. The header `Origin` shows the second
//! case. Only the emulator's own page may have one. A page that avoids that header cannot send JSON, because JSON needs a preflight, which is
//! never allowed.

use std::net::IpAddr;

use hyper::header::HeaderValue;
use hyper::{Method, StatusCode};

use crate::exchange::HttpRequest;

/// Why a request is refused: a status and a sentence.
pub(super) type Refusal = (StatusCode, &'static str);

/// Checks a request to the page or the control API.
pub(super) fn check(http: &HttpRequest) -> Result<(), Refusal> {
    if !http.header("host").is_some_and(is_local) {
        let rule = "the header `Host` must name a loopback address or `localhost`";
        return Err((StatusCode::FORBIDDEN, rule));
    }
    let host = http.header("host").unwrap_or_default();
    let is_own = |origin: &HeaderValue| {
        let origin = origin.to_str().ok().and_then(|origin| origin.strip_prefix("http://"));
        origin.is_some_and(|origin| origin.eq_ignore_ascii_case(host))
    };
    if !http.headers.get_all("origin").iter().all(is_own) {
        let rule = "other pages than the emulator's own may not use the control API";
        return Err((StatusCode::FORBIDDEN, rule));
    }
    let changes = http.method == Method::POST || http.method == Method::PUT;
    if changes && http.content_type().as_deref() != Some("application/json") {
        let rule = "the content type must be `application/json`, also without a body";
        return Err((StatusCode::UNSUPPORTED_MEDIA_TYPE, rule));
    }
    Ok(())
}

/// Whether a host, with or without a port, is a name of this machine.
fn is_local(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use hyper::HeaderMap;

    /// Name, method, headers and result.
    type Case =
        (&'static str, Method, &'static [(&'static str, &'static str)], Result<(), StatusCode>);

    #[test]
    fn lets_in_requests_of_this_machine() {
        const JSON: (&str, &str) = ("content-type", "application/json; charset=utf-8");
        const HERE: (&str, &str) = ("host", "127.0.0.1:8014");
        let forbidden = Err(StatusCode::FORBIDDEN);
        let unsupported = Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
        let cases: [Case; 15] = [
            ("a reader", Method::GET, &[HERE], Ok(())),
            ("by name", Method::GET, &[("host", "LocalHost")], Ok(())),
            ("by IPv6", Method::GET, &[("host", "[::1]:80")], Ok(())),
            ("no host", Method::GET, &[], forbidden),
            ("rebound", Method::GET, &[("host", "evil.example:8014")], forbidden),
            ("looks local", Method::GET, &[("host", "127.0.0.1.evil.example")], forbidden),
            ("a writer", Method::POST, &[HERE, JSON], Ok(())),
            ("no type", Method::POST, &[HERE], unsupported),
            ("a form", Method::PUT, &[HERE, ("content-type", "text/plain")], unsupported),
            ("our page", Method::POST, &[HERE, JSON, ("origin", "http://127.0.0.1:8014")], Ok(())),
            ("a page", Method::POST, &[HERE, JSON, ("origin", "https://evil.example")], forbidden),
            (
                "another port",
                Method::POST,
                &[HERE, JSON, ("origin", "http://127.0.0.1:3000")],
                forbidden,
            ),
            ("another name", Method::GET, &[HERE, ("origin", "http://localhost:8014")], forbidden),
            (
                "two pages",
                Method::POST,
                &[
                    HERE,
                    JSON,
                    ("origin", "http://127.0.0.1:8014"),
                    ("origin", "https://evil.example"),
                ],
                forbidden,
            ),
            ("a sandbox", Method::DELETE, &[HERE, ("origin", "null")], forbidden),
        ];
        for (name, method, headers, want) in cases {
            let mut map = HeaderMap::new();
            for (header, value) in headers {
                map.append(*header, value.parse().unwrap());
            }
            let http = HttpRequest {
                method,
                path: "/emulator/calls".to_owned(),
                segments: Vec::new(),
                query: Vec::new(),
                headers: map,
                body: Bytes::new(),
            };
            assert_eq!(check(&http).map_err(|refusal| refusal.0), want, "{name}");
        }
    }
}
