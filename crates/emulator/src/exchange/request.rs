//! A request that has been read.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::{HeaderMap, Method, Request};

/// A request with its body.
#[derive(Debug)]
pub(crate) struct HttpRequest {
    pub(crate) method: Method,
    /// The path as it was sent.
    pub(crate) path: String,
    /// The segments of the path, decoded.
    pub(crate) segments: Vec<String>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Why a request cannot be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Unreadable {
    TooLarge,
    TooSlow,
    Broken,
}

impl HttpRequest {
    /// Reads the body, within limits.
    pub(crate) async fn read(request: Request<Incoming>) -> Result<Self, Unreadable> {
        let (head, body) = request.into_parts();
        let body = tokio::time::timeout(PATIENCE, Limited::new(body, MAX_BODY).collect()).await;
        let body = body.map_err(|_| Unreadable::TooSlow)?.map_err(|error| {
            if error.is::<LengthLimitError>() { Unreadable::TooLarge } else { Unreadable::Broken }
        })?;
        let path = head.uri.path().to_owned();
        let query = form_urlencoded::parse(head.uri.query().unwrap_or("").as_bytes());
        Ok(Self {
            method: head.method,
            segments: path.split('/').skip(1).map(decoded).collect(),
            path,
            query: query.into_owned().collect(),
            headers: head.headers,
            body: body.to_bytes(),
        })
    }

    /// The text of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The media type of the body, without its parameters.
    pub(crate) fn content_type(&self) -> Option<String> {
        let whole = self.header("content-type")?;
        Some(whole.split(';').next().unwrap_or("").trim().to_ascii_lowercase())
    }
}

/// Decodes one segment of a path (RFC 3986, section 2.1). An invalid escape stays as it is.
fn decoded(segment: &str) -> String {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let [first, tail @ ..] = rest {
        let escape = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        let byte =
            escape.filter(|_| *first == b'%').and_then(|hex| u8::from_str_radix(hex, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The largest body in bytes: a form of the REST API has at most 4000 characters of TwiML.
const MAX_BODY: usize = 64 * 1024;

/// How long a body may take.
const PATIENCE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn a_segment_is_decoded() {
        for (segment, want) in [
            ("%2B15005550001", "+15005550001"),
            ("+15005550001", "+15005550001"),
            ("room%20one", "room one"),
            ("100%", "100%"),
            ("%zz%4", "%zz%4"),
            ("%C3%BC", "ü"),
            ("%FF", "\u{fffd}"),
        ] {
            assert_eq!(decoded(segment), want, "{segment}");
        }
    }
}
