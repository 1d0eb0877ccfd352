//! `switchroom workspace reseal`: all credentials under the current secrets key.

use identity::WorkspaceId;
use store_pg::Owner;

use super::super::{Failure, print};
use crate::secrets::SecretsKeys;
use crate::secrets::seal::{self, OpenedBy};

/// Seals what the previous key opens with the current one, and says how many workspaces that were.
///
/// Credentials are replaced only if they are those that were read, so a workspace that is added again
/// meanwhile keeps what was added.
pub(super) async fn run(owner: &Owner, keys: &SecretsKeys) -> Result<(), Failure> {
    let failed = |error: &dyn std::error::Error| Failure::failed(error);
    let mut resealed = 0_usize;
    let round = loop {
        let round = Round::look(owner.sealed().await.map_err(|error| failed(&error))?, keys);
        if round.stale.is_empty() {
            break round;
        }
        for (id, sealed) in &round.stale {
            let (credentials, _) = seal::open(keys, id, sealed).map_err(|error| failed(&error))?;
            let new = seal::seal(&keys.current, id, &credentials, seal::nonce())
                .map_err(|error| failed(&error))?;
            let replaced = owner.replace_sealed(id, sealed, &new).await;
            resealed += usize::from(replaced.map_err(|error| failed(&error))?);
        }
    };
    print(&format!(
        "{resealed} workspaces were sealed again; all {} that open are under SWITCHROOM_SECRETS_KEY",
        round.current
    ))?;
    if round.shut.is_empty() {
        return Ok(());
    }
    let shut: Vec<&str> = round.shut.iter().map(WorkspaceId::as_str).collect();
    Err(Failure::Failed(format!(
        "neither SWITCHROOM_SECRETS_KEY nor SWITCHROOM_SECRETS_KEY_PREVIOUS opens {}: run this with the key \
         with which they were added as the previous one, or add them again",
        shut.join(", ")
    )))
}

/// What the keys open, at one moment.
#[derive(Default)]
struct Round {
    /// How many the current key opens.
    current: usize,
    /// What only the previous key opens.
    stale: Vec<(WorkspaceId, Vec<u8>)>,
    /// What neither opens.
    shut: Vec<WorkspaceId>,
}

impl Round {
    fn look(all: Vec<(WorkspaceId, Vec<u8>)>, keys: &SecretsKeys) -> Self {
        let mut round = Self::default();
        for (id, sealed) in all {
            match seal::open(keys, &id, &sealed) {
                Ok((_, OpenedBy::Current)) => round.current += 1,
                Ok((_, OpenedBy::Previous)) => round.stale.push((id, sealed)),
                Err(_) => round.shut.push(id),
            }
        }
        round
    }
}
