//! Whether the secrets keys open the workspaces that exist.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use identity::{Timestamp, WorkspaceId};
use store_pg::{Store, StoreError};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info};

use super::seal::OpenedBy;
use super::{SecretsKeys, seal};
use crate::clock::Clock;

/// Looks again and again whether the secrets keys open the workspaces in the database. Clones share what
/// was found.
#[derive(Clone)]
pub(crate) struct KeyFit(Arc<Shared>);

struct Shared {
    clock: Clock,
    store: Store,
    keys: SecretsKeys,
    /// `None`: the database was not asked yet.
    found: Mutex<Option<Fit>>,
    again: Notify,
}

/// Which workspaces the keys do not open, and how many need the previous one.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Fit {
    /// How many were looked at.
    workspaces: usize,
    shut: Vec<WorkspaceId>,
    /// How many only the previous key opens.
    stale: usize,
}

/// A configuration whose keys open no workspace.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "SWITCHROOM_SECRETS_KEY opens none of the {0} workspaces: give the key with which they were added as \
     SWITCHROOM_SECRETS_KEY_PREVIOUS, or add each of them again with `switchroom workspace add`"
)]
pub struct WrongKey(usize);

/// What is wrong with the key.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum KeyTrouble {
    /// It is not known yet whether it opens anything.
    Unknown,
    /// It opens nothing.
    Wrong(WrongKey),
    /// It does not open this many workspaces.
    Shut(usize),
}

impl KeyFit {
    pub(crate) fn new(clock: Clock, store: Store, keys: SecretsKeys) -> Self {
        let (found, again) = (Mutex::default(), Notify::new());
        Self(Arc::new(Shared { clock, store, keys, found, again }))
    }

    /// Looks until one workspace opens, for the start. If the database cannot be asked, that is found out
    /// later.
    pub(crate) async fn first_look(&self) -> Result<(), WrongKey> {
        if let Ok(Ok(fit)) = tokio::time::timeout(FIRST_LOOK, self.look(true)).await {
            fit.any_opens()?;
            self.found(fit);
        }
        Ok(())
    }

    /// Looks at all workspaces, now and again, until `stop` is cancelled.
    pub(crate) async fn run(self, stop: CancellationToken) {
        loop {
            let round = async {
                let pause = match self.look(false).await {
                    Ok(fit) => {
                        let pause = if fit.shut.is_empty() { PAUSE } else { PAUSE_IF_SHUT };
                        self.found(fit);
                        pause
                    }
                    Err(fault) => {
                        debug!("the secrets key is not compared with the workspaces: {fault}");
                        AGAIN
                    }
                };
                let _ = tokio::time::timeout(pause, self.0.again.notified()).await;
            };
            tokio::select! {
                () = round => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// Lets it look again now.
    pub(crate) fn look_again(&self) {
        self.0.again.notify_one();
    }

    /// What is wrong, by the last look.
    pub(crate) fn trouble(&self) -> Option<KeyTrouble> {
        let found = self.0.found.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(fit) = &*found else { return Some(KeyTrouble::Unknown) };
        match fit.any_opens() {
            Err(wrong) => Some(KeyTrouble::Wrong(wrong)),
            Ok(()) if fit.shut.is_empty() => None,
            Ok(()) => Some(KeyTrouble::Shut(fit.shut.len())),
        }
    }

    async fn look(&self, is_one_enough: bool) -> Result<Fit, StoreError> {
        let Shared { clock, store, keys, .. } = &*self.0;
        let far = clock.now() + Duration::from_secs(365 * 86_400);
        let ids = store.workspaces_to_reconcile(far, Timestamp::from_unix_seconds(0)).await?;
        let mut fit = Fit::default();
        for id in ids {
            let row = match store.workspace(&id).await {
                Ok(Some(row)) => row,
                // It was removed just now, or is reported whenever it is used.
                Ok(None) | Err(StoreError::Corrupt(_)) => continue,
                Err(fault) => return Err(fault),
            };
            fit.workspaces += 1;
            match seal::open(keys, &id, &row.sealed) {
                Ok(_) if is_one_enough => break,
                Ok((_, OpenedBy::Current)) => {}
                Ok((_, OpenedBy::Previous)) => fit.stale += 1,
                Err(_) => fit.shut.push(id),
            }
        }
        Ok(fit)
    }

    fn found(&self, fit: Fit) {
        let mut found = self.0.found.lock().unwrap_or_else(PoisonError::into_inner);
        let before = found.as_ref().map_or(&[][..], |before| &before.shut);
        for id in fit.shut.iter().filter(|id| !before.contains(id)) {
            error!(
                workspace.id = %id,
                "SWITCHROOM_SECRETS_KEY does not open workspace {id}: add it again with \
                 `switchroom workspace add {id}`"
            );
        }
        if fit.shut.is_empty() && !before.is_empty() {
            info!("SWITCHROOM_SECRETS_KEY opens all workspaces");
        }
        if self.0.keys.previous.is_some()
            && found.as_ref().map(|before| before.stale) != Some(fit.stale)
        {
            match fit.stale {
                0 => info!(
                    "no workspace needs SWITCHROOM_SECRETS_KEY_PREVIOUS any more: start without it"
                ),
                stale => info!(
                    "{stale} workspaces need SWITCHROOM_SECRETS_KEY_PREVIOUS until `switchroom \
                     workspace reseal` has run"
                ),
            }
        }
        *found = Some(fit);
    }
}

impl Fit {
    fn any_opens(&self) -> Result<(), WrongKey> {
        let none = self.workspaces > 0 && self.shut.len() == self.workspaces;
        if none { Err(WrongKey(self.workspaces)) } else { Ok(()) }
    }
}

/// For the look at the start.
const FIRST_LOOK: Duration = Duration::from_secs(10);

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(600);

/// The same while a workspace does not open: it may have been added again.
const PAUSE_IF_SHUT: Duration = Duration::from_secs(30);

/// The same while the database is away.
const AGAIN: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_wrong_only_if_nothing_opens() {
        let cases = [(0, 0, true), (3, 0, true), (3, 2, true), (1, 1, false), (3, 3, false)];
        for (workspaces, shut, opens) in cases {
            let shut = (0..shut).map(|number| format!("team-{number}").parse().unwrap()).collect();
            let fit = Fit { workspaces, shut, stale: 0 };
            assert_eq!(fit.any_opens().is_ok(), opens, "{fit:?}");
        }
    }
}
