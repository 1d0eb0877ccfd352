//! A client of the emulator's own HTTP.

use emulator::{Account, Config, Emulator, Http};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::server::{Server, TOKEN, secs, twilio_with};

/// An emulator that listens, and a client for it.
pub(crate) struct Api {
    pub(crate) twilio: Emulator,
    pub(crate) account: Account,
    pub(crate) http: Http,
    client: HttpClient,
}

/// A client for an emulator.
pub(crate) struct HttpClient {
    url: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// A reply.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: hyper::HeaderMap,
    pub(crate) body: Bytes,
}

impl Got {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
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
    ) -> Got {
        self.client.send(method, path, headers, body).await
    }

    /// The control API.
    pub(crate) async fn control(&self, method: &str, path: &str, body: &Value) -> Got {
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
    pub(crate) async fn rest(&self, method: &str, path: &str, form: &[(&str, &str)]) -> Got {
        self.rest_as(self.account.sid().as_str(), TOKEN, method, path, form).await
    }

    pub(crate) async fn rest_as(
        &self,
        user: &str,
        password: &str,
        method: &str,
        path: &str,
        form: &[(&str, &str)],
    ) -> Got {
        use base64::Engine as _;
        let pair = format!("{user}:{password}");
        let basic = base64::engine::general_purpose::STANDARD.encode(pair);
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let headers = [
            ("authorization", &*format!("Basic {basic}")),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let whole = format!("/2010-04-01/Accounts/{}/{path}", self.account.sid());
        let path = if path.starts_with('/') { path } else { &whole };
        self.send(method, path, &headers, &body).await
    }
}

impl HttpClient {
    pub(crate) fn new(url: &str) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { url: url.to_owned(), client }
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Got {
        let uri = format!("{}{path}", self.url);
        let mut request = hyper::Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::from(body.to_owned())).expect("a request");
        let answer = self.client.request(request).await.expect("an answer");
        let (head, body) = answer.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        Got { status: head.status.as_u16(), headers: head.headers, body }
    }

    /// The control API.
    pub(crate) async fn control(&self, method: &str, path: &str, body: &Value) -> Got {
        let path = format!("/emulator{path}");
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(method, &path, &[("content-type", "application/json")], &body).await
    }
}

async fn until(path: &str, look: impl AsyncFn() -> Value, meets: impl Fn(&Value) -> bool) -> Value {
    let deadline = tokio::time::Instant::now() + secs(60);
    loop {
        let found = look().await;
        if meets(&found) {
            return found;
        }
        assert!(tokio::time::Instant::now() < deadline, "{path}: {found:#}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
