//! HTTP replies.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::Value;
use tokio::sync::mpsc;

/// A reply.
pub(crate) type Reply = Response<Content>;

/// The body of a reply.
#[derive(Debug)]
pub(crate) enum Content {
    /// All of it, until it is sent.
    Whole(Option<Bytes>),
    /// Piece by piece, until the other end is dropped.
    Pieces(mpsc::Receiver<Bytes>),
}

impl Body for Content {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = match self.get_mut() {
            Self::Whole(bytes) => bytes.take(),
            Self::Pieces(pieces) => match pieces.poll_recv(context) {
                Poll::Ready(piece) => piece,
                Poll::Pending => return Poll::Pending,
            },
        };
        Poll::Ready(piece.map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        match self {
            Self::Whole(bytes) => {
                hyper::body::SizeHint::with_exact(bytes.as_ref().map_or(0, Bytes::len) as u64)
            }
            Self::Pieces(_) => hyper::body::SizeHint::default(),
        }
    }
}

/// JSON.
pub(crate) fn json(status: StatusCode, value: &Value) -> Reply {
    reply(status, "application/json", Content::Whole(Some(value.to_string().into())))
}

/// A text of this type, or a file's bytes.
pub(crate) fn text(content_type: &'static str, body: impl Into<Bytes>) -> Reply {
    reply(StatusCode::OK, content_type, Content::Whole(Some(body.into())))
}

/// 204.
pub(crate) fn empty() -> Reply {
    let mut reply = Response::new(Content::Whole(None));
    *reply.status_mut() = StatusCode::NO_CONTENT;
    reply
}

/// Server-sent events, as they come.
pub(crate) fn stream(pieces: mpsc::Receiver<Bytes>) -> Reply {
    reply(StatusCode::OK, "text/event-stream", Content::Pieces(pieces))
}

/// Adds one header.
pub(crate) fn with_header(mut reply: Reply, name: &'static str, value: &'static str) -> Reply {
    let value = HeaderValue::from_static(value);
    reply.headers_mut().insert(HeaderName::from_static(name), value);
    reply
}

fn reply(status: StatusCode, content_type: &'static str, content: Content) -> Reply {
    let mut reply = Response::new(content);
    *reply.status_mut() = status;
    let headers = reply.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    // A reply is true only at this moment.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}
