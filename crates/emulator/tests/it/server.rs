//! A scripted server under test: a function from request to answer.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use emulator::{Account, Config, Emulator, Voice};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// One request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// Path and query.
    pub(crate) path: String,
    pub(crate) headers: HashMap<String, String>,
    /// The decoded body, in its order.
    pub(crate) form: Vec<(String, String)>,
}

impl Seen {
    pub(crate) fn param(&self, name: &str) -> &str {
        self.form.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }
}

/// An answer: status, content type, body, other headers.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: Option<&'static str>,
    pub(crate) body: String,
    pub(crate) headers: Vec<(&'static str, String)>,
}

/// 200 with a document of these verbs.
pub(crate) fn twiml(verbs: &str) -> Reply {
    Reply {
        status: 200,
        content_type: Some("text/xml"),
        body: format!("<?xml version=\"1.0\"?><Response>{verbs}</Response>"),
        headers: Vec::new(),
    }
}

/// 200 with a body of this type.
pub(crate) fn reply(content_type: Option<&'static str>, body: &str) -> Reply {
    Reply { status: 200, content_type, body: body.to_owned(), headers: Vec::new() }
}

pub(crate) fn status(status: u16) -> Reply {
    Reply { status, content_type: None, body: String::new(), headers: Vec::new() }
}

type Script = dyn Fn(&Seen) -> Reply + Send + Sync;

pub(crate) struct Server {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let script: Arc<Script> = Arc::new(script);
        let task = tokio::spawn(serve(listener, Arc::clone(&seen), script));
        Self { url, seen, task }
    }

    /// A server that answers a call with this document, and its `action` with an empty one.
    pub(crate) async fn saying(document: String, action: &'static str) -> Self {
        Self::start(move |seen| match seen.path.as_str() {
            "/voice" => twiml(&document),
            path if path == action => twiml(""),
            _ => status(204),
        })
        .await
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("no test panics with it").clone()
    }

    /// What arrived at this path, in its order.
    pub(crate) fn at(&self, path: &str) -> Vec<Seen> {
        self.seen().into_iter().filter(|seen| seen.path.split('?').next() == Some(path)).collect()
    }

    pub(crate) fn at_url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, seen: Arc<Mutex<Vec<Seen>>>, script: Arc<Script>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { return };
        let (seen, script) = (Arc::clone(&seen), Arc::clone(&script));
        tokio::spawn(async move {
            let service = service_fn(|request| answer(request, &seen, &script));
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(
    request: hyper::Request<Incoming>,
    seen: &Mutex<Vec<Seen>>,
    script: &Arc<Script>,
) -> Result<hyper::Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let text = |value: &hyper::header::HeaderValue| value.to_str().unwrap_or("").to_owned();
    let request = Seen {
        method: head.method.to_string(),
        path: head.uri.path_and_query().map_or_else(String::new, ToString::to_string),
        headers: head.headers.iter().map(|(k, v)| (k.to_string(), text(v))).collect(),
        form: form_urlencoded::parse(&body).into_owned().collect(),
    };
    let reply = script(&request);
    seen.lock().expect("no test panics with it").push(request);
    let mut response = hyper::Response::builder().status(reply.status);
    if let Some(content_type) = reply.content_type {
        response = response.header("content-type", content_type);
    }
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    Ok(response.body(Full::from(reply.body)).expect("the script's headers are valid"))
}

pub(crate) fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Dials these clients and lets the `action` hang up.
pub(crate) fn dialling(
    attributes: &'static str,
    who: &'static [&'static str],
) -> impl Fn(&Seen) -> Reply + Send + Sync {
    move |seen| match seen.path.as_str() {
        "/voice" => twiml(&dial(attributes, who)),
        "/action" => twiml("<Hangup/>"),
        _ => status(204),
    }
}

/// The number that calls in these tests.
pub(crate) const CALLER: &str = "+15005551234";

/// The number that callers dial in these tests.
pub(crate) const NUMBER: &str = "+15005550001";

/// The auth token of the account in these tests.
pub(crate) const TOKEN: &str = "2bc2d9b4a1f84d0c9e7a5f3b6d8e1c0f";

/// An emulator with one account and one number that asks this server.
pub(crate) async fn twilio(server: &Server) -> (Emulator, Account) {
    twilio_with(server, Config::default(), "").await
}

pub(crate) async fn twilio_with(
    server: &Server,
    config: Config,
    fragment: &str,
) -> (Emulator, Account) {
    let twilio = Emulator::start(config).await.expect("it starts");
    let account = twilio.account(TOKEN).expect("a token");
    let voice = Voice::new(server.at_url(&format!("/voice{fragment}")))
        .status_callback(server.at_url("/call-status"));
    account.number(NUMBER, voice).expect("a number");
    (twilio, account)
}

/// A `<Dial>` of these clients that reports everything.
pub(crate) fn dial(attributes: &str, identities: &[&str]) -> String {
    let clients: String = identities.iter().map(|identity| client(identity)).collect();
    format!("<Dial action=\"/action\" {attributes}>{clients}</Dial>")
}

pub(crate) fn client(identity: &str) -> String {
    format!(
        "<Client statusCallback=\"/leg\" \
         statusCallbackEvent=\"initiated ringing answered completed\">{identity}</Client>"
    )
}
