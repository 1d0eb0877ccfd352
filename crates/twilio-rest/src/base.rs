//! The address of the API.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use hyper::Uri;

use crate::{BaseUrlError, Error};

/// Scheme and host of the API: `https`, or `http` on this machine.
///
/// Credentials travel with every request, so anything else is refused.
///
/// # Examples
///
/// ```
/// use twilio_rest::{BaseUrl, BaseUrlError};
///
/// assert_eq!(BaseUrl::twilio().as_str(), "https://api.twilio.com");
/// let dublin: BaseUrl = "https://api.dublin.ie1.twilio.com/".parse()?;
/// assert_eq!(dublin.as_str(), "https://api.dublin.ie1.twilio.com");
/// assert!("http://127.0.0.1:4010".parse::<BaseUrl>().is_ok());
/// let refused = "http://api.twilio.com".parse::<BaseUrl>();
/// assert_eq!(refused, Err(BaseUrlError::Clear));
/// # Ok::<(), BaseUrlError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// Twilio's own, in the region US1.
    pub fn twilio() -> Self {
        Self("https://api.twilio.com".to_owned())
    }

    /// Scheme, host and port, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The URL for a path from Twilio's answer, which must be on this host.
    pub(crate) fn follow(&self, uri: &str) -> Result<Uri, Error> {
        let rest = uri.strip_prefix(self.as_str()).unwrap_or(uri);
        if !rest.starts_with('/') || rest.starts_with("//") {
            return Err(Error::ForeignPage);
        }
        let joined = format!("{}{rest}", self.0);
        let whole: Uri = joined.parse().map_err(|_| Error::ForeignPage)?;
        let base: Uri = self.0.parse().map_err(|_| Error::ForeignPage)?;
        if (whole.scheme(), whole.authority()) == (base.scheme(), base.authority()) {
            Ok(whole)
        } else {
            Err(Error::ForeignPage)
        }
    }
}

impl FromStr for BaseUrl {
    type Err = BaseUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.strip_suffix('/').unwrap_or(text);
        let uri: Uri = text.parse().map_err(|_| BaseUrlError::Malformed)?;
        let authority = uri.authority().ok_or(BaseUrlError::Malformed)?;
        let is_bare = text.ends_with(authority.as_str());
        if !is_bare || authority.as_str().contains('@') || authority.host().is_empty() {
            return Err(BaseUrlError::Malformed);
        }
        match uri.scheme_str() {
            Some("https") => Ok(Self(text.to_owned())),
            Some("http") if is_local(authority.host()) => Ok(Self(text.to_owned())),
            Some("http") => Err(BaseUrlError::Clear),
            _ => Err(BaseUrlError::Malformed),
        }
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn is_local(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_host_by_tls_or_on_this_machine() {
        let cases = [
            ("https://api.twilio.com", Ok(())),
            ("https://api.sydney.au1.twilio.com/", Ok(())),
            ("http://127.0.0.1:8080", Ok(())),
            ("http://[::1]:8080", Ok(())),
            ("http://localhost", Ok(())),
            ("http://localhost.example.com", Err(BaseUrlError::Clear)),
            ("http://10.0.0.1", Err(BaseUrlError::Clear)),
            ("https://user:secret@api.twilio.com", Err(BaseUrlError::Malformed)),
            ("https://api.twilio.com/2010-04-01", Err(BaseUrlError::Malformed)),
            ("https://api.twilio.com?a=b", Err(BaseUrlError::Malformed)),
            ("ftp://api.twilio.com", Err(BaseUrlError::Malformed)),
            ("api.twilio.com", Err(BaseUrlError::Malformed)),
            ("", Err(BaseUrlError::Malformed)),
        ];
        for (text, want) in cases {
            assert_eq!(text.parse::<BaseUrl>().map(|_| ()), want, "{text}");
        }
    }

    #[test]
    fn a_page_is_followed_on_the_same_host_only() {
        let base: BaseUrl = "http://127.0.0.1:8080".parse().unwrap();
        for (uri, is_ours) in [
            ("/2010-04-01/Accounts/AC1/Calls.json?Page=1", true),
            ("http://127.0.0.1:8080/2010-04-01/Calls.json?Page=1", true),
            ("http://127.0.0.1:80801/Calls.json", false),
            ("http://127.0.0.1:8080@169.254.169.254/", false),
            ("http://169.254.169.254/latest", false),
            ("https://127.0.0.1:8080/Calls.json", false),
            ("//169.254.169.254/latest", false),
            ("Calls.json", false),
            ("/ with a space", false),
            ("", false),
        ] {
            assert_eq!(base.follow(uri).is_ok(), is_ours, "{uri}");
        }
    }
}
