//! Describes the stage to the tests, as JSON.

use serde_json::{Value, json};
use stage::Stage;
use stage::team::{CALLERS, CONTACTS, Team};

use super::set::{ORIGIN, Set};

/// Where everything is, and who takes part.
pub(super) fn of(set: &Set, control: u16) -> Value {
    let stage = &set.stage;
    let mut initech = team(stage, &set.initech);
    initech["callers"] = json!(CALLERS);
    json!({
        "server": stage.http.base,
        "emulator": set.front.url(),
        "signalling": set.gateway.chunderw(),
        "spki": set.gateway.spki_sha256(),
        "control": control,
        "origin": ORIGIN,
        "acme": team(stage, &stage.acme),
        "globex": team(stage, &stage.globex),
        "initech": initech,
        "contacts": contacts(),
    })
}

fn team(stage: &Stage, team: &Team) -> Value {
    let agent = |(index, agent): (usize, &emulator::Agent)| {
        let number = index + 1;
        json!({
            "number": number,
            "user": team.user(number),
            "identity": agent.identity(),
            "session": stage.session(team, number),
        })
    };
    let agents: Vec<Value> = team.agents().iter().enumerate().map(agent).collect();
    json!({ "id": team.id, "number": team.number, "agents": agents })
}

/// By first name.
fn contacts() -> Value {
    let named = CONTACTS.iter().map(|contact| {
        let first = contact.name.split(' ').next().unwrap_or_default().to_lowercase();
        (first, json!({ "name": contact.name, "number": contact.number }))
    });
    Value::Object(named.collect())
}
