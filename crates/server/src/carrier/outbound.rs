//! An agent calls out from the browser.

use std::time::Duration;

use calls::{Event, Fact, Party, Placed, Refused};
use identity::{PhoneNumber, UserId};
use store_pg::Dialling;
use tracing::{info, warn};

use super::{Webhook, twiml};
use crate::clock;

/// Places the call, or says why not.
///
/// Toll fraud is the risk, so every doubt refuses: a caller who is no agent of this workspace, a
/// number that is none or may not be dialled, too many calls, a database that cannot be asked.
pub(super) async fn place(call: &Webhook<'_>, event: Event) -> String {
    let messages = &call.signed.workspace.policy.messages;
    let agent = call.agent().as_ref().and_then(Party::agent);
    let number: Option<PhoneNumber> = call.param("To").and_then(|to| to.parse().ok());
    let dialling = load(call, agent, number.as_ref()).await;
    let allowed = match &dialling {
        Some(known) if known.call_is_over => return twiml::hang_up(),
        Some(known) => decide(call, agent, number, known),
        None => Err("unavailable"),
    };
    match allowed {
        Ok(Allowed { agent, to, caller_id }) => {
            let contact = dialling.and_then(|known| known.contact).map(|contact| contact.id);
            let placed = Fact::Placed(Placed { agent, to: to.clone(), contact });
            call.record(vec![event, Event { at: clock::now(), fact: placed }]).await;
            call.app.metrics.call("placed");
            info!(call.sid = %call.sid, "call {} is placed by an agent", call.sid);
            twiml::dial_out(&call.app.public_url, &call.signed.workspace.id, &to, caller_id)
        }
        Err(reason) => {
            let refused = Fact::Refused(Refused { agent, reason: reason.to_owned() });
            call.record(vec![event, Event { at: clock::now(), fact: refused }]).await;
            call.app.metrics.call("refused");
            warn!(call.sid = %call.sid, reason, "call {} is not placed: {reason}", call.sid);
            match reason {
                "unavailable" => twiml::unavailable(messages),
                _ => twiml::say_and_hang_up(messages, &messages.refused),
            }
        }
    }
}

/// What is needed to dial.
struct Allowed<'a> {
    agent: UserId,
    to: PhoneNumber,
    caller_id: &'a PhoneNumber,
}

async fn load(
    call: &Webhook<'_>,
    agent: Option<UserId>,
    number: Option<&PhoneNumber>,
) -> Option<Dialling> {
    let (app, workspace) = (call.app, &call.signed.workspace.id);
    let now = clock::now();
    // Somebody who is no agent has placed no calls; the answer is decided by that alone.
    let agent = agent.unwrap_or(UserId::from_bytes([0; 16]));
    let lookup = app.store.dialling(workspace, agent, number, call.sid, now.before(HOUR), now);
    app.budget.spend(lookup).await.ok()
}

/// The reason of a refusal is a code that the log keeps.
fn decide<'a>(
    call: &Webhook<'a>,
    agent: Option<UserId>,
    number: Option<PhoneNumber>,
    known: &Dialling,
) -> Result<Allowed<'a>, &'static str> {
    let workspace = &call.signed.workspace;
    let limits = &workspace.policy.outbound;
    let agent = agent.ok_or("not_an_agent")?;
    if !known.is_member {
        return Err("not_a_member");
    }
    let to = number.ok_or("not_a_number")?;
    let caller_id = workspace.numbers.first().ok_or("no_caller_id")?;
    if !limits.allows(&to, caller_id) {
        return Err("prefix_not_allowed");
    }
    if known.on_call {
        return Err("on_call");
    }
    if known.placed >= i64::from(limits.calls_per_hour) {
        return Err("too_many_calls");
    }
    Ok(Allowed { agent, to, caller_id })
}

const HOUR: Duration = Duration::from_secs(3600);
