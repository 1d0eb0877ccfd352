//! Calls that should be over by now.

use std::collections::HashMap;
use std::time::Duration;

use identity::{CallSid, Timestamp, WorkspaceId};
use store_pg::{OpenCall, OpenLeg};

use super::deadline::{self, Limits, Overdue};
use super::{Case, Failure, Round, truth};

/// Asks Twilio about every overdue call of a workspace. If Twilio cannot be asked or does not know a call,
/// the call ends by deadline.
///
/// # Errors
///
/// The first failure; deadlines are applied in any case.
pub(super) async fn settle(
    round: &mut Round<'_>,
    case: &mut Case<'_>,
    alive: &mut HashMap<(WorkspaceId, CallSid), Timestamp>,
) -> Result<(), Failure> {
    let limits = Limits::new(case.workspace.policy.routing.ring_timeout());
    let before = round.now.before(Limits::SHORTEST);
    let open = round.app.store.open_calls(&case.workspace.id, before, MOST_CALLS).await?;
    let mut outcome = ask_again(round, case).await;
    case.may_ask &= outcome.is_ok();
    for call in &open {
        let key = (case.workspace.id.clone(), call.sid);
        if alive.contains_key(&key) || case.seen.contains(&call.sid) {
            continue;
        }
        let Some(overdue) = deadline::overdue(call, limits, round.now) else { continue };
        let answer = if case.may_ask {
            ask(round, case, call.sid, &call.legs).await
        } else {
            Ok(Answer::Nothing)
        };
        match answer {
            Ok(Answer::Over) => round.done.corrected += 1,
            Ok(Answer::Alive) => _ = alive.insert(key, round.now + ASK_AGAIN),
            Ok(Answer::Nothing) => expire(round, case, call, overdue).await?,
            Err(failure) => {
                case.may_ask = false;
                outcome = outcome.and(Err(failure));
                expire(round, case, call, overdue).await?;
            }
        }
    }
    outcome
}

/// Twilio's answer about a call.
enum Answer {
    /// The call is over, and its end is recorded.
    Over,
    /// It goes on.
    Alive,
    /// Twilio does not know it, or was not asked.
    Nothing,
}

/// Asks about calls that a deadline ended while Twilio could not be asked.
async fn ask_again(round: &mut Round<'_>, case: &mut Case<'_>) -> Result<(), Failure> {
    while let Some(call) = case.doubtful.first().copied().filter(|_| case.may_ask) {
        if !case.seen.contains(&call)
            && let Answer::Over = ask(round, case, call, &[]).await?
        {
            round.done.corrected += 1;
        }
        case.doubtful.remove(&call);
    }
    Ok(())
}

/// Asks Twilio about one call. `open` are its legs that are open in our record.
async fn ask(
    round: &Round<'_>,
    case: &Case<'_>,
    call: CallSid,
    open: &[OpenLeg],
) -> Result<Answer, Failure> {
    let Some(root) = case.twilio.call(call).await? else { return Ok(Answer::Nothing) };
    let legs = case.twilio.legs(call).await?.calls;
    let events = truth::events(&root, &legs, None);
    let ours =
        |leg: &OpenLeg| legs.iter().any(|record| record.sid == leg.sid && record.status.is_final());
    let is_over = root.status.is_final();
    if events.is_empty() || !(is_over || open.iter().any(ours)) {
        return Ok(Answer::Alive);
    }
    round.record(case, call, events).await?;
    Ok(if is_over { Answer::Over } else { Answer::Alive })
}

async fn expire(
    round: &mut Round<'_>,
    case: &mut Case<'_>,
    call: &OpenCall,
    overdue: Overdue,
) -> Result<(), Failure> {
    if overdue.events.is_empty() {
        return Ok(());
    }
    round.record(case, call.sid, overdue.events).await?;
    round.done.expired += 1;
    if !case.may_ask && case.doubtful.len() < usize::from(MOST_CALLS) {
        case.doubtful.insert(call.sid);
    }
    Ok(())
}

/// How long Twilio is not asked again about a call that goes on.
const ASK_AGAIN: Duration = Duration::from_secs(15 * 60);

/// Open calls of one workspace that a round checks, the oldest first.
const MOST_CALLS: u16 = 500;
