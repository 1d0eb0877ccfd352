//! For one workspace, nothing of another workspace exists.

use std::time::Duration;

use emulator::{Behaviour, Story};
use identity::UserId;
use serde_json::json;
use tokio_postgres::NoTls;

use crate::http::{Answer, Ask, Document as _, again, signed_form};
use crate::sessions::{claims, now, sign};
use crate::team::Team;
use crate::world::{LOGIN, SESSION_SECRET, World};

const CALLER: &str = "+12125550100";
const CUSTOMER: &str = "+12125550101";
const SECOND: Duration = Duration::from_secs(1);

/// A team with agents, contacts, an answered call and one out: the same in every workspace.
async fn filled(world: &World, name: &str) -> (Team, Story) {
    let team = world.team(name).await;
    let agents = world.agents(&team, 2).await;
    world.member(&team, 3, "viewer").await;
    world.contact(&team, CALLER, &[1]).await;
    world.contact(&team, CUSTOMER, &[2]).await;
    world.set_status(&team, 2, "available").await;
    agents[0].behaves(Behaviour::talks(SECOND, 10 * SECOND));
    let story = world.phone(CALLER).call(&team.number).ended().await;
    world.applied().await;
    world.phone(CUSTOMER).behaves(Behaviour::talks(SECOND, SECOND));
    agents[1].call([("To", CUSTOMER)]).expect("the agent is free").ended().await;
    assert_eq!(world.log(&team).await.len(), 2);
    (team, story)
}

/// Every request that a page can make about a workspace, under this path.
fn asks(workspace: &str, user: UserId, call: &str) -> Vec<Ask> {
    let identity = identity::AgentIdentity::new(user);
    let path = |rest: &str| format!("/api/workspaces/{workspace}/{rest}");
    vec![
        Ask::get(&path(&format!("token?identity={identity}"))),
        Ask::get(&path("agents")),
        Ask::new("PUT", &path("agents/me/status")).json(&json!({ "status": "away" })),
        Ask::new("POST", &path("agents/me/wrap-up/end")),
        Ask::get(&path("calls")),
        Ask::get(&path("calls?limit=1&before=2100-01-01T00:00:00Z")),
        Ask::get(&path(&format!("calls?agent={user}"))),
        Ask::get(&path("calls?direction=inbound&outcome=missed")),
        Ask::get(&path("stats")),
        Ask::get(&path("events")),
        Ask::get(&path(&format!("calls/{call}"))),
    ]
}

/// `lasts` is how many seconds the session does: a stream of events ends with it.
async fn answers(world: &World, asks: Vec<Ask>, user: UserId, lasts: u64) -> Vec<Answer> {
    let mut answers = Vec::new();
    let mut claims = claims(user);
    for ask in asks {
        claims["exp"] = json!(now() + lasts);
        let session = sign(&claims, SESSION_SECRET);
        answers.push(world.ask(&ask.bearer(&session)).await.comparable());
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn no_session_sees_another_workspace_or_that_there_is_one() {
    let world = World::new().await;
    let (ours, our_call) = filled(&world, "ours").await;
    let (theirs, their_call) = filled(&world, "theirs").await;
    let before = world.dump(None).await;
    let call = their_call.sid.as_str();
    let askers = [
        ("a member of another workspace", ours.user(1)),
        ("a member that takes no calls", theirs.user(3)),
        ("a stranger", theirs.user(99)),
    ];
    for (name, user) in askers {
        let foreign = answers(&world, asks(theirs.id.as_str(), user, call), user, 60).await;
        let absent = answers(&world, asks("absent", user, call), user, 60).await;
        assert_eq!(foreign, absent, "{name}");
        for answer in foreign {
            assert_eq!((answer.status, &*answer.code()), (404, "workspace_not_found"), "{name}");
        }
    }
    // In the own workspace, their calls and agents do not exist either.
    let mine = ours.user(1);
    let foreign = answers(&world, asks(ours.id.as_str(), mine, call), mine, 3).await;
    let nobodys = "CA0123456789abcdef0123456789abcdef";
    let absent = answers(&world, asks(ours.id.as_str(), mine, nobodys), mine, 3).await;
    assert_eq!(foreign.last(), absent.last());
    assert_eq!(absent.last().map(Answer::code).as_deref(), Some("call_not_found"));
    for answer in &foreign {
        let text = answer.text();
        for secret in [call, &*theirs.user(1).to_string(), &theirs.number] {
            assert!(!text.contains(secret), "{text}");
        }
    }
    let page = world.get(&ours, 1, "calls").await;
    assert!(page.text().contains(our_call.sid.as_str()) && !page.text().contains(call));
    // Nothing of theirs changed; of ours the status that was put.
    let of = |dump: &[String], team: &Team| -> Vec<String> {
        dump.iter().filter(|row| row.contains(team.id.as_str())).cloned().collect()
    };
    let after = world.dump(None).await;
    assert_eq!(of(&after, &theirs), of(&before, &theirs));
    let known =
        |dump: &[String]| dump.iter().filter(|row| !row.starts_with("voice_changes ")).count();
    assert_eq!(known(&after), known(&before), "beside the news of it");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_is_good_for_its_own_workspace_only() {
    let world = World::new().await;
    let (ours, _) = filled(&world, "ours").await;
    let (theirs, their_call) = filled(&world, "theirs").await;
    let before = world.dump(None).await;
    let accounts = [ours.account.sid().to_string(), theirs.account.sid().to_string()];
    for rest in ["voice", "voice/status", "voice/dial?rung=AAAAAAAA", "voice/voicemail"] {
        for account in &accounts {
            let params = [
                ("AccountSid", account.as_str()),
                ("CallSid", their_call.sid.as_str()),
                ("From", CALLER),
                ("To", &theirs.number),
                ("CallStatus", "completed"),
                ("DialCallStatus", "completed"),
            ];
            let at = |workspace: &str| {
                let path = format!("/api/workspaces/{workspace}/{rest}");
                signed_form(&path, &params, &ours.auth_token)
            };
            let foreign = world.ask(&at(theirs.id.as_str())).await.comparable();
            let absent = world.ask(&at("absent")).await.comparable();
            assert_eq!(foreign, absent, "{rest}");
            assert_eq!((foreign.status, foreign.text()), (403, ""), "{rest}");
        }
    }
    // Their own requests, sent to us.
    let moved = |url: &str| url.replace("/theirs/", "/ours/");
    for webhook in world.twilio.webhooks().iter().filter(|hook| hook.url.contains("/theirs/")) {
        let mut ask = again(webhook);
        ask.target = moved(&ask.target);
        assert_eq!(world.ask(&ask).await.status, 403, "{webhook}");
    }
    assert_eq!(world.dump(None).await, before);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_callbacks_change_nothing_of_theirs_whatever_they_name() {
    let world = World::new().await;
    let (ours, _) = filled(&world, "ours").await;
    let (theirs, their_call) = filled(&world, "theirs").await;
    let before = world.dump(Some(&theirs)).await;
    let (call, leg) = (their_call.sid.as_str(), their_call.legs[0].sid);
    let client = format!("client:{}", theirs.identity(1));
    let inbound = [("CallSid", call), ("From", CALLER), ("To", theirs.number.as_str())];
    let outbound = [("CallSid", call), ("From", client.as_str()), ("To", CUSTOMER)];
    let ended = [("CallSid", call), ("CallStatus", "canceled")];
    let legs = ["initiated", "in-progress", "completed", "busy"].map(|status| {
        [
            ("CallSid", leg.as_str()),
            ("ParentCallSid", call),
            ("To", client.as_str()),
            ("CallStatus", status),
            ("SequenceNumber", "9"),
        ]
    });
    let dialled = [
        ("CallSid", call),
        ("From", CALLER),
        ("DialCallStatus", "completed"),
        ("DialCallSid", leg.as_str()),
    ];

    world.post(&ours, "voice", &inbound).await.twiml();
    let answer = world.post(&ours, "voice", &outbound).await.twiml();
    assert!(!answer.contains("<Number"), "{answer}");
    for params in &legs {
        assert_eq!(world.post(&ours, "voice/status", params).await.status, 204);
    }
    world.post(&ours, "voice/dial?rung=AAAAAAAA", &dialled).await.twiml();
    assert_eq!(world.post(&ours, "voice/status", &ended).await.status, 204);

    assert_eq!(world.dump(Some(&theirs)).await, before);
    // We have a call of that Sid now, but nobody of theirs in our log, and their name nowhere.
    assert!(world.log(&ours).await.iter().any(|row| row.call == call && row.agent.is_none()));
    let page = world.get(&ours, 1, &format!("calls/{call}")).await;
    assert_eq!(page.status, 200);
    let agents = world.get(&ours, 1, "agents").await;
    assert!(!agents.text().contains(&theirs.user(1).to_string()), "{}", agents.text());
    // Their own page shows their call as it was.
    let own = world.get(&theirs, 1, &format!("calls/{call}")).await.json();
    assert_eq!(
        (&own["outcome"], &own["handled_by"]),
        (&json!("completed"), &json!(theirs.user(1).to_string()))
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_role_sees_nothing_without_a_workspace() {
    let world = World::new().await;
    filled(&world, "ours").await;
    let url = world.database.connection_string(LOGIN);
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await.expect("a connection");
    let driver = tokio::spawn(connection);
    let tables = "select c.relname::text from pg_class c \
                  join pg_attribute a on a.attrelid = c.oid and a.attname = 'workspace_id' \
                  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v')";
    let tables = client.query(tables, &[]).await.expect("the tables");
    assert!(tables.len() >= 13, "{}", tables.len());
    for role in ["none", "voice_agent", "voice_webhook"] {
        client.batch_execute(&format!("set role {role}")).await.expect("a role");
        for table in &tables {
            let table: &str = table.get(0);
            let sql = format!("select count(*) from public.{table}");
            match client.query_one(&sql, &[]).await {
                Ok(row) => assert_eq!(row.get::<_, i64>(0), 0, "{role} sees rows of {table}"),
                Err(error) => {
                    let code = error.code().map(|state| state.code().to_owned());
                    assert_eq!(code.as_deref(), Some("42501"), "{role}, {table}: {error}");
                }
            }
        }
    }
    drop(client);
    let _ = driver.await;
    world.stop().await;
}
