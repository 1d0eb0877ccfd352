//! Laws and rules of the public API.
#![expect(clippy::disallowed_methods, reason = "a test measures real time")]

mod hostile;
mod lint;
mod node;
mod rules;
