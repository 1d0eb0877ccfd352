//! The client: signed requests, time limits, retries and redirects.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Uri, header};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::timeout;
use twilio_sig::AuthToken;

use super::overrides::Overrides;
use super::{Jar, helpers, local};
use crate::Kind;
use crate::problem::{
    HTTP_CONNECTION, HTTP_RETRIEVAL, Problem, TOO_LARGE, TOO_MANY_REDIRECTS, URL_FORMAT,
};
use crate::sign;
use crate::step::Target;
use crate::url;
use crate::webhook::{Answer, Method, Outcome, Webhook};

/// A webhook to be sent.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) id: u64,
    pub(crate) webhook: Webhook,
    pub(crate) auth_token: AuthToken,
    /// How many attempts fail before the first connection.
    pub(crate) unreachable: u8,
    /// Whether to send it again after the answer. The second answer counts.
    pub(crate) twice: bool,
    pub(crate) jar: Jar,
}

/// How a webhook ended.
#[derive(Debug)]
pub(crate) struct Delivered {
    pub(crate) outcome: Outcome,
    /// The outcome of the first of two requests, whose answer got lost.
    pub(crate) lost: Option<Outcome>,
}

type HttpClient = legacy::Client<HttpConnector, Full<Bytes>>;

/// Keeps connections alive. Each connect timeout has a client of its own, because the connector
/// sets it.
#[derive(Debug, Default)]
pub(crate) struct Client {
    by_timeout: Mutex<BTreeMap<Duration, HttpClient>>,
}

/// Why an attempt gave no answer.
enum Failure {
    /// No connection; may be retried.
    Connect(String),
    /// The answer took too long; may be retried.
    Slow,
    /// A retry would not help.
    Final(Problem),
}

impl Client {
    /// Sends a webhook, with all the retries that its URL allows.
    pub(crate) async fn deliver(&self, request: Request) -> Delivered {
        let overrides = Overrides::of(&request.webhook.url);
        let first = self.deliver_once(&request, &overrides).await;
        if !request.twice {
            return Delivered { outcome: first, lost: None };
        }
        let outcome = self.deliver_once(&request, &overrides).await;
        Delivered { outcome, lost: Some(first) }
    }

    async fn deliver_once(&self, request: &Request, overrides: &Overrides) -> Outcome {
        let started = Instant::now();
        let attempts = AtomicU8::new(0);
        let work = self.with_retries(request, overrides, &attempts);
        let answer = match timeout(overrides.total, work).await {
            Ok(answer) => answer,
            Err(_) => Err(Problem::error(
                HTTP_CONNECTION,
                format!("no answer within {} ms", overrides.total.as_millis()),
            )),
        };
        Outcome { answer, attempts: attempts.load(Relaxed), took: started.elapsed() }
    }

    async fn with_retries(
        &self,
        request: &Request,
        overrides: &Overrides,
        attempts: &AtomicU8,
    ) -> Result<Answer, Problem> {
        let mut left = overrides.retries;
        loop {
            let result = if attempts.load(Relaxed) < request.unreachable {
                attempts.fetch_add(1, Relaxed);
                Err(Failure::Connect("a fault was switched on".to_owned()))
            } else {
                self.follow(request, overrides, attempts).await
            };
            let again = match &result {
                Ok(answer) => overrides.on.status(answer.status),
                Err(Failure::Connect(_)) => overrides.on.connect,
                Err(Failure::Slow) => overrides.on.read,
                Err(Failure::Final(_)) => false,
            };
            if again && left > 0 {
                left -= 1;
                continue;
            }
            return result.map_err(|failure| failure.into_problem(overrides));
        }
    }

    /// One request and the redirects that follow.
    async fn follow(
        &self,
        request: &Request,
        overrides: &Overrides,
        attempts: &AtomicU8,
    ) -> Result<Answer, Failure> {
        let mut hop = Hop {
            method: request.webhook.method,
            url: url::without_fragment(&request.webhook.url).to_owned(),
            params: request.webhook.params.clone(),
            base: request.webhook.sent_to.clone(),
        };
        for _ in 0..=MAX_REDIRECTS {
            attempts.fetch_add(1, Relaxed);
            let (answer, location) = self.once(request, &hop, overrides).await?;
            match location {
                Some(location) => hop.go(answer.status, &location),
                None => return Ok(answer),
            }
        }
        let text = format!("more than {MAX_REDIRECTS} redirects");
        Err(Failure::Final(Problem::error(TOO_MANY_REDIRECTS, text)))
    }

    /// One request. Also returns the target of a redirect.
    async fn once(
        &self,
        request: &Request,
        hop: &Hop,
        overrides: &Overrides,
    ) -> Result<(Answer, Option<String>), Failure> {
        if hop.base.is_none()
            && let Some(answer) = helpers::answer(&hop.url, &hop.params)
        {
            return Ok((answer, None));
        }
        let http = hop.to_http(request).map_err(Failure::Final)?;
        let is_sound = request.webhook.kind == Kind::Sound;
        let work = async {
            let response = self.client(overrides.connect).request(http).await.map_err(|error| {
                let text = root_cause(&error);
                if error.is_connect() {
                    Failure::Connect(text)
                } else {
                    Failure::Final(Problem::error(HTTP_CONNECTION, text))
                }
            })?;
            let (head, body) = response.into_parts();
            let most = if is_sound { MAX_SOUND } else { MAX_DOCUMENT };
            let body = Limited::new(body, most).collect().await.map_err(|error| {
                Failure::Final(if error.is::<LengthLimitError>() {
                    Problem::error(TOO_LARGE, format!("answer is larger than {most} bytes"))
                } else {
                    Problem::error(HTTP_CONNECTION, error.to_string())
                })
            })?;
            Ok((head, body.to_bytes()))
        };
        let (head, body) = timeout(overrides.read, work).await.map_err(|_| Failure::Slow)??;
        for cookie in head.headers.get_all(header::SET_COOKIE) {
            request.jar.keep(url::authority(&hop.url), cookie.to_str().unwrap_or(""));
        }
        let status = head.status.as_u16();
        let location = matches!(status, 301 | 302 | 303 | 307 | 308)
            .then(|| text_of(&head.headers, &header::LOCATION))
            .flatten();
        let answer = Answer {
            status,
            content_type: text_of(&head.headers, &header::CONTENT_TYPE),
            body: if is_sound {
                String::new()
            } else {
                String::from_utf8_lossy(&body).into_owned()
            },
            bytes: if is_sound { body } else { Bytes::new() },
        };
        Ok((answer, location))
    }

    fn client(&self, connect: Duration) -> HttpClient {
        let mut clients = self.by_timeout.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            let mut connector = HttpConnector::new();
            connector.set_connect_timeout(Some(connect));
            connector.set_nodelay(true);
            legacy::Client::builder(TokioExecutor::new())
                .pool_timer(TokioTimer::new())
                .set_host(false)
                .build(connector)
        };
        clients.entry(connect).or_insert_with(new).clone()
    }
}

impl Failure {
    fn into_problem(self, overrides: &Overrides) -> Problem {
        match self {
            Self::Connect(text) => {
                Problem::error(HTTP_CONNECTION, format!("no connection: {text}"))
            }
            Self::Slow => Problem::error(
                HTTP_CONNECTION,
                format!("no answer within {} ms", overrides.read.as_millis()),
            ),
            Self::Final(problem) => problem,
        }
    }
}

/// Where a request goes after the redirects so far.
struct Hop {
    method: Method,
    url: String,
    params: Vec<(String, String)>,
    base: Option<String>,
}

impl Hop {
    /// Follows a redirect. 307 and 308 keep the request; the others become a GET without the
    /// parameters, as in browsers.
    fn go(&mut self, status: u16, location: &str) {
        let target = url::resolve(&self.url, location);
        if url::origin(&target) != url::origin(&self.url) {
            self.base = None;
        }
        url::without_fragment(&target).clone_into(&mut self.url);
        if !matches!(status, 307 | 308) {
            self.method = Method::Get;
            self.params.clear();
        }
    }

    fn to_http(&self, request: &Request) -> Result<http::Request<Full<Bytes>>, Problem> {
        let bad_url = || Problem::error(URL_FORMAT, "the URL cannot be requested");
        let target = Target { url: self.url.clone(), method: self.method };
        let full = full_url(&target, &self.params);
        let target = self.base.as_ref().map_or_else(|| full.clone(), |base| url::at(base, &full));
        let uri = here(target.parse().map_err(|_| bad_url())?)?;
        let signature = sign::signature(&request.auth_token, self.method, &full, &self.params);
        let mut builder = http::Request::builder().uri(uri).method(match self.method {
            Method::Get => http::Method::GET,
            Method::Post => http::Method::POST,
        });
        if let Some(headers) = builder.headers_mut() {
            let host = url::authority(&self.url);
            fill(headers, request, host, &signature, self.method);
        }
        let body = match self.method {
            Method::Post => encode(&self.params),
            Method::Get => String::new(),
        };
        builder.body(Full::from(body)).map_err(|_| bad_url())
    }
}

/// The URL with the host to connect to. Hosts that are not on this machine are not even looked up.
fn here(uri: Uri) -> Result<Uri, Problem> {
    let host = uri.host().unwrap_or_default();
    let Some(reached) = local::reached(host) else {
        let text = format!(
            "not fetched: {host} is not on this machine; --route {host}=http://127.0.0.1:PORT sends \
             its requests to yours"
        );
        return Err(Problem::error(HTTP_CONNECTION, text));
    };
    if reached == host {
        return Ok(uri);
    }
    let authority = match uri.port() {
        Some(port) => format!("{reached}:{port}"),
        None => reached,
    };
    let mut parts = uri.into_parts();
    let bad_url = |_| Problem::error(URL_FORMAT, "the URL cannot be requested");
    parts.authority = Some(authority.parse().map_err(bad_url)?);
    Uri::from_parts(parts).map_err(|_| Problem::error(URL_FORMAT, "the URL cannot be requested"))
}

/// The headers of a voice webhook (captured requests; documentation "Webhooks connection
/// overrides" for the idempotency token).
fn fill(headers: &mut HeaderMap, request: &Request, host: &str, signature: &str, method: Method) {
    let mut set = |name: HeaderName, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(header::HOST, host);
    set(header::USER_AGENT, "TwilioProxy/1.1");
    set(header::ACCEPT, "*/*");
    set(HeaderName::from_static("x-home-region"), "us1");
    set(HeaderName::from_static("x-twilio-signature"), signature);
    set(HeaderName::from_static("i-twilio-idempotency-token"), &request.webhook.idempotency_token);
    if method == Method::Post {
        set(header::CONTENT_TYPE, "application/x-www-form-urlencoded; charset=UTF-8");
    }
    if let Some(cookie) = request.jar.header(host) {
        set(header::COOKIE, &cookie);
    }
}

/// The parameters as a form body or query.
fn encode(params: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish()
}

/// The URL that is requested: with the parameters in its query where it is a GET.
pub(crate) fn full_url(target: &Target, params: &[(String, String)]) -> String {
    let url = url::without_fragment(&target.url);
    match target.method {
        Method::Post => url.to_owned(),
        Method::Get => with_query(url, &encode(params)),
    }
}

/// The URL that is signed, without the parameters of a form.
pub(crate) fn signed_url(webhook: &Webhook) -> String {
    let target = Target { url: webhook.url.clone(), method: webhook.method };
    sign::signed_url(&full_url(&target, &webhook.params))
}

/// The URL with a query added to its own.
fn with_query(url: &str, query: &str) -> String {
    match (query.is_empty(), url.contains('?')) {
        (true, _) => url.to_owned(),
        (false, true) => format!("{url}&{query}"),
        (false, false) => format!("{url}?{query}"),
    }
}

/// Checks that the answer has a status that can be used.
pub(crate) fn check_status(answer: &Answer) -> Result<(), Problem> {
    if (200..300).contains(&answer.status) {
        return Ok(());
    }
    Err(Problem::error(HTTP_RETRIEVAL, format!("answer has status {}", answer.status)))
}

fn text_of(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

/// The most redirects (documentation "TwiML for Programmable Voice").
const MAX_REDIRECTS: usize = 10;

/// The largest document in bytes (error 11750).
const MAX_DOCUMENT: usize = twiml::Response::MAX_BYTES;

/// The largest sound in bytes: four minutes of PCM. This limit is ours.
const MAX_SOUND: usize = 4 << 20;
