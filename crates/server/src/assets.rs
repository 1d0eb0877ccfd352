//! The agent's page, its files, and the Voice SDK that it loads.

use std::io;
use std::path::{Path, PathBuf};

use console::{Encoding, File, PERMISSIONS_POLICY, Signalling};
use hyper::StatusCode;
use hyper::header::{self, HeaderName};
use hyper::http::request::Parts;
use tracing::warn;

use crate::error::ApiError;
use crate::http::reply::{self, Reply};

/// The page's configuration and policy, and the directory of the SDK.
#[derive(Debug)]
pub(crate) struct Assets {
    policy: String,
    config: String,
    voice_sdk: PathBuf,
}

impl Assets {
    pub(crate) fn new(signalling: Option<&Signalling>, voice_sdk: PathBuf) -> Self {
        Self {
            policy: console::content_security_policy(signalling),
            config: console::config(signalling),
            voice_sdk,
        }
    }

    /// Sends a file, or 304 if the browser has it.
    pub(crate) fn file(&self, file: &'static File, parts: &Parts) -> Reply {
        let encoding = Encoding::accepted(value(parts, &header::ACCEPT_ENCODING));
        let etag = file.etag(encoding);
        let mut reply = if has(parts, &etag) {
            reply::empty(StatusCode::NOT_MODIFIED)
        } else {
            let mut reply = reply::text(file.content_type(), file.body(encoding));
            if let Some(name) = encoding.name() {
                reply::set(&mut reply, header::CONTENT_ENCODING, name);
            }
            reply
        };
        reply::set(&mut reply, header::ETAG, &etag);
        reply::set(&mut reply, header::CACHE_CONTROL, file.cache_control());
        reply::set(&mut reply, header::VARY, "Accept-Encoding");
        self.guard(&mut reply);
        reply
    }

    /// Sends the configuration, which the page asks for when it starts.
    pub(crate) fn config(&self) -> Reply {
        let mut reply = reply::text("application/json", self.config.clone());
        reply::set(&mut reply, header::CACHE_CONTROL, "no-store");
        reply
    }

    /// Sends the SDK from its directory. It is read each time, because it may be installed later.
    pub(crate) async fn voice_sdk(&self, parts: &Parts) -> Result<Reply, ApiError> {
        let directory = self.voice_sdk.clone();
        let read = tokio::task::spawn_blocking(move || read_sdk(&directory)).await;
        let (body, etag) = match read.unwrap_or_else(|error| Err(io::Error::other(error))) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(ApiError::voice_sdk_absent());
            }
            Err(error) => {
                warn!("the Voice SDK cannot be read: {error}");
                return Err(ApiError::internal());
            }
        };
        let mut reply = if has(parts, &etag) {
            reply::empty(StatusCode::NOT_MODIFIED)
        } else {
            reply::text("text/javascript; charset=utf-8", body)
        };
        reply::set(&mut reply, header::ETAG, &etag);
        reply::set(&mut reply, header::CACHE_CONTROL, "no-cache");
        self.guard(&mut reply);
        Ok(reply)
    }

    fn guard(&self, reply: &mut Reply) {
        reply::set(reply, header::CONTENT_SECURITY_POLICY, &self.policy);
        reply::set(reply, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        reply::set(reply, header::REFERRER_POLICY, "no-referrer");
        let permissions = HeaderName::from_static("permissions-policy");
        reply::set(reply, permissions, PERMISSIONS_POLICY);
    }
}

/// The file and its tag, which follows from its size and the moment of its last change.
fn read_sdk(directory: &Path) -> io::Result<(Vec<u8>, String)> {
    let path = directory.join(console::VOICE_SDK_FILE);
    let body = std::fs::read(&path)?;
    let changed = std::fs::metadata(&path)?.modified()?;
    let since = changed.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let etag = format!("\"{:x}-{:x}\"", body.len(), since.as_nanos());
    Ok((body, etag))
}

fn has(parts: &Parts, etag: &str) -> bool {
    let tags = value(parts, &header::IF_NONE_MATCH);
    tags.is_some_and(|tags| console::is_current(tags, etag))
}

fn value<'a>(parts: &'a Parts, name: &HeaderName) -> Option<&'a str> {
    parts.headers.get(name)?.to_str().ok()
}
