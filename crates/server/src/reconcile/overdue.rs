//! Calls that should be over by now.

use std::collections::HashMap;
use std::time::Duration;

use identity::{CallSid, Timestamp, WorkspaceId};
use store_pg::{After, OpenCall, OpenLeg};

use super::deadline::{self, Limits, Overdue};
use super::{Case, Failure, Round, truth};

/// Asks Twilio about the next overdue calls of a workspace, as many as fit into its turn. If Twilio cannot
/// be asked or does not know a call, the call ends by deadline.
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
    let store = &round.app.store;
    let open = store.open_calls(&case.workspace.id, before, case.turn.after, PAGE).await?;
    let mut outcome = ask_again(round, case).await;
    case.may_ask &= outcome.is_ok();
    for call in &open {
        if case.may_ask && case.turn.questions == 0 {
            return outcome;
        }
        case.turn.after = Some(After { started_at: call.started_at, sid: call.sid });
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
    if open.len() < usize::from(PAGE) {
        (case.turn.after, case.turn.is_last) = (None, true);
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
        if case.turn.questions == 0 {
            break;
        }
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
    case: &mut Case<'_>,
    call: CallSid,
    open: &[OpenLeg],
) -> Result<Answer, Failure> {
    case.turn.questions = case.turn.questions.saturating_sub(1);
    let Some(mut root) = case.twilio.call(call).await? else { return Ok(Answer::Nothing) };
    truth::read_caller(&mut root, case.workspace);
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
    if !case.may_ask && case.doubtful.len() < MOST_DOUBTFUL {
        case.doubtful.insert(call.sid);
    }
    Ok(())
}

/// How long Twilio is not asked again about a call that goes on.
const ASK_AGAIN: Duration = Duration::from_secs(15 * 60);

/// Open calls of one workspace that are read in a turn, the oldest first.
const PAGE: u16 = 50;

/// Calls of one workspace that are asked about again once Twilio can be asked.
const MOST_DOUBTFUL: usize = 500;
