//! Browsers, registered or not.

use std::sync::Arc;

use serde_json::{Value, json};

use super::fields::wrong;
use super::{Fields, Refusal, phones, setup};
use crate::address::is_identity;
use crate::shared::Shared;
use crate::state::party::{Party, PartyId};
use crate::world::World;
use crate::{Account, Behaviour, HandError};

/// Every browser, except real ones that are gone and have no call.
pub(super) fn list(shared: &Shared) -> Value {
    shared.read(|world| {
        let browsers = world.parties.iter().filter(|(_, it)| it.account.is_some());
        let here =
            browsers.filter(|(_, it)| !it.is_page || it.socket.is_some() || it.on_call.is_some());
        here.map(|(id, it)| device(world, id, it)).collect()
    })
}

/// Opens a virtual browser, with or without a token.
pub(super) fn open(shared: &Arc<Shared>, mut body: Fields) -> Result<Value, Refusal> {
    let sid = setup::account_of(shared, &mut body)?;
    let identity = body.needed("identity")?;
    if !is_identity(&identity) {
        return Err(wrong(
            "identity",
            &"not a client identity: 1 to 256 characters without blanks",
        ));
    }
    let behaviour = body.take("behaviour").map(phones::behaviour).transpose()?;
    let (app, token) = (body.parsed("app")?, body.text("token")?);
    body.end()?;
    let account = Account::new(Arc::clone(shared), sid);
    let behaviour = behaviour.unwrap_or(Behaviour::ByHand);
    let mut agent = match &token {
        Some(_) => account.unregistered_agent(identity, behaviour),
        None => account.agent(identity, behaviour),
    };
    if let Some(app) = app {
        agent = agent.app(app);
    }
    if let Some(token) = token {
        agent.register(&token).map_err(Refusal::conflict)?;
    }
    let id = agent.id();
    Ok(shared.read(|world| world.parties.get(id).map_or(Value::Null, |it| device(world, id, it))))
}

/// Carries out an action of a browser.
pub(super) fn act(shared: &Shared, id: &str, what: &str) -> Result<(), Refusal> {
    let absent = || Refusal::absent("device with this id");
    let id = id.parse().map(PartyId::new).map_err(|_| absent())?;
    shared.write(|world| {
        let browser =
            world.parties.get(id).filter(|party| party.account.is_some()).ok_or_else(absent)?;
        let on_call = browser.on_call;
        let done = match what {
            "drop" => {
                world.drop_device(id);
                Ok(true)
            }
            "hangup" => on_call.map(|sid| world.hang_up(sid)).ok_or(HandError::NoCall),
            act => phones::take_up(world, id, act),
        };
        done.map(drop).map_err(Refusal::conflict)
    })
}

fn device(world: &World, id: PartyId, party: &Party) -> Value {
    let pending = party.pending.iter();
    json!({
        "id": id.index().to_string(),
        "identity": party.address.identity(),
        "is_page": party.is_page,
        "is_connected": !party.is_page || party.socket.is_some(),
        "account_sid": party.account.map(|sid| sid.to_string()),
        "registered": party.is_registered(world.time.now) && party.behaviour != Behaviour::Absent,
        "behaviour": phones::words(party.behaviour),
        "ringing": pending.filter_map(|leg| phones::ringing(world, *leg)).collect::<Vec<_>>(),
        "on_call": party.on_call.map(|sid| sid.to_string()),
    })
}
