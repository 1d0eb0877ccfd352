//! What this server has acknowledged about agents' legs and the database does not show yet: who is on a
//! call, and who is free again.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use calls::{Event, Fact, LONGEST_CALL, LegStatus};
use identity::{CallSid, Timestamp, UserId, WorkspaceId};
use routing::{Activity, Candidate};
use tokio::time::Instant;

/// The answered legs of agents, by what this server acknowledged about them.
///
/// A record is in the database some time after its acknowledgement. Until it is seen there, it counts for
/// the next decision from here. It is a memory of this server alone and may be lost at any moment: then
/// the database says the same a little later.
#[derive(Debug, Default)]
pub(crate) struct Acknowledged(Mutex<Legs>);

/// A moment in the order in which records reached the database. What is read from the database after it
/// was taken has all records that reached it before.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Mark(u64);

/// What somebody has acknowledged about one call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said<'a> {
    pub(crate) workspace: &'a WorkspaceId,
    pub(crate) call: CallSid,
    pub(crate) events: &'a [Event],
}

#[derive(Debug, Default)]
struct Legs {
    mark: Mark,
    /// Oldest first.
    workspaces: HashMap<WorkspaceId, VecDeque<Leg>>,
    count: usize,
}

/// A leg that was answered.
#[derive(Debug)]
struct Leg {
    call: CallSid,
    sid: CallSid,
    user: UserId,
    ended_at: Option<Timestamp>,
    /// Whether the records of its answer and its end are on their way to the database.
    waits: [bool; 2],
    /// The mark behind which the database shows everything that is known of it here.
    applied: Mark,
    touched: Instant,
}

/// What one event says of a leg.
enum Step {
    Answered,
    Ended(Timestamp),
}

impl Acknowledged {
    /// Notes what is about to be acknowledged.
    pub(crate) fn note(&self, said: Said<'_>, now: Instant) {
        let mut legs = self.lock();
        legs.each_step(said, now, |leg, step| match step {
            Step::Answered => leg.waits[0] = true,
            Step::Ended(at) => {
                leg.ended_at = Some(leg.ended_at.map_or(*at, |known| known.min(*at)));
                leg.waits[1] = true;
            }
        });
        legs.forget(said.workspace, now);
    }

    /// Notes that this is in the database, or will never be.
    pub(crate) fn applied(&self, said: Said<'_>, now: Instant) {
        let mut legs = self.lock();
        let Some(known) = legs.workspaces.get(said.workspace) else { return };
        if known.is_empty() {
            return;
        }
        legs.mark.0 += 1;
        let mark = legs.mark;
        legs.each_known_step(said, |leg, step| {
            leg.waits[usize::from(matches!(step, Step::Ended(_)))] = false;
            (leg.applied, leg.touched) = (mark, now);
        });
        legs.forget(said.workspace, now);
    }

    /// This moment, for what is going to be read from the database.
    pub(crate) fn mark(&self) -> Mark {
        self.lock().mark
    }

    /// Corrects what calls are doing to these agents, as it was read from the database after `read`.
    ///
    /// `wrap_up` is the length of the wrap-up after a call.
    pub(crate) fn correct(
        &self,
        workspace: &WorkspaceId,
        read: Mark,
        candidates: &mut [Candidate],
        wrap_up: Duration,
        now: Instant,
    ) {
        let standing = self.standing(workspace, read, now);
        if standing.is_empty() {
            return;
        }
        for candidate in candidates {
            let Some(stands) = standing.get(&candidate.user) else { continue };
            match *stands {
                Stands::OnCall => candidate.activity = Activity::OnCall,
                // The database may know of a later call. Twilio counts seconds: two calls may end in one.
                Stands::Free(ended) if candidate.idle_since.is_none_or(|known| known <= ended) => {
                    let until = ended.after(wrap_up);
                    candidate.idle_since = Some(ended);
                    candidate.activity =
                        if wrap_up.is_zero() { Activity::Idle } else { Activity::WrapUp { until } };
                }
                Stands::Free(_) => {}
            }
        }
    }

    /// Whether an agent has answered in this call, so that it must ring nobody again.
    pub(crate) fn was_answered(&self, workspace: &WorkspaceId, call: CallSid) -> bool {
        let legs = self.lock();
        let known = legs.workspaces.get(workspace);
        known.is_some_and(|known| known.iter().any(|one| one.call == call && one.sid != call))
    }

    fn standing(
        &self,
        workspace: &WorkspaceId,
        read: Mark,
        now: Instant,
    ) -> BTreeMap<UserId, Stands> {
        let mut standing = BTreeMap::new();
        let legs = self.lock();
        let known = legs.workspaces.get(workspace).into_iter().flatten();
        for leg in known.filter(|leg| leg.waits() || leg.applied > read) {
            let stands = match leg.ended_at {
                None if now.saturating_duration_since(leg.touched) > LONGEST_CALL => continue,
                None => Stands::OnCall,
                Some(at) => Stands::Free(at),
            };
            let known = standing.entry(leg.user).or_insert(stands);
            *known = (*known).max(stands);
        }
        standing
    }

    fn lock(&self) -> MutexGuard<'_, Legs> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How an agent stands by their legs; of several, the greatest counts.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Stands {
    /// Since the end of a call.
    Free(Timestamp),
    OnCall,
}

impl Leg {
    const fn waits(&self) -> bool {
        self.waits[0] || self.waits[1]
    }
}

impl Legs {
    /// Takes what is said of legs, known or not.
    fn each_step(&mut self, said: Said<'_>, now: Instant, take: impl Fn(&mut Leg, &Step)) {
        for event in said.events {
            let new = match &event.fact {
                Fact::Leg(leg) => leg.agent.map(|user| (leg.sid, user, leg.status)),
                Fact::Placed(placed) => Some((said.call, placed.agent, LegStatus::InProgress)),
                _ => None,
            };
            // One that was never answered makes nobody busy.
            let answered = new.filter(|(_, _, status)| {
                matches!(status, LegStatus::InProgress | LegStatus::Completed)
            });
            if let Some((sid, user, _)) = answered {
                self.add(said.workspace, said.call, sid, user, now);
            }
        }
        self.each_known_step(said, |leg, step| {
            take(leg, step);
            leg.touched = now;
        });
    }

    /// Takes what is said of legs that are known.
    fn each_known_step(&mut self, said: Said<'_>, take: impl Fn(&mut Leg, &Step)) {
        let Some(known) = self.workspaces.get_mut(said.workspace) else { return };
        let of_call = |leg: &&mut Leg| leg.call == said.call;
        for event in said.events {
            let (which, step) = match &event.fact {
                Fact::Leg(leg) if leg.status == LegStatus::InProgress => {
                    (Some(leg.sid), Step::Answered)
                }
                Fact::Leg(leg) if leg.status.is_final() => (Some(leg.sid), Step::Ended(event.at)),
                Fact::Placed(_) => (Some(said.call), Step::Answered),
                // With the call, all of its legs are over.
                Fact::Ended(_) => (None, Step::Ended(event.at)),
                _ => continue,
            };
            let legs = known.iter_mut().filter(of_call);
            legs.filter(|leg| which.is_none_or(|sid| leg.sid == sid))
                .for_each(|leg| take(leg, &step));
        }
    }

    fn add(
        &mut self,
        workspace: &WorkspaceId,
        call: CallSid,
        sid: CallSid,
        user: UserId,
        now: Instant,
    ) {
        if !self.workspaces.contains_key(workspace) {
            self.workspaces.insert(workspace.clone(), VecDeque::new());
        }
        let Some(known) = self.workspaces.get_mut(workspace) else { return };
        if known.iter().any(|one| one.call == call && one.sid == sid) {
            return;
        }
        if known.len() >= LIMIT {
            known.pop_front();
        } else {
            self.count += 1;
        }
        let (ended_at, waits, applied) = (None, [false; 2], Mark::default());
        known.push_back(Leg { call, sid, user, ended_at, waits, applied, touched: now });
        if self.count > LIMIT_OF_ALL {
            self.make_room(now);
        }
    }

    /// Forgets what nobody needs: legs that are over, once the database shows it and whoever was reading
    /// then has read.
    fn forget(&mut self, workspace: &WorkspaceId, now: Instant) {
        let Some(known) = self.workspaces.get_mut(workspace) else { return };
        let before = known.len();
        known.retain(|leg| {
            let is_over = leg.ended_at.is_some() && !leg.waits();
            let keep = if is_over { LONGEST_READ } else { LONGEST_CALL };
            now.saturating_duration_since(leg.touched) <= keep
        });
        self.count -= before - known.len();
        if known.is_empty() {
            self.workspaces.remove(workspace);
        }
    }

    /// Forgets what nobody needs, and if that is not enough, half of what the workspace with the most legs
    /// has: those with few keep theirs.
    fn make_room(&mut self, now: Instant) {
        let all: Vec<WorkspaceId> = self.workspaces.keys().cloned().collect();
        for workspace in &all {
            self.forget(workspace, now);
        }
        if self.count > LIMIT_OF_ALL / 2
            && let Some(known) = self.workspaces.values_mut().max_by_key(|known| known.len())
        {
            let half = known.len().div_ceil(2);
            known.drain(..half);
            self.count -= half;
        }
    }
}

/// More legs than a workspace has at one time, about 150 bytes each.
const LIMIT: usize = 1_000;

/// About three megabytes.
const LIMIT_OF_ALL: usize = 20_000;

/// Longer than any read for a call takes.
const LONGEST_READ: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;
