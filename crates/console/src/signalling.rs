//! Where the Voice SDK connects to.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A signalling server that replaces Twilio's own: `wss://` and a host, or `ws://` and a loopback
/// address, which needs no certificate. The SDK sets the path.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Signalling {
    is_plain: bool,
    authority: String,
}

/// Why a text is not a signalling server.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SignallingError {
    /// It begins with neither `wss://` nor `ws://`.
    Scheme,
    /// It has more than a host and a port, or a character that they cannot have.
    Authority,
    /// It is plain, but not to this machine.
    PlainRemote,
}

impl Signalling {
    /// Whether the connection is plain `ws`.
    pub const fn is_plain(&self) -> bool {
        self.is_plain
    }
}

impl FromStr for Signalling {
    type Err = SignallingError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (is_plain, authority) = match (text.strip_prefix("wss://"), text.strip_prefix("ws://"))
        {
            (Some(rest), _) => (false, rest),
            (None, Some(rest)) => (true, rest),
            (None, None) => return Err(SignallingError::Scheme),
        };
        let allowed = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
        if authority.is_empty() || !authority.chars().all(allowed) {
            return Err(SignallingError::Authority);
        }
        if is_plain && !is_loopback(authority) {
            return Err(SignallingError::PlainRemote);
        }
        Ok(Self { is_plain, authority: authority.to_owned() })
    }
}

/// Whether a host, with or without a port, is a loopback address or `localhost`.
fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

impl fmt::Display for Signalling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.is_plain { "ws" } else { "wss" }, self.authority)
    }
}

impl fmt::Display for SignallingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => "begins with neither `wss://` nor `ws://`",
            Self::Authority => "is not a host with or without a port after its scheme",
            Self::PlainRemote => "is plain `ws://` to another machine",
        })
    }
}

impl std::error::Error for SignallingError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hosts_are_read_and_plain_ones_only_on_loopback() {
        let cases = [
            ("wss://127.0.0.1:8443", Ok(())),
            ("wss://voice.example.com", Ok(())),
            ("ws://127.0.0.1:8080", Ok(())),
            ("ws://localhost:8080", Ok(())),
            ("ws://[::1]:8080", Ok(())),
            ("ws://voice.example.com", Err(SignallingError::PlainRemote)),
            ("ws://localhost.example.com", Err(SignallingError::PlainRemote)),
            ("https://voice.example.com", Err(SignallingError::Scheme)),
            ("wss://", Err(SignallingError::Authority)),
            ("wss://voice.example.com/signal", Err(SignallingError::Authority)),
            ("wss://a; script-src *", Err(SignallingError::Authority)),
        ];
        for (text, want) in cases {
            let read: Result<Signalling, _> = text.parse();
            assert_eq!(read.map(|read| read.to_string()), want.map(|()| text.to_owned()), "{text}");
        }
    }
}
