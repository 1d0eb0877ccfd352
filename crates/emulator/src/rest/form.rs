//! Parameters, of a form or of a query.

mod multipart;

use std::time::Duration;

use identity::Timestamp;

use super::error::{ApiError, STATUS_CALLBACK, URL};
use crate::Method;
use crate::exchange::HttpRequest;
use crate::step::Target;
use crate::url;

/// Parameters with their names. A name may occur several times. An empty value counts as absent.
#[derive(Clone, Debug, Default)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// The form of a body: `multipart/form-data`, which twilio-node 3.0 to 3.10 sends, or
    /// form-encoded.
    pub(super) fn read(http: &HttpRequest) -> Self {
        if http.content_type().as_deref() == Some("multipart/form-data") {
            return Self(multipart::fields(http.header("content-type"), &http.body));
        }
        Self(form_urlencoded::parse(&http.body).into_owned().collect())
    }

    pub(super) fn of(pairs: &[(String, String)]) -> Self {
        Self(pairs.to_vec())
    }

    /// The last value of a name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).last()
    }

    /// The last value of a name, also if it is empty.
    pub(super) fn given(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a name.
    pub(super) fn all<'a>(&'a self, name: &str) -> impl DoubleEndedIterator<Item = &'a str> {
        let of_name = move |(key, value): &'a (String, String)| {
            (key == name && !value.is_empty()).then_some(value.as_str())
        };
        self.0.iter().filter_map(of_name).collect::<Vec<_>>().into_iter()
    }

    /// Removes the values of a name.
    pub(super) fn remove(&mut self, name: &str) {
        self.0.retain(|(key, _)| key != name);
    }

    /// The pairs, for the URL of the next page.
    pub(super) fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// A URL for a document, and its method.
    pub(super) fn url(&self, name: &str, method: &str) -> Result<Option<Target>, ApiError> {
        self.target(name, method, URL, |url| format!("{name} is not a valid URL: {url}"))
    }

    /// A URL for a callback, and its method.
    pub(super) fn callback(&self, name: &str, method: &str) -> Result<Option<Target>, ApiError> {
        self.target(name, method, STATUS_CALLBACK, |url| {
            format!("The {name} URL {url} is not a valid URL.")
        })
    }

    fn target(
        &self,
        name: &str,
        method: &str,
        code: u32,
        message: impl Fn(&str) -> String,
    ) -> Result<Option<Target>, ApiError> {
        let Some(text) = self.get(name) else { return Ok(None) };
        // There is no document that the URL could be relative to. A host has no underscore.
        if !url::is_absolute(text) || url::authority(text).contains('_') {
            return Err(ApiError::bad(code, message(text)));
        }
        Ok(Some(Target { url: text.to_owned(), method: self.method(method)? }))
    }

    /// `GET` or `POST`; absent is POST.
    pub(super) fn method(&self, name: &str) -> Result<Method, ApiError> {
        match self.get(name) {
            None => Ok(Method::Post),
            Some(method) if method.eq_ignore_ascii_case("POST") => Ok(Method::Post),
            Some(method) if method.eq_ignore_ascii_case("GET") => Ok(Method::Get),
            Some(_) => Err(ApiError::parameter(name, "must be GET or POST")),
        }
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(_) => Err(ApiError::parameter(name, "must be true or false")),
        }
    }

    /// A whole number in a range.
    pub(super) fn number(&self, name: &str, range: [u32; 2]) -> Result<Option<u32>, ApiError> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let [least, most] = range;
        let number = text.parse().ok().filter(|number| (least..=most).contains(number));
        let rule = || format!("must be a whole number from {least} to {most}");
        number.map(Some).ok_or_else(|| ApiError::parameter(name, &rule()))
    }

    /// Whole seconds in a range.
    pub(super) fn seconds(
        &self,
        name: &str,
        range: [u32; 2],
    ) -> Result<Option<Duration>, ApiError> {
        Ok(self.number(name, range)?.map(|seconds| Duration::from_secs(seconds.into())))
    }

    /// The same form, with the values of one name split at blanks.
    pub(super) fn split(&self, name: &str) -> Self {
        let mut all = self.0.clone();
        all.retain(|(key, _)| key != name);
        let words = self.all(name).flat_map(str::split_whitespace);
        all.extend(words.map(|word| (name.to_owned(), word.to_owned())));
        Self(all)
    }

    /// Reads a time filter: on a day, from a day on (`StartTime>`), up to a day (`StartTime<`).
    pub(super) fn moments(&self, name: &str) -> Result<Moments, ApiError> {
        let [from, until] = [format!("{name}>"), format!("{name}<")];
        Ok(Moments([self.moment(name)?, self.moment(&from)?, self.moment(&until)?]))
    }

    /// Reads a day or a time. A day gives its first second and the first second after it.
    fn moment(&self, name: &str) -> Result<Option<[Timestamp; 2]>, ApiError> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let (moment, length) = match text.len() {
            10 => (format!("{text}T00:00:00Z"), Duration::from_secs(86_400)),
            _ => (text.to_owned(), Duration::from_secs(1)),
        };
        let rule = "must be YYYY-MM-DD or an ISO 8601 time";
        let from = moment.parse::<Timestamp>().map_err(|_| ApiError::parameter(name, rule))?;
        Ok(Some([from, from + length]))
    }
}

/// The bounds of a time filter.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moments([Option<[Timestamp; 2]>; 3]);

impl Moments {
    /// Whether a time is within all bounds. An absent time is within none.
    pub(super) fn hold(&self, at: Option<Timestamp>) -> bool {
        let [on, from, until] = self.0;
        let meets = |range: Option<[Timestamp; 2]>, rule: fn(Timestamp, [Timestamp; 2]) -> bool| {
            range.is_none_or(|range| at.is_some_and(|at| rule(at, range)))
        };
        meets(on, |at, [start, end]| start <= at && at < end)
            && meets(from, |at, [start, _]| at >= start)
            && meets(until, |at, [start, _]| at.unix_seconds() <= start.unix_seconds())
    }
}
