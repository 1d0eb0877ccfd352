//! The forms of one URL that Twilio may have signed.

use std::borrow::Cow;

use crate::UrlForm;

/// A URL taken apart, byte for byte, without user info and fragment.
///
/// Any text can be taken apart: what is no URL has only a path, and no signature of Twilio's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SplitUrl<'a> {
    /// With `://`, or empty.
    pub(crate) scheme: &'a str,
    /// With the brackets of an IPv6 address.
    pub(crate) host: &'a str,
    /// With its colon, or empty.
    pub(crate) port: &'a str,
    pub(crate) path: &'a str,
    /// With its question mark, or empty.
    pub(crate) query: &'a str,
}

impl<'a> SplitUrl<'a> {
    pub(crate) fn new(url: &'a str) -> Self {
        let url = url.split_once('#').map_or(url, |(url, _)| url);
        let (scheme, rest) = url.split_at(url.find("://").map_or(0, |at| at + 3));
        let authority_end =
            if scheme.is_empty() { 0 } else { rest.find(['/', '?']).unwrap_or(rest.len()) };
        let (authority, tail) = rest.split_at(authority_end);
        let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let (host, port) = authority.split_at(port_start(authority));
        let (path, query) = tail.split_at(tail.find('?').unwrap_or(tail.len()));
        Self { scheme, host, port, path, query }
    }

    pub(crate) fn as_given(&self) -> Candidate<'a> {
        Candidate {
            head: [self.scheme, self.host, self.port],
            path: self.path,
            slash: "",
            query: Cow::Borrowed(self.query),
            form: UrlForm::AsGiven,
        }
    }

    /// The URL with the port left out, or with the default one put in where there was none.
    pub(crate) fn other_port(&self) -> Option<Candidate<'a>> {
        let port = if self.port.is_empty() { self.default_port()? } else { "" };
        let given = self.as_given();
        Some(Candidate { head: [self.scheme, self.host, port], form: UrlForm::OtherPort, ..given })
    }

    /// The port that the scheme stands for, with its colon.
    pub(crate) fn default_port(&self) -> Option<&'static str> {
        let is = |name: &str| self.scheme.eq_ignore_ascii_case(name);
        if is("https://") || is("wss://") {
            Some(":443")
        } else if is("http://") || is("ws://") {
            Some(":80")
        } else {
            None
        }
    }

    /// The values of a query parameter, undecoded.
    pub(crate) fn query_values(&self, name: &str) -> impl Iterator<Item = &'a str> {
        let query = self.query.strip_prefix('?').unwrap_or_default();
        query.split('&').filter_map(move |field| field.strip_prefix(name)?.strip_prefix('='))
    }
}

/// One text that Twilio may have signed, in pieces.
#[derive(Clone, Debug)]
pub(crate) struct Candidate<'a> {
    /// Scheme, host and port.
    pub(crate) head: [&'a str; 3],
    pub(crate) path: &'a str,
    /// A slash to add to the path, or nothing.
    pub(crate) slash: &'static str,
    pub(crate) query: Cow<'a, str>,
    pub(crate) form: UrlForm,
}

impl Candidate<'_> {
    /// The same with a slash at the end of its path, unless it has one.
    pub(crate) fn with_slash(&self) -> Option<Self> {
        let new = !self.path.ends_with('/');
        new.then(|| Self { slash: "/", form: UrlForm::TrailingSlash, ..self.clone() })
    }

    pub(crate) fn pieces(&self) -> impl Iterator<Item = &str> {
        self.head.into_iter().chain([self.path, self.slash, &self.query])
    }
}

/// Where the colon of the port stands; the length of the authority if there is none.
fn port_start(authority: &str) -> usize {
    let host_end = authority.rfind(']').unwrap_or(0);
    authority[host_end..].find(':').map_or(authority.len(), |at| host_end + at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_any_text_apart() {
        let cases = [
            ("https://a.example/p?q=1", ["https://", "a.example", "", "/p", "?q=1"]),
            ("https://u:p@a.example:8443/p#rc=2", ["https://", "a.example", ":8443", "/p", ""]),
            ("http://u:p@ss@a.example", ["http://", "a.example", "", "", ""]),
            ("https://a.example?x=a@b:1", ["https://", "a.example", "", "", "?x=a@b:1"]),
            ("https://a.example/x?", ["https://", "a.example", "", "/x", "?"]),
            ("https://[2001:db8::1]:8443/", ["https://", "[2001:db8::1]", ":8443", "/", ""]),
            ("https://[2001:db8::1]/", ["https://", "[2001:db8::1]", "", "/", ""]),
            ("/only/a/path?x=1", ["", "", "", "/only/a/path", "?x=1"]),
            ("", ["", "", "", "", ""]),
            ("a:b@c", ["", "", "", "a:b@c", ""]),
            ("https://", ["https://", "", "", "", ""]),
        ];
        for (url, want) in cases {
            let split = SplitUrl::new(url);
            let got = [split.scheme, split.host, split.port, split.path, split.query];
            assert_eq!(got, want, "{url}");
        }
    }

    #[test]
    fn ports_come_and_go() {
        let text = |candidate: Option<Candidate<'_>>| {
            candidate.map(|candidate| candidate.pieces().collect::<String>())
        };
        let cases = [
            ("https://a/x", Some("https://a:443/x")),
            ("WSS://a/x", Some("WSS://a:443/x")),
            ("http://a?x", Some("http://a:80?x")),
            ("https://a:443/x", Some("https://a/x")),
            ("https://a:8443/x", Some("https://a/x")),
            ("ftp://a/x", None),
            ("nonsense", None),
        ];
        for (url, want) in cases {
            assert_eq!(text(SplitUrl::new(url).other_port()).as_deref(), want, "{url}");
        }
    }
}
