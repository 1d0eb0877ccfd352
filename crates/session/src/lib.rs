#![doc = include_str!("../README.md")]

mod algorithm;
mod claims;
mod error;
mod json;
mod jwks;
mod keys;
mod part;
mod verifier;

pub use claims::Session;
pub use error::{JwksError, NoBackEnd, SessionError, WeakSecret};
pub use jwks::{Ignored, IgnoredReason, JwkSet};
pub use keys::{Keys, SessionSecret};
pub use verifier::Verifier;
