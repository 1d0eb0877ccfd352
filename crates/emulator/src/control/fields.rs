//! The fields of a JSON object. Each is taken once.

use std::time::Duration;

use serde_json::{Map, Value};

use super::Refusal;

/// The fields that were not taken yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    /// Reads a body. An empty body is an empty object.
    pub(super) fn read(body: &[u8]) -> Result<Self, Refusal> {
        if body.is_empty() {
            return Ok(Self::default());
        }
        let value = serde_json::from_slice(body)
            .map_err(|error| Refusal::bad(format!("the body is not JSON: {error}")))?;
        Self::of(value, "the body")
    }

    pub(super) fn of(value: Value, what: &str) -> Result<Self, Refusal> {
        match value {
            Value::Object(map) => Ok(Self(map)),
            _ => Err(Refusal::bad(format!("{what} is not a JSON object"))),
        }
    }

    pub(super) fn take(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(&mut self, name: &str) -> Result<Option<String>, Refusal> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Refusal::bad(format!("`{name}` is not a text"))),
        }
    }

    pub(super) fn needed(&mut self, name: &str) -> Result<String, Refusal> {
        self.text(name)?.ok_or_else(|| Refusal::bad(format!("`{name}` is missing")))
    }

    /// A text that must parse as something else.
    pub(super) fn parsed<T: std::str::FromStr>(&mut self, name: &str) -> Result<Option<T>, Refusal>
    where
        T::Err: std::fmt::Display,
    {
        let parse = |text: String| text.parse().map_err(|error: T::Err| wrong(name, &error));
        self.text(name)?.map(parse).transpose()
    }

    pub(super) fn whole<T: TryFrom<u64>>(&mut self, name: &str) -> Result<Option<T>, Refusal> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let number = value.as_u64().and_then(|number| T::try_from(number).ok());
        number
            .map(Some)
            .ok_or_else(|| Refusal::bad(format!("`{name}` is not a whole number in range")))
    }

    /// Seconds, whole or not.
    pub(super) fn seconds(&mut self, name: &str) -> Result<Option<Duration>, Refusal> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let length = value.as_f64().and_then(|it| Duration::try_from_secs_f64(it).ok());
        length.map(Some).ok_or_else(|| Refusal::bad(format!("`{name}` is not a number of seconds")))
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, name: &str) -> Result<Vec<String>, Refusal> {
        let text = |value: Value| match value {
            Value::String(text) => Ok(text),
            _ => Err(Refusal::bad(format!("`{name}` is not a list of texts"))),
        };
        self.list(name)?.into_iter().map(text).collect()
    }

    pub(super) fn list(&mut self, name: &str) -> Result<Vec<Value>, Refusal> {
        match self.take(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(list)) => Ok(list),
            Some(_) => Err(Refusal::bad(format!("`{name}` is not a list"))),
        }
    }

    /// Refuses fields that were not taken. Otherwise a misspelled field would be ignored without
    /// notice.
    pub(super) fn end(self) -> Result<(), Refusal> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => Err(Refusal::bad(format!("`{name}` is not a known field"))),
        }
    }
}

/// A field that breaks a rule.
pub(super) fn wrong(name: &str, rule: &dyn std::fmt::Display) -> Refusal {
    Refusal::bad(format!("`{name}`: {rule}"))
}
