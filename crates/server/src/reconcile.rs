//! Recovers missed callbacks: one task, which asks Twilio for its record and applies deadlines.
//!
//! At the start, and every so often after it, the task asks the database which workspaces need it. For each
//! of them it
//!
//! 1. compares the calls since the last comparison with Twilio's own list, and fills in the unknown ones,
//!    of which no webhook reached us ([`gap`]);
//! 2. asks Twilio about calls and legs that should be over by now, and ends them by deadline if Twilio
//!    cannot be asked ([`overdue`]).
//!
//! Workspaces take turns: a turn asks Twilio about a few calls, and who has more to do goes to the end of
//! the line. Who was not served for longest comes first, and a later round goes on where one stopped.
//!
//! The findings go through the journal like everything else, as events of their own kinds, which count
//! only where no callback says otherwise. The same finding has the same key, so several servers,
//! repetitions and crashes do no harm. A lease saves other servers the work.

mod deadline;
mod gap;
mod overdue;
mod pace;
mod truth;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use calls::Event;
use identity::{CallSid, Timestamp, WorkspaceId};
use store_pg::{After, Lease};
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

/// The result of one round.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Reconciled {
    /// Workspaces whose calls were compared with Twilio's list.
    pub compared: usize,
    /// Unknown calls that were filled in.
    pub found: usize,
    /// Calls that were ended by Twilio's record.
    pub corrected: usize,
    /// Calls that were ended by deadline, wholly or for one leg.
    pub expired: usize,
    /// Whether every question was asked and answered. If not, the rest is tried again later.
    pub is_whole: bool,
}

/// Runs the rounds.
pub(crate) struct Reconciler {
    app: Arc<App>,
    twilio: Client,
    /// Whether the configuration names one API for all workspaces.
    has_own_api: bool,
    clock: Clock,
    every: Option<Duration>,
    state: Mutex<State>,
}

/// What it remembers. All of it may be lost.
struct State {
    /// Whether the next round compares all workspaces, whenever that was done last: after the start, and
    /// after the database was away.
    all: bool,
    /// Workspaces for which Twilio could not be asked.
    failed: HashMap<WorkspaceId, BackOff>,
    /// Calls that go on by Twilio's word, and when Twilio is asked about them again.
    alive: HashMap<(WorkspaceId, CallSid), Timestamp>,
    /// Calls that a deadline ended while Twilio could not be asked.
    doubtful: HashMap<WorkspaceId, BTreeSet<CallSid>>,
    /// The turns so far.
    turns: u64,
    /// Of the workspaces that had one lately.
    served: HashMap<WorkspaceId, Served>,
}

/// The last turn of a workspace.
#[derive(Clone, Copy, Debug, Default)]
struct Served {
    /// Its number.
    turn: u64,
    /// The last open call that was looked at; `None` after the last one there is.
    after: Option<After>,
}

/// What a workspace may do before others get their turn.
#[derive(Clone, Copy, Debug)]
struct Turn {
    /// Calls that Twilio may still be asked about.
    questions: u16,
    /// The last open call that was looked at.
    after: Option<After>,
    /// Whether all open calls were looked at.
    is_last: bool,
}

/// One round.
struct Round<'a> {
    app: &'a App,
    now: Timestamp,
    compare_before: Timestamp,
    done: Reconciled,
    /// Failures of Twilio in a row: after some of them the round goes on without Twilio.
    failures: u32,
}

/// One workspace in a round.
struct Case<'a> {
    workspace: &'a Workspace,
    twilio: Account<'a>,
    /// Whether Twilio may be asked.
    may_ask: bool,
    /// Calls that are done.
    seen: BTreeSet<CallSid>,
    /// Calls that a deadline ended while Twilio could not be asked.
    doubtful: BTreeSet<CallSid>,
    turn: Turn,
}

impl Reconciler {
    /// # Errors
    ///
    /// The system's TLS roots cannot be read.
    pub(crate) fn new(app: Arc<App>, config: ReconcileConfig) -> Result<Self, std::io::Error> {
        let twilio = Settings::twilio();
        let settings = match &config.api {
            Some(api) => Settings { base: api.clone(), ..twilio },
            None => twilio,
        };
        let state = State {
            all: true,
            failed: HashMap::new(),
            alive: HashMap::new(),
            doubtful: HashMap::new(),
            turns: 0,
            served: HashMap::new(),
        };
        Ok(Self {
            app,
            twilio: Client::new(settings, Jitter)?,
            has_own_api: config.api.is_some(),
            clock: config.clock,
            every: config.every,
            state: Mutex::new(state),
        })
    }

    /// Runs round after round until `stop` is cancelled.
    pub(crate) async fn run(self: Arc<Self>, stop: CancellationToken) {
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

    /// One round: every workspace that needs it, in turns.
    pub(crate) async fn round(&self) -> Reconciled {
        let mut state = self.state.lock().await;
        let now = self.clock.now();
        let compare_before = if state.all { now } else { now.before(COMPARE_EVERY) };
        let open_before = now.before(Limits::SHORTEST);
        let ids = match self.app.store.workspaces_to_reconcile(compare_before, open_before).await {
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
        state.served.retain(|id, _| ids.contains(id));
        let mut line: Vec<(u16, WorkspaceId)> = ids.into_iter().map(|id| (0, id)).collect();
        line.sort_by_key(|(_, id)| state.served.get(id).map_or(0, |served| served.turn));
        let mut line = VecDeque::from(line);
        while let Some((turns, id)) = line.pop_front() {
            let has_more = self.turn(&mut state, &mut round, &id).await;
            if has_more && turns + 1 < MOST_TURNS {
                line.push_back((turns + 1, id));
            } else if has_more {
                self.app.metrics.over_budget("reconciliation");
                round.done.is_whole = false;
            }
        }
        round.done
    }

    /// One turn of a workspace. Returns whether it has more to do.
    async fn turn(&self, state: &mut State, round: &mut Round<'_>, id: &WorkspaceId) -> bool {
        let (app, now) = (&self.app, round.now);
        let workspace = match app.workspaces.find(id, app.budget.allowance()).await {
            Ok(workspace) => workspace,
            Err(NoWorkspace::Absent) => {
                state.failed.remove(id);
                state.doubtful.remove(id);
                return false;
            }
            Err(NoWorkspace::Away) => {
                (round.done.is_whole, state.all) = (false, true);
                return false;
            }
        };
        if app.journal.backlog_bytes(id) > BACKLOG {
            // Callbacks that look lost may wait in the spool.
            state.failed.entry(id.clone()).or_insert(BackOff::new(now));
            round.done.is_whole = false;
            return false;
        }
        let lease = match app.store.lease(id, LEASE).await {
            Ok(Some(lease)) => lease,
            Ok(None) => {
                // Another server works on it, or died while it did.
                state.failed.entry(id.clone()).or_insert(BackOff::new(now));
                return false;
            }
            Err(error) => {
                warn!(workspace.id = %id, "workspace {id} is not reconciled: {error}");
                (round.done.is_whole, state.all) = (false, true);
                return false;
            }
        };
        let after = state.served.get(id).and_then(|served| served.after);
        let rests = state.failed.get(id).is_some_and(|failed| now < failed.again_at);
        let api = workspace.place.api();
        let twilio = self.twilio.account(&workspace.rest);
        let mut case = Case {
            workspace: &workspace,
            twilio: if self.has_own_api { twilio } else { twilio.at(&api) },
            may_ask: !rests && round.failures < MOST_FAILURES,
            seen: BTreeSet::new(),
            doubtful: state.doubtful.remove(id).unwrap_or_default(),
            turn: Turn { questions: QUESTIONS, after, is_last: false },
        };
        let compared = self.reconcile(state, round, &mut case, lease).await;
        let Turn { after, is_last, .. } = case.turn;
        state.turns += 1;
        state.served.insert(id.clone(), Served { turn: state.turns, after });
        let waits = case.may_ask && !case.doubtful.is_empty();
        if !case.doubtful.is_empty() {
            state.doubtful.insert(id.clone(), case.doubtful);
        }
        if let Err(error) = app.store.release(id, lease, compared).await {
            warn!(workspace.id = %id, "the lease of workspace {id} ends by itself: {error}");
            return false;
        }
        !is_last || waits
    }

    /// Does both parts for one workspace. Returns until when its calls are compared, if they were.
    async fn reconcile(
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
            // Deadlines count without Twilio, too.
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
                // Without the database or the disk, the rest of this round would fail too.
                case.turn.is_last |= !matches!(failure, Failure::Twilio(_));
                let failed = state.failed.entry(id.clone()).or_insert(BackOff::new(round.now));
                failed.again(round.now);
                let seconds = failed.again_at.since(round.now).as_secs();
                let fix = failure.fix();
                warn!(workspace.id = %id, fix, "workspace {id} is reconciled in {seconds} s: {failure}");
            }
        }
        compared
    }
}

impl Round<'_> {
    /// Makes the findings about a call durable.
    async fn record(
        &self,
        case: &Case<'_>,
        call: CallSid,
        events: Vec<Event>,
    ) -> Result<(), Failure> {
        let workspace = case.workspace.id.clone();
        info!(call.sid = %call, "call {call} is reconciled, {} events", events.len());
        let events = events.into_iter().map(|event| event.received(self.now)).collect();
        let entry = Entry { workspace, call, events, params: Vec::new() };
        self.app.journal.record(entry).await.map_err(|_| Failure::Journal)
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
    fn fix(&self) -> &'static str {
        match self {
            Self::Twilio(error) if error.is_unauthorized() => {
                "add the workspace again with a live API key: `switchroom workspace add`"
            }
            Self::Twilio(_) => "wait; if it lasts, check TWILIO_API_BASE_URL and the network",
            Self::Store(_) | Self::Journal => "wait; if it lasts, run `switchroom check`",
        }
    }
}

/// How often calls are compared while nothing seems wrong: a webhook may also get lost on its way to a
/// server that is up. It costs one request for each workspace.
const COMPARE_EVERY: Duration = Duration::from_secs(15 * 60);

/// Longer than one turn takes. If a server dies meanwhile, the others wait for that long.
const LEASE: Duration = Duration::from_secs(60);

/// Bytes of records. A workspace with more of them in the spool is left to a later round.
const BACKLOG: u64 = 256 << 10;

/// Calls that Twilio is asked about in one turn of a workspace: two requests each, so some seconds.
const QUESTIONS: u16 = 10;

/// Turns of one workspace in a round. The next round finds out who else needs it.
const MOST_TURNS: u16 = 20;

/// Failures of Twilio after which a round goes on without it.
const MOST_FAILURES: u32 = 3;
