//! A call comes in, or nobody answered the last wave: who rings next?

use calls::{Event, Fact, Routed, Verdict};
use identity::PhoneNumber;
use routing::{Decision, Ending, resolve};
use store_pg::{Caller, KnownContact, Roster, StoreError};
use tracing::{info, warn};

use super::rung::Rung;
use super::{Webhook, twiml};
use crate::known::KnownCaller;

/// Rings the next wave, or ends the call as the policy says if there is none.
///
/// `event` is the request itself. `rung` comes from its signed URL, so that the answer does not depend
/// on another server's memory.
pub(super) async fn ring(call: &Webhook<'_>, event: Event, rung: &Rung) -> String {
    let workspace = &call.signed.workspace;
    let from = call.caller();
    let caller = from.number().map(|number| &number.e164);
    let Some(roster) = load(call, caller).await else {
        call.app.metrics.call("unavailable");
        call.record(vec![event]).await;
        return twiml::unavailable(&workspace.policy.messages);
    };
    if roster.call_is_over {
        call.app.metrics.call("replayed");
        return twiml::hang_up();
    }
    let decision = decide(call, &roster, rung);
    if decision.next().is_empty() {
        say_if_nobody_exists(call, &roster);
    }
    let mut events = vec![event];
    if rung.last_wave() <= workspace.policy.routing.last_wave() {
        let decided = Fact::Routed(routed(&decision, &roster));
        events.push(Event { at: call.app.clock.now(), fact: decided });
    } else {
        // Nobody rings after the last wave, and what was decided is known: this URL is not one of ours,
        // or the policy was changed during the call.
        call.app.metrics.over_budget("wave");
    }
    call.record(events).await;
    render(call, &decision, (&from, roster.contact.as_ref()), rung)
}

/// Caller and assignments, from the database or from memory if it is away, and the members from memory,
/// which is kept current.
async fn load(call: &Webhook<'_>, caller: Option<&PhoneNumber>) -> Option<Roster> {
    let (app, workspace) = (call.app, &call.signed.workspace.id);
    let members = app.members.find(workspace, call.signed.allowance);
    let (asked, members) = tokio::join!(ask(call, caller), members);
    let members = members?;
    let (found, mut call_is_over) = match asked {
        Ok(asked) => {
            let call_is_over = asked.call_is_over;
            let home = call.signed.workspace.home();
            let found = caller.and_then(|number| asked.with(number, home));
            let found =
                found.map(|found| KnownCaller { contact: found.contact, assigned: found.assigned });
            if let (Some(caller), Some(found)) = (caller, &found) {
                app.rosters.remember_caller(workspace, caller, found);
            }
            (found, call_is_over)
        }
        Err(error) => {
            if app.may_log(workspace, "stale") {
                warn!(call.sid = %call.sid, stale = true, "call {} is routed from memory: {error}", call.sid);
            }
            app.metrics.call("stale");
            (caller.and_then(|caller| app.rosters.caller(workspace, caller)), false)
        }
    };
    call_is_over |= app.ended_calls.contains(workspace, call.sid)
        || app.acknowledged.was_answered(workspace, call.sid);
    let wrap_up = call.signed.workspace.policy.wrap_up();
    let mut roster = members.roster(found, wrap_up, app.clock.now());
    app.feed.pages(workspace).correct(&mut roster);
    let now = app.clock.instant();
    app.acknowledged.correct(workspace, members.mark, &mut roster.candidates, wrap_up, now);
    Some(Roster { call_is_over, ..roster })
}

/// Asks the database who calls. Who is assigned is never taken from memory while it answers: an assignment
/// that was committed before the call counts.
async fn ask(call: &Webhook<'_>, caller: Option<&PhoneNumber>) -> Result<Caller, StoreError> {
    let (app, workspace) = (call.app, &call.signed.workspace.id);
    let endings = caller.map(dialling::endings).unwrap_or_default();
    let asked = app.store.caller(workspace, &endings, call.sid);
    if app.rosters.knows(workspace) {
        app.budget.spend(workspace, call.signed.allowance, asked).await
    } else {
        // A late ring is better than none.
        app.budget.spend_all(workspace, call.signed.allowance, asked).await
    }
}

fn decide(call: &Webhook<'_>, roster: &Roster, rung: &Rung) -> Decision {
    let caller = match &roster.contact {
        Some(contact) => routing::Caller::Contact(contact.id),
        None => routing::Caller::Unknown,
    };
    let mut candidates = roster.candidates.clone();
    for candidate in &mut candidates {
        candidate.rung_in = rung.wave_of(candidate.user);
    }
    let policy = &call.signed.workspace.policy.routing;
    resolve(caller, &candidates, policy, rung.last_wave() + 1, call.app.clock.now())
}

/// Says in the log that nobody can ever ring, which is no decision about this call but a fault of the
/// set-up.
fn say_if_nobody_exists(call: &Webhook<'_>, roster: &Roster) {
    if roster.candidates.iter().any(|candidate| candidate.role.is_some()) {
        return;
    }
    let (app, workspace) = (call.app, &call.signed.workspace.id);
    app.metrics.nobody();
    if app.nobody.is_news(workspace, app.clock.instant()) {
        warn!(workspace.id = %workspace, "a call of workspace {workspace} rings nobody, because no member of it takes calls: `switchroom check` lists the roles of its members and says how to name those that do");
    }
}

/// The decision as the record keeps it. Of a very large team, the reasons of those who ring are kept
/// first, then of those who are assigned, then of the others.
fn routed(decision: &Decision, roster: &Roster) -> Routed {
    let rings = |verdict: &routing::Verdict| decision.next().contains(&verdict.user);
    let mut kept: Vec<&routing::Verdict> = decision.verdicts.iter().collect();
    if kept.len() > MOST_VERDICTS {
        kept.sort_by_key(|verdict| (!rings(verdict), !verdict.assigned));
        kept.truncate(MOST_VERDICTS);
    }
    Routed {
        wave: decision.first_wave,
        contact: roster.contact.as_ref().map(|contact| contact.id),
        scope: decision.scope.into(),
        verdicts: kept
            .into_iter()
            .map(|verdict| Verdict {
                user: verdict.user,
                reason: decision.word(verdict).into(),
                rings: rings(verdict),
            })
            .collect(),
    }
}

/// Reasons that the record of one decision keeps, about 90 bytes each.
const MOST_VERDICTS: usize = 200;

fn render(
    call: &Webhook<'_>,
    decision: &Decision,
    (from, contact): (&dialling::Caller, Option<&KnownContact>),
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
                from,
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
    if call.app.may_log(&workspace.id, "ring") {
        info!(call.sid = %sid, wave, agents, "call {sid}: wave {wave} rings {agents} agents");
    }
    document
}
