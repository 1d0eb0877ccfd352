//! A call comes in, or nobody answered the last wave: who rings next?

use calls::{Event, Fact, Routed, Verdict};
use identity::PhoneNumber;
use routing::{Caller, Decision, Ending, resolve};
use store_pg::{KnownContact, Roster};
use tracing::{info, warn};

use super::rung::Rung;
use super::{Webhook, twiml};

/// Rings the next wave, or ends the call as the policy says if there is none.
///
/// `event` is the request itself. `rung` comes from its signed URL, so that the answer does not depend
/// on another server's memory.
pub(super) async fn ring(call: &Webhook<'_>, event: Event, rung: &Rung) -> String {
    let workspace = &call.signed.workspace;
    let caller: Option<PhoneNumber> = call.param("From").and_then(|from| from.parse().ok());
    let Some(roster) = load(call, caller.as_ref()).await else {
        call.app.metrics.call("unavailable");
        call.record(vec![event]).await;
        return twiml::unavailable(&workspace.policy.messages);
    };
    if roster.call_is_over {
        call.app.metrics.call("replayed");
        return twiml::hang_up();
    }
    let decision = decide(call, &roster, rung);
    let decided =
        Event { at: call.app.clock.now(), fact: Fact::Routed(routed(&decision, &roster)) };
    call.record(vec![event, decided]).await;
    render(call, &decision, roster.contact.as_ref(), rung)
}

/// Caller, assignments and members, from the database, or from memory if it is away.
async fn load(call: &Webhook<'_>, caller: Option<&PhoneNumber>) -> Option<Roster> {
    let (app, workspace) = (call.app, &call.signed.workspace.id);
    let wrap_up = call.signed.workspace.policy.wrap_up();
    let lookup = app.store.roster(workspace, caller, call.sid, wrap_up, app.clock.now());
    let allowance = call.signed.allowance;
    let found = if app.rosters.knows(workspace) {
        app.budget.spend(allowance, lookup).await
    } else {
        // A late ring is better than none.
        app.budget.spend_all(allowance, lookup).await
    };
    let mut roster = match found {
        Ok(roster) => {
            app.rosters.remember(workspace, caller, &roster, app.clock.instant());
            Some(roster)
        }
        Err(error) => {
            warn!(call.sid = %call.sid, stale = true, "call {} is routed from memory: {error}", call.sid);
            app.metrics.call("stale");
            let call_is_over = app.ended_calls.contains(workspace, call.sid);
            app.rosters.recall(workspace, caller).map(|roster| Roster { call_is_over, ..roster })
        }
    };
    if let Some(roster) = &mut roster {
        app.feed.pages(workspace).correct(roster);
    }
    roster
}

fn decide(call: &Webhook<'_>, roster: &Roster, rung: &Rung) -> Decision {
    let caller = match &roster.contact {
        Some(contact) => Caller::Contact(contact.id),
        None => Caller::Unknown,
    };
    let mut candidates = roster.candidates.clone();
    for candidate in &mut candidates {
        candidate.rung_in = rung.wave_of(candidate.user);
    }
    let policy = &call.signed.workspace.policy.routing;
    resolve(caller, &candidates, policy, rung.last_wave() + 1, call.app.clock.now())
}

fn routed(decision: &Decision, roster: &Roster) -> Routed {
    Routed {
        wave: decision.first_wave,
        contact: roster.contact.as_ref().map(|contact| contact.id),
        scope: decision.scope.into(),
        verdicts: decision
            .verdicts
            .iter()
            .map(|verdict| Verdict {
                user: verdict.user,
                reason: decision.word(verdict).into(),
                rings: decision.next().contains(&verdict.user),
            })
            .collect(),
    }
}

fn render(
    call: &Webhook<'_>,
    decision: &Decision,
    contact: Option<&KnownContact>,
    rung: &Rung,
) -> String {
    let (sid, workspace) = (call.sid, &call.signed.workspace);
    let messages = &workspace.policy.messages;
    let (metric, document) = match (decision.next(), decision.then) {
        ([], Ending::Voicemail) => {
            ("voicemail", twiml::voicemail(messages, &call.app.public_url, &workspace.id))
        }
        ([], _) => ("good_bye", twiml::say_and_hang_up(messages, &messages.good_bye)),
        (wave, _) => {
            let offer = twiml::Offer {
                base: &call.app.public_url,
                workspace,
                call: sid,
                contact,
                scope: decision.scope,
                number: decision.first_wave,
                is_only: decision.waves.len() == 1 && decision.then != Ending::Everyone,
                rung: rung.with_wave(wave),
            };
            ("rings", twiml::ring(&offer, wave))
        }
    };
    call.app.metrics.call(metric);
    let (wave, agents) = (decision.first_wave, decision.next().len());
    info!(call.sid = %sid, wave, agents, "call {sid}: wave {wave} rings {agents} agents");
    document
}
