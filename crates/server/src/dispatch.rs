//! From a request to its audience.

use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::{Request, StatusCode, Version, header};
use tracing::{Instrument, info_span};
use uuid::Uuid;

use crate::app::App;
use crate::endpoint::Endpoint;
use crate::error::ApiError;
use crate::http::reply::{self, Reply};
use crate::{api, browser, carrier, operations};

/// Answers one request. It never fails: a fault of ours is an answer too.
pub(crate) async fn answer(app: &App, request: Request<Incoming>) -> Reply {
    let (parts, body) = request.into_parts();
    if is_ambiguous(&parts) {
        let mut reply = reply::empty(StatusCode::BAD_REQUEST);
        // The next bytes on this connection may be meant for somebody else.
        reply::set(&mut reply, header::CONNECTION, "close");
        return reply;
    }
    let id = Uuid::new_v4();
    let Some(endpoint) = Endpoint::parse(parts.uri.path()) else {
        app.metrics.answered("none", StatusCode::NOT_FOUND.as_u16());
        let mut reply = ApiError::not_found().reply();
        browser::mark(app, id, &parts, &mut reply);
        return reply;
    };
    let name = endpoint.name();
    let span = info_span!("request", request.id = %id, endpoint = name);
    let answered = async {
        match endpoint {
            Endpoint::Carrier(workspace, endpoint) => {
                carrier::answer(app, id, &workspace, endpoint, &parts, body).await
            }
            Endpoint::Api(workspace, endpoint) => {
                api::answer(app, id, &workspace, &endpoint, &parts, body).await
            }
            Endpoint::Operations(endpoint) => operations::answer(app, id, &endpoint, &parts).await,
        }
    };
    let reply = answered.instrument(span).await;
    app.metrics.answered(name, reply.status().as_u16());
    reply
}

/// A request is refused before anything else if two readers could understand its length differently,
/// or if it does not name exactly one host (RFC 9112, 3.2, 6.1 and 6.3).
fn is_ambiguous(parts: &Parts) -> bool {
    let lengths = parts.headers.get_all(header::CONTENT_LENGTH).iter().count();
    let coded = parts.headers.contains_key(header::TRANSFER_ENCODING);
    let hosts = parts.headers.get_all(header::HOST).iter().count();
    let is_old = parts.version != Version::HTTP_11;
    lengths + usize::from(coded) > 1 || hosts != 1 || (is_old && coded)
}
