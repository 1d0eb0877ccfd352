//! What is signed: a URL and perhaps a body.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::url::SplitUrl;
use crate::{Params, SignatureError};

/// A request as Twilio signs it: the public URL and what the body adds.
///
/// `url` is the URL as it was entered at Twilio, byte for byte: scheme, host, path and query without any
/// re-encoding. Behind a proxy, build it from the configured public base, see
/// [`PublicUrl`](crate::PublicUrl), and never from `Host` or `X-Forwarded-*`, which anyone can
/// send. User info and fragment are never signed, so they are ignored.
///
/// # Examples
///
/// ```
/// use twilio_sig::{AuthToken, Form, Request, Verifier};
///
/// let token = AuthToken::new("2bc2d9b4a1f84d0c9e7a5f3b6d8e1c0f")?;
/// let form = Form::parse(b"CallSid=CA00000000000000000000000000000002&From=%2B14155550100")?;
/// let request = Request::form("https://voice.example.com/voice", &form);
/// let header = token.sign(&request);
///
/// let verifier = Verifier::new(token);
/// assert!(verifier.verify(&request, &*header).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Request<'a> {
    pub(crate) url: SplitUrl<'a>,
    pub(crate) params: Params<'a>,
    /// A body that is not a form; only `bodySHA256` protects it.
    other: Option<&'a [u8]>,
    pub(crate) websocket: bool,
}

impl<'a> Request<'a> {
    /// A request without a body: its parameters are in the query.
    pub fn get(url: &'a str) -> Self {
        Self::form(url, Params::none())
    }

    /// A form-encoded request: its decoded fields are signed, in any order.
    ///
    /// Fields with an empty value count, and values keep their blanks. Parameters of the query
    /// belong to the URL, not here.
    pub fn form(url: &'a str, params: impl Into<Params<'a>>) -> Self {
        Self { url: SplitUrl::new(url), params: params.into(), other: None, websocket: false }
    }

    /// A request with any other body, such as JSON: `bodySHA256` in the query has to be its
    /// SHA-256.
    pub fn json(url: &'a str, body: &'a [u8]) -> Self {
        Self { other: Some(body), ..Self::get(url) }
    }

    /// The opening of a WebSocket, such as a media stream: a GET whose URL begins with `wss`.
    ///
    /// Twilio may have signed it with a slash at the end of the path, so both forms verify.
    pub fn websocket(url: &'a str) -> Self {
        Self { websocket: true, ..Self::get(url) }
    }

    /// Whether the body has the hash in the URL. The URL must have been verified before.
    pub(crate) fn check_body(&self) -> Result<(), SignatureError> {
        let mut hashes = self.url.query_values(BODY_HASH).peekable();
        if hashes.peek().is_none() {
            return self.other.map_or(Ok(()), |_| Err(SignatureError::BodyUnsigned));
        }
        let body = self.other.or_else(|| self.params.raw());
        let body = body.ok_or(SignatureError::BodyHash)?;
        let want = hex_sha256(body);
        if hashes.all(|hash| bool::from(hash.as_bytes().ct_eq(want.as_bytes()))) {
            Ok(())
        } else {
            Err(SignatureError::BodyHash)
        }
    }
}

/// The URL of a JSON request with its `bodySHA256`, for those who sign.
///
/// # Examples
///
/// ```
/// use twilio_sig::{AuthToken, Request, Verifier, body_hash_url};
///
/// let (token, body) = (AuthToken::new("12345")?, br#"{"CallSid":"CA1"}"#);
/// let url = body_hash_url("https://example.com/events?team=1", body);
/// assert!(url.starts_with("https://example.com/events?team=1&bodySHA256="));
///
/// let request = Request::json(&url, body);
/// let header = token.sign(&request);
/// assert!(Verifier::new(token).verify(&request, &*header).is_ok());
/// # Ok::<(), twilio_sig::SecretError>(())
/// ```
pub fn body_hash_url(url: &str, body: &[u8]) -> String {
    let (url, fragment) = url.split_at(url.find('#').unwrap_or(url.len()));
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}{BODY_HASH}={}{fragment}", hex_sha256(body))
}

const BODY_HASH: &str = "bodySHA256";

fn hex_sha256(body: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(body) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
