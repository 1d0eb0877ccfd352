//! Checks again and again whether the database is safe to use.

use std::time::Duration;

use store_pg::{Store, StoreError};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

/// Checks the database whenever new connections were opened, until `stop` is cancelled.
///
/// A database that was away at the start is not used before it was checked. One that goes away and comes
/// back may be another one, after a restore or a failover: it is used at once, checked behind the first
/// requests, and not used any more if one workspace could see another. Nothing else takes it away: not
/// another fault, and not a check that could not be finished.
pub(crate) async fn watch(store: Store, stop: CancellationToken, mut is_trusted: bool) {
    let mut is_due = !is_trusted;
    let mut was_trusted = is_trusted;
    let mut said = Said::default();
    loop {
        if !is_due {
            tokio::select! {
                () = store.connected() => {}
                () = stop.cancelled() => return,
            }
        }
        is_due = true;
        let look =
            async { if was_trusted { store.look_again().await } else { store.guard().await } };
        let looked = tokio::time::timeout(PATIENCE, look).await;
        let pause = match looked.unwrap_or(Err(StoreError::Late)) {
            Ok(()) => {
                if !is_trusted {
                    info!("the database is safe and is used");
                }
                (is_trusted, was_trusted, is_due) = (true, true, false);
                said = Said::default();
                PAUSE
            }
            Err(StoreError::Refused(faults)) => {
                if said.is_news(&format!("{faults:?}")) {
                    for fault in &faults {
                        error!("the database is not used: {fault}");
                    }
                }
                is_trusted = false;
                PAUSE
            }
            Err(error) => {
                let use_of_it = if is_trusted { "it is used as before" } else { "it is not used" };
                if said.is_news(&error) {
                    warn!("the database could not be checked, {use_of_it}: {error}");
                }
                if is_trusted { PAUSE } else { AGAIN }
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop.cancelled() => return,
        }
    }
}

/// What was said last, and how often it was true since. The same is said again at growing intervals.
#[derive(Default)]
struct Said {
    what: String,
    times: u32,
}

impl Said {
    /// Whether this is to be said now.
    fn is_news(&mut self, what: &impl ToString) -> bool {
        let what = what.to_string();
        if self.what != what {
            *self = Self { what, times: 0 };
        }
        self.times = self.times.saturating_add(1);
        self.times.is_power_of_two()
    }
}

/// Between two checks: pools open their connections one after the other, and people need time to fix
/// faults.
const PAUSE: Duration = Duration::from_secs(5);

/// Between two checks while it is away.
const AGAIN: Duration = Duration::from_millis(500);

/// For one check, which takes about twenty statements.
const PATIENCE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_said_at_growing_intervals() {
        let mut said = Said::default();
        let heard = (1..=20).filter(|_| said.is_news(&"away")).count();
        assert_eq!(heard, 5, "after 1, 2, 4, 8 and 16 times");
        assert!(said.is_news(&"locked"));
        assert!(said.is_news(&"away"));
    }
}
