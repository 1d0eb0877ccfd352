//! Values of single variables.

use store_pg::{StoreError, StoreOptions};
use twilio_sig::{PublicUrl, PublicUrlError};

/// What is wrong with a value, as the rest of a sentence that begins with the variable's name.
#[derive(Debug, thiserror::Error)]
pub(super) enum ValueFault {
    #[error("is not an address and port, such as 0.0.0.0:8080")]
    Address,
    #[error("is not a base URL: {0}")]
    BaseUrl(#[from] PublicUrlError),
    #[error("has an underscore in its host, which Twilio refuses")]
    Underscore,
    #[error(
        "holds an origin that is not scheme://host or scheme://host:port, in lower case and without \
         a default port"
    )]
    Origin,
    #[error("{0}")]
    ConnectionString(String),
    #[error("is not a number from {} to {MOST_CONNECTIONS}", StoreOptions::FEWEST)]
    Connections,
    #[error("is not a filter, such as info")]
    Filter,
    #[error("must be text or json")]
    LogFormat,
}

/// Reads the base of every URL that we give to Twilio, which refuses an underscore in a host name
/// (Client noun, `statusCallback`).
pub(super) fn parse_public_url(text: &str) -> Result<PublicUrl, ValueFault> {
    let url: PublicUrl = text.parse()?;
    let host = url.as_str().split('/').nth(2).unwrap_or_default();
    if host.contains('_') { Err(ValueFault::Underscore) } else { Ok(url) }
}

/// Checks a connection string of Postgres.
pub(super) fn check_database_url(url: &str) -> Result<(), ValueFault> {
    store_pg::Store::check_url(url).map_err(|error| match error {
        StoreError::Url(fault) => ValueFault::ConnectionString(fault),
        other => ValueFault::ConnectionString(format!("cannot be used: {other}")),
    })
}

/// Reads how many connections to the database there may be.
pub(super) fn parse_connections(text: &str) -> Result<usize, ValueFault> {
    match text.parse() {
        Ok(count) if (StoreOptions::FEWEST..=MOST_CONNECTIONS).contains(&count) => Ok(count),
        _ => Err(ValueFault::Connections),
    }
}

/// No database has a use for more of them from one server.
const MOST_CONNECTIONS: usize = 1_000;

/// Checks `RUST_LOG`.
pub(super) fn check_filter(text: &str) -> Result<(), ValueFault> {
    crate::log::filter(text).map(drop).map_err(|_| ValueFault::Filter)
}

/// Checks `SWITCHROOM_LOG_FORMAT`.
pub(super) fn check_log_format(text: &str) -> Result<(), ValueFault> {
    if matches!(text, "text" | "json") { Ok(()) } else { Err(ValueFault::LogFormat) }
}

/// Reads origins. They are compared letter by letter later, so only the form that browsers send is read.
pub(super) fn parse_origins(text: &str) -> Result<Vec<String>, ValueFault> {
    let origins = text.split(',').map(str::trim).filter(|origin| !origin.is_empty());
    origins
        .map(|origin| {
            let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
            match host {
                Some(host) if is_origin_host(origin, host) => Ok(origin.to_owned()),
                _ => Err(ValueFault::Origin),
            }
        })
        .collect()
}

/// Browsers write host names in lower case and leave a default port out.
fn is_origin_host(origin: &str, host: &str) -> bool {
    let default_port = if origin.starts_with("https://") { ":443" } else { ":80" };
    !host.is_empty()
        && !host.ends_with(default_port)
        && !host.contains(|c: char| "/*?#@".contains(c) || c.is_uppercase() || !c.is_ascii())
}
