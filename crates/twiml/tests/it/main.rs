//! Laws and rules seen from outside.
#![expect(clippy::disallowed_methods, reason = "a test measures real time")]

mod hostile;
mod node;
mod rules;
