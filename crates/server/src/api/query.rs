//! Parameters in the query of a URL.

use hyper::http::request::Parts;

/// The first value of this name, decoded.
pub(super) fn value(parts: &Parts, name: &str) -> Option<String> {
    let pairs = form_urlencoded::parse(parts.uri.query()?.as_bytes());
    pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}
