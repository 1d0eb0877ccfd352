//! Everything that a handler may need.

use std::sync::Arc;

use identity::WorkspaceId;
use store_pg::Store;
use tracing::info;
use twilio_sig::PublicUrl;

use crate::assets::Assets;
use crate::clock::Clock;
use crate::database::budget::Budget;
use crate::feed::Feed;
use crate::http::cors::Cors;
use crate::journal::Journal;
use crate::known::Workspaces;
use crate::known::{Acknowledged, EndedCalls, Members, Rosters};
use crate::log::Quotas;
use crate::metrics::Metrics;
use crate::nobody::Nobody;
use crate::secrets::fit::KeyFit;
use crate::sessions::Sessions;
use crate::strangers::Strangers;

/// The server's state, shared by all requests. What several servers must agree on is in the
/// database and nowhere else.
pub(crate) struct App {
    pub(crate) clock: Clock,
    pub(crate) public_url: PublicUrl,
    pub(crate) store: Store,
    pub(crate) budget: Arc<Budget>,
    pub(crate) workspaces: Arc<Workspaces>,
    pub(crate) rosters: Arc<Rosters>,
    pub(crate) members: Arc<Members>,
    pub(crate) ended_calls: EndedCalls,
    pub(crate) acknowledged: Arc<Acknowledged>,
    pub(crate) key_fit: KeyFit,
    pub(crate) sessions: Sessions,
    pub(crate) strangers: Strangers,
    pub(crate) quotas: Quotas,
    pub(crate) nobody: Nobody,
    pub(crate) journal: Journal,
    pub(crate) feed: Feed,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) cors: Cors,
    pub(crate) assets: Assets,
}

impl App {
    /// Whether a line of this kind may be written about a request of a workspace. Says how many were left
    /// out before it.
    pub(crate) fn may_log(&self, workspace: &WorkspaceId, kind: &'static str) -> bool {
        let Some(left_out) = self.quotas.take(workspace, kind, self.clock.instant()) else {
            self.metrics.over_budget("line");
            return false;
        };
        if left_out > 0 {
            info!(
                workspace.id = %workspace, kind,
                "{left_out} lines of this kind about one workspace were left out"
            );
        }
        true
    }
}
