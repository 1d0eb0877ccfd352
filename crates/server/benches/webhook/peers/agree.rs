//! Whether all three answer rightly, before anything is measured.

use std::time::Duration;

use harness::session;
use identity::{AgentIdentity, Timestamp, UserId};
use serde_json::Value;
use twiml::{DialNoun, Response, Verb};
use voice_token::{ApiKey, Grants, Identity, Outgoing, VoiceGrant};

use super::NAMES;
use crate::load::Connection;
use crate::process::Child;
use crate::requests::{ACCOUNT, API_KEY, API_SECRET, APP, Call, Case, token};
use crate::world::{agent, team};

/// Calls of each case; neighbours are in other workspaces.
const CALLS: u32 = 20;

/// # Panics
///
/// If one of them answers something else than is expected.
pub(super) async fn check(servers: &[Child; 3]) {
    for (name, server) in NAMES.iter().zip(servers) {
        let mut connection = Connection::open(server.address()).await;
        for case in Case::VOICE {
            for call in case.calls(CALLS) {
                let answer = connection.ask(&call.voice()).await;
                let document = String::from_utf8_lossy(answer.body);
                assert_eq!(ringing(&document), expected(case, &call), "{name}: {}", case.name());
            }
        }
        let signed = String::from_utf8(Call::next().voice()).expect("a request is text");
        let forged = signed
            .replace("StirVerstat=TN-Validation-Passed-A", "StirVerstat=TN-Validation-Passed-B");
        assert_eq!(connection.answer(forged.as_bytes()).await.status, 403, "{name}: a forgery");
        for workspace in 1..=4 {
            check_token(name, &mut connection, workspace).await;
        }
    }
}

/// By identity, in alphabetical order.
fn expected(case: Case, call: &Call) -> Vec<String> {
    let all = || (0..team(call.workspace)).map(|number| agent(call.workspace, number));
    let mut users: Vec<UserId> = match case {
        Case::Assigned => call.agents.to_vec(),
        // As many as one Dial takes.
        _ => all().take(10).collect(),
    };
    users.sort_unstable();
    users.into_iter().map(|user| AgentIdentity::new(user).to_string()).collect()
}

/// Who rings.
fn ringing(document: &str) -> Vec<String> {
    let response = Response::parse(document).unwrap_or_else(|error| panic!("{error}: {document}"));
    let mut found = Vec::new();
    for verb in response.verbs() {
        let Verb::Dial(dial) = verb else { continue };
        for noun in dial.nouns() {
            if let DialNoun::Client(client) = noun {
                found.push(client.identity().unwrap_or_default().to_owned());
            }
        }
    }
    found.sort_unstable();
    found
}

async fn check_token(name: &str, connection: &mut Connection, workspace: u32) {
    let user = agent(workspace, 1);
    let answer = connection.ask(&token(workspace, user)).await;
    let json: Value = serde_json::from_slice(answer.body).expect("JSON");
    let jwt = json["token"].as_str().expect("a token");
    let now = Timestamp::from_unix_seconds(i64::try_from(session::now()).expect("a time"));
    let key = ApiKey::parse(API_KEY, API_SECRET).expect("a key");
    let token = key.verify(jwt, now, Duration::from_secs(2));
    let token = token.unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(token.account.as_str(), ACCOUNT, "{name}");
    assert_eq!(token.identity, Identity::from(AgentIdentity::new(user)), "{name}");
    let voice = VoiceGrant {
        incoming: true,
        outgoing: Some(Outgoing::from(APP.parse::<identity::AppSid>().expect("a Sid"))),
        ..VoiceGrant::default()
    };
    assert_eq!(token.grants, Grants::from(voice), "{name}");
    assert_eq!(token.expires_at.since(now).as_secs().div_ceil(60), 60, "{name}: an hour");
}
