//! Agents' access tokens.

use serde_json::{Value, json};
use stage::Stage;

use super::scene::Scene;

pub(super) async fn identities(stage: &Stage, scene: &mut Scene) -> Result<(), String> {
    let team = &stage.acme;
    let agent = &team.agents()[0];
    let token = |identity: &str| team.path(&format!("token?identity={identity}"));
    let body = |error: &str, code: &str| json!({ "error": error, "hint": "Use format: agent_{userId}", "code": code });
    let words = "Identity must start with \"agent_\" prefix for security";
    let required = "Identity parameter is required. Each agent must have a unique identity.";
    let cases = [
        ("the old identity `user`", token("user"), body(words, "identity_prefix")),
        ("no identity", team.path("token"), body(required, "identity_required")),
        ("an empty identity", token(""), body(required, "identity_required")),
    ];
    for (name, path, expected) in cases {
        let answer = stage.ask(team, 1, &path).await?;
        let seen = (answer.status, answer.json());
        scene.claim(&format!("{name}: 400, word for word"), seen, (400, expected));
    }

    let answer = stage.ask(team, 2, &token(agent.identity())).await?;
    let seen = (answer.status, answer.json()["code"].clone());
    scene.claim("somebody else's identity: 403", seen, (403, json!("identity_not_yours")));
    let answer = stage.http.get(&token(agent.identity()), None).await?;
    let seen = (answer.status, answer.json()["code"].clone());
    scene.claim("no session: 401", seen, (401, json!("session_missing")));

    let answer = stage.ask(team, 1, &token(agent.identity())).await?;
    let issued = answer.json();
    let seen = (answer.status, &issued["identity"], &issued["ttl"]);
    let expected = (200, &json!(agent.identity()), &json!(3600));
    scene.claim("their own identity: 200, for an hour", seen, expected);
    agent.unregister();
    let registered = agent.register(issued["token"].as_str().unwrap_or_default());
    scene.claim("the browser registers with it", registered, Ok(()));
    // A user id may have hyphens in a request. The answer has the one form that Twilio takes everywhere.
    let answer = stage.ask(team, 1, &token(&format!("agent_{}", team.user(1)))).await?;
    let seen: Value = answer.json()["identity"].clone();
    scene.claim("with hyphens it is the same identity", seen, json!(agent.identity()));
    Ok(())
}
