//! Why a signature does not fit, by trying what usually goes wrong.

mod tail;

use std::borrow::Cow;
use std::fmt;

use self::tail::{Tail, tails};
use crate::legacy::spellings;
use crate::mac::{Claim, Mac};
use crate::settings::Signer;
use crate::url::SplitUrl;
use crate::{Headers, Key, Request, SignatureError, Verifier};

/// What else is known about a refused request. All of it may come from the request itself:
/// it never makes a request pass.
///
/// # Examples
///
/// ```
/// use twilio_sig::Clues;
///
/// let clues = Clues { hosts: &["voice.example.com"], ..Clues::default() };
/// assert!(clues.keys.is_empty());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Clues<'a> {
    /// Hosts that Twilio may have called, with a port if there is one: the values of `Host` and
    /// `X-Forwarded-Host`. The first eight are tried.
    pub hosts: &'a [&'a str],
    /// Path prefixes that a proxy may have stripped, for example `/api`. The first eight are tried.
    pub prefixes: &'a [&'a str],
    /// Keys of other accounts, or former ones. The first eight are tried.
    pub keys: &'a [Key],
    /// The account that requests should come from.
    pub account: Option<&'a str>,
}

/// What is wrong with a signature.
///
/// It is meant for the server's log. It names parts and never values, so
/// it contains no secret, no parameter and not the correct signature.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Explanation {
    /// Nothing: the request passes.
    Passes,
    /// The headers alone are the reason.
    Headers(SignatureError),
    /// The signature has the length of HMAC-SHA256, but the settings header that goes with it was
    /// lost or names no algorithm.
    SettingsLost,
    /// The URL is signed, but the body was replaced.
    Body(SignatureError),
    /// The signature fits once these parts are changed. They are as few as possible.
    Differs(Vec<Difference>),
    /// No attempt fits, and the request says that it comes from another account.
    OtherAccount,
    /// No attempt fits: the auth token is another, or the request is not from Twilio.
    Unknown,
}

/// A part that differs from the signed one.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Difference {
    /// It was signed with this scheme: a proxy ends TLS.
    Scheme(&'static str),
    /// It was signed for another host, the one with this number among the clues.
    Host(usize),
    /// It was signed for the same host with other upper and lower case letters.
    HostCase,
    /// It was signed with another port.
    Port,
    /// It was signed with a path prefix, the one with this number among the clues.
    Prefix(usize),
    /// It was signed with, or without, a slash at the end of the path.
    TrailingSlash,
    /// It was signed without the query, or without its question mark.
    Query,
    /// It was signed with the fields of the query in another order.
    QueryOrder,
    /// It was signed with `%20` for the blanks of the query and came with `+`, or the other way round.
    Blanks,
    /// An `@` or a `:` of the path or the query was signed escaped and came as it is, or the other way round.
    Escapes,
    /// It was signed in another spelling, see [`Verifier::legacy_encodings`].
    Encoding,
    /// It was signed without the form: the body is not a form, or the fields are those of the query.
    Form,
    /// Its fields were decoded twice (`+` became a blank) or not at all.
    FormEncoding,
    /// There is one field too many.
    ExtraField,
    /// Another key signed it: the one with this number among the clues, or one of the verifier's keys that
    /// the settings header does not name.
    Key(Option<usize>),
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scheme(scheme) => write!(f, "scheme is `{scheme}`"),
            Self::Host(clue) => write!(f, "host is number {clue} of the clues"),
            Self::HostCase => f.write_str("host in other upper and lower case"),
            Self::Port => f.write_str("port differs"),
            Self::Prefix(clue) => write!(f, "path begins with prefix number {clue} of the clues"),
            Self::TrailingSlash => f.write_str("slash at the end of the path"),
            Self::Query => f.write_str("no query"),
            Self::QueryOrder => f.write_str("query in another order"),
            Self::Blanks => {
                f.write_str("blanks of the query as `%20` and not `+`, or the other way round")
            }
            Self::Escapes => {
                f.write_str("`@` or `:` as it is and not escaped, or the other way round")
            }
            Self::Encoding => f.write_str("other encoding of the URL"),
            Self::Form => f.write_str("no form"),
            Self::FormEncoding => f.write_str("fields decoded another number of times"),
            Self::ExtraField => f.write_str("one field less"),
            Self::Key(Some(clue)) => write!(f, "key is number {clue} of the clues"),
            Self::Key(None) => f.write_str("key is not the one named by the settings"),
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passes => f.write_str("signature fits"),
            Self::Headers(error) | Self::Body(error) => error.fmt(f),
            Self::SettingsLost => f.write_str("signature needs a settings header, which was lost"),
            Self::Differs(parts) => {
                f.write_str("signature was made for a request that differs: ")?;
                for (index, part) in parts.iter().enumerate() {
                    f.write_str(if index == 0 { "" } else { ", " })?;
                    part.fmt(f)?;
                }
                Ok(())
            }
            Self::OtherAccount => f.write_str("request comes from another account"),
            Self::Unknown => f.write_str("signature fits no attempt"),
        }
    }
}

impl Verifier {
    /// Says why a request is refused.
    ///
    /// It hashes up to 30,000 variations of the request, which takes milliseconds: call it for
    /// the set-up check or for a sample of the refusals, not for each one, and keep the answer
    /// from the caller.
    ///
    /// # Examples
    ///
    /// ```
    /// use twilio_sig::{AuthToken, Clues, Difference, Explanation, Request, Verifier};
    ///
    /// let token = AuthToken::new("12345")?;
    /// let signature = token.sign(&Request::get("https://voice.example.com/voice"));
    ///
    /// // The proxy ends TLS, and the server was told its inner address.
    /// let request = Request::get("http://10.0.0.7:3000/voice");
    /// let clues = Clues { hosts: &["voice.example.com"], ..Clues::default() };
    /// let explanation = Verifier::new(token).explain(&request, &*signature, &clues);
    /// let want = [Difference::Scheme("https"), Difference::Host(0)];
    /// assert_eq!(explanation, Explanation::Differs(want.to_vec()));
    /// # Ok::<(), twilio_sig::SecretError>(())
    /// ```
    pub fn explain<'h>(
        &self,
        request: &Request<'_>,
        headers: impl Into<Headers<'h>>,
        clues: &Clues<'_>,
    ) -> Explanation {
        let headers = headers.into();
        let header = headers.signature.unwrap_or_default();
        match self.verify(request, headers) {
            Ok(_) => Explanation::Passes,
            Err(error @ (SignatureError::BodyHash | SignatureError::BodyUnsigned)) => {
                Explanation::Body(error)
            }
            Err(SignatureError::Malformed) if Claim::is_sha256(header) => Explanation::SettingsLost,
            Err(SignatureError::Mismatch) => self.compare(request, header, headers, clues),
            Err(error) => Explanation::Headers(error),
        }
    }

    fn compare(
        &self,
        request: &Request<'_>,
        header: &str,
        headers: Headers<'_>,
        clues: &Clues<'_>,
    ) -> Explanation {
        let Ok(signer) = Signer::read(headers.settings) else { return Explanation::Unknown };
        let claim = Claim::read(header, signer.algorithm());
        let heads = heads(&request.url, clues);
        let tails = tails(request, clues);
        let keys = self.suspects(signer, clues);
        let mut tries = 0;
        // The fewer changes explain it, the better.
        for changes in 1..=MOST_CHANGES {
            for head in heads.iter().filter(|head| head.changes.len() <= changes) {
                let rest = changes - head.changes.len();
                for tail in tails.iter().filter(|tail| tail.changes.len() <= rest) {
                    let key_changes = rest - tail.changes.len();
                    let keys = keys.iter().filter(|(key, _)| key.iter().count() == key_changes);
                    for (key, mac) in keys {
                        tries += 1;
                        if tries > MOST_TRIES {
                            return Explanation::Unknown;
                        }
                        if fits(mac, head, tail, request, &claim) {
                            let parts = [&head.changes[..], &tail.changes[..]].concat();
                            return Explanation::Differs(parts.into_iter().chain(*key).collect());
                        }
                    }
                }
            }
        }
        let found = request.params.iter().find(|(name, _)| *name == "AccountSid");
        match (found, clues.account) {
            (Some((_, found)), Some(account)) if found != account => Explanation::OtherAccount,
            _ => Explanation::Unknown,
        }
    }

    /// The keys to try, and what it would mean.
    fn suspects<'k>(
        &'k self,
        signer: Signer<'_>,
        clues: &Clues<'k>,
    ) -> Vec<(Option<Difference>, &'k Mac)> {
        let own = self.keys.iter().map(|key| {
            let named = signer.is(key) == Ok(true);
            ((!named).then_some(Difference::Key(None)), key.mac())
        });
        let other = clues.keys.iter().take(MOST_CLUES).enumerate();
        own.chain(other.map(|(clue, key)| (Some(Difference::Key(Some(clue))), key.mac()))).collect()
    }
}

/// Another scheme, host and port, and what that changes.
struct Head<'a> {
    scheme: &'static str,
    host: Cow<'a, str>,
    port: &'a str,
    changes: Vec<Difference>,
}

fn heads<'a>(url: &SplitUrl<'a>, clues: &Clues<'a>) -> Vec<Head<'a>> {
    let mut heads = Vec::new();
    let given = SplitUrl { path: "", query: "", whole: "", ..*url };
    let hosts = clues.hosts.iter().take(MOST_CLUES).enumerate();
    let hosts = hosts.map(|(clue, text)| {
        let authority = SplitUrl::authority(text);
        let is_same = authority.host.eq_ignore_ascii_case(given.host);
        let change = if is_same { Difference::HostCase } else { Difference::Host(clue) };
        (Some(change), Cow::Borrowed(authority.host), authority.port)
    });
    let cases = [given.host.to_ascii_lowercase(), given.host.to_ascii_uppercase()];
    let cases = cases.map(|host| (Some(Difference::HostCase), Cow::Owned(host), given.port));
    let as_given = (None, Cow::Borrowed(given.host), given.port);
    for (change, host, host_port) in [as_given].into_iter().chain(hosts).chain(cases) {
        if change.is_some() && host == given.host {
            continue;
        }
        for scheme in ["https", "http", "wss", "ws"] {
            for port in [host_port].into_iter().chain(PORTS) {
                let mut changes = Vec::new();
                if url.scheme.strip_suffix("://") != Some(scheme) {
                    changes.push(Difference::Scheme(scheme));
                }
                changes.extend(change);
                if port != host_port {
                    changes.push(Difference::Port);
                }
                heads.push(Head { scheme, host: host.clone(), port, changes });
            }
        }
    }
    heads
}

fn fits(mac: &Mac, head: &Head<'_>, tail: &Tail, request: &Request<'_>, claim: &Claim) -> bool {
    let scheme = [head.scheme, "://"].concat();
    let (host, port) = (&*head.host, head.port);
    let (path, query) = (&tail.path, &tail.query);
    let url = SplitUrl { scheme: &scheme, host, port, path, query, whole: "" };
    let spelling;
    let url = match tail.spelling {
        Some(number) => {
            spelling = spellings(&url);
            // The spellings write the host in lower case, which is a difference of its own.
            SplitUrl { host, whole: "", ..SplitUrl::new(&spelling[number]) }
        }
        None => url,
    };
    let owned = tail.pairs.as_ref().map(Into::into);
    let params = owned.as_ref().unwrap_or(&request.params);
    url.candidates(false).any(|url| mac.matches(&url, params, claim).into())
}

/// Ports that servers behind a proxy listen on.
const PORTS: [&str; 8] = [":80", ":443", ":3000", ":5000", ":8000", ":8080", ":8443", ":9000"];

/// Each clue multiplies the work.
const MOST_CLUES: usize = 8;

/// More would explain anything.
const MOST_CHANGES: usize = 4;

/// Two or three hashes each: some 20 ms at the worst.
const MOST_TRIES: usize = 10_000;
