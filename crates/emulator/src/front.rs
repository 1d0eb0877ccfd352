//! HTTP that comes in: one listener for the REST API, the control API and the page.

mod guard;
mod listen;
mod reply;
mod request;
mod route;

pub use listen::Http;
use reply::Content;
pub(crate) use reply::{Reply, empty, json, stream, text, with_header};
pub(crate) use request::Asked;
