//! Parameters in the query of a URL.

use hyper::http::request::Parts;

use crate::error::ApiError;

/// Refuses a parameter that nobody reads: what it asks for would not be done, and nobody would know.
pub(super) fn only(parts: &Parts, names: &[&str]) -> Result<(), ApiError> {
    let query = parts.uri.query().unwrap_or_default();
    let unknown = form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| !names.contains(&&**name))
        .map(|(name, _)| name.chars().take(MOST_SHOWN).collect::<String>());
    unknown.map_or(Ok(()), |name| Err(ApiError::field_unknown(&name)))
}

/// Characters of an unknown name in the answer.
const MOST_SHOWN: usize = 40;

/// The first value of this name, decoded.
pub(super) fn value(parts: &Parts, name: &str) -> Option<String> {
    let pairs = form_urlencoded::parse(parts.uri.query()?.as_bytes());
    pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}
