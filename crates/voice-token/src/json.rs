//! JSON, written by hand into one buffer.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize as _;
use serde_json::value::RawValue;

use crate::TokenError;

/// A JSON object that is passed on as it is: the parameters of outgoing calls, or a playback grant
/// as the API returned it.
///
/// # Examples
///
/// ```
/// use voice_token::{JsonObject, TokenError};
///
/// let params = JsonObject::from_pairs([("team", "sales"), ("note", "\"hi\"")]);
/// assert_eq!(params.as_str(), r#"{"team":"sales","note":"\"hi\""}"#);
/// assert_eq!(params.as_str().parse(), Ok(params));
/// assert_eq!("[1]".parse::<JsonObject>(), Err(TokenError::NotAnObject));
/// # Ok::<(), TokenError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct JsonObject(String);

impl JsonObject {
    /// An object whose values are texts, in this order.
    pub fn from_pairs<N: AsRef<str>, V: AsRef<str>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let mut text = String::new();
        let mut object = Object::begin(&mut text);
        for (name, value) in pairs {
            push_text(object.key(name.as_ref()), value.as_ref());
        }
        object.end();
        Self(text)
    }

    /// The object as it was given, without blanks around it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The object in a value that has been read.
    pub(crate) fn from_raw(raw: &RawValue) -> Option<Self> {
        raw.get().starts_with('{').then(|| Self(raw.get().to_owned()))
    }
}

impl FromStr for JsonObject {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let raw = <&RawValue>::deserialize(&mut reader).ok().filter(|_| reader.end().is_ok());
        raw.and_then(Self::from_raw).ok_or(TokenError::NotAnObject)
    }
}

impl fmt::Display for JsonObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An object that is being written.
pub(crate) struct Object<'a> {
    out: &'a mut String,
    empty: bool,
}

impl<'a> Object<'a> {
    pub(crate) fn begin(out: &'a mut String) -> Self {
        out.push('{');
        Self { out, empty: true }
    }

    /// Writes a key; its value is written to the buffer that is returned.
    pub(crate) fn key(&mut self, name: &str) -> &mut String {
        if !self.empty {
            self.out.push(',');
        }
        self.empty = false;
        push_text(self.out, name);
        self.out.push(':');
        self.out
    }

    /// Writes a key and a text.
    pub(crate) fn text(&mut self, name: &str, value: &str) {
        push_text(self.key(name), value);
    }

    /// Writes a key and a text, or neither.
    pub(crate) fn optional<T: AsRef<str>>(&mut self, name: &str, value: Option<T>) {
        if let Some(value) = value {
            self.text(name, value.as_ref());
        }
    }

    /// Writes a key and an object.
    pub(crate) fn object(&mut self, name: &str, write: impl FnOnce(&mut Object<'_>)) {
        let mut object = Object::begin(self.key(name));
        write(&mut object);
        object.end();
    }

    pub(crate) fn end(self) {
        self.out.push('}');
    }
}

/// Writes a text in quotes, escaping what RFC 8259, 7, says must be.
pub(crate) fn push_text(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| byte < b' ' || byte == b'"' || byte == b'\\')
    {
        let (plain, special) = rest.split_at(at);
        out.push_str(plain);
        let byte = special.as_bytes()[0];
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            _ => {
                out.push_str("\\u00");
                out.push(char::from(DIGITS[usize::from(byte >> 4)]));
                out.push(char::from(DIGITS[usize::from(byte & 15)]));
            }
        }
        rest = &special[1..];
    }
    out.push_str(rest);
    out.push('"');
}

/// Writes a whole number.
pub(crate) fn push_number(out: &mut String, number: i64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    let mut rest = number.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = DIGITS[usize::try_from(rest % 10).unwrap_or(0)];
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        out.push('-');
    }
    out.push_str(str::from_utf8(&digits[at..]).unwrap_or_default());
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_is_read_back() {
        let all: String = (0..=0x10_ffff).filter_map(char::from_u32).collect();
        let mut out = String::new();
        push_text(&mut out, &all);
        assert_eq!(serde_json::from_str::<String>(&out).unwrap(), all);
    }

    #[test]
    fn numbers_are_written_in_full() {
        for number in [0, 7, -1, 1_767_225_600, i64::MAX, i64::MIN] {
            let mut out = String::new();
            push_number(&mut out, number);
            assert_eq!(out, number.to_string());
        }
    }

    #[test]
    fn only_objects_pass() {
        let cases = [
            (r#" {"a": [1, {"b": null}]} "#, Some(r#"{"a": [1, {"b": null}]}"#)),
            ("{}", Some("{}")),
            ("", None),
            ("null", None),
            ("[]", None),
            ("{", None),
            ("{} {}", None),
            (r#"{"a":}"#, None),
        ];
        for (text, want) in cases {
            let got = text.parse::<JsonObject>().ok();
            assert_eq!(got.as_ref().map(JsonObject::as_str), want, "{text}");
        }
    }
}
