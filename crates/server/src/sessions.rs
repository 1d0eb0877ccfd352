//! Session tokens, with keys that may change while the server runs.

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use session::{JwkSet, Keys, Session, SessionError, SessionSecret, Verifier, WeakSecret};
use tokio::sync::Mutex;
use tokio::time::Instant;
use tracing::{info, warn};

use crate::clock::Clock;
use crate::config::SessionConfig;

#[cfg(test)]
mod tests;

/// Checks session tokens.
#[derive(Clone)]
pub(crate) struct Sessions(Arc<Keyring>);

struct Keyring {
    clock: Clock,
    config: SessionConfig,
    verifier: RwLock<Arc<Verifier>>,
    remote: Option<Remote>,
}

/// Keys that are fetched.
struct Remote {
    url: hyper::Uri,
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    /// The task that holds it fetches; the others wait for the result.
    fetches: Mutex<Fetches>,
}

#[derive(Clone, Copy, Default)]
struct Fetches {
    /// When the keys were last requested.
    last: Option<Instant>,
    /// When they last arrived.
    good: Option<Instant>,
}

/// Why a token is no session.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum NoSession {
    /// The token itself.
    Refused(SessionError),
    /// The keys could never be fetched, so it cannot be checked.
    KeysAway,
}

/// Why sessions cannot be checked at all.
#[derive(Debug, thiserror::Error)]
pub enum SessionsError {
    /// The file of keys cannot be read.
    #[error("SWITCHROOM_SESSION_JWKS_FILE cannot be read")]
    File(#[source] std::io::Error),
    /// The keys are not valid.
    #[error("the session keys cannot be used: {0}")]
    Keys(String),
    /// The URL of the keys is not valid.
    #[error("SWITCHROOM_SESSION_JWKS_URL is not a URL")]
    Url(#[source] hyper::http::uri::InvalidUri),
    /// The system has no TLS roots.
    #[error("the system's TLS roots cannot be read")]
    Tls(#[source] std::io::Error),
}

/// Why newer keys are not used.
#[derive(Debug, thiserror::Error)]
enum RefreshError {
    #[error(transparent)]
    Request(#[from] hyper_util::client::legacy::Error),
    #[error("status {0}")]
    Status(hyper::StatusCode),
    #[error("{0}")]
    Body(Box<dyn std::error::Error + Send + Sync>),
    #[error("the document is not UTF-8")]
    NotUtf8,
    #[error("no answer in time")]
    TimedOut,
    #[error(transparent)]
    Unusable(#[from] SessionsError),
}

impl Sessions {
    /// Prepares the configured keys, and begins to fetch those of a URL, which then replace those of a file.
    pub(crate) fn new(config: SessionConfig, clock: Clock) -> Result<Self, SessionsError> {
        let file = config.jwks_file.as_deref().map(read_file).transpose()?;
        let remote = config.jwks_url.as_deref().map(Remote::new).transpose()?;
        // Until the keys of the URL are fetched, a token that names one has an unknown key.
        let document = file.as_deref().or(remote.as_ref().map(|_| NO_KEYS));
        let verifier = RwLock::new(Arc::new(build(&config, document)?));
        let sessions = Self(Arc::new(Keyring { clock, config, verifier, remote }));
        if sessions.0.remote.is_some() {
            let keyring = Arc::clone(&sessions.0);
            tokio::spawn(async move { keyring.refresh().await });
        }
        Ok(sessions)
    }

    /// Checks a token. If its key is not known, the keys are fetched again, at most once in [`PAUSE`].
    pub(crate) async fn verify(&self, token: &str) -> Result<Session, NoSession> {
        let keyring = &self.0;
        let mut checked = keyring.current().verify(token, keyring.clock.now());
        if let Some(remote) = &keyring.remote {
            let unknown = checked == Err(SessionError::UnknownKey);
            if unknown || remote.are_old(&keyring.clock) {
                self.refresh().await;
                checked = keyring.current().verify(token, keyring.clock.now());
            }
            if checked == Err(SessionError::UnknownKey) && remote.never_came() {
                return Err(NoSession::KeysAway);
            }
        }
        checked.map_err(NoSession::Refused)
    }

    /// Reads the keys again, from their URL or their file. The old ones stay in use if that fails.
    pub(crate) async fn reload(&self) {
        let keyring = &self.0;
        if let Some(remote) = &keyring.remote {
            remote.fetches.lock().await.last = None;
            return self.refresh().await;
        }
        let Some(path) = keyring.config.jwks_file.clone() else { return };
        let read = tokio::task::spawn_blocking(move || read_file(&path)).await;
        // A panic was logged where it happened.
        let Ok(read) = read else { return };
        match read.and_then(|document| build(&keyring.config, Some(&document))) {
            Ok(verifier) => keyring.replace(verifier),
            Err(error) => warn!("the session keys stay as they were: {error}"),
        }
    }

    /// Fetches in a task of its own: others may wait for the keys when this request is cancelled.
    async fn refresh(&self) {
        let keyring = Arc::clone(&self.0);
        // A panic was logged where it happened; the old keys stay in use.
        let _ = tokio::spawn(async move { keyring.refresh().await }).await;
    }
}

impl Keyring {
    fn current(&self) -> Arc<Verifier> {
        Arc::clone(&self.verifier.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, verifier: Verifier) {
        *self.verifier.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(verifier);
    }

    async fn refresh(&self) {
        let Some(remote) = &self.remote else { return };
        let mut fetches = remote.fetches.lock().await;
        let pause = if fetches.good.is_some() { PAUSE } else { PAUSE_BEFORE_THE_FIRST };
        if fetches.last.is_some_and(|at| self.clock.elapsed(at) < pause) {
            return;
        }
        let fetched = remote.fetch().await;
        let fetched = fetched.and_then(|document| Ok(build(&self.config, Some(&document))?));
        fetches.last = Some(self.clock.instant());
        match fetched {
            Ok(verifier) => {
                info!("the session keys were fetched");
                fetches.good = Some(self.clock.instant());
                self.replace(verifier);
            }
            Err(error) => {
                warn!("the session keys could not be fetched: {error}");
                if fetches.good.is_some_and(|at| self.clock.elapsed(at) > LAST_GOOD) {
                    // A key that was revoked meanwhile must not be accepted for ever.
                    warn!("the session keys are too old to be used");
                    fetches.good = None;
                    if let Ok(verifier) = build(&self.config, Some(NO_KEYS)) {
                        self.replace(verifier);
                    }
                }
            }
        }
    }
}

impl Remote {
    fn new(url: &str) -> Result<Self, SessionsError> {
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(trust::client_config().map_err(SessionsError::Tls)?)
            .https_or_http()
            .enable_http1()
            .build();
        Ok(Self {
            url: url.parse().map_err(SessionsError::Url)?,
            client: Client::builder(TokioExecutor::new()).build(connector),
            fetches: Mutex::default(),
        })
    }

    /// Whether the keys are too old. They are not while a fetch is running.
    fn are_old(&self, clock: &Clock) -> bool {
        self.fetches
            .try_lock()
            .is_ok_and(|fetches| fetches.good.is_some_and(|at| clock.elapsed(at) > FRESH))
    }

    fn never_came(&self) -> bool {
        self.fetches.try_lock().is_ok_and(|fetches| fetches.good.is_none())
    }

    /// Fetches the document: bounded in time and size, redirects are not followed.
    async fn fetch(&self) -> Result<String, RefreshError> {
        let fetch = async {
            let answer = self.client.get(self.url.clone()).await?;
            if answer.status() != hyper::StatusCode::OK {
                return Err(RefreshError::Status(answer.status()));
            }
            let body = Limited::new(answer.into_body(), MAX_BYTES).collect().await;
            let body = body.map_err(RefreshError::Body)?.to_bytes();
            String::from_utf8(body.into()).map_err(|_| RefreshError::NotUtf8)
        };
        let fetched = tokio::time::timeout(DEADLINE, fetch).await;
        fetched.unwrap_or(Err(RefreshError::TimedOut))
    }
}

/// Puts the shared secret and the public keys of a document together.
fn build(config: &SessionConfig, document: Option<&str>) -> Result<Verifier, SessionsError> {
    let unusable = |error: &dyn std::error::Error| SessionsError::Keys(error.to_string());
    let mut keys = Keys::new();
    if let Some(secret) = &config.secret {
        let secret: SessionSecret =
            secret.reveal().parse().map_err(|error: WeakSecret| unusable(&error))?;
        keys = keys.secret(secret);
    }
    if let Some(document) = document {
        let set = JwkSet::parse(document.as_bytes()).map_err(|error| unusable(&error))?;
        for ignored in set.ignored() {
            warn!("a session key is not used: {ignored:?}");
        }
        keys = keys.jwks(set);
    }
    let verifier = Verifier::new(keys).map_err(|error| unusable(&error))?;
    let verifier = verifier.audience(&config.audience);
    Ok(match &config.issuer {
        Some(issuer) => verifier.issuer(issuer),
        None => verifier,
    })
}

fn read_file(path: &Path) -> Result<String, SessionsError> {
    std::fs::read_to_string(path).map_err(SessionsError::File)
}

const NO_KEYS: &str = r#"{"keys":[]}"#;

/// How old fetched keys may be: a revoked key is refused after that.
const FRESH: Duration = Duration::from_secs(600);

/// The shortest pause between two fetches, whatever tokens arrive.
const PAUSE: Duration = Duration::from_secs(30);

/// The same until the first fetch succeeds: nobody can sign in before that.
const PAUSE_BEFORE_THE_FIRST: Duration = Duration::from_secs(2);

/// How long the last good keys are used while newer ones cannot be fetched.
const LAST_GOOD: Duration = Duration::from_secs(3600);

const DEADLINE: Duration = Duration::from_secs(3);
const MAX_BYTES: usize = 256 * 1024;
