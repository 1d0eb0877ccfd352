//! How path, query and form may have changed on the way.

use super::{Clues, Difference};
use crate::{Form, Request};

/// Another path, query or form, and what that changes.
pub(crate) struct Tail {
    pub(crate) path: String,
    pub(crate) query: String,
    /// Which of the legacy spellings of the whole URL it is.
    pub(crate) spelling: Option<usize>,
    /// The fields, if they differ.
    pub(crate) pairs: Option<Vec<(String, String)>>,
    pub(crate) changes: Vec<Difference>,
}

/// The tail as it came, then each change alone.
pub(crate) fn tails(request: &Request<'_>, clues: &Clues<'_>) -> Vec<Tail> {
    let given = || Tail {
        path: request.url.path.to_owned(),
        query: request.url.query.to_owned(),
        spelling: None,
        pairs: None,
        changes: Vec::new(),
    };
    let mut tails = vec![given()];
    let mut add = |difference, change: &dyn Fn(&mut Tail)| {
        let mut tail = given();
        change(&mut tail);
        tail.changes.push(difference);
        tails.push(tail);
    };

    let slash = match request.url.path.strip_suffix('/') {
        Some(path) => path.to_owned(),
        None => format!("{}/", request.url.path),
    };
    add(Difference::TrailingSlash, &|tail| tail.path.clone_from(&slash));
    for (clue, prefix) in clues.prefixes.iter().take(8).enumerate() {
        add(Difference::Prefix(clue), &|tail| tail.path = [prefix, request.url.path].concat());
    }
    let query = if request.url.query.is_empty() { "?" } else { "" };
    add(Difference::Query, &|tail| query.clone_into(&mut tail.query));
    for query in orders(request.url.query) {
        add(Difference::QueryOrder, &|tail| tail.query.clone_from(&query));
    }
    for (from, to) in [("+", "%20"), ("%20", "+")] {
        if request.url.query.contains(from) {
            let query = request.url.query.replace(from, to);
            add(Difference::Blanks, &|tail| tail.query.clone_from(&query));
        }
    }
    let whole = [request.url.path, request.url.query].concat();
    for (from, to) in escapes() {
        let changed =
            from.iter().zip(to).fold(whole.clone(), |text, (from, to)| text.replace(from, to));
        if changed != whole {
            let (path, query) = changed.split_at(changed.find('?').unwrap_or(changed.len()));
            add(Difference::Escapes, &|tail| {
                path.clone_into(&mut tail.path);
                query.clone_into(&mut tail.query);
            });
        }
    }
    for spelling in [0, 1] {
        add(Difference::Encoding, &|tail| tail.spelling = Some(spelling));
    }
    for (difference, pairs) in forms(request) {
        add(difference, &|tail| tail.pairs = Some(pairs.clone()));
    }
    tails
}

/// An `@`, a `:` or both, escaped or as they are; an escape may have small letters.
fn escapes() -> [([&'static str; 2], [&'static str; 2]); 9] {
    [
        (["@", "@"], ["%40", "%40"]),
        (["%40", "%40"], ["@", "@"]),
        ([":", ":"], ["%3A", "%3A"]),
        ([":", ":"], ["%3a", "%3a"]),
        (["%3A", "%3a"], [":", ":"]),
        (["@", ":"], ["%40", "%3A"]),
        (["@", ":"], ["%40", "%3a"]),
        (["%40", "%3A"], ["@", ":"]),
        (["%40", "%3a"], ["@", ":"]),
    ]
}

/// The fields of a query in other orders: all orders of up to four, and of more those in which somebody sorts them.
fn orders(query: &str) -> Vec<String> {
    let fields: Vec<&str> = query.strip_prefix('?').unwrap_or_default().split('&').collect();
    let mut orders = vec![Vec::new()];
    if fields.len() <= MOST_IN_ALL_ORDERS {
        for field in &fields {
            orders = orders.iter().flat_map(|order| with(order, field)).collect();
        }
    } else {
        let mut sorted = fields.clone();
        sorted.sort_unstable();
        orders = vec![fields.iter().rev().copied().collect(), sorted.clone()];
        sorted.reverse();
        orders.push(sorted);
    }
    orders.retain(|order| *order != fields);
    orders.iter().map(|order| format!("?{}", order.join("&"))).collect()
}

/// An order with one more field, at each place.
fn with<'a>(order: &[&'a str], field: &'a str) -> Vec<Vec<&'a str>> {
    let at = |at| [&order[..at], &[field], &order[at..]].concat();
    (0..=order.len()).map(at).collect()
}

type Pairs = Vec<(String, String)>;

/// The other forms that the fields may have been made from.
fn forms(request: &Request<'_>) -> Vec<(Difference, Pairs)> {
    let all: Pairs = request.params.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
    if all.is_empty() {
        return Vec::new();
    }
    let values = |change: &dyn Fn(&str) -> String| -> Pairs {
        all.iter().map(|(name, value)| (name.clone(), change(value))).collect()
    };
    let decoded = |value: &str| {
        let body = ["v=", &value.replace('&', "%26")].concat();
        let form = Form::parse(body.as_bytes()).ok();
        form.as_ref().and_then(|form| form.get("v")).unwrap_or(value).to_owned()
    };
    let query = request.url.query.strip_prefix('?').unwrap_or_default();
    let query = Form::parse(query.as_bytes()).ok();
    let in_query = |name: &str| query.as_ref().is_some_and(|query| query.get(name).is_some());

    let mut forms = vec![
        (Difference::Form, Vec::new()),
        (Difference::Form, all.iter().filter(|(name, _)| !in_query(name)).cloned().collect()),
        (Difference::FormEncoding, values(&decoded)),
        (Difference::FormEncoding, values(&|value| value.replace('+', " "))),
        (
            Difference::FormEncoding,
            values(&|value| match value.strip_prefix(' ') {
                Some(number) => ["+", number].concat(),
                None => value.to_owned(),
            }),
        ),
    ];
    forms.extend((0..all.len().min(MOST_FIELDS)).map(|extra| {
        let rest = all.iter().enumerate().filter(|(index, _)| *index != extra);
        (Difference::ExtraField, rest.map(|(_, pair)| pair.clone()).collect())
    }));
    forms
}

/// Four fields have 24 orders, each of which is one to try.
const MOST_IN_ALL_ORDERS: usize = 4;

/// Twilio sends fewer; each one is a form to try.
const MOST_FIELDS: usize = 64;
