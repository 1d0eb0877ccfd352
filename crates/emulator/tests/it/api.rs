//! A client of the emulator's own HTTP.

use emulator::{Account, Config, Emulator, Http};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::server::{Server, TOKEN, twilio_with};

/// An emulator that listens, and who speaks to it.
pub(crate) struct Api {
    pub(crate) twilio: Emulator,
    pub(crate) account: Account,
    pub(crate) http: Http,
    asks: Asks,
}

/// Who speaks to an emulator.
pub(crate) struct Asks {
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
        let asks = Asks::new(&http.url());
        Self { twilio, account, http, asks }
    }

    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Got {
        self.asks.send(method, path, headers, body).await
    }

    /// The control API.
    pub(crate) async fn control(&self, method: &str, path: &str, body: &Value) -> Got {
        self.asks.control(method, path, body).await
    }

    pub(crate) async fn look(&self, path: &str) -> Value {
        let got = self.control("GET", path, &Value::Null).await;
        assert_eq!(got.status, 200, "{got:?}");
        got.json()
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

impl Asks {
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
