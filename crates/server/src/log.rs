//! The log: which lines are written and which never are.

mod lines;
mod quota;

use std::backtrace::{Backtrace, BacktraceStatus};
use std::panic;

use tracing::error;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{ParseError, Targets};

pub use lines::{Lines, LostLines};
pub(crate) use quota::{Quota, Quotas};

/// Reads a filter as in `RUST_LOG`: `info`, or levels for targets, `info,server=debug`.
///
/// # Errors
///
/// [`FilterError`] names the variable.
pub fn filter(text: &str) -> Result<Targets, FilterError> {
    Ok(text.parse()?)
}

/// Why a filter cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("RUST_LOG: {0}")]
pub struct FilterError(#[from] ParseError);

/// The limit that no filter can raise: other people's code logs nothing below `info`.
///
/// Our lines hold no number, name, token or secret at any level. Other code is less careful: the database
/// client, for example, logs statements with their parameters at `debug`.
pub fn limit() -> Targets {
    let own = OWN.iter().map(|target| (*target, LevelFilter::TRACE));
    Targets::new().with_default(LevelFilter::INFO).with_targets(own)
}

/// Lets panics be written to the log like everything else. By default they are written at once, which
/// waits for the reader.
pub fn catch_panics() {
    panic::set_hook(Box::new(|panic| {
        let backtrace = Backtrace::capture();
        if backtrace.status() == BacktraceStatus::Captured {
            error!("{panic}\n{backtrace}");
        } else {
            error!("{panic}");
        }
    }));
}

/// The crates of this workspace that may log.
const OWN: &[&str] = &["localpg", "server", "spool", "store_pg", "switchroom"];

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn details_of_other_peoples_code_stay_out() {
        let limit = limit();
        let cases = [
            ("server::carrier", Level::TRACE, true),
            ("switchroom", Level::DEBUG, true),
            ("store_pg::pool", Level::TRACE, true),
            ("tokio_postgres::query", Level::DEBUG, false),
            ("tokio_postgres::connection", Level::INFO, true),
            ("hyper_util::client", Level::TRACE, false),
            ("rustls::conn", Level::DEBUG, false),
            ("rustls", Level::WARN, true),
        ];
        for (target, level, want) in cases {
            assert_eq!(limit.would_enable(target, &level), want, "{target} at {level}");
        }
    }

    #[test]
    fn a_filter_that_cannot_be_read_is_named() {
        assert!(filter("info,server=debug").is_ok());
        let error = filter("server=loud").unwrap_err();
        let error = error.to_string();
        assert!(error.starts_with("RUST_LOG: "), "{error}");
    }
}
