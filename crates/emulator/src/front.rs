//! Incoming HTTP: one listener for the REST API, the control API and the page.

mod guard;
mod listen;
mod route;

pub use listen::Http;
