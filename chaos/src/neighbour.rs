//! One workspace in order, and what its callers and agents see while others are in trouble.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use harness::http::{Ask, Connection};
use harness::wait::until;
use identity::{AgentIdentity, UserId};
use tokio::time::sleep;
use tokio_postgres::Client;

use crate::planted;
use crate::session::{Kind, session};
use crate::story::{Call, Step, now};
use crate::times::Times;
use crate::verdict::{Verdict, judge};
use crate::world::Workspace;

/// A workspace that makes calls, one after the other on four lines. Every line has its own two agents,
/// who are free whenever a call comes.
pub(crate) struct Neighbour<'a> {
    pub(crate) workspace: Workspace,
    pub(crate) address: SocketAddr,
    /// Reads the log, past the server.
    pub(crate) database: &'a Client,
    /// How long a callback may take to the log before the neighbour gives up.
    pub(crate) patience: Duration,
    /// The number of the next call.
    pub(crate) next: &'a AtomicU32,
}

/// What it saw.
#[derive(Default)]
pub(crate) struct Seen {
    voice: Vec<Duration>,
    logged: Vec<Duration>,
    /// Everything that a caller or an agent should not have got.
    pub(crate) wrong: Vec<String>,
}

/// When each event was first seen in the log, by its call and key.
type Log = Mutex<HashMap<(String, String), Instant>>;

impl Neighbour<'_> {
    /// Lets every line make so many calls, and an agent fetch a token and call out as often.
    pub(crate) async fn watch(&self, calls: u32) -> Seen {
        let log = Log::default();
        let since = self.database.query_one("select now()", &[]).await.expect("the time");
        let since: SystemTime = since.get(0);
        let lines = async {
            let (a, b, c, d, agent) = tokio::join!(
                self.line(&log, 0, calls),
                self.line(&log, 1, calls),
                self.line(&log, 2, calls),
                self.line(&log, 3, calls),
                self.agent(&log, calls),
            );
            [a, b, c, d, agent]
        };
        let lines = tokio::select! {
            lines = lines => lines,
            () = self.read(&log, since) => unreachable!("it reads for ever"),
        };
        let mut seen = Seen::default();
        for line in lines {
            seen.voice.extend(line.voice);
            seen.logged.extend(line.logged);
            seen.wrong.extend(line.wrong);
        }
        seen
    }

    /// Reads what was logged since a time, again and again.
    async fn read(&self, log: &Log, since: SystemTime) {
        let question = "select call_sid, key from public.voice_events \
                        where workspace_id = $1 and stored_at >= $2";
        loop {
            let id = self.workspace.id.as_str();
            let rows = self.database.query(question, &[&id, &since]).await.expect("the log");
            note(log, rows.iter().map(|row| (row.get(0), row.get(1))));
            sleep(GLANCE).await;
        }
    }

    async fn line(&self, log: &Log, line: u32, calls: u32) -> Seen {
        let mut seen = Seen::default();
        let mut connection = Connection::to(self.address);
        for _ in 0..calls {
            // Caller 10n + 2l has the agents 2l + 1 and 2l + 2 (`Workspace::assigned`).
            let number = 10 * self.next.fetch_add(1, Ordering::Relaxed) + 2 * line;
            let call = Call::new(&self.workspace, number, now().before(LASTS));
            let mut kept = Vec::new();
            for step in call.steps() {
                let rings = call.assigned();
                let sent = self.send(&mut connection, &step, &rings, &mut seen).await;
                kept.extend(sent.map(|at| (step.key, at)));
            }
            if !self.is_logged(log, call.sid.as_str(), kept, &mut seen).await {
                break;
            }
        }
        seen
    }

    /// Sends a step. Returns when it was acknowledged.
    async fn send(
        &self,
        connection: &mut Connection,
        step: &Step,
        rings: &[UserId],
        seen: &mut Seen,
    ) -> Option<Instant> {
        let (answer, took) = match connection.ask(&step.request).await {
            Ok(answered) => answered,
            Err(error) => {
                seen.wrong.push(format!("{}: {error}", step.key));
                return None;
            }
        };
        let verdict = judge(step.is_voice, &answer);
        if step.is_voice {
            seen.voice.push(took);
        }
        let is_for =
            |agent: &UserId| answer.text().contains(&AgentIdentity::new(*agent).to_string());
        if verdict == Verdict::Noted || verdict == Verdict::Rings && rings.iter().all(is_for) {
            return Some(Instant::now());
        }
        seen.wrong.push(format!("{}: {verdict:?} {}", step.key, answer.text()));
        None
    }

    /// Waits until these events of a call are in the log, and notes how long that took.
    async fn is_logged(
        &self,
        log: &Log,
        call: &str,
        kept: Vec<(String, Instant)>,
        seen: &mut Seen,
    ) -> bool {
        let at = |key: &str| {
            let log = log.lock().unwrap_or_else(PoisonError::into_inner);
            log.get(&(call.to_owned(), key.to_owned())).copied()
        };
        let has_all = async || kept.iter().all(|(key, _)| at(key).is_some());
        let has_all = until(self.patience, GLANCE, has_all).await;
        for (key, sent) in kept {
            match at(&key) {
                Some(at) => seen.logged.push(at.saturating_duration_since(sent)),
                None => seen.wrong.push(format!("{key}: not logged within {:?}", self.patience)),
            }
        }
        has_all
    }

    /// An agent signs in, and calls somebody.
    async fn agent(&self, log: &Log, calls: u32) -> Seen {
        let mut seen = Seen::default();
        let mut connection = Connection::to(self.address);
        let agent = AgentIdentity::new(self.workspace.agent(9));
        let bearer = session(Kind::Good, self.workspace.agent(9));
        for _ in 0..calls {
            let path = self.workspace.path(&format!("token?identity={agent}"));
            match connection.ask(&Ask::get(&path).bearer(&bearer).kept_bytes()).await {
                Ok((answer, _)) if answer.status == 200 => {}
                other => seen.wrong.push(format!("no token: {other:?}")),
            }
            let Some(sid) = self.call_out(&mut connection, &agent.to_string()).await else {
                seen.wrong.push("an agent cannot call out".to_owned());
                break;
            };
            let client = format!("client:{agent}");
            let ended = [("CallSid", &*sid), ("From", &client), ("CallStatus", "completed")];
            let request = self.workspace.signed(&self.workspace.path("voice/status"), &ended);
            let step = Step {
                call: sid.parse().expect("a call"),
                key: "ended".to_owned(),
                request,
                is_voice: false,
            };
            let sent = self.send(&mut connection, &step, &[], &mut seen).await;
            let kept = sent.map(|at| ("ended".to_owned(), at)).into_iter().collect();
            if !self.is_logged(log, &sid, kept, &mut seen).await {
                break;
            }
        }
        seen
    }

    /// Calls out. Limits are read from the database within 250 ms, which a busy machine may miss, so an
    /// agent tries again. Returns the call.
    async fn call_out(&self, connection: &mut Connection, agent: &str) -> Option<String> {
        for _ in 0..ATTEMPTS {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let sid = format!("CA{:08x}{number:024x}", self.workspace.mark);
            let (client, to) = (format!("client:{agent}"), planted::number(0));
            let called = [("CallSid", &*sid), ("From", &client), ("To", &to)];
            let called = self.workspace.signed(&self.workspace.path("voice"), &called);
            let asked = connection.ask(&called).await;
            if asked.is_ok_and(|(answer, _)| answer.text().contains("<Number")) {
                return Some(sid);
            }
        }
        None
    }
}

/// Notes when each of these events was first seen.
fn note(log: &Log, events: impl Iterator<Item = (String, String)>) {
    let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
    for event in events {
        log.entry(event).or_insert_with(Instant::now);
    }
}

impl Seen {
    /// How long callers waited for an answer.
    pub(crate) fn voice(&self) -> Times {
        Times::of(self.voice.iter().copied())
    }

    /// How long callbacks took from their 204 to the log.
    pub(crate) fn logged(&self) -> Times {
        Times::of(self.logged.iter().copied())
    }
}

/// How long a call lasts (`Call::steps`); it is over when it is sent, so that nothing is in the future.
const LASTS: Duration = Duration::from_secs(36);
/// Between two looks into the log.
const GLANCE: Duration = Duration::from_millis(25);
/// How often an agent tries to call out.
const ATTEMPTS: u32 = 5;
