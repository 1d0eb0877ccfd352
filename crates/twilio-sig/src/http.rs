//! Requests as the `http` crate takes them apart.

use http::header::{CONTENT_TYPE, HeaderMap, UPGRADE};
use http::request::Parts;

use crate::{Form, Headers, PublicUrl, Request, SignatureError, Verified, Verifier};

impl Verifier {
    /// Checks a request of the `http` crate, whatever server received it.
    ///
    /// The URL is built from the configured `base` and the path and query of the
    /// request. `Host`, `X-Forwarded-*` and an absolute request target are ignored. A
    /// request that opens a WebSocket is checked as [`Request::websocket`], a form by its
    /// fields, an empty body as [`Request::get`], and anything else by `bodySHA256`.
    ///
    /// # Errors
    ///
    /// [`SignatureError`]. A signature header that comes twice is [`SignatureError::Malformed`]; a
    /// form that is not UTF-8 is [`SignatureError::BodyUnsigned`].
    ///
    /// # Examples
    ///
    /// ```
    /// use twilio_sig::{AuthToken, PublicUrl, Request, Verifier};
    ///
    /// let token = AuthToken::new("12345")?;
    /// let signature = token.sign(&Request::form(
    ///     "https://voice.example.com/voice?team=1",
    ///     &[("From", "+14155550100")],
    /// ));
    /// let (parts, body) = http::Request::post("http://10.0.0.7:3000/voice?team=1")
    ///     .header("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8")
    ///     .header("X-Twilio-Signature", signature)
    ///     .body("From=%2B14155550100")?
    ///     .into_parts();
    ///
    /// let base: PublicUrl = "https://voice.example.com".parse()?;
    /// Verifier::new(token).verify_http(&base, &parts, body.as_bytes())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn verify_http(
        &self,
        base: &PublicUrl,
        parts: &Parts,
        body: &[u8],
    ) -> Result<Verified, SignatureError> {
        let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
        let headers = Headers {
            signature: single(&parts.headers, Headers::SIGNATURE)?,
            settings: single(&parts.headers, Headers::SETTINGS)?,
        };
        if is(&parts.headers, UPGRADE.as_str(), "websocket") {
            return self.verify(&Request::websocket(&base.join_websocket(target)), headers);
        }
        let url = base.join(target);
        if is(&parts.headers, CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded") {
            let form = Form::parse(body).map_err(|_| SignatureError::BodyUnsigned)?;
            return self.verify(&Request::form(&url, &form), headers);
        }
        let request = if body.is_empty() { Request::get(&url) } else { Request::json(&url, body) };
        self.verify(&request, headers)
    }
}

/// A header that may come once.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, SignatureError> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().map(|value| value.to_str());
    match (value.transpose(), values.next()) {
        (Ok(value), None) => Ok(value),
        _ => Err(SignatureError::Malformed),
    }
}

/// Whether a header has this value, parameters aside.
fn is(headers: &HeaderMap, name: &str, wanted: &str) -> bool {
    let value = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let value = value.split(';').next().unwrap_or_default();
    value.trim().eq_ignore_ascii_case(wanted)
}
