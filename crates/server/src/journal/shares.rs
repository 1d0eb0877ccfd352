//! How much of the spool each workspace takes.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use identity::WorkspaceId;

/// The bytes of each workspace's records that are not applied yet.
#[derive(Default)]
pub(super) struct Shares(Mutex<BTreeMap<WorkspaceId, u64>>);

impl Shares {
    /// Takes room for a record, if the workspace has not used up its share.
    pub(super) fn take(&self, workspace: &WorkspaceId, bytes: u64) -> bool {
        let mut shares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let used = shares.entry(workspace.clone()).or_default();
        let has_room = *used + bytes <= LIMIT;
        if has_room {
            *used += bytes;
        }
        has_room
    }

    /// Counts records that an earlier process wrote.
    pub(super) fn found(&self, workspace: &WorkspaceId, bytes: u64) {
        let mut shares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *shares.entry(workspace.clone()).or_default() += bytes;
    }

    /// The bytes that a workspace takes.
    pub(super) fn used(&self, workspace: &WorkspaceId) -> u64 {
        let shares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shares.get(workspace).copied().unwrap_or_default()
    }

    pub(super) fn release(&self, workspace: &WorkspaceId, bytes: u64) {
        let mut shares = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(used) = shares.get_mut(workspace) {
            *used = used.saturating_sub(bytes);
            if *used == 0 {
                shares.remove(workspace);
            }
        }
    }
}

/// A quarter of the spool.
pub(super) const LIMIT: u64 = 256 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_workspace_over_its_share_leaves_room_for_others() {
        let shares = Shares::default();
        let [a, b] = ["a", "b"].map(|id| id.parse::<WorkspaceId>().expect("an id"));
        assert!(shares.take(&a, LIMIT));
        assert!(!shares.take(&a, 1));
        assert!(shares.take(&b, 1));
        assert_eq!([&a, &b].map(|id| shares.used(id)), [LIMIT, 1]);
        shares.release(&a, 1);
        assert!(shares.take(&a, 1));
        shares.release(&a, LIMIT);
        shares.release(&a, 1);
        shares.found(&a, LIMIT);
        assert!(!shares.take(&a, 1));
    }
}
