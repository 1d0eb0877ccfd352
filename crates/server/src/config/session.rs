//! The configuration of sessions.

use std::path::PathBuf;

use session::{JwkSet, JwksError};

use super::reader::Reader;
use crate::secrets::Secret;

/// How session tokens are checked.
#[derive(Debug)]
pub struct SessionConfig {
    /// The shared secret of HS256 tokens.
    pub secret: Option<Secret>,
    /// The URL of the keys of signed tokens.
    pub jwks_url: Option<String>,
    /// A file with keys of signed tokens.
    pub jwks_file: Option<PathBuf>,
    /// The required issuer of a token.
    pub issuer: Option<String>,
    /// The required audience of a token.
    pub audience: String,
}

/// Reads the part of the configuration that is about sessions.
pub(super) fn read<F: Fn(&str) -> Option<String>>(reader: &mut Reader<F>) -> SessionConfig {
    let secret = reader.secret("SWITCHROOM_SESSION_SECRET");
    let jwks_url = reader.parsed("SWITCHROOM_SESSION_JWKS_URL", parse_url);
    let _ = reader.parsed("SWITCHROOM_SESSION_JWKS_FILE", check_file);
    let jwks_file = reader.text("SWITCHROOM_SESSION_JWKS_FILE").map(PathBuf::from);
    let none = reader.text("SWITCHROOM_SESSION_JWKS_URL").is_none() && jwks_file.is_none();
    match &secret {
        None if none => reader.faults.push(MISSING_SESSION_KEY.to_owned()),
        Some(secret) if secret.reveal().len() < MIN_SESSION_SECRET => reader.faults.push(format!(
            "SWITCHROOM_SESSION_SECRET has fewer than {MIN_SESSION_SECRET} bytes, too few for HS256"
        )),
        _ => {}
    }
    SessionConfig {
        secret,
        jwks_url,
        jwks_file,
        issuer: reader.text("SWITCHROOM_SESSION_ISSUER"),
        audience: reader
            .text("SWITCHROOM_SESSION_AUDIENCE")
            .unwrap_or_else(|| "authenticated".to_owned()),
    }
}

/// What is wrong with the place of the keys, as the rest of a sentence that begins with the variable.
#[derive(Debug, thiserror::Error)]
enum KeysFault {
    #[error("does not start with https://")]
    NotHttps,
    #[error("is not a URL: {0}")]
    NotUrl(#[from] hyper::http::uri::InvalidUri),
    #[error("cannot be read: {0}")]
    File(#[from] std::io::Error),
    #[error("is no key set: {0}")]
    KeySet(#[from] JwksError),
}

fn parse_url(text: &str) -> Result<String, KeysFault> {
    let local = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
    if !text.starts_with("https://") && !local.iter().any(|start| text.starts_with(start)) {
        return Err(KeysFault::NotHttps);
    }
    let _: hyper::Uri = text.parse()?;
    Ok(text.to_owned())
}

/// The file is read again when the server starts; here it is only checked.
fn check_file(path: &str) -> Result<(), KeysFault> {
    JwkSet::parse(&std::fs::read(path)?)?;
    Ok(())
}

/// RFC 7518, 3.2: a key of the same size as the hash output or larger.
const MIN_SESSION_SECRET: usize = 32;

pub(super) const MISSING_SESSION_KEY: &str = "SWITCHROOM_SESSION_SECRET is missing: the secret of your \
     session tokens, or SWITCHROOM_SESSION_JWKS_URL or SWITCHROOM_SESSION_JWKS_FILE";
