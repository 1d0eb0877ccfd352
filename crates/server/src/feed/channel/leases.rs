//! The pages that are open here, as leases in the database.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use identity::UserId;
use store_pg::OpenPage;
use tracing::warn;

use super::super::LEASE;
use super::{Channel, RETRY, in_time};

impl Channel {
    /// The agents whose pages are open here.
    pub(super) fn open_pages(&self) -> BTreeSet<UserId> {
        let with_page = self.subscribers.iter().filter(|one| one.page.is_some());
        with_page.map(|one| one.user).collect()
    }

    /// Lets routing know which pages are open here.
    pub(super) fn note_pages(&self) {
        self.shared.doubt().open(&self.workspace, self.open_pages());
    }

    /// Renews the leases of the open pages, and those of the closed ones for the last time.
    pub(super) async fn renew(&mut self) {
        let open = self.subscribers.iter().filter(|one| one.page.is_some());
        let open = open.map(|one| (one.user, one.reports));
        let left = self.left.iter().map(|(user, reports)| (*user, *reports));
        let users = open_pages(open.chain(left));
        if users.is_empty() {
            self.renew_at = self.shared.clock.instant() + RENEWAL;
        } else if self.renew_pages(&users).await {
            self.left.clear();
            self.renew_at = self.shared.clock.instant() + RENEWAL;
        } else if self.subscribers.is_empty() {
            // The lease runs out a little earlier.
            self.left.clear();
        }
    }

    /// Renews the leases of these agents' pages; if that fails, it is tried again soon.
    pub(super) async fn renew_pages(&mut self, users: &[OpenPage]) -> bool {
        let renewed = self.shared.store.renew_pages(&self.workspace, users, LEASE);
        let renewed = in_time(renewed).await;
        let now = self.shared.clock.instant();
        self.shared.doubt().renewed(&self.workspace, renewed.is_ok(), now);
        let Err(error) = renewed else { return true };
        warn!(workspace.id = %self.workspace, "the open pages of workspace {} are not recorded: {error}", self.workspace);
        self.renew_at = self.shared.clock.instant() + RETRY;
        false
    }
}

/// Each agent once. A page that does not report makes its agent ready, whatever another one of theirs says.
pub(super) fn open_pages(pages: impl Iterator<Item = (UserId, bool)>) -> Vec<OpenPage> {
    let mut reports = BTreeMap::new();
    for (user, does) in pages {
        *reports.entry(user).or_insert(true) &= does;
    }
    reports.into_iter().map(|(user, reports)| OpenPage { user, reports }).collect()
}

/// How often leases are renewed: two renewals may fail before a lease runs out.
pub(super) const RENEWAL: Duration = Duration::from_secs(10);
