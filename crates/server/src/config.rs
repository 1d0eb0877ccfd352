//! The configuration, read from the environment. All faults are reported together.

mod reader;
mod session;
mod values;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use console::Signalling;
use store_pg::StoreOptions;
use twilio_rest::BaseUrl;
use twilio_sig::PublicUrl;

use crate::clock::Clock;
use crate::http::networks::Networks;
use crate::log::LostLines;
use crate::secrets::{Secret, SecretsKey, SecretsKeys};
pub use reader::ConfigFaults;
use reader::Reader;
pub use session::SessionConfig;
use values::{
    ValueFault, check_database_url, check_filter, check_log_format, parse_connections,
    parse_origins, parse_public_url,
};

/// The configuration of `switchroom serve`.
#[derive(Debug)]
pub struct Config {
    /// Postgres as the server's own role; `None` for the embedded one.
    pub database_url: Option<Secret>,
    /// The most connections to it, all pools together, without the one that listens.
    pub database_connections: usize,
    /// The embedded Postgres and the spool.
    pub data_dir: PathBuf,
    /// Where to listen.
    pub listen: SocketAddr,
    /// The base URL that Twilio calls, without a slash at its end.
    pub public_url: PublicUrl,
    /// The addresses of your own proxies, whose connections are not counted.
    pub proxies: Networks,
    /// How session tokens are checked.
    pub sessions: SessionConfig,
    /// Encrypt Twilio credentials at rest.
    pub secrets_keys: SecretsKeys,
    /// The pages that may call the API.
    pub allowed_origins: Vec<String>,
    /// Where the page's Voice SDK connects to; `None` for Twilio itself.
    pub signalling: Option<Signalling>,
    /// The directory with the Voice SDK that the page loads.
    pub voice_sdk: PathBuf,
    /// How long a caller waits for the database before the call is answered from memory;
    /// [`Config::read`] sets 250 ms.
    pub database_budget: Duration,
    /// How old what memory has of members may be when a call is decided by it; [`Config::read`] sets 5 s. With
    /// zero, every call reads them.
    pub members_current: Duration,
    /// The pause between two rounds in which rosters are refreshed and what is known of workspaces
    /// is written to disk; `None`: only [`Server::save_known`](crate::Server::save_known) and the end do it.
    pub refresh_every: Option<Duration>,
    /// How missed callbacks are found.
    pub reconcile: ReconcileConfig,
    /// The clock of everything else.
    pub clock: Clock,
    /// What is missing in the log; [`Config::read`] sets a count that nobody counts.
    pub lost_lines: LostLines,
}

/// How missed callbacks are found.
#[derive(Clone, Debug)]
pub struct ReconcileConfig {
    /// Twilio's API; `None`: Twilio's own, in the region and over the edge of each workspace.
    pub api: Option<BaseUrl>,
    /// The pause between two rounds. The first one comes at the start. `None`: no rounds, except by
    /// [`Server::reconcile`](crate::Server::reconcile).
    pub every: Option<Duration>,
    /// The clock of deadlines.
    pub clock: Clock,
}

impl Config {
    /// Reads the configuration of `switchroom serve`.
    ///
    /// # Errors
    ///
    /// [`ConfigFaults`] with every fault, each beginning with the name of its variable.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigFaults> {
        let mut reader = Reader { variable, faults: Vec::new() };
        let listen = reader
            .parsed("SWITCHROOM_LISTEN", |text| text.parse().map_err(|_| ValueFault::Address))
            .unwrap_or(DEFAULT_LISTEN);
        let public_url = reader
            .parsed("SWITCHROOM_PUBLIC_URL", parse_public_url)
            .or_else(|| format!("http://{listen}").parse().ok());
        let secrets_keys = read_secrets_keys(&mut reader);
        let sessions = session::read(&mut reader);
        let allowed_origins =
            reader.parsed("SWITCHROOM_ALLOWED_ORIGINS", parse_origins).unwrap_or_default();
        let proxies = reader.parsed("SWITCHROOM_PROXIES", str::parse::<Networks>);
        let api = reader.parsed("TWILIO_API_BASE_URL", str::parse::<BaseUrl>);
        let signalling = reader.parsed("SWITCHROOM_SIGNALLING_URL", str::parse::<Signalling>);
        // These are read again where they are used; here they are only checked.
        let _ = reader.parsed("DATABASE_URL", check_database_url);
        let connections = reader.parsed("SWITCHROOM_DATABASE_CONNECTIONS", parse_connections);
        let _ = reader.parsed("RUST_LOG", check_filter);
        let _ = reader.parsed("SWITCHROOM_LOG_FORMAT", check_log_format);
        let clock = Clock::system();
        match (secrets_keys, public_url) {
            (Some(secrets_keys), Some(public_url)) if reader.faults.is_empty() => Ok(Self {
                database_url: reader.secret("DATABASE_URL"),
                database_connections: connections.unwrap_or_else(|| StoreOptions::SMALL.total()),
                voice_sdk: voice_sdk(&reader.variable),
                data_dir: data_dir(&reader.variable),
                listen,
                public_url,
                proxies: proxies.unwrap_or_else(Networks::private),
                sessions,
                secrets_keys,
                allowed_origins,
                signalling,
                database_budget: DATABASE_BUDGET,
                members_current: MEMBERS_CURRENT,
                refresh_every: Some(REFRESH_EVERY),
                reconcile: ReconcileConfig {
                    api,
                    every: Some(RECONCILE_EVERY),
                    clock: clock.clone(),
                },
                clock,
                lost_lines: LostLines::default(),
            }),
            _ => Err(ConfigFaults(reader.faults)),
        }
    }
}

/// The keys of the secrets.
///
/// # Errors
///
/// [`ConfigFaults`] with every fault, each beginning with the name of its variable.
pub(crate) fn secrets_keys(
    variable: impl Fn(&str) -> Option<String>,
) -> Result<SecretsKeys, ConfigFaults> {
    let mut reader = Reader { variable, faults: Vec::new() };
    match read_secrets_keys(&mut reader) {
        Some(keys) if reader.faults.is_empty() => Ok(keys),
        _ => Err(ConfigFaults(reader.faults)),
    }
}

/// Reads the keys of the secrets; without the current one there is a fault.
fn read_secrets_keys<F: Fn(&str) -> Option<String>>(reader: &mut Reader<F>) -> Option<SecretsKeys> {
    let name = "SWITCHROOM_SECRETS_KEY";
    let current = reader.parsed(name, SecretsKey::parse);
    if reader.text(name).is_none() {
        reader.faults.push(MISSING_SECRETS_KEY.to_owned());
    }
    let previous = reader.parsed("SWITCHROOM_SECRETS_KEY_PREVIOUS", SecretsKey::parse);
    Some(SecretsKeys { current: current?, previous })
}

/// The directory of the embedded Postgres and of the spool.
pub(crate) fn data_dir(variable: impl Fn(&str) -> Option<String>) -> PathBuf {
    variable("SWITCHROOM_DATA_DIR")
        .filter(|text| !text.is_empty())
        .map_or_else(|| PathBuf::from(".switchroom"), PathBuf::from)
}

/// The directory of the Voice SDK.
pub(crate) fn voice_sdk(variable: impl Fn(&str) -> Option<String>) -> PathBuf {
    variable("SWITCHROOM_VOICE_SDK")
        .filter(|text| !text.is_empty())
        .map_or_else(|| data_dir(variable).join("voice-sdk"), PathBuf::from)
}

const DEFAULT_LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8080);

/// A caller hears silence for as long as we wait.
const DATABASE_BUDGET: Duration = Duration::from_millis(250);

/// Half a ring, so that no agent is shown as ringing for much longer than they ring.
const RECONCILE_EVERY: Duration = Duration::from_secs(15);

/// If the machine fails, the changes of this time are lost. A round costs one sync of a small file for
/// each workspace that has changed.
/// One slow read is included: members are read every 4 s.
const MEMBERS_CURRENT: Duration = Duration::from_secs(5);

const REFRESH_EVERY: Duration = Duration::from_secs(10);

const MISSING_SECRETS_KEY: &str = "SWITCHROOM_SECRETS_KEY is missing: 32 bytes in base64, \
     for example from `openssl rand -base64 32`";

#[cfg(test)]
mod tests {
    use super::session::MISSING_SESSION_KEY;
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, ConfigFaults> {
        Config::read(|name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    const KEY: (&str, &str) =
        ("SWITCHROOM_SECRETS_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    const SESSION: (&str, &str) =
        ("SWITCHROOM_SESSION_SECRET", "a-session-secret-of-at-least-32-bytes");

    #[test]
    fn two_secrets_are_enough() {
        let config = read(&[KEY, SESSION]).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.public_url.as_str(), "http://127.0.0.1:8080");
        assert_eq!(config.sessions.audience, "authenticated");
        assert!(config.database_url.is_none());
        assert_eq!(config.reconcile.api, None);
    }

    #[test]
    fn all_faults_are_reported_together() {
        let faults = read(&[
            ("SWITCHROOM_LISTEN", "here"),
            ("SWITCHROOM_PUBLIC_URL", "https://my_host.example.com"),
            ("SWITCHROOM_SECRETS_KEY", "c2hvcnQ="),
            ("SWITCHROOM_SECRETS_KEY_PREVIOUS", "%"),
            ("TWILIO_API_BASE_URL", "http://api.example.com"),
            ("SWITCHROOM_SIGNALLING_URL", "ws://voice.example.com"),
            ("SWITCHROOM_SESSION_SECRET", "short"),
            ("SWITCHROOM_PROXIES", "10.0.0.0/8, proxy.example.com"),
            ("DATABASE_URL", "postgres://user@host:port/db"),
            ("SWITCHROOM_DATABASE_CONNECTIONS", "8"),
            ("SWITCHROOM_SESSION_JWKS_URL", "https://keys example"),
            ("RUST_LOG", "server=loud"),
            ("SWITCHROOM_LOG_FORMAT", "xml"),
            ("SWITCHROOM_ALLOWED_ORIGINS", "https://a.example.com, https://*.example.com"),
        ])
        .unwrap_err();
        assert_eq!(
            faults.to_string(),
            "the configuration has faults:\n  \
             - SWITCHROOM_LISTEN is not an address and port, such as 0.0.0.0:8080\n  \
             - SWITCHROOM_PUBLIC_URL has an underscore in its host, which Twilio refuses\n  \
             - SWITCHROOM_SECRETS_KEY has 5 bytes instead of 32\n  \
             - SWITCHROOM_SECRETS_KEY_PREVIOUS is not base64\n  \
             - SWITCHROOM_SESSION_JWKS_URL is not a URL: invalid uri character\n  \
             - SWITCHROOM_SESSION_SECRET has fewer than 32 bytes, too few for HS256\n  \
             - SWITCHROOM_ALLOWED_ORIGINS holds an origin that is not scheme://host or \
             scheme://host:port, in lower case and without a default port\n  \
             - SWITCHROOM_PROXIES holds something that is no address or network, such as 10.0.0.0/8\n  \
             - TWILIO_API_BASE_URL does not start with https://\n  \
             - SWITCHROOM_SIGNALLING_URL is plain `ws://` to another machine\n  \
             - DATABASE_URL cannot be used: invalid value for option `port`\n  \
             - SWITCHROOM_DATABASE_CONNECTIONS is not a number from 12 to 1000\n  \
             - RUST_LOG is not a filter, such as info\n  \
             - SWITCHROOM_LOG_FORMAT must be text or json"
        );
        let missing = read(&[]).unwrap_err();
        assert_eq!(missing.0, [MISSING_SECRETS_KEY, MISSING_SESSION_KEY]);
    }

    #[test]
    fn secrets_do_not_show_themselves() {
        let config = read(&[KEY, SESSION, ("DATABASE_URL", "postgres://u:hidden@h/d")]).unwrap();
        let shown = format!("{config:?}");
        assert!(!shown.contains("hidden") && !shown.contains("a-session-secret"), "{shown}");
        assert!(shown.contains("SecretsKey([redacted])"), "{shown}");
    }
}
