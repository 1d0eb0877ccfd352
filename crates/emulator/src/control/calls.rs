//! Calls: placing, watching and ending them.

use std::sync::Arc;

use identity::CallSid;
use serde_json::{Value, json};

use super::{Fields, Refusal, phones, timeline};
use crate::shared::Shared;
use crate::state::call::Call;
use crate::world::World;
use crate::{Address, Agent, Phone};

/// Places a call from a phone, or from a virtual browser: `client:` and its identity.
pub(super) fn place(shared: &Arc<Shared>, mut body: Fields) -> Result<Value, Refusal> {
    let from = Address::from(&*body.needed("from")?);
    let to = body.needed("to")?;
    let (talk, wait) = (body.seconds("hangs_up_after")?, body.seconds("gives_up_after")?);
    let (keys, words) = (phones::keys(&mut body)?, body.texts("says")?);
    body.end()?;
    let sid = match &from {
        Address::Number(number) => {
            phones::number_of(number)?;
            let phone = Phone::new(Arc::clone(shared), Address::Number(number.clone()));
            let mut phone = phones::planning(phone, &keys, &words);
            if let Some(talk) = talk {
                phone = phone.hangs_up_after(talk);
            }
            if let Some(wait) = wait {
                phone = phone.gives_up_after(wait);
            }
            phone.call(&to).sid()
        }
        Address::Client(_) => {
            if !keys.is_empty() || !words.is_empty() {
                return Err(Refusal::bad("`presses` and `says` are for phones"));
            }
            let browser = shared.read(|world| world.parties.browser(&from));
            let id = browser.ok_or_else(|| Refusal::absent("virtual browser of this identity"))?;
            let mut agent = Agent::new(Arc::clone(shared), id, from.clone());
            if let Some(talk) = talk {
                agent = agent.hangs_up_after(talk);
            }
            if let Some(wait) = wait {
                agent = agent.gives_up_after(wait);
            }
            agent.call([("To", to)]).map_err(Refusal::conflict)?.sid()
        }
    };
    Ok(json!({ "call_sid": sid.as_str() }))
}

/// All calls, newest first, without their entries.
pub(super) fn list(shared: &Shared) -> Value {
    shared.read(|world| {
        world.calls.roots().into_iter().rev().map(|call| summary(world, call)).collect()
    })
}

/// One call, or the call that a leg belongs to, with all its entries.
pub(super) fn show(shared: &Shared, sid: &str) -> Result<Value, Refusal> {
    let sid = parse(sid)?;
    shared.read(|world| {
        let root = world.calls.get(&sid).map(|call| call.root);
        let call = root.and_then(|root| world.calls.get(&root)).ok_or_else(none)?;
        let mut value = summary(world, call);
        let entries = world.timeline.numbered().filter(|(_, it)| it.root == Some(call.sid));
        value["entries"] = entries.map(|(id, entry)| timeline::entry(id, entry)).collect();
        Ok(value)
    })
}

/// Ends a call as its caller would, or a leg as the person who was dialled would.
pub(super) fn hang_up(shared: &Shared, sid: &str) -> Result<(), Refusal> {
    let sid = parse(sid)?;
    shared.read(|world| world.calls.contains_key(&sid).then_some(()).ok_or_else(none))?;
    let was_going_on = shared.write(|world| world.hang_up(sid));
    if was_going_on { Ok(()) } else { Err(Refusal::conflict("the call is over")) }
}

/// The person at a call or leg says something.
pub(super) fn say(shared: &Shared, sid: &str, body: Fields) -> Result<(), Refusal> {
    let (sid, utterance) = (parse(sid)?, phones::utterance(body)?);
    shared.write(|world| {
        world.calls.get(&sid).ok_or_else(none)?;
        world.calls.running(sid).ok_or_else(|| Refusal::conflict("the call is over"))?;
        world.says(sid, utterance);
        Ok(())
    })
}

fn summary(world: &World, call: &Call) -> Value {
    let legs = call.legs.iter().filter_map(|leg| world.calls.get(leg));
    json!({
        "call_sid": call.sid.as_str(),
        "account_sid": call.account.as_str(),
        "direction": call.direction.as_str(),
        "status": call.life.status.as_str(),
        "from": call.from.to_string(),
        "to": call.to.to_string(),
        "placed_at": timeline::moment(call.life.created_at),
        "ended_at": call.life.ended_at.map(timeline::moment),
        "over": call.life.over,
        "application_error": call.script.application_error,
        "legs": legs.map(leg).collect::<Vec<_>>(),
    })
}

fn leg(leg: &Call) -> Value {
    json!({
        "sid": leg.sid.as_str(),
        "to": leg.to.to_string(),
        "from": leg.from.to_string(),
        "status": leg.life.status.as_str(),
        "answered": leg.is_answered(),
        "seconds": leg.life.talked_seconds(),
        "sip": leg.life.sip,
    })
}

fn parse(sid: &str) -> Result<CallSid, Refusal> {
    sid.parse().map_err(|_| none())
}

fn none() -> Refusal {
    Refusal::absent("call with this Sid")
}
