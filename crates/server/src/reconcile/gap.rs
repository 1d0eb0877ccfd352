//! Unknown calls.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use calls::{Direction, Party};
use identity::{CallSid, ContactId, Timestamp};
use store_pg::Traces;
use tracing::warn;
use twilio_rest::{CallDirection, CallFilter, CallRecord};

use super::{Case, Failure, Round, truth};

/// Compares the workspace's calls since `from` with Twilio's list, and fills in the missing ones.
///
/// A known call is left to its callbacks and deadlines, unless only a deadline has ended it.
///
/// # Errors
///
/// [`Failure`]; the whole comparison is tried again later.
pub(super) async fn fill(
    round: &mut Round<'_>,
    case: &mut Case<'_>,
    from: Timestamp,
) -> Result<(), Failure> {
    let from = from.max(round.now.before(LONGEST)).before(OVERLAP);
    let filter = CallFilter { started_from: Some(from), ..CallFilter::default() };
    let listing = case.twilio.calls(&filter).await?;
    let id = &case.workspace.id;
    if listing.is_cut {
        warn!(workspace.id = %id, "workspace {id}: the oldest calls of the gap are left out");
    }
    if listing.unreadable > 0 {
        let count = listing.unreadable;
        warn!(workspace.id = %id, "workspace {id}: {count} calls of Twilio's cannot be read");
    }
    let (roots, mut legs) = families(listing.calls);
    let mut roots = with_absent(case, roots, &mut legs).await?;
    for root in &mut roots {
        truth::read_caller(root, case.workspace);
    }
    let known = known(round, case, &roots).await?;
    let erased = erased(round, case, &roots, &legs).await?;
    for root in roots.iter().filter(|root| !erased.contains(&root.sid)) {
        let legs = legs.get(&root.sid).map_or(&[][..], Vec::as_slice);
        let fills = match known.get(&root.sid) {
            None => belongs(round, case, root, legs).await?,
            Some(is_lost) => *is_lost && root.status.is_final(),
        };
        if !fills {
            continue;
        }
        let contact = contact(round, case, root, legs).await?;
        let events = truth::events(root, legs, contact);
        if !events.is_empty() {
            round.record(case, root.sid, events).await?;
            case.seen.insert(root.sid);
            let count = if known.contains_key(&root.sid) {
                &mut round.done.corrected
            } else {
                &mut round.done.found
            };
            *count += 1;
        }
    }
    Ok(())
}

/// Divides Twilio's list into calls, and legs by their call.
fn families(calls: Vec<CallRecord>) -> (Vec<CallRecord>, BTreeMap<CallSid, Vec<CallRecord>>) {
    let mut roots = Vec::new();
    let mut legs: BTreeMap<CallSid, Vec<CallRecord>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    // The pages of the list overlap if a call begins while they are read.
    for call in calls.into_iter().filter(|call| seen.insert(call.sid)) {
        match call.parent {
            Some(parent) => legs.entry(parent).or_default().push(call),
            None => roots.push(call),
        }
    }
    for legs in legs.values_mut() {
        legs.sort_by_key(|leg| (leg.started_at, leg.sid));
    }
    (roots, legs)
}

/// Adds calls that began before the gap and rang an agent within it.
async fn with_absent(
    case: &Case<'_>,
    mut roots: Vec<CallRecord>,
    legs: &mut BTreeMap<CallSid, Vec<CallRecord>>,
) -> Result<Vec<CallRecord>, Failure> {
    let listed: BTreeSet<CallSid> = roots.iter().map(|root| root.sid).collect();
    let absent: Vec<CallSid> = legs.keys().filter(|sid| !listed.contains(sid)).copied().collect();
    for sid in absent.into_iter().take(MOST_ABSENT) {
        if let Some(root) = case.twilio.call(sid).await?.filter(|root| root.parent.is_none()) {
            let mut all = case.twilio.legs(sid).await?.calls;
            all.sort_by_key(|leg| (leg.started_at, leg.sid));
            legs.insert(sid, all);
            roots.push(root);
        }
    }
    Ok(roots)
}

/// The calls that are known, and whether only a deadline has ended them.
async fn known(
    round: &Round<'_>,
    case: &Case<'_>,
    roots: &[CallRecord],
) -> Result<HashMap<CallSid, bool>, Failure> {
    let sids: Vec<CallSid> = roots.iter().map(|root| root.sid).collect();
    let known = round.app.store.known_calls(&case.workspace.id, &sids).await?;
    Ok(known.into_iter().map(|call| (call.sid, call.is_lost)).collect())
}

/// The calls that were erased or purged.
async fn erased(
    round: &Round<'_>,
    case: &Case<'_>,
    roots: &[CallRecord],
    legs: &BTreeMap<CallSid, Vec<CallRecord>>,
) -> Result<BTreeSet<CallSid>, Failure> {
    let traces = roots.iter().map(|root| {
        let legs = legs.get(&root.sid).into_iter().flatten();
        let ends = std::iter::once(root).chain(legs).flat_map(|one| [&*one.from, &*one.to]);
        Traces::of(root.sid, root.started_at.unwrap_or(round.now), ends)
    });
    let traces: Vec<Traces> = traces.collect();
    Ok(round.app.store.erased(&case.workspace.id, &traces).await?.into_iter().collect())
}

/// Whether a call belongs to this workspace: an account may serve several, and other purposes too.
///
/// An inbound call was made to one of the workspace's numbers. An outbound call shows one of them; if it has
/// no leg, the agent must be a member.
async fn belongs(
    round: &Round<'_>,
    case: &Case<'_>,
    root: &CallRecord,
    legs: &[CallRecord],
) -> Result<bool, Failure> {
    let workspace = case.workspace;
    let is_ours = |text: &str| workspace.numbers.iter().any(|number| number.as_str() == text);
    if root.direction != CallDirection::Inbound {
        return Ok(false);
    }
    let from = Party::read(&root.from);
    match (truth::direction(&from), from.agent()) {
        (Direction::Inbound, _) => Ok(is_ours(&root.to)),
        (Direction::Outbound, None) => Ok(false),
        (Direction::Outbound, Some(_)) if !legs.is_empty() => {
            Ok(legs.iter().any(|leg| is_ours(&leg.from)))
        }
        (Direction::Outbound, Some(agent)) => {
            Ok(round.app.store.is_member(&workspace.id, agent).await?)
        }
    }
}

/// The contact who called or was called.
async fn contact(
    round: &Round<'_>,
    case: &Case<'_>,
    root: &CallRecord,
    legs: &[CallRecord],
) -> Result<Option<ContactId>, Failure> {
    let from = Party::read(&root.from);
    let other = match truth::direction(&from) {
        Direction::Inbound => from,
        Direction::Outbound => truth::to(root, legs),
    };
    match other.number() {
        Some(number) => {
            let (id, home) = (&case.workspace.id, case.workspace.home());
            Ok(round.app.store.contact_of(id, number, home).await?)
        }
        None => Ok(None),
    }
}

/// How far back a comparison goes.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

/// Twilio's clock and ours may differ, and a call is in the list a little after it began.
const OVERLAP: Duration = Duration::from_secs(5 * 60);

/// Calls that are read one by one because they began before the gap.
const MOST_ABSENT: usize = 100;
