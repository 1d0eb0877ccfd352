//! Lists, page by page.

use serde_json::{Map, Value, json};

use super::Request;
use super::error::{ApiError, PAGE_SIZE};

/// One entry of a list.
pub(super) struct Item {
    /// The Sid. The next page begins after it.
    pub(super) sid: String,
    pub(super) json: Value,
}

/// One page of a list. `name` is the key of the entries, `below` the path of the list.
///
/// Twilio's `PageToken` names the last entry of the previous page, so newer entries do not shift
/// the rest.
pub(super) fn page(
    request: &Request<'_>,
    name: &str,
    below: &str,
    items: &[Item],
) -> Result<Value, ApiError> {
    page_at(request, name, &request.uri(below), items)
}

/// The same for a list at a whole path.
pub(super) fn page_at(
    request: &Request<'_>,
    name: &str,
    path: &str,
    items: &[Item],
) -> Result<Value, ApiError> {
    let query = request.query();
    let size = match query.get("PageSize") {
        None => DEFAULT_SIZE,
        Some(text) => {
            let size = text.parse().map_err(|_| ApiError::parameter("PageSize", "no number"))?;
            if !(1..=MAX_SIZE).contains(&size) {
                let message = format!("Page size must be from 1 to {MAX_SIZE}");
                return Err(ApiError::bad(PAGE_SIZE, message));
            }
            size
        }
    };
    let number = query.number("Page", [0, u32::MAX])?.unwrap_or(0) as usize;
    let after = query.get("PageToken").and_then(|token| token.strip_prefix("PA"));
    let start = match after {
        Some(sid) => items.iter().position(|item| item.sid == sid).map_or(0, |at| at + 1),
        None => number.saturating_mul(size),
    };
    let rest = items.get(start..).unwrap_or_default();
    let shown = &rest[..rest.len().min(size)];
    let more = rest.len() > shown.len();
    let uri = |page: usize, token: Option<String>| {
        let kept = query.pairs().iter().filter(|(name, _)| !PAGING.contains(&&**name));
        let mut all = form_urlencoded::Serializer::new(String::new());
        all.extend_pairs(kept);
        all.append_pair("PageSize", &size.to_string()).append_pair("Page", &page.to_string());
        if let Some(token) = token {
            all.append_pair("PageToken", &token);
        }
        format!("{path}?{}", all.finish())
    };
    let next = shown.last().filter(|_| more).map(|last| format!("PA{}", last.sid));
    let previous = number.checked_sub(1).map(|page| {
        let before = start.checked_sub(size + 1).and_then(|at| items.get(at));
        uri(page, before.map(|item| format!("PA{}", item.sid)))
    });
    let mut body = Map::new();
    let entries = shown.iter().map(|item| item.json.clone()).collect();
    body.insert(name.to_owned(), Value::Array(entries));
    let rest = json!({
        "first_page_uri": uri(0, None),
        "next_page_uri": next.map(|token| uri(number + 1, Some(token))),
        "previous_page_uri": previous,
        "page": number,
        "page_size": size,
        "start": start,
        "end": (start + shown.len()).saturating_sub(1),
        "uri": uri(number, after.map(|sid| format!("PA{sid}"))),
    });
    if let Value::Object(rest) = rest {
        body.extend(rest);
    }
    Ok(Value::Object(body))
}

/// Entries of a page, and the most of them (documentation of paging).
const DEFAULT_SIZE: usize = 50;
const MAX_SIZE: usize = 1000;

/// The parameters that choose a page.
const PAGING: [&str; 3] = ["PageSize", "Page", "PageToken"];
