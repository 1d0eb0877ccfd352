//! The pages that are open here, as leases in the database.

use std::collections::BTreeSet;
use std::time::Duration;

use identity::UserId;
use tracing::warn;

use super::super::LEASE;
use super::{RETRY, Room, in_time};

impl Room {
    /// The agents whose pages are open here.
    pub(super) fn pages(&self) -> BTreeSet<UserId> {
        self.seats.iter().filter(|seat| seat.page.is_some()).map(|seat| seat.user).collect()
    }

    /// Puts the leases of the open pages off, and those of the closed ones for the last time.
    pub(super) async fn renew(&mut self) {
        let users = self.pages().union(&self.left).copied().collect::<Vec<_>>();
        if users.is_empty() {
            self.renew_at = self.shared.clock.instant() + RENEWAL;
            return;
        }
        let renewed = self.shared.store.renew_pages(&self.workspace, &users, LEASE);
        match in_time(renewed).await {
            Ok(()) => {
                self.left.clear();
                self.renew_at = self.shared.clock.instant() + RENEWAL;
            }
            Err(error) => {
                warn!(workspace.id = %self.workspace, "open pages are not noted: {error}");
                self.renew_at = self.shared.clock.instant() + RETRY;
                if self.seats.is_empty() {
                    // The lease runs out a little earlier.
                    self.left.clear();
                }
            }
        }
    }
}

/// How often open pages are noted: twice may fail before a lease runs out.
pub(super) const RENEWAL: Duration = Duration::from_secs(10);
