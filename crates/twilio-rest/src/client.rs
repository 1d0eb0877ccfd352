//! The connection to the API.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Uri};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use crate::{BaseUrl, Credentials, Error, wire};

/// Settings for requests to the API.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address of the API.
    pub base: BaseUrl,
    /// The time limit for one request with all its retries, from the connection to the last byte.
    pub budget: Duration,
    /// The most retries of a request that was certainly not executed.
    pub retries: u32,
}

impl Settings {
    /// Twilio's own host, 3 s, three retries.
    pub fn twilio() -> Self {
        Self { base: BaseUrl::twilio(), budget: Duration::from_secs(3), retries: 3 }
    }
}

/// Randomness and waiting, which the caller provides.
pub trait Pause: Send + Sync {
    /// Waits for a random time of at most `most`, drawn evenly from zero on (full jitter).
    fn pause(&self, most: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// The API, for any number of accounts. Copies share their connections.
#[derive(Clone)]
pub struct Client {
    http: legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    settings: Settings,
    pause: Arc<dyn Pause>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Client {
    /// The most bytes that are read of an answer.
    pub const MAX_BYTES: usize = 1024 * 1024;

    /// Prepares a client; nothing is connected yet.
    ///
    /// # Errors
    ///
    /// This machine has no certificate authorities.
    pub fn new(settings: Settings, pause: impl Pause + 'static) -> Result<Self, std::io::Error> {
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(trust::client_config()?)
            .https_or_http()
            .enable_http1()
            .build();
        let http = legacy::Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(30))
            .build(connector);
        Ok(Self { http, settings, pause: Arc::new(pause) })
    }

    pub(crate) const fn base(&self) -> &BaseUrl {
        &self.settings.base
    }

    pub(crate) async fn get(&self, credentials: &Credentials, uri: Uri) -> Result<Bytes, Error> {
        self.ask(credentials, Method::GET, uri, Bytes::new()).await
    }

    pub(crate) async fn post(
        &self,
        credentials: &Credentials,
        uri: Uri,
        form: &[(&str, &str)],
    ) -> Result<Bytes, Error> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.ask(credentials, Method::POST, uri, body.into()).await
    }

    pub(crate) async fn delete(&self, credentials: &Credentials, uri: Uri) -> Result<(), Error> {
        self.ask(credentials, Method::DELETE, uri, Bytes::new()).await.map(drop)
    }

    /// Sends a request within the budget. A request that may have been executed is never retried.
    async fn ask(
        &self,
        credentials: &Credentials,
        method: Method,
        uri: Uri,
        body: Bytes,
    ) -> Result<Bytes, Error> {
        let attempts = async {
            let mut retries = 0;
            loop {
                let request = request(credentials, &method, &uri, &body);
                match self.ask_once(request).await {
                    Err(error) if error.is_undone() && retries < self.settings.retries => {
                        self.pause.pause(most(retries)).await;
                        retries += 1;
                    }
                    result => return result,
                }
            }
        };
        tokio::time::timeout(self.settings.budget, attempts).await.unwrap_or(Err(Error::TimedOut))
    }

    async fn ask_once(&self, request: Request<Full<Bytes>>) -> Result<Bytes, Error> {
        let answer = self.http.request(request).await.map_err(|error| {
            if error.is_connect() {
                Error::Unreachable(Box::new(error))
            } else {
                Error::Interrupted(Box::new(error))
            }
        })?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), Self::MAX_BYTES).collect().await;
        // A redirect is not a success: credentials are never sent to another host.
        if !status.is_success() {
            let body = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
            return Err(Error::Refused(wire::refusal(status.as_u16(), &body)));
        }
        match body {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => {
                Err(Error::TooLarge { limit_bytes: Self::MAX_BYTES })
            }
            Err(error) => Err(Error::Interrupted(error)),
        }
    }
}

fn request(
    credentials: &Credentials,
    method: &Method,
    uri: &Uri,
    body: &Bytes,
) -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::new(body.clone()));
    *request.method_mut() = method.clone();
    *request.uri_mut() = uri.clone();
    let headers = request.headers_mut();
    headers.insert(AUTHORIZATION, credentials.header());
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(USER_AGENT, HeaderValue::from_static("switchroom"));
    if *method == Method::POST {
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(CONTENT_TYPE, form);
    }
    request
}

/// 100 ms, doubled with each retry, at most 3 s (the policy of Twilio's library for Node).
fn most(retries: u32) -> Duration {
    let most = Duration::from_secs(3);
    2_u32
        .checked_pow(retries)
        .map_or(most, |factor| Duration::from_millis(100).saturating_mul(factor).min(most))
}
