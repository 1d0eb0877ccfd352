//! A client of the emulator's own HTTP.

use std::net::SocketAddr;
use std::time::Duration;

use emulator::{Account, Config, Emulator, Http};
use harness::http::{Answer, Ask, exchange};
use harness::wait;
use serde_json::Value;

use crate::server::{Server, TOKEN, twilio_with};

/// An emulator that listens, and a client for it.
pub(crate) struct Api {
    pub(crate) twilio: Emulator,
    pub(crate) account: Account,
    pub(crate) http: Http,
    client: HttpClient,
}

/// A client for an emulator.
pub(crate) struct HttpClient {
    address: SocketAddr,
}

impl Api {
    /// With the account and number of [`twilio_with`].
    pub(crate) async fn start(server: &Server, config: Config) -> Self {
        let (twilio, account) = twilio_with(server, config, "").await;
        let http = twilio.listen_http("127.0.0.1:0".parse().expect("an address")).await;
        let http = http.expect("a port is free");
        let client = HttpClient::new(&http.url());
        Self { twilio, account, http, client }
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        self.client.send(method, path, headers, body).await
    }

    /// The control API.
    pub(crate) async fn control(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.client.control(method, path, body).await
    }

    pub(crate) async fn look(&self, path: &str) -> Value {
        let got = self.control("GET", path, &Value::Null).await;
        assert_eq!(got.status, 200, "{got:?}");
        got.json()
    }

    /// Reads a path of the control API until the answer meets a condition.
    pub(crate) async fn look_until(&self, path: &str, meets: impl Fn(&Value) -> bool) -> Value {
        until(path, || self.look(path), meets).await
    }

    /// Reads a path of the REST API until the answer meets a condition.
    pub(crate) async fn rest_until(&self, path: &str, meets: impl Fn(&Value) -> bool) -> Value {
        until(path, async || self.rest("GET", path, &[]).await.json(), meets).await
    }

    /// The REST API, as the account.
    pub(crate) async fn rest(&self, method: &str, path: &str, form: &[(&str, &str)]) -> Answer {
        self.rest_as(self.account.sid().as_str(), TOKEN, method, path, form).await
    }

    pub(crate) async fn rest_as(
        &self,
        user: &str,
        password: &str,
        method: &str,
        path: &str,
        form: &[(&str, &str)],
    ) -> Answer {
        let basic = basic(user, password);
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let headers =
            [("authorization", &*basic), ("content-type", "application/x-www-form-urlencoded")];
        let whole = format!("/2010-04-01/Accounts/{}/{path}", self.account.sid());
        let path = if path.starts_with('/') { path } else { &whole };
        self.send(method, path, &headers, &body).await
    }
}

/// The header `Authorization` of a user (RFC 7617).
pub(crate) fn basic(user: &str, password: &str) -> String {
    use base64::Engine as _;
    let pair = format!("{user}:{password}");
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
}

impl HttpClient {
    /// A client for the emulator at `http://127.0.0.1:4242`.
    pub(crate) fn new(url: &str) -> Self {
        let address = url.trim_start_matches("http://").parse();
        Self { address: address.expect("an address") }
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut ask = Ask { body: body.into(), ..Ask::new(method, path) };
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            ask = ask.header("host", &self.address.to_string());
        }
        let ask = headers.iter().fold(ask, |ask, (name, value)| ask.header(name, value));
        exchange(self.address, &ask.bytes()).await
    }

    /// The control API.
    pub(crate) async fn control(&self, method: &str, path: &str, body: &Value) -> Answer {
        let path = format!("/emulator{path}");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(method, &path, &[("content-type", "application/json")], &body).await
    }
}

async fn until(path: &str, look: impl AsyncFn() -> Value, meets: impl Fn(&Value) -> bool) -> Value {
    let mut found = Value::Null;
    let holds = async || {
        found = look().await;
        meets(&found)
    };
    let is_met = wait::until(Duration::from_secs(60), Duration::from_millis(20), holds).await;
    assert!(is_met, "{path}: {found:#}");
    found
}
