//! The configured address at which Twilio reaches us.

use std::fmt;
use std::str::FromStr;

use crate::url::SplitUrl;

/// The public base URL of a server, as Twilio knows it: `https://voice.example.com`, with a path
/// if the proxy strips one.
///
/// It comes from the configuration. Together with the path and query of a request, it gives the
/// URL that Twilio signed, even if proxies changed host, scheme and port on the way.
///
/// Scheme `http` or `https`, a host, perhaps a port and a path; no user info, query or fragment. A
/// slash at the end does not count.
///
/// # Examples
///
/// ```
/// use twilio_sig::PublicUrl;
///
/// let base: PublicUrl = "https://voice.example.com/eu/".parse()?;
/// assert_eq!(base.join("/voice?team=1"), "https://voice.example.com/eu/voice?team=1");
/// assert_eq!(base.join_websocket("/media"), "wss://voice.example.com/eu/media");
/// # Ok::<(), twilio_sig::PublicUrlError>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// The base without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The URL of a request by its path and query. A path without a slash in front gets one.
    pub fn join(&self, path_and_query: &str) -> String {
        [&self.0, slash(path_and_query), path_and_query].concat()
    }

    /// The same for the opening of a WebSocket: scheme `ws` for `http`, `wss` for `https`.
    pub fn join_websocket(&self, path_and_query: &str) -> String {
        ["ws", &self.0["http".len()..], slash(path_and_query), path_and_query].concat()
    }
}

/// The slash that is missing between a base and a path: without it, the path would change the host.
fn slash(path_and_query: &str) -> &'static str {
    if path_and_query.is_empty() || path_and_query.starts_with(['/', '?']) { "" } else { "/" }
}

impl FromStr for PublicUrl {
    type Err = PublicUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(at) = text.bytes().position(|byte| !byte.is_ascii_graphic()) {
            return Err(PublicUrlError::Character { at });
        }
        if !text.starts_with("https://") && !text.starts_with("http://") {
            return Err(PublicUrlError::Scheme);
        }
        let split = SplitUrl::new(text);
        if split.host.is_empty() {
            return Err(PublicUrlError::NoHost);
        }
        let digits = split.port.strip_prefix(':').unwrap_or("1");
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) || digits.parse::<u16>().is_err() {
            return Err(PublicUrlError::Port);
        }
        let parts = [split.scheme, split.host, split.port, split.path];
        if parts.concat() != text {
            return Err(PublicUrlError::Extra);
        }
        Ok(Self(text.strip_suffix('/').unwrap_or(text).to_owned()))
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is not a public base URL.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PublicUrlError {
    /// It begins with neither `https://` nor `http://`.
    Scheme,
    /// There is no host.
    NoHost,
    /// The port is not a number up to 65535.
    Port,
    /// It has user info, a query or a fragment.
    Extra,
    /// A blank, a control character or one outside ASCII. Hosts are written in their ASCII form.
    Character {
        /// Byte offset of the character.
        at: usize,
    },
}

impl fmt::Display for PublicUrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scheme => f.write_str("public URL does not start with `https://` or `http://`"),
            Self::NoHost => f.write_str("public URL has no host"),
            Self::Port => f.write_str("port of the public URL is not a number up to 65535"),
            Self::Extra => f.write_str("public URL has user info, a query or a fragment"),
            Self::Character { at } => {
                write!(f, "public URL has a character at byte {at} that is not visible ASCII")
            }
        }
    }
}

impl std::error::Error for PublicUrlError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_never_becomes_part_of_the_host() {
        let cases = [
            ("https://x", "voice", "https://x/voice", "wss://x/voice"),
            ("https://x", "/voice?a=1", "https://x/voice?a=1", "wss://x/voice?a=1"),
            ("https://x/base/", "voice", "https://x/base/voice", "wss://x/base/voice"),
            ("https://x:8443", "0", "https://x:8443/0", "wss://x:8443/0"),
            ("https://x", "@y", "https://x/@y", "wss://x/@y"),
            ("http://x", "?a=1", "http://x?a=1", "ws://x?a=1"),
            ("http://x", "", "http://x", "ws://x"),
        ];
        for (base, path, http, websocket) in cases {
            let base: PublicUrl = base.parse().unwrap();
            assert_eq!((&*base.join(path), &*base.join_websocket(path)), (http, websocket));
        }
    }

    #[test]
    fn refuses_what_twilio_cannot_be_given() {
        let cases = [
            ("https://a.example", Ok("https://a.example")),
            ("https://a.example/", Ok("https://a.example")),
            ("http://127.0.0.1:8080", Ok("http://127.0.0.1:8080")),
            ("https://[::1]:1/base/path", Ok("https://[::1]:1/base/path")),
            ("a.example", Err(PublicUrlError::Scheme)),
            ("ftp://a.example", Err(PublicUrlError::Scheme)),
            ("", Err(PublicUrlError::Scheme)),
            ("https://", Err(PublicUrlError::NoHost)),
            ("https:///voice", Err(PublicUrlError::NoHost)),
            ("https://a.example:", Err(PublicUrlError::Port)),
            ("https://a.example:+80", Err(PublicUrlError::Port)),
            ("https://a.example:70000", Err(PublicUrlError::Port)),
            ("https://u:p@a.example", Err(PublicUrlError::Extra)),
            ("https://a.example?x=1", Err(PublicUrlError::Extra)),
            ("https://a.example/#rc=2", Err(PublicUrlError::Extra)),
            ("https://a.example /", Err(PublicUrlError::Character { at: 17 })),
            ("https://bücher.example", Err(PublicUrlError::Character { at: 9 })),
        ];
        for (text, want) in cases {
            let got = text.parse::<PublicUrl>();
            assert_eq!(got.as_ref().map(PublicUrl::as_str), want.as_ref().copied(), "{text}");
        }
    }
}
