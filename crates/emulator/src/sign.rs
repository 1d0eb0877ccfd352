//! The signature that every webhook carries.

use twilio_sig::{AuthToken, Request};

use crate::Method;
use crate::url;

/// The header `X-Twilio-Signature`. The parameters of a GET are in the URL already.
pub(crate) fn signature(
    token: &AuthToken,
    method: Method,
    url: &str,
    params: &[(String, String)],
) -> String {
    let url = signed_url(url);
    token.sign(&match method {
        Method::Get => Request::get(&url),
        Method::Post => Request::form(&url, params),
    })
}

/// The URL that Twilio signs: no fragment, no `user:password@`, and over HTTPS no port
/// (documentation "Webhooks security": user info dropped everywhere, port dropped for voice
/// callbacks over HTTPS).
pub(crate) fn signed_url(url: &str) -> String {
    let url = url::without_fragment(url);
    let origin = url::origin(url);
    let rest = &url[origin.len()..];
    let authority = url::authority(url);
    let Some((scheme, _)) = origin.split_once("://") else { return url.to_owned() };
    let host =
        if scheme.eq_ignore_ascii_case("https") { without_port(authority) } else { authority };
    format!("{scheme}://{host}{rest}")
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if !host.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::signed_url;

    #[test]
    fn signs_what_twilio_signs() {
        for (url, want) in [
            ("https://a.example:8443/x?y=1#rc=2", "https://a.example/x?y=1"),
            ("http://a.example:8080/x", "http://a.example:8080/x"),
            ("https://user:pw@a.example/x", "https://a.example/x"),
            ("https://[::1]:8443/x", "https://[::1]/x"),
            ("https://[::1]/x", "https://[::1]/x"),
        ] {
            assert_eq!(signed_url(url), want, "{url}");
        }
    }
}
