//! Provokes every error at trace level, and searches the output of this and all other campaigns for
//! secrets.

use std::fs;
use std::path::Path;

use harness::http::{Ask, Connection};
use identity::AgentIdentity;
use serde_json::Value;

use crate::context::Context;
use crate::planted;
use crate::program::Server;
use crate::session::{Kind, session};
use crate::story::Calls;
use crate::world::{DATABASE, World, post};

pub(crate) async fn run(context: &Context) -> String {
    let mut world = World::new(context, 2).await;
    let server = world.server(0).await;
    let mut made = bad_day(&mut world, &server).await;
    for expected in [
        "listening on",
        "a webhook was refused",
        "cannot be read",
        "routed from memory",
        "is set aside",
    ] {
        let log = fs::read_to_string(server.log()).expect("a log");
        assert!(log.contains(expected), "the log does not contain “{expected}”");
    }
    drop(server);

    made.extend(planted::SECRETS.map(str::to_owned));
    made.extend(planted::digits());
    let (mut files, mut bytes) = (0, 0);
    for entry in fs::read_dir(&context.program.logs).expect("logs") {
        let path = entry.expect("a log").path();
        bytes += search(&path, &made);
        files += 1;
    }
    format!(
        "{} planted secrets, {} numbers and {} tokens and signatures in none of {files} outputs at \
         trace level, {:.1} MiB",
        planted::SECRETS.len(),
        planted::NUMBERS,
        made.len() - planted::SECRETS.len() - planted::NUMBERS as usize,
        f64::from(u32::try_from(bytes / 1024).unwrap_or(u32::MAX)) / 1024.0,
    )
}

/// Provokes everything that might reveal a secret. Returns the tokens and signatures that were made
/// on the way, which must not appear either.
async fn bad_day(world: &mut World<'_>, server: &Server) -> Vec<String> {
    let mut calls = Calls::of(&world.workspaces);
    calls.warm(server).await;
    let mut connection = Connection::to(server.address());
    let mut made = Vec::new();
    let workspace = world.workspaces[0].clone();
    let agent = workspace.agent(1);

    // Tokens, good and bad sessions, and an invalid status.
    let good = session(Kind::Good, agent);
    for bearer in [&good, &session(Kind::Forged, agent), &session(Kind::Expired, agent)] {
        let identity = AgentIdentity::new(agent);
        let path = workspace.path(&format!("token?identity={identity}"));
        let answer = ask(&mut connection, &page("GET", &path, bearer, "")).await;
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        made.extend(answer["token"].as_str().map(last_part));
        let body = format!(r#"{{"status":"{}"}}"#, planted::CONTACT);
        ask(&mut connection, &page("PUT", &workspace.path("agents/me/status"), bearer, &body))
            .await;
        made.push(last_part(bearer));
    }
    // Webhooks: unsigned, with a wrong signature, and signed ones that make no sense.
    let path = workspace.path("voice");
    let from = planted::number(7);
    let form = format!("From=%2B{}&Note={}", &from[1..], planted::NOTE);
    ask(&mut connection, &post(&path, None, &form)).await;
    ask(&mut connection, &post(&path, Some(planted::SIGNATURE), &form)).await;
    let nonsense = [("CallSid", planted::NOTE), ("From", &*from), ("CallStatus", planted::CONTACT)];
    for rest in ["voice", "voice/status", "voice/dial"] {
        ask(&mut connection, &workspace.signed(&workspace.path(rest), &nonsense)).await;
    }
    // An agent calls out, where it is allowed and where it is not.
    for (number, to) in [(1, planted::number(3)), (2, "+4930901820".to_owned())] {
        let sid = format!("CA{number:032}");
        let client = format!("client:{}", AgentIdentity::new(agent));
        let params = [("CallSid", &*sid), ("From", &*client), ("To", &*to)];
        ask(&mut connection, &workspace.signed(&path, &params)).await;
    }
    server.drained().await;

    // A constraint that refuses the calls of one caller: the error of Postgres contains the row.
    let rule = format!(
        "alter table public.voice_calls add constraint rule \
         check (from_party is distinct from '{from}') not valid"
    );
    world.postgres.execute(DATABASE, &rule);
    calls.warm(server).await;
    // Then the database dies.
    world.postgres.kill().await;
    let steps: Vec<_> = calls.some(16).filter(|step| step.is_voice).collect();
    for step in steps {
        ask(&mut connection, &step.request).await;
    }
    ask(&mut connection, &page("GET", &workspace.path("agents"), &good, "")).await;
    ask(&mut connection, &Ask::get("/readyz").kept_bytes()).await;
    world.postgres.start_again().await;
    server.drained().await;
    made
}

async fn ask(connection: &mut Connection, request: &[u8]) -> String {
    connection.ask(request).await.expect("an answer").0.text().to_owned()
}

fn page(method: &str, path: &str, bearer: &str, body: &str) -> Vec<u8> {
    Ask { body: body.into(), ..Ask::new(method, path).bearer(bearer) }.kept_bytes()
}

/// The signature of a token.
fn last_part(token: &str) -> String {
    token.rsplit('.').next().unwrap_or_default().to_owned()
}

/// Panics if a file holds one of these; its length otherwise.
fn search(path: &Path, planted: &[String]) -> usize {
    let bytes = fs::read(path).expect("a log");
    let text = String::from_utf8_lossy(&bytes);
    for one in planted {
        if text.contains(one.as_str()) {
            let line = text.lines().find(|line| line.contains(one.as_str()));
            panic!("{one} appears in {}: {line:?}", path.display());
        }
    }
    bytes.len()
}
