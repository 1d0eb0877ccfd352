//! The HTTP requests of the Voice SDK to Twilio's hosts.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_ORIGIN, CONNECTION, CONTENT_TYPE,
    HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, UPGRADE,
};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::socket;
use crate::shared::Shared;

/// Answers a request for any of the hosts.
pub(super) fn answer(shared: &Arc<Shared>, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let path = request.uri().path();
    match *request.method() {
        Method::GET if path == "/signal" => accept(Arc::clone(shared), request),
        // sdk.twilio.com: ring tones and the sounds of the keys.
        Method::GET if path.starts_with("/js/client/sounds/") => {
            reply(StatusCode::OK, "audio/wav", silence())
        }
        // eventgw.*.twilio.com: Insights, with a preflight before them.
        Method::OPTIONS | Method::POST if path.starts_with("/v4/") => {
            reply(StatusCode::OK, "application/json", Bytes::from_static(b"{}"))
        }
        _ => reply(StatusCode::NOT_FOUND, "text/plain", Bytes::new()),
    }
}

/// Turns a request for a WebSocket into a socket of the Voice SDK. A task of its own serves it.
///
/// The connection of the request must allow upgrades.
pub(crate) fn accept(shared: Arc<Shared>, mut request: Request<Incoming>) -> Response<Full<Bytes>> {
    let Some(key) = request.headers().get(SEC_WEBSOCKET_KEY) else {
        let text = Bytes::from_static(b"this URL is for a WebSocket");
        return reply(StatusCode::UPGRADE_REQUIRED, "text/plain", text);
    };
    let accepted = derive_accept_key(key.as_bytes());
    tokio::spawn(async move {
        let Ok(upgraded) = hyper::upgrade::on(&mut request).await else { return };
        let io = TokioIo::new(upgraded);
        let stream = WebSocketStream::from_raw_socket(io, Role::Server, None).await;
        socket::serve(stream, shared).await;
    });
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    if let Ok(value) = HeaderValue::try_from(accepted) {
        headers.insert(SEC_WEBSOCKET_ACCEPT, value);
    }
    response
}

/// A reply that a page of any origin may read.
fn reply(status: StatusCode, kind: &'static str, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    let fields: [(HeaderName, &'static str); 3] = [
        (CONTENT_TYPE, kind),
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (ACCESS_CONTROL_ALLOW_HEADERS, "*"),
    ];
    for (name, value) in fields {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A tenth of a second of nothing: 8000 samples a second, 16 bits each, as a WAVE file.
fn silence() -> Bytes {
    const SAMPLES: u32 = 800;
    let mut file = Vec::with_capacity(44 + 2 * SAMPLES as usize);
    file.extend_from_slice(b"RIFF");
    file.extend_from_slice(&(36 + 2 * SAMPLES).to_le_bytes());
    file.extend_from_slice(b"WAVEfmt ");
    file.extend_from_slice(&16_u32.to_le_bytes());
    for field in [1_u16, 1] {
        file.extend_from_slice(&field.to_le_bytes());
    }
    for field in [8000_u32, 16_000] {
        file.extend_from_slice(&field.to_le_bytes());
    }
    for field in [2_u16, 16] {
        file.extend_from_slice(&field.to_le_bytes());
    }
    file.extend_from_slice(b"data");
    file.extend_from_slice(&(2 * SAMPLES).to_le_bytes());
    file.resize(44 + 2 * SAMPLES as usize, 0);
    Bytes::from(file)
}
