//! Objects of JSON.

use serde::Deserialize;

/// Reads an object; `None` if the text is not an object, or does not have this form.
///
/// Serde would also read a struct from an array. A token must have only one form.
pub(crate) fn object<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Option<T> {
    if json.trim_ascii_start().first() != Some(&b'{') {
        return None;
    }
    serde_json::from_slice(json).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, Eq, PartialEq)]
    struct Pair {
        one: u8,
        two: Option<u8>,
    }

    #[test]
    fn only_objects_are_read() {
        let pair = Some(Pair { one: 1, two: None });
        assert_eq!(object(b"{\"one\":1}"), pair);
        assert_eq!(object(b" \n{\"one\":1} "), pair);
        for text in ["[1,null]", "[1]", "", "1", "{\"one\":1}{", "{\"one\":1,\"one\":1}"] {
            assert_eq!(object::<Pair>(text.as_bytes()), None, "{text}");
        }
    }
}
