//! The parts of a server, made and put together. Everything that can fail fails here, before anything
//! runs.

use std::path::PathBuf;
use std::sync::Arc;

use store_pg::Store;
use tokio_util::sync::CancellationToken;

use super::ServeError;
use crate::app::App;
use crate::assets::Assets;
use crate::config::Config;
use crate::database::budget::Budget;
use crate::feed::Feed;
use crate::http::cors::Cors;
use crate::journal::{Journal, Slots, Threads};
use crate::known::{
    Acknowledged, EndedCalls, Files, Members, Refresh, Rosters, SharedReads, Sources, Workspaces,
};
use crate::log::LostLines;
use crate::log::Quotas;
use crate::metrics::Metrics;
use crate::nobody::Nobody;
use crate::reconcile::Reconciler;
use crate::retention::Retention;
use crate::secrets::fit::KeyFit;
use crate::sessions::Sessions;
use crate::strangers::Strangers;

/// A server that does not run yet.
pub(super) struct Parts {
    pub(super) app: Arc<App>,
    pub(super) reconciler: Arc<Reconciler>,
    pub(super) retention: Arc<Retention>,
    pub(super) refresh: Arc<Refresh>,
    pub(super) lost_lines: LostLines,
    pub(super) slots: Slots,
    /// The directory of this server's own spool.
    pub(super) own_slot: PathBuf,
}

impl Parts {
    pub(super) fn make(
        config: Config,
        store: Store,
        key_fit: KeyFit,
        stop: CancellationToken,
    ) -> Result<Self, ServeError> {
        let clock = config.clock;
        let metrics = Arc::new(Metrics::new(&config.lost_lines));
        let slots = Slots::of(&config.data_dir);
        let (spool, own_slot) = slots.take().map_err(ServeError::Spool)?;
        let threads = Threads::start().map_err(ServeError::Threads)?;
        let files = Files::open(&config.data_dir.join("known"), config.secrets_keys.clone());
        let files = Arc::new(files.map_err(ServeError::Known)?);
        let rosters = Arc::new(Rosters::default());
        let acknowledged = Arc::new(Acknowledged::default());
        let budget = Arc::new(Budget::new(config.database_budget, clock.clone()));
        let workspaces = Arc::new(Workspaces::new(Sources {
            clock: clock.clone(),
            store: store.clone(),
            keys: config.secrets_keys,
            budget: Arc::clone(&budget),
            files: Arc::clone(&files),
            rosters: Arc::clone(&rosters),
        }));
        let feed = Feed::new(
            clock.clone(),
            store.clone(),
            Arc::clone(&workspaces),
            Arc::clone(&rosters),
            Arc::clone(&metrics),
            stop,
        );
        let members = Arc::new(Members {
            clock: clock.clone(),
            store: store.clone(),
            budget: Arc::clone(&budget),
            rosters: Arc::clone(&rosters),
            acknowledged: Arc::clone(&acknowledged),
            metrics: Arc::clone(&metrics),
            current: config.members_current,
            reads: SharedReads::new(),
        });
        let app = Arc::new(App {
            public_url: config.public_url,
            key_fit,
            sessions: Sessions::new(config.sessions, clock.clone())?,
            journal: Journal::new(
                (spool, &own_slot),
                Arc::new(threads),
                Arc::clone(&acknowledged),
                Arc::clone(&metrics),
                clock.clone(),
            ),
            cors: Cors::new(config.allowed_origins),
            assets: Assets::new(config.signalling.as_ref(), config.voice_sdk),
            ended_calls: EndedCalls::default(),
            acknowledged,
            strangers: Strangers::new(),
            quotas: Quotas::default(),
            nobody: Nobody::default(),
            clock: clock.clone(),
            store,
            budget,
            workspaces: Arc::clone(&workspaces),
            rosters: Arc::clone(&rosters),
            members: Arc::clone(&members),
            feed,
            metrics: Arc::clone(&metrics),
        });
        let retention = Retention::new(Arc::clone(&app));
        let reconciler = Reconciler::new(Arc::clone(&app), config.reconcile);
        let refresh = Refresh {
            clock,
            members,
            workspaces,
            rosters,
            files,
            metrics,
            every: config.refresh_every,
        };
        Ok(Self {
            app,
            lost_lines: config.lost_lines,
            reconciler: Arc::new(reconciler.map_err(ServeError::Tls)?),
            retention: Arc::new(retention),
            refresh: Arc::new(refresh),
            slots,
            own_slot,
        })
    }
}
