//! One HTTP exchange with a client of the emulator: the request as it was read, and the reply.

mod reply;
mod request;

pub(crate) use reply::{Content, Reply, empty, json, stream, text, with_header};
pub(crate) use request::{HttpRequest, Unreadable};
