#![doc = include_str!("../README.md")]

mod decode;
mod error;
mod explain;
mod form;
#[cfg(feature = "http")]
mod http;
mod legacy;
mod mac;
mod params;
mod public_url;
mod request;
mod secret;
mod settings;
mod url;
mod verify;

pub use error::{SecretError, SignatureError};
pub use explain::{Clues, Difference, Explanation};
pub use form::{Form, FormError};
pub use mac::Algorithm;
pub use params::Params;
pub use public_url::{PublicUrl, PublicUrlError};
pub use request::{Request, body_hash_url};
pub use secret::{AuthToken, Key, SharedKey};
pub use settings::Headers;
pub use url::UrlForm;
pub use verify::{Verified, Verifier};
