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
    for spelling in [0, 1] {
        add(Difference::Encoding, &|tail| tail.spelling = Some(spelling));
    }
    for (difference, pairs) in forms(request) {
        add(difference, &|tail| tail.pairs = Some(pairs.clone()));
    }
    tails
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

/// Twilio sends fewer; each one is a form to try.
const MOST_FIELDS: usize = 64;
