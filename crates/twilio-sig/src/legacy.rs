//! Encodings of a URL that some of Twilio's back ends signed.
//!
//! The Node library tries them after the original URL: the URL as a browser would write it, and
//! the same with its query rewritten by Node's old form serializer.

use crate::form::Form;
use crate::url::SplitUrl;

/// The other spellings of a URL, if they differ.
pub(crate) fn spellings(url: &SplitUrl<'_>) -> [String; 2] {
    let browser = browser(url);
    let form = with_form_query(&browser, url.query);
    [browser, form]
}

/// The URL as a browser would write it (WHATWG URL, 4.4), without resolving `.` and `..` or
/// translating host names.
fn browser(url: &SplitUrl<'_>) -> String {
    let port = if url.default_port() == Some(url.port) { "" } else { url.port };
    let path = if url.path.is_empty() { "/" } else { url.path };
    let mut text = url.scheme.to_ascii_lowercase();
    text += &url.host.to_ascii_lowercase();
    text += port;
    encode(&mut text, path, |byte| byte <= b' ' || byte >= 0x7f || br#""<>^`{}"#.contains(&byte));
    encode(&mut text, url.query, |byte| byte <= b' ' || byte >= 0x7f || br#""<>'"#.contains(&byte));
    text
}

/// The same with its query decoded and encoded as Node's `querystring` does: fields with the same
/// name come together, and all but letters, digits and `-_.!~*'()` is escaped.
fn with_form_query(url: &str, query: &str) -> String {
    let body = query.strip_prefix('?').unwrap_or_default();
    let Some(form) = Form::parse(body.as_bytes()).ok().filter(|form| !form.is_empty()) else {
        return url.to_owned();
    };
    let mut fields: Vec<_> = form.iter().collect();
    let first = |name: &str| form.iter().position(|(other, _)| other == name);
    fields.sort_by_key(|(name, _)| first(name));

    let escaped = |byte: u8| !byte.is_ascii_alphanumeric() && !b"-_.!~*'()".contains(&byte);
    let mut text = url.split('?').next().unwrap_or_default().to_owned();
    for (index, (name, value)) in fields.into_iter().enumerate() {
        text.push(if index == 0 { '?' } else { '&' });
        encode(&mut text, name, escaped);
        text.push('=');
        encode(&mut text, value, escaped);
    }
    text
}

/// Appends a text, percent-encoding some of its bytes.
fn encode(out: &mut String, text: &str, escaped: impl Fn(u8) -> bool) {
    for c in text.chars() {
        let mut bytes = [0; 4];
        let bytes = c.encode_utf8(&mut bytes).as_bytes();
        if !bytes.iter().any(|byte| escaped(*byte)) {
            out.push(c);
            continue;
        }
        for byte in bytes {
            out.push('%');
            for digit in [byte >> 4, byte & 15] {
                out.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from Node 6.2.0 of the official library: `new URL(url)` and `withLegacyQuerystring`.
    #[test]
    fn spells_as_node_does() {
        let cases = [
            (
                "https://Voice.Example.com:443?name=O'Brien&list=x,y",
                "https://voice.example.com/?name=O%27Brien&list=x,y",
                "https://voice.example.com/?name=O'Brien&list=x%2Cy",
            ),
            (
                "https://a:8443/p q?a=1&b=%20+&a=ü",
                "https://a:8443/p%20q?a=1&b=%20+&a=%C3%BC",
                "https://a:8443/p%20q?a=1&a=%C3%BC&b=%20%20",
            ),
            ("http://a/x?", "http://a/x?", "http://a/x?"),
            ("http://a/x", "http://a/x", "http://a/x"),
        ];
        for (url, browser, form) in cases {
            assert_eq!(spellings(&SplitUrl::new(url)), [browser, form], "{url}");
        }
    }
}
