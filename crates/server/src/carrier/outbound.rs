//! An agent calls out from the browser.

use std::time::Duration;

use calls::{Event, Fact, Party, Placed, Refusal, Refused};
use dialling::Forbidden;
use identity::{PhoneNumber, UserId};
use store_pg::{Claim, Dialling};
use tracing::{info, warn};

use super::{Webhook, twiml};
use crate::policy::{Messages, refusal};

/// Places the call, or refuses it with a reason.
///
/// Toll fraud is the risk, so every doubt refuses: the caller is no agent of this workspace, the number
/// is not valid or may not be dialled, there are too many calls, or the database cannot be asked.
pub(super) async fn place(call: &Webhook<'_>, event: Event) -> String {
    let messages = &call.signed.workspace.policy.messages;
    let agent = call.agent().as_ref().and_then(Party::agent);
    let placed = match allow(call, agent) {
        Ok(allowed) => {
            let claimed = claim(call, &allowed).await;
            claimed.map(|known| (allowed, known)).map_err(NotPlaced::from)
        }
        Err(not_placed) => Err(not_placed),
    };
    match placed {
        Ok((_, Dialling { call_is_over: true, .. })) => twiml::hang_up(),
        Ok((Allowed { agent, to, caller_id }, known)) => {
            let contact = known.contact.map(|contact| contact.id);
            let placed = Fact::Placed(Placed { agent, to: to.clone(), contact });
            call.record(vec![event, Event { at: call.app.clock.now(), fact: placed }]).await;
            call.app.metrics.call("placed");
            if call.app.may_log(&call.signed.workspace.id, "placed") {
                info!(call.sid = %call.sid, "call {} is placed by an agent", call.sid);
            }
            twiml::dial_out(&call.app.public_url, &call.signed.workspace.id, &to, caller_id)
        }
        Err(NotPlaced { reason, sentence }) => {
            let refused = Fact::Refused(Refused { agent, reason: reason.into() });
            call.record(vec![event, Event { at: call.app.clock.now(), fact: refused }]).await;
            call.app.metrics.call("refused");
            if call.app.may_log(&call.signed.workspace.id, "not_placed") {
                warn!(call.sid = %call.sid, %reason, "call {} is not placed: {reason}", call.sid);
            }
            if reason == Refusal::Unavailable {
                return twiml::unavailable(messages);
            }
            let said = sentence.filter(|_| messages.refused == Messages::default().refused);
            twiml::say_and_hang_up(messages, said.unwrap_or(&messages.refused))
        }
    }
}

/// A call that may be dialled, as far as this server knows.
struct Allowed<'a> {
    agent: UserId,
    to: PhoneNumber,
    caller_id: &'a PhoneNumber,
}

/// Why a call is not placed.
struct NotPlaced {
    reason: Refusal,
    /// What is wrong with the number, in English, unless the workspace has a sentence of its own.
    sentence: Option<&'static str>,
}

impl From<Refusal> for NotPlaced {
    fn from(reason: Refusal) -> Self {
        Self { reason, sentence: None }
    }
}

impl From<Forbidden> for NotPlaced {
    fn from(reason: Forbidden) -> Self {
        Self { reason: refusal(reason), sentence: Some(reason.sentence()) }
    }
}

/// Refuses everything that can be refused without the database.
fn allow<'a>(call: &Webhook<'a>, agent: Option<UserId>) -> Result<Allowed<'a>, NotPlaced> {
    let workspace = &call.signed.workspace;
    let agent = agent.ok_or(Refusal::NotAnAgent)?;
    let caller_id = workspace.caller_id().ok_or(Refusal::NoCallerId)?;
    let wanted = call.param("To").unwrap_or_default();
    let to = workspace.policy.outbound.destination(wanted, workspace.home())?;
    if workspace.numbers.contains(&to) {
        return Err(Refusal::OwnNumber.into());
    }
    Ok(Allowed { agent, to, caller_id })
}

/// Claims the call in the database, where all servers count the same calls.
async fn claim(call: &Webhook<'_>, allowed: &Allowed<'_>) -> Result<Dialling, Refusal> {
    let (app, workspace) = (call.app, &call.signed.workspace);
    let now = app.clock.now();
    let claim = Claim {
        agent: allowed.agent,
        number: &allowed.to,
        home: workspace.home(),
        call: call.sid,
        limit: workspace.policy.outbound.calls_per_hour,
        since: now.before(HOUR),
        limit_of_all: workspace.policy.outbound.calls_per_day,
        since_of_all: now.before(DAY),
    };
    let claimed = app.store.claim_call(&workspace.id, &claim, now);
    let claimed = app.budget.spend(&workspace.id, call.signed.allowance, claimed).await;
    let known = claimed.map_err(|error| {
        if call.app.may_log(&call.signed.workspace.id, "not_claimed") {
            warn!(call.sid = %call.sid, "call {} cannot be claimed: {error}", call.sid);
        }
        Refusal::Unavailable
    })?;
    match &known {
        known if known.claimed || known.call_is_over => {}
        known if !known.is_member => return Err(Refusal::NotAMember),
        known if known.on_call => return Err(Refusal::OnCall),
        known if known.placed >= claim.limit.into() => return Err(Refusal::TooManyCalls),
        _ => return Err(Refusal::TooManyCallsToday),
    }
    Ok(known)
}

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);
