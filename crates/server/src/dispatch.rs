//! From a request to its audience.

use hyper::body::Incoming;
use hyper::{Request, StatusCode};
use tracing::{Instrument, info_span};
use uuid::Uuid;

use crate::app::App;
use crate::endpoint::Endpoint;
use crate::http::reply::Reply;
use crate::{api, browser, carrier, operations};

/// Answers one request. It never fails: a fault of ours is an answer too.
pub(crate) async fn answer(app: &App, request: Request<Incoming>) -> Reply {
    let (parts, body) = request.into_parts();
    let id = Uuid::new_v4();
    let Some(endpoint) = Endpoint::parse(parts.uri.path()) else {
        app.metrics.answered("none", StatusCode::NOT_FOUND.as_u16());
        carrier::note_slash(app, parts.uri.path());
        return browser::nothing(app, id, &parts);
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
