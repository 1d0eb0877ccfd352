//! Requests to the server, as pages, carriers and strangers send them.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// A client of one server.
pub struct Http {
    /// `http://127.0.0.1:4242`.
    pub base: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// What came back.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body as text.
    pub body: String,
}

impl Answer {
    /// The body as JSON; `null` if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

impl Http {
    /// A client of the server at `http://127.0.0.1:4242`.
    pub fn new(base: String) -> Self {
        Self { base, client: Client::builder(TokioExecutor::new()).build_http() }
    }

    /// `GET`, with a session if there is one.
    pub async fn get(&self, path: &str, session: Option<&str>) -> Result<Answer, String> {
        let mut headers = Vec::new();
        if let Some(session) = session {
            headers.push((header::AUTHORIZATION.as_str(), format!("Bearer {session}")));
        }
        self.send(Method::GET, path, &headers, String::new()).await
    }

    /// A form by `POST`, as the carrier sends webhooks.
    pub async fn post(
        &self,
        path: &str,
        form: &[(String, String)],
        signature: Option<&str>,
    ) -> Result<Answer, String> {
        let mut headers =
            vec![(header::CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded".to_owned())];
        if let Some(signature) = signature {
            headers.push(("x-twilio-signature", signature.to_owned()));
        }
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.send(Method::POST, path, &headers, body).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, String)],
        body: String,
    ) -> Result<Answer, String> {
        let what = format!("{method} {path}");
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let request = request.body(Full::from(body)).map_err(|error| format!("{what}: {error}"))?;
        let exchange = async {
            let answer = self.client.request(request).await.map_err(|error| error.to_string())?;
            let status = answer.status().as_u16();
            let body = answer.into_body().collect().await.map_err(|error| error.to_string())?;
            let body = String::from_utf8_lossy(&body.to_bytes()).into_owned();
            Ok(Answer { status, body })
        };
        match tokio::time::timeout(DEADLINE, exchange).await {
            Ok(answer) => answer.map_err(|error: String| format!("{what}: {error}")),
            Err(_) => Err(format!("{what}: no answer within {} s", DEADLINE.as_secs())),
        }
    }
}

const DEADLINE: Duration = Duration::from_secs(10);
