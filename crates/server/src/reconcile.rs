//! Mends what no callback told: one task, which asks Twilio for the truth and knows deadlines.
//!
//! Every so often, and at the start, it asks the database which workspaces need it, and for each
//!
//! 1. compares the calls since the last comparison with Twilio's own list, and fills in those of
//!    which nothing is known: no webhook of theirs reached us, for whatever reason ([`gap`]);
//! 2. looks at calls and legs that should have been over by now, asks Twilio about each, and ends
//!    them by deadline if Twilio cannot be asked ([`overdue`]).
//!
//! What it finds out goes through the journal like everything else, as events of their own kinds,
//! which count only where no callback speaks. The same findings have the same keys, so several
//! servers, a repetition or a crash in between do no harm; a lease saves them the work.

mod deadline;
mod gap;
mod overdue;
mod pace;
mod truth;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use calls::Event;
use identity::{CallSid, Timestamp, WorkspaceId};
use store_pg::Lease;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};
use twilio_rest::{Account, Client, Settings};

use crate::app::App;
use crate::clock::Clock;
use crate::config::ReconcileConfig;
use crate::journal::Entry;
use crate::known::{NoWorkspace, Workspace};

use deadline::Limits;
use pace::BackOff;

pub(crate) use pace::Jitter;

/// What one round did.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Reconciled {
    /// Workspaces whose calls were compared with Twilio's list.
    pub compared: usize,
    /// Calls of which nothing was known.
    pub found: usize,
    /// Calls that are over by Twilio's record.
    pub mended: usize,
    /// Calls that are over, wholly or for one leg, by deadline.
    pub expired: usize,
    /// Whether all was asked and answered; if not, the rest is tried again later.
    pub is_whole: bool,
}

/// The one who mends.
pub(crate) struct Reconciler {
    app: Arc<App>,
    twilio: Client,
    clock: Clock,
    every: Option<Duration>,
    state: Mutex<State>,
}

/// What it remembers. All of it may be lost.
struct State {
    /// Whether all workspaces are compared in the next round, whenever they were last: after the
    /// start, and after the database was away.
    all: bool,
    /// Workspaces for which Twilio could not be asked.
    failed: HashMap<WorkspaceId, BackOff>,
    /// Calls that go on, as Twilio said, and when it is asked again.
    alive: HashMap<CallSid, Timestamp>,
    /// Calls that a deadline ended while Twilio could not be asked.
    doubtful: HashMap<WorkspaceId, BTreeSet<CallSid>>,
}

/// One round.
struct Round<'a> {
    app: &'a App,
    now: Timestamp,
    compare_before: Timestamp,
    done: Reconciled,
    /// Failures of Twilio in a row: after some nobody else waits for it in this round.
    failures: u32,
}

/// One workspace in a round.
struct Case<'a> {
    workspace: &'a Workspace,
    twilio: Account<'a>,
    /// Whether Twilio may be asked.
    may_ask: bool,
    /// Calls that are dealt with.
    seen: BTreeSet<CallSid>,
    /// Calls that a deadline ended while Twilio could not be asked.
    doubtful: BTreeSet<CallSid>,
}

impl Reconciler {
    /// # Errors
    ///
    /// The system's TLS roots cannot be read.
    pub(crate) fn new(app: Arc<App>, config: ReconcileConfig) -> Result<Self, std::io::Error> {
        let settings = Settings { base: config.api, ..Settings::twilio() };
        let state = State {
            all: true,
            failed: HashMap::new(),
            alive: HashMap::new(),
            doubtful: HashMap::new(),
        };
        Ok(Self {
            app,
            twilio: Client::new(settings, Jitter)?,
            clock: config.clock,
            every: config.every,
            state: Mutex::new(state),
        })
    }

    /// Round after round, until `stop` is cancelled.
    pub(crate) async fn run(&self, stop: &CancellationToken) {
        let Some(every) = self.every else { return stop.cancelled().await };
        loop {
            tokio::select! {
                _ = self.round() => {}
                () = stop.cancelled() => return,
            }
            tokio::select! {
                () = tokio::time::sleep(every) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// One round: every workspace that needs it, one after the other.
    pub(crate) async fn round(&self) -> Reconciled {
        let mut state = self.state.lock().await;
        let now = self.clock.now();
        if self.app.journal.spool().stats().pending_records > BACKLOG {
            // What looks lost may wait in the spool.
            return Reconciled::default();
        }
        let compare_before = if state.all { now } else { now.before(COMPARE_EVERY) };
        let open_before = now.before(Limits::SHORTEST);
        let ids = match self.app.store.workspaces_to_mend(compare_before, open_before).await {
            Ok(ids) => ids,
            Err(error) => {
                warn!("nothing is reconciled: {error}");
                state.all = true;
                return Reconciled::default();
            }
        };
        state.alive.retain(|_, until| *until > now);
        let done = Reconciled { is_whole: true, ..Reconciled::default() };
        let mut round = Round { app: &self.app, now, compare_before, done, failures: 0 };
        let again = state.failed.keys().chain(state.doubtful.keys()).cloned();
        let ids: BTreeSet<WorkspaceId> = again.chain(ids).collect();
        state.all = false;
        for id in ids {
            self.workspace(&mut state, &mut round, &id).await;
        }
        round.done
    }

    async fn workspace(&self, state: &mut State, round: &mut Round<'_>, id: &WorkspaceId) {
        let (app, now) = (&self.app, round.now);
        let workspace = match app.workspaces.find(id, app.budget.allowance()).await {
            Ok(workspace) => workspace,
            Err(NoWorkspace::Absent) => {
                state.failed.remove(id);
                state.doubtful.remove(id);
                return;
            }
            Err(NoWorkspace::Away) => {
                (round.done.is_whole, state.all) = (false, true);
                return;
            }
        };
        let lease = match app.store.lease(id, LEASE).await {
            Ok(Some(lease)) => lease,
            Ok(None) => {
                // Another server is at it, or died at it.
                state.failed.entry(id.clone()).or_insert(BackOff::new(now));
                return;
            }
            Err(error) => {
                warn!(workspace.id = %id, "workspace {id} is not reconciled: {error}");
                (round.done.is_whole, state.all) = (false, true);
                return;
            }
        };
        let rests = state.failed.get(id).is_some_and(|failed| now < failed.again_at);
        let mut case = Case {
            workspace: &workspace,
            twilio: self.twilio.account(&workspace.rest),
            may_ask: !rests && round.failures < MOST_FAILURES,
            seen: BTreeSet::new(),
            doubtful: state.doubtful.remove(id).unwrap_or_default(),
        };
        let compared = self.mend(state, round, &mut case, lease).await;
        if !case.doubtful.is_empty() {
            state.doubtful.insert(id.clone(), case.doubtful);
        }
        if let Err(error) = app.store.release(id, lease, compared).await {
            warn!(workspace.id = %id, "the lease of workspace {id} ends by itself: {error}");
        }
    }

    /// Both parts for one workspace; until when its calls are compared now, if they are.
    async fn mend(
        &self,
        state: &mut State,
        round: &mut Round<'_>,
        case: &mut Case<'_>,
        lease: Lease,
    ) -> Option<Timestamp> {
        let id = &case.workspace.id;
        let is_old = lease.is_first || lease.compared_until < round.compare_before;
        let failed = state.failed.get(id);
        let is_due = is_old || failed.is_some_and(|failed| lease.compared_until < failed.since);
        let mut outcome = Ok(());
        let mut compared = None;
        if is_due && case.may_ask {
            outcome = gap::fill(round, case, lease.compared_until).await;
            if outcome.is_ok() {
                round.done.compared += 1;
                compared = Some(round.now);
            }
        }
        case.may_ask &= outcome.is_ok();
        if outcome.is_ok() {
            outcome = overdue::settle(round, case, &mut state.alive).await;
        } else {
            // Deadlines hold all the same.
            drop(overdue::settle(round, case, &mut state.alive).await);
        }
        match outcome {
            Ok(()) if case.may_ask => {
                state.failed.remove(id);
                round.failures = 0;
            }
            Ok(()) => round.done.is_whole = false,
            Err(failure) => {
                round.done.is_whole = false;
                round.failures += u32::from(matches!(failure, Failure::Twilio(_)));
                let failed = state.failed.entry(id.clone()).or_insert(BackOff::new(round.now));
                failed.again(round.now);
                let seconds = failed.again_at.since(round.now).as_secs();
                let mend = failure.mend();
                warn!(workspace.id = %id, mend, "workspace {id} is reconciled in {seconds} s: {failure}");
            }
        }
        compared
    }
}

impl Round<'_> {
    /// Returns when what was found out about a call is durable.
    async fn record(
        &self,
        case: &Case<'_>,
        call: CallSid,
        events: Vec<Event>,
    ) -> Result<(), Failure> {
        let workspace = case.workspace.id.clone();
        info!(call.sid = %call, "call {call} is reconciled, {} events", events.len());
        let entry = Entry { workspace, call, events, params: Vec::new() };
        self.app.journal.record(&entry).await.map_err(|_| Failure::Journal)
    }
}

/// Why a workspace could not be reconciled now.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    Twilio(#[from] twilio_rest::Error),
    #[error("{0}")]
    Store(#[from] store_pg::StoreError),
    #[error("the findings could not be stored")]
    Journal,
}

impl Failure {
    /// What a person can do.
    fn mend(&self) -> &'static str {
        match self {
            Self::Twilio(error) if error.is_unauthorized() => {
                "enter the workspace again with a live API key: `switchroom workspace add`"
            }
            Self::Twilio(_) => {
                "nothing, unless it lasts: look at TWILIO_API_BASE_URL and the network"
            }
            Self::Store(_) | Self::Journal => "nothing, unless it lasts: `switchroom check`",
        }
    }
}

/// How often calls are compared while nothing seems to be wrong: webhooks may also get lost on
/// their way to a server that is up. One request for each workspace.
const COMPARE_EVERY: Duration = Duration::from_secs(15 * 60);

/// Longer than a workspace takes; a server that dies at it keeps the others off for that long.
const LEASE: Duration = Duration::from_secs(60);

/// Records not applied yet with which deadlines are still looked at: one batch.
const BACKLOG: u64 = 256;

/// Workspaces for which Twilio may fail before a round goes on without it.
const MOST_FAILURES: u32 = 3;
