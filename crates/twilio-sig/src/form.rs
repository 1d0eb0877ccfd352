//! Form bodies, decoded once into one buffer.

use std::fmt;

use crate::decode::{Decoded, decode};

/// A decoded `application/x-www-form-urlencoded` body.
///
/// `+` is a blank, `%41` is a byte, fields are separated by `&`, and empty ones between two `&`
/// are skipped. A `%` without two hexadecimal digits stands for itself (WHATWG URL, 5.1). Fields
/// keep the order in which they arrived, and repeated names stay.
///
/// A body that does not decode to UTF-8 is refused, not repaired: Twilio signs UTF-8, so such a
/// body is not from Twilio. U+0000 is an ordinary character here.
///
/// # Examples
///
/// ```
/// use twilio_sig::{Form, FormError};
///
/// let form = Form::parse(b"From=%2B15005550006&City=SAN+FRANCISCO&To=")?;
/// assert_eq!(form.get("From"), Some("+15005550006"));
/// assert_eq!(form.iter().nth(1), Some(("City", "SAN FRANCISCO")));
/// assert_eq!(form.get("To"), Some(""));
/// assert_eq!(form.get("CallSid"), None);
///
/// assert_eq!(Form::parse(b"a=1&b=%ff").unwrap_err(), FormError::NotUtf8 { field: 1 });
/// # Ok::<(), FormError>(())
/// ```
#[derive(Clone)]
pub struct Form<'a> {
    raw: &'a [u8],
    /// All names and values, one after the other.
    text: String,
    /// Where each name and each value ends in `text`.
    ends: Vec<(usize, usize)>,
    /// Whether the fields are in the order in which they are signed, each one once.
    in_order: bool,
}

impl<'a> Form<'a> {
    /// Decodes a body in one pass; the time and memory it takes grow with its length.
    ///
    /// # Errors
    ///
    /// [`FormError::NotUtf8`] if a name or a value is not UTF-8.
    pub fn parse(body: &'a [u8]) -> Result<Self, FormError> {
        let Decoded { bytes, ends, in_order } = decode(body);
        let text = String::from_utf8(bytes).map_err(|error| {
            let at = error.utf8_error().valid_up_to();
            FormError::NotUtf8 { field: ends.partition_point(|(_, end)| *end <= at) }
        })?;
        if text.is_ascii() {
            return Ok(Self { raw: body, text, ends, in_order });
        }
        // A character must not begin in a name and end in its value.
        let whole = |end: usize| text.is_char_boundary(end);
        match ends.iter().position(|(name, value)| !whole(*name) || !whole(*value)) {
            Some(field) => Err(FormError::NotUtf8 { field }),
            None => Ok(Self { raw: body, text, ends, in_order }),
        }
    }

    /// The fields in the order in which they arrived.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        let mut start = 0;
        self.ends.iter().map(move |(name_end, end)| {
            let pair = (&self.text[start..*name_end], &self.text[*name_end..*end]);
            start = *end;
            pair
        })
    }

    /// The value of the first field with this name.
    ///
    /// Later ones only count for the signature. Twilio's own parameters come once.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    /// The number of fields.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no field at all.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub(crate) fn raw(&self) -> &[u8] {
        self.raw
    }

    /// What is signed of the form, if its fields came in that order. Twilio's do.
    pub(crate) fn signed_text(&self) -> Option<&str> {
        self.in_order.then_some(&*self.text)
    }
}

impl fmt::Debug for Form<'_> {
    /// Prints only the number of fields: names and values may be personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Form({} fields)", self.len())
    }
}

/// Why a body is not a form.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FormError {
    /// A name or a value is not UTF-8.
    NotUtf8 {
        /// The number of the field, from 0.
        field: usize,
    },
}

impl fmt::Display for FormError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8 { field } => write!(f, "form field {field} is not UTF-8"),
        }
    }
}

impl std::error::Error for FormError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_as_browsers_do() {
        type Case<'a> = (&'a str, &'a [u8], &'a [(&'a str, &'a str)]);
        let cases: [Case<'_>; 9] = [
            ("nothing", b"", &[]),
            ("only separators", b"&&&", &[]),
            ("no equals sign", b"a&b=", &[("a", ""), ("b", "")]),
            ("no name", b"=1", &[("", "1")]),
            ("second equals sign", b"a=b=c", &[("a", "b=c")]),
            ("blanks", b"a+b=+c%20", &[("a b", " c ")]),
            (
                "broken escapes",
                b"a=%&b=%4&c=%zz&d=%%41",
                &[("a", "%"), ("b", "%4"), ("c", "%zz"), ("d", "%A")],
            ),
            ("escaped separators", b"a=%26%3d%2B", &[("a", "&=+")]),
            ("beyond ASCII", "n=%D0%90ü&z=%00".as_bytes(), &[("n", "Аü"), ("z", "\0")]),
        ];
        for (name, body, want) in cases {
            let form = Form::parse(body).unwrap();
            assert_eq!(form.iter().collect::<Vec<_>>(), want, "{name}");
            assert_eq!((form.len(), form.is_empty()), (want.len(), want.is_empty()), "{name}");
        }
    }

    #[test]
    fn refuses_what_is_not_utf8() {
        let cases: [(&str, &[u8], usize); 5] = [
            ("escaped", b"a=1&b=%ff", 1),
            ("raw", b"a=\xff", 0),
            ("cut off", b"a=1&b=2&c=%c3", 2),
            ("from name to value", b"x=&%c3=%a9", 1),
            ("from value to the next name", b"a=%c3&%a9=1", 0),
        ];
        for (name, body, field) in cases {
            assert_eq!(Form::parse(body).unwrap_err(), FormError::NotUtf8 { field }, "{name}");
        }
    }

    #[test]
    fn debug_output_keeps_the_callers_secrets() {
        let form = Form::parse(b"From=%2B15005550006&Body=hello").unwrap();
        assert_eq!(format!("{form:?}"), "Form(2 fields)");
    }
}
