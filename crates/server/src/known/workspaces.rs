//! Workspaces, opened: credentials decrypted and keys prepared, kept for a short while.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use identity::{AccountSid, AppSid, PhoneNumber, WorkspaceId};
use store_pg::{NewWorkspace, Store, StoreError, WorkspaceRow};
use tokio::sync::OnceCell;
use tokio::time::Instant;
use tracing::{error, warn};
use twilio_rest::ApiSecret;
use twilio_sig::{AuthToken, Verifier};
use voice_token::{ApiKey, ApiKeySecret, Issuer};

use crate::clock::Clock;
use crate::database::budget::{Allowance, Budget};
use crate::known::files::Vault;
use crate::known::rosters::LastKnown;
use crate::policy::Policy;
use crate::secrets::SecretsKey;
use crate::secrets::seal;

/// A workspace, ready to check and to sign.
pub(crate) struct Workspace {
    pub(crate) id: WorkspaceId,
    pub(crate) account: AccountSid,
    pub(crate) app: AppSid,
    /// Checks webhooks with every live auth token.
    pub(crate) verifier: Verifier,
    /// Issues access tokens of one hour.
    pub(crate) issuer: Issuer,
    /// Asks Twilio's API, which wants the API key's secret in clear.
    pub(crate) rest: twilio_rest::Credentials,
    /// The first is the caller id of outbound calls.
    pub(crate) numbers: Vec<PhoneNumber>,
    pub(crate) policy: Policy,
}

/// Why there is no workspace to work with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum NoWorkspace {
    /// There is none with this id.
    Absent,
    /// The database is away, and it was never read before.
    Away,
}

/// The workspaces that were read lately.
///
/// An opened one is used for [`FRESH`] without asking the database, and for as long as the database
/// is away: signatures can be checked without it. One that an earlier run has kept on disk is as
/// good.
pub(crate) struct Workspaces {
    clock: Clock,
    store: Store,
    key: SecretsKey,
    budget: Arc<Budget>,
    vault: Arc<Vault>,
    last_known: Arc<LastKnown>,
    known: RwLock<HashMap<WorkspaceId, Known>>,
    /// What is being read at this moment.
    reading: Mutex<HashMap<WorkspaceId, Arc<Reading>>>,
}

/// One reading of a workspace, for all who wait for it. `None`: there is no such workspace.
type Reading = OnceCell<Result<Option<Arc<Workspace>>, NoWorkspace>>;

#[derive(Clone)]
struct Known {
    /// `None`: there is no such workspace.
    workspace: Option<Arc<Workspace>>,
    /// What it was opened from.
    row: Option<Arc<WorkspaceRow>>,
    /// When the database said so; `None` for what an earlier run left on disk.
    read_at: Option<Instant>,
}

impl Known {
    fn is_fresh(&self, clock: &Clock) -> bool {
        let fresh = if self.workspace.is_some() { FRESH } else { FRESH_ABSENCE };
        self.read_at.is_some_and(|at| clock.elapsed(at) < fresh)
    }
}

impl Workspaces {
    pub(crate) fn new(
        clock: Clock,
        store: Store,
        key: SecretsKey,
        budget: Arc<Budget>,
        vault: Arc<Vault>,
        last_known: Arc<LastKnown>,
    ) -> Self {
        let (known, reading) = (RwLock::default(), Mutex::default());
        Self { clock, store, key, budget, vault, last_known, known, reading }
    }

    /// What each workspace that is known was opened from.
    pub(crate) fn rows(&self) -> Vec<(WorkspaceId, Arc<WorkspaceRow>)> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let row = |(id, known): (&WorkspaceId, &Known)| Some((id.clone(), known.row.clone()?));
        known.iter().filter_map(row).collect()
    }

    /// The workspaces of which the database said lately that they are no more.
    pub(crate) fn absent(&self) -> HashSet<WorkspaceId> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let absent = known.iter().filter(|(id, known)| known.row.is_none() && self.vault.has(id));
        absent.map(|(id, _)| id.clone()).collect()
    }

    /// The workspace with this id, for a request that may wait for so long.
    pub(crate) async fn find(
        &self,
        id: &WorkspaceId,
        allowance: Allowance,
    ) -> Result<Arc<Workspace>, NoWorkspace> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        if let Some(known) = &known
            && known.is_fresh(&self.clock)
        {
            return known.workspace.clone().ok_or(NoWorkspace::Absent);
        }
        let known = known.and_then(|known| known.workspace);
        match (self.read(id, known.is_some(), allowance).await, known) {
            (Ok(workspace), _) => workspace.ok_or(NoWorkspace::Absent),
            (Err(_), Some(workspace)) => Ok(workspace),
            (Err(error), None) => Err(error),
        }
    }

    /// How long its agents may work after a call; not at all as long as nobody can tell.
    pub(crate) async fn wrap_up(&self, id: &WorkspaceId) -> Duration {
        let found = self.find(id, self.budget.allowance()).await;
        found.map_or(Duration::ZERO, |workspace| workspace.policy.wrap_up())
    }

    /// Reads a workspace once for everybody who asks for it at this moment: many requests together,
    /// as after a start, would take all connections from each other.
    async fn read(
        &self,
        id: &WorkspaceId,
        is_known: bool,
        allowance: Allowance,
    ) -> Result<Option<Arc<Workspace>>, NoWorkspace> {
        let turn = Turn::take(self, id);
        turn.reading.get_or_init(|| self.ask(id, is_known, allowance)).await.clone()
    }

    async fn ask(
        &self,
        id: &WorkspaceId,
        is_known: bool,
        allowance: Allowance,
    ) -> Result<Option<Arc<Workspace>>, NoWorkspace> {
        let recalled = if is_known { None } else { self.recall(id).await };
        let is_known = is_known || recalled.is_some();
        let row = self.store.workspace(id);
        let row = if is_known {
            self.budget.spend(allowance, row).await
        } else {
            self.budget.spend_all(allowance, row).await
        };
        match row {
            Ok(row) => {
                let row = row.map(Arc::new);
                let workspace = row.as_deref().and_then(|row| self.open(id, row)).map(Arc::new);
                let read_at = Some(self.clock.instant());
                self.remember(id, Known { workspace: workspace.clone(), row, read_at });
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

    /// What an earlier run has kept on disk: it counts until the database says something else.
    async fn recall(&self, id: &WorkspaceId) -> Option<Arc<Workspace>> {
        if !self.vault.has(id) {
            return None;
        }
        let (vault, wanted) = (Arc::clone(&self.vault), id.clone());
        let read = tokio::task::spawn_blocking(move || vault.read(&wanted)).await;
        let kept = match read {
            Ok(Ok(kept)) => kept?,
            Ok(Err(fault)) => {
                warn!(workspace.id = %id, "what was known of workspace {id} cannot be used: {fault}");
                return None;
            }
            // A panic has been reported where it happened.
            Err(_) => return None,
        };
        let workspace = Arc::new(self.open(id, &kept.row)?);
        if let Some(seen) = kept.seen {
            self.last_known.restore(id, seen);
        }
        let (row, opened) = (Some(Arc::new(kept.row)), Some(Arc::clone(&workspace)));
        self.remember(id, Known { workspace: opened, row, read_at: None });
        Some(workspace)
    }

    fn remember(&self, id: &WorkspaceId, seen: Known) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_KNOWN {
            // Somebody tries ids that do not exist; those that do are few.
            known.retain(|_, known| known.workspace.is_some());
        }
        known.insert(id.clone(), seen);
    }

    fn open(&self, id: &WorkspaceId, row: &WorkspaceRow) -> Option<Workspace> {
        open(&self.key, id, row)
            .inspect_err(
                |fault| error!(workspace.id = %id, "workspace {id} cannot be used: {fault}"),
            )
            .ok()
    }
}

/// A part in a reading. The last one who leaves, or the first one who has the result, takes it off
/// the list, so that the next request reads anew.
struct Turn<'a> {
    workspaces: &'a Workspaces,
    id: &'a WorkspaceId,
    reading: Arc<Reading>,
}

impl<'a> Turn<'a> {
    fn take(workspaces: &'a Workspaces, id: &'a WorkspaceId) -> Self {
        let mut all = workspaces.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let reading = Arc::clone(all.entry(id.clone()).or_default());
        Self { workspaces, id, reading }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut all = self.workspaces.reading.lock().unwrap_or_else(PoisonError::into_inner);
        // The list has one, this has one.
        let is_last = Arc::strong_count(&self.reading) == 2;
        let is_listed = all.get(self.id).is_some_and(|listed| Arc::ptr_eq(listed, &self.reading));
        if is_listed && (is_last || self.reading.initialized()) {
            all.remove(self.id);
        }
    }
}

/// Opens the credentials of a workspace.
pub(crate) fn open(
    key: &SecretsKey,
    id: &WorkspaceId,
    row: &WorkspaceRow,
) -> Result<Workspace, String> {
    let credentials = seal::open(key, id, &row.sealed).map_err(|error| error.to_string())?;
    let mut tokens = credentials.auth_tokens.iter().map(|token| AuthToken::new(token));
    let first = tokens.next().ok_or("it has no auth token")?;
    let first = first.map_err(|error| format!("its auth token {error}"))?;
    let verifier = tokens.try_fold(Verifier::new(first), |verifier, token| {
        token.map(|token| verifier.also(token)).map_err(|error| format!("an auth token {error}"))
    })?;
    let secret = ApiKeySecret::new(&credentials.api_secret)
        .map_err(|error| format!("its API key's secret: {error}"))?;
    let rest = twilio_rest::Credentials::api_key(
        row.account,
        row.api_key,
        ApiSecret::new(credentials.api_secret.as_str()),
    );
    // A policy that cannot be read must not silence the phones.
    let policy = serde_json::from_value(row.policy.clone()).unwrap_or_else(|error| {
        error!(workspace.id = %id, "workspace {id} has a policy that cannot be read: {error}");
        Policy::default()
    });
    Ok(Workspace {
        id: id.clone(),
        account: row.account,
        app: row.app,
        verifier,
        issuer: Issuer::new(row.account, ApiKey { sid: row.api_key, secret }),
        rest,
        numbers: row.numbers.clone(),
        policy,
    })
}

/// Whether a workspace that is about to be entered could be opened by the server.
pub(crate) fn check(key: &SecretsKey, new: &NewWorkspace) -> Result<(), String> {
    let row = WorkspaceRow {
        account: new.account,
        api_key: new.api_key,
        app: new.app,
        sealed: new.sealed.clone(),
        policy: serde_json::json!({}),
        numbers: new.numbers.clone(),
    };
    open(key, &new.id, &row).map(|_| ())
}

/// How long a change by `switchroom workspace` may take to show.
const FRESH: Duration = Duration::from_secs(10);

/// How long an id that does not exist is not asked for again.
const FRESH_ABSENCE: Duration = Duration::from_secs(1);

/// More ids than any installation has workspaces.
const MOST_KNOWN: usize = 10_000;
