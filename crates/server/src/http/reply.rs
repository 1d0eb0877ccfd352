//! Answers.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::Stream;
use http_body_util::Full;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Serialize;

/// An answer.
pub(crate) type Reply = Response<ReplyBody>;

/// The body of an answer.
pub(crate) enum ReplyBody {
    /// A whole body.
    Whole(Full<Bytes>),
    /// A body that is sent bit by bit.
    Stream(Pin<Box<dyn Stream<Item = Bytes> + Send>>),
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Whole(body) => Pin::new(body).poll_frame(context),
            Self::Stream(stream) => stream
                .as_mut()
                .poll_next(context)
                .map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_end_stream(),
            Self::Stream(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            Self::Stream(_) => SizeHint::default(),
        }
    }
}

/// An answer without a body.
pub(crate) fn empty(status: StatusCode) -> Reply {
    with_body(status, None, Bytes::new())
}

/// TwiML, always with status 200: anything else and the caller hears an application error.
pub(crate) fn twiml(document: String) -> Reply {
    with_body(StatusCode::OK, Some("text/xml; charset=utf-8"), document.into())
}

/// JSON that no cache keeps.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Reply {
    let body = serde_json::to_vec(value).unwrap_or_default();
    let mut reply = with_body(status, Some("application/json"), body.into());
    set(&mut reply, header::CACHE_CONTROL, "no-store");
    reply
}

/// Text of another type.
pub(crate) fn text(content_type: &'static str, body: impl Into<Bytes>) -> Reply {
    with_body(StatusCode::OK, Some(content_type), body.into())
}

/// A stream of events (HTML standard, 9.2) that no cache keeps and no proxy holds back.
pub(crate) fn events(events: impl Stream<Item = Bytes> + Send + 'static) -> Reply {
    let mut reply = Response::new(ReplyBody::Stream(Box::pin(events)));
    set(&mut reply, header::CONTENT_TYPE, "text/event-stream; charset=utf-8");
    set(&mut reply, header::CACHE_CONTROL, "no-store");
    set(&mut reply, HeaderName::from_static("x-accel-buffering"), "no");
    reply
}

/// Sets a header whose value is known to be one.
pub(crate) fn set(reply: &mut Reply, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        reply.headers_mut().insert(name, value);
    }
}

fn with_body(status: StatusCode, content_type: Option<&'static str>, body: Bytes) -> Reply {
    let mut reply = Response::new(ReplyBody::Whole(Full::new(body)));
    *reply.status_mut() = status;
    if let Some(content_type) = content_type {
        reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    reply
}
