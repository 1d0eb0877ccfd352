//! The workspaces that were read lately.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use dialling::Country;
use identity::WorkspaceId;
use store_pg::{Store, StoreError, WorkspaceRow};
use tokio::time::Instant;
use tracing::{error, warn};

use super::files::Files;
use super::rosters::Rosters;
use super::shared::SharedReads;
use super::workspace::{Workspace, open};
use crate::clock::Clock;
use crate::database::budget::{Allowance, Budget};
use crate::secrets::SecretsKeys;

/// Why there is no workspace.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum NoWorkspace {
    /// There is none with this id.
    Absent,
    /// It was never read, and the database cannot be asked.
    Away,
}

/// The workspaces that were read lately.
///
/// An entry is used for [`FRESH`] without asking the database, and for as long as the database is away:
/// signatures are checked without it. A file of an earlier run counts like an entry.
pub(crate) struct Workspaces {
    sources: Sources,
    entries: RwLock<HashMap<WorkspaceId, Entry>>,
    reads: SharedReads<Read>,
}

/// What [`Workspaces`] reads from.
pub(crate) struct Sources {
    pub(crate) clock: Clock,
    pub(crate) store: Store,
    pub(crate) keys: SecretsKeys,
    pub(crate) budget: Arc<Budget>,
    pub(crate) files: Arc<Files>,
    pub(crate) rosters: Arc<Rosters>,
}

/// The result of a read. `None`: there is no such workspace.
type Read = Result<Option<Arc<Workspace>>, NoWorkspace>;

#[derive(Clone)]
struct Entry {
    /// `None`: there is no such workspace.
    workspace: Option<Arc<Workspace>>,
    /// The row from which it was opened.
    row: Option<Arc<WorkspaceRow>>,
    /// When it was read; `None` if it comes from a file of an earlier run.
    read_at: Option<Instant>,
    /// When it was last asked for again before its time, whatever came of it.
    asked_again_at: Option<Instant>,
}

impl Entry {
    fn is_fresh(&self, clock: &Clock) -> bool {
        let fresh = if self.workspace.is_some() { FRESH } else { FRESH_ABSENCE };
        self.read_at.is_some_and(|at| clock.elapsed(at) < fresh)
    }
}

impl Workspaces {
    pub(crate) fn new(sources: Sources) -> Self {
        Self { sources, entries: RwLock::default(), reads: SharedReads::new() }
    }

    /// The rows from which the known workspaces were opened.
    pub(crate) fn rows(&self) -> Vec<(WorkspaceId, Arc<WorkspaceRow>)> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let row = |(id, known): (&WorkspaceId, &Entry)| Some((id.clone(), known.row.clone()?));
        entries.iter().filter_map(row).collect()
    }

    /// Lets the database be asked again about each of them. While it is away, they stay in use.
    pub(crate) fn expire(&self) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        entries.values_mut().for_each(|known| known.read_at = None);
    }

    /// The workspaces that the database does not have any more.
    pub(crate) fn absent(&self) -> HashSet<WorkspaceId> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let absent =
            entries.iter().filter(|(id, known)| known.row.is_none() && self.sources.files.has(id));
        absent.map(|(id, _)| id.clone()).collect()
    }

    /// The workspace with this id, for a request that may wait as long as `allowance` says.
    pub(crate) async fn find(
        &self,
        id: &WorkspaceId,
        allowance: Allowance,
    ) -> Result<Arc<Workspace>, NoWorkspace> {
        let known = self.entries.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        if let Some(known) = &known
            && known.is_fresh(&self.sources.clock)
        {
            return known.workspace.clone().ok_or(NoWorkspace::Absent);
        }
        let known = known.and_then(|known| known.workspace);
        // Boxed, because it is large and most requests do not need it.
        let ask = || Box::pin(self.ask(id, known.is_some(), allowance));
        let read = self.reads.read(id, ask).await;
        match (read, known) {
            (Ok(workspace), _) => workspace.ok_or(NoWorkspace::Absent),
            (Err(_), Some(workspace)) => Ok(workspace),
            (Err(error), None) => Err(error),
        }
    }

    /// The workspace as it is now, for a request that was signed with none of the tokens known here: one may
    /// have been added a moment ago.
    ///
    /// The database is asked at most once in [`FRESH_ABSENCE`] for each workspace, as about an id that does
    /// not exist. `None`: nothing newer can be had.
    pub(crate) async fn ask_again(
        &self,
        id: &WorkspaceId,
        allowance: Allowance,
    ) -> Option<Arc<Workspace>> {
        if self.may_ask_again(id) || self.reads.is_reading(id) {
            let ask = || Box::pin(self.ask(id, true, allowance));
            return self.reads.read(id, ask).await.ok().flatten();
        }
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.get(id)?.workspace.clone()
    }

    fn may_ask_again(&self, id: &WorkspaceId) -> bool {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = entries.get_mut(id) else { return false };
        let last = known.asked_again_at.max(known.read_at);
        let is_due = last.is_none_or(|at| self.sources.clock.elapsed(at) >= FRESH_ABSENCE);
        if is_due {
            known.asked_again_at = Some(self.sources.clock.instant());
        }
        is_due
    }

    /// How long its agents have for wrap-up after a call; zero while that cannot be found out.
    pub(crate) async fn wrap_up(&self, id: &WorkspaceId) -> Duration {
        let found = self.find(id, self.sources.budget.allowance()).await;
        found.map_or(Duration::ZERO, |workspace| workspace.policy.wrap_up())
    }

    /// The country in which its people write numbers; none while that cannot be found out.
    pub(crate) async fn home(&self, id: &WorkspaceId) -> Country {
        let found = self.find(id, self.sources.budget.allowance()).await;
        found.map_or(Country::NONE, |workspace| workspace.home())
    }

    async fn ask(&self, id: &WorkspaceId, is_known: bool, allowance: Allowance) -> Read {
        let recalled = if is_known { None } else { self.recall(id).await };
        let is_known = is_known || recalled.is_some();
        let row = self.sources.store.workspace(id);
        let row = if is_known {
            self.sources.budget.spend(id, allowance, row).await
        } else {
            self.sources.budget.spend_all(id, allowance, row).await
        };
        match row {
            Ok(row) => {
                let (workspace, row) = match row {
                    Some(row) => self.open_or_keep(id, row),
                    None => (None, None),
                };
                let read_at = Some(self.sources.clock.instant());
                self.remember(
                    id,
                    Entry { workspace: workspace.clone(), row, read_at, asked_again_at: None },
                );
                Ok(workspace)
            }
            Err(StoreError::Corrupt(column)) => {
                error!(workspace.id = %id, "workspace {id} cannot be used: {column}");
                Ok(None)
            }
            Err(error) => {
                let memory = if is_known { "served from memory" } else { "not known" };
                warn!(workspace.id = %id, "workspace {id} is {memory}: {error}");
                recalled.map(Some).ok_or(NoWorkspace::Away)
            }
        }
    }

    /// Reads the file of an earlier run. It counts until the database says something else.
    async fn recall(&self, id: &WorkspaceId) -> Option<Arc<Workspace>> {
        if !self.sources.files.has(id) {
            return None;
        }
        let (files, wanted) = (Arc::clone(&self.sources.files), id.clone());
        let read = tokio::task::spawn_blocking(move || files.read(&wanted)).await;
        let known = match read {
            Ok(Ok(known)) => known?,
            Ok(Err(fault)) => {
                warn!(workspace.id = %id, "the file of workspace {id} cannot be used: {fault}");
                return None;
            }
            // A panic was logged where it happened.
            Err(_) => return None,
        };
        let opened = open(&self.sources.keys, id, &known.row).inspect_err(
            |fault| warn!(workspace.id = %id, "the file of workspace {id} cannot be used: {fault}"),
        );
        let workspace = Arc::new(opened.ok()?);
        if let Some(roster) = known.roster {
            self.sources.rosters.restore(id, roster);
        }
        let (row, opened) = (Some(Arc::new(known.row)), Some(Arc::clone(&workspace)));
        self.remember(id, Entry { workspace: opened, row, read_at: None, asked_again_at: None });
        Some(workspace)
    }

    fn remember(&self, id: &WorkspaceId, entry: Entry) {
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MOST_ENTRIES {
            // Somebody is trying ids that do not exist. Ids that exist are few.
            entries.retain(|_, known| known.workspace.is_some());
        }
        entries.insert(id.clone(), entry);
    }

    /// Opens what the database has. If that cannot be done, because it was sealed with another key, what was
    /// opened last stays in use: a rotation of keys in the wrong order must not silence the phones.
    fn open_or_keep(
        &self,
        id: &WorkspaceId,
        row: WorkspaceRow,
    ) -> (Option<Arc<Workspace>>, Option<Arc<WorkspaceRow>>) {
        let fault = match open(&self.sources.keys, id, &row) {
            Ok(workspace) => return (Some(Arc::new(workspace)), Some(Arc::new(row))),
            Err(fault) => fault,
        };
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        let last = entries.get(id).map(|known| (known.workspace.clone(), known.row.clone()));
        if let Some((workspace @ Some(_), row)) = last {
            error!(workspace.id = %id, "workspace {id} is served as it was read before: {fault}");
            return (workspace, row);
        }
        error!(workspace.id = %id, "workspace {id} cannot be used: {fault}");
        (None, Some(Arc::new(row)))
    }
}

/// How long a change by `switchroom workspace` may take to have an effect.
const FRESH: Duration = Duration::from_secs(10);

/// How long the database is not asked again about an id that does not exist.
const FRESH_ABSENCE: Duration = Duration::from_secs(1);

/// More ids than any installation has workspaces.
const MOST_ENTRIES: usize = 10_000;
