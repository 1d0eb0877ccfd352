//! `switchroom workspace` changes one thing, and running servers follow.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use identity::Timestamp;
use serde_json::Value;
use server::Clock;
use voice_token::{ApiKey, Region};

use crate::handover::program;
use crate::http::Document as _;
use crate::sessions::now;
use crate::team::{API_SECRET, Team};
use crate::world::World;

/// The exit status, and what was printed.
async fn workspace(world: &World, args: &[&str]) -> (Option<i32>, String) {
    let mut program = program(world, "workspace");
    let owner = world.database.connection_string(localpg::SUPERUSER);
    program.args(args).env("SWITCHROOM_ADMIN_DATABASE_URL", owner);
    let output = program.output().await.expect("it runs");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).expect("UTF-8"))
}

/// How many calls were placed.
static CALLS: AtomicU64 = AtomicU64::new(1);

/// The region and the edge of a token, and the caller id of an outbound call.
async fn outside(world: &World, team: &Team) -> (Option<Region>, Value, String) {
    let identity = team.identity(1).to_string();
    let answer = world.get(team, 1, &format!("token?identity={identity}")).await.json();
    let key = ApiKey::parse(team.api_key.as_str(), API_SECRET).expect("a key");
    let at = Timestamp::from_unix_seconds(i64::try_from(now()).expect("this century"));
    let token = answer["token"].as_str().expect("a token");
    let token = key.verify(token, at, Duration::from_secs(60)).expect("a good token");
    let sid = format!("CA{:032x}", CALLS.fetch_add(1, Ordering::SeqCst));
    let from = format!("client:{identity}");
    let params = [("CallSid", sid.as_str()), ("From", &from), ("To", "+15005557777")];
    let document = world.post(team, "voice", &params).await.twiml();
    let (_, rest) = document.split_once("callerId=\"").expect(&document);
    let caller_id = rest.split('"').next().unwrap_or_default().to_owned();
    let over = [("CallSid", sid.as_str()), ("CallStatus", "completed")];
    assert_eq!(world.post(team, "voice/status", &over).await.status, 204);
    world.applied().await;
    (token.region, answer["edge"].clone(), caller_id)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_thing_is_changed_without_credentials_and_servers_follow() {
    let passed = Arc::new(AtomicU64::new(0));
    let hand = Arc::clone(&passed);
    let clock = Clock::of(move || {
        let seconds = now() + hand.load(Ordering::SeqCst);
        Timestamp::from_unix_seconds(i64::try_from(seconds).expect("this century"))
    });
    let world = World::with_clock(clock).await;
    let team = world.team("acme").await;
    world.member(&team, 1, "agent").await;
    let number = team.number.as_str();
    assert_eq!(outside(&world, &team).await, (None, Value::Null, number.to_owned()));

    let (code, text) =
        workspace(&world, &["set", "acme", "--region", "ie1", "--caller-id", "+442071838750"])
            .await;
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains(&format!("{number}  caller id +442071838750  region ie1")), "{text}");
    assert!(text.contains("+442071838750 is none of the workspace's numbers"), "{text}");
    passed.fetch_add(11, Ordering::SeqCst);
    let want =
        (Some("ie1".parse().expect("a region")), "dublin".into(), "+442071838750".to_owned());
    assert_eq!(outside(&world, &team).await, want);

    // Numbers replace the numbers; a caller id among them is no reason for advice.
    let (code, text) = workspace(
        &world,
        &["set", "acme", "--number", "+15005550001", "--number", number, "--caller-id", number],
    )
    .await;
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains(&format!("+15005550001 {number}  caller id {number}")), "{text}");
    assert!(!text.contains("is none of"), "{text}");
    let (code, text) =
        workspace(&world, &["set", "acme", "--region", "us1", "--edge", "tokyo"]).await;
    assert_eq!(code, Some(0), "{text}");
    passed.fetch_add(11, Ordering::SeqCst);
    assert_eq!(outside(&world, &team).await, (None, "tokyo".into(), number.to_owned()));
    let (_, list) = workspace(&world, &["list"]).await;
    let sid = team.account.sid();
    let want = format!("acme  {sid}  +15005550001 {number}  caller id {number}  edge tokyo\n");
    assert_eq!(list, want);

    let (code, text) =
        workspace(&world, &["set", "acme", "--caller-id", "first", "--edge", "default"]).await;
    assert_eq!((code, &*text), (Some(0), &*format!("acme  {sid}  +15005550001 {number}\n")));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_a_change_is_named_and_changes_nothing() {
    let world = World::with_servers(0).await;
    let team = world.team("acme").await;
    let cases: [(&[&str], i32, &str); 7] = [
        (&["set", "acme"], 2, "required arguments were not provided"),
        (&["set", "acme", "--region", "br1"], 2, "is not a region: us1, ie1 or au1"),
        (&["set", "acme", "--edge", "dublin.example.com"], 2, "is not an edge: ashburn, dublin"),
        (&["set", "acme", "--number", "030 123"], 2, "phone number"),
        (&["set", "acme", "--caller-id", "0301234567"], 2, "phone number"),
        (&["set", "nobody", "--edge", "dublin"], 1, "there is no workspace nobody"),
        (&["set", "acme", "--region", "ie1", "--edge", "nowhere"], 2, "is not an edge"),
    ];
    for (args, status, want) in cases {
        let (code, text) = workspace(&world, args).await;
        assert_eq!(code, Some(status), "{args:?}: {text}");
        assert!(text.contains(want), "{args:?}: {text}");
    }
    let (_, list) = workspace(&world, &["list"]).await;
    assert_eq!(list, format!("acme  {}  {}\n", team.account.sid(), team.number));
    world.stop().await;
}
