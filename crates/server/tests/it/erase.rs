//! The owner erases a person, purges old calls, and removes a workspace whole.

use std::path::{Path, PathBuf};
use std::time::Duration;

use emulator::Behaviour;
use identity::CallSid;
use serde_json::json;

use crate::handover::program;
use crate::reconcile::{Hand, reconcile, records, serve, written};
use crate::rest::{Record, Rest};
use crate::team::Team;
use crate::world::World;

const CALLER: &str = "+15005551234";
/// As a person writes it.
const WRITTEN: &str = "(500) 555-1234";
const OTHER: &str = "+15005559999";
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// Runs `switchroom` as the owner, with these arguments; what it said.
async fn switchroom(world: &World, args: &[&str]) -> String {
    let mut program = program(world, args[0]);
    let owner = world.database.connection_string(localpg::SUPERUSER);
    program.args(&args[1..]).env("SWITCHROOM_ADMIN_DATABASE_URL", owner);
    let output = program.output().await.expect("it runs");
    let text = String::from_utf8([output.stdout, output.stderr].concat()).expect("UTF-8");
    assert!(output.status.success(), "{text}");
    text
}

/// A record that the database refused.
fn refused(world: &World, sequence: u8, team: &Team, from: &str) -> PathBuf {
    let call = CallSid::from_bytes([sequence; 16]);
    let record = json!({
        "workspace": team.id.as_str(),
        "call": call.as_str(),
        "events": [],
        "params": [["From", from]],
    });
    let dir = world.data_dir(0).join("spool/dead");
    std::fs::create_dir_all(&dir).expect("a directory");
    let path = dir.join(format!("{sequence:020}.record"));
    let text = format!("sequence: {sequence}\nreason: a trigger said no\n\n{record}");
    std::fs::write(&path, text).expect("a file");
    path
}

/// The files below a directory in which a text stands.
fn files_with(dir: &Path, text: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
        } else {
            let bytes = std::fs::read(&path).expect("a file");
            let has = bytes.windows(text.len()).any(|window| window == text.as_bytes());
            found.extend(has.then_some(path));
        }
    }
    found
}

/// The tables of ours in which a text stands.
async fn tables_with(world: &World, text: &str) -> Vec<String> {
    let mut rows = world.dump(None).await;
    rows.retain(|row| row.starts_with("voice_") && row.contains(text));
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_person_does_not_come_back_from_twilio() {
    let mut world = World::with_servers(0).await;
    let (rest, hand) = (Rest::start().await, Hand::at(world.twilio.now()));
    serve(&mut world, &rest, &hand).await;
    let team = world.team("acme").await;
    let agents = world.agents(&team, 1).await;
    agents[0].behaves(Behaviour::talks(SECOND, 10 * SECOND));
    world.contact(&team, CALLER, &[1]).await;
    let began = world.twilio.now();
    let story = world.phone(CALLER).call(&team.number).ended().await;
    let kept = world.phone(OTHER).call(&team.number).ended().await;
    assert!(world.row(&team, story.sid).await.has_contact);
    world.servers[0].save_known().await;
    let (theirs, others) =
        (refused(&world, 7, &team, CALLER), refused(&world, 8, &team, "+150055512345"));
    assert!(!tables_with(&world, CALLER).await.is_empty());

    let said = switchroom(&world, &["erase", "acme", "--number", WRITTEN]).await;
    for line in [
        "calls: 1 deleted, with ",
        "1 calls, 1 numbers",
        "log: 1 do not name the contact any more",
        "refused (dead/): 1 deleted",
        "known/): 1 forgotten",
        "a running server has it open",
        story.sid.as_str(),
    ] {
        assert!(said.contains(line), "{line:?} in {said}");
    }
    assert!(!said.contains("5551234") && !said.contains("555-1234"), "no number is shown: {said}");
    assert_eq!(tables_with(&world, CALLER).await, [""; 0]);
    let named = tables_with(&world, story.sid.as_str()).await;
    assert!(named.iter().all(|row| row.starts_with("voice_changes ")), "{named:?}");
    assert!(!world.row(&team, story.sid).await.has_contact);
    assert!(!theirs.exists() && others.exists());

    // Twilio has the erased call, one of the person that was never known, and one of somebody else.
    let missed = |id: u8, from: &str| Record {
        sid: CallSid::from_bytes([id; 16]),
        parent: None,
        status: "no-answer",
        from: from.to_owned(),
        to: team.number.clone(),
        began: began.before(2 * MINUTE),
        over: Some(began.before(MINUTE)),
        seconds: 0,
    };
    let mut all = records(&story, began);
    all.extend(records(&kept, began));
    all.extend([missed(0xe1, CALLER), missed(0xe2, OTHER)]);
    rest.knows(all);
    hand.set(world.twilio.now() + HOUR);
    let settled = written(&world, &team).await;
    let done = reconcile(&world).await;
    assert_eq!((done.compared, done.found, done.corrected), (1, 1, 0), "somebody else's alone");
    let mut written = written(&world, &team).await;
    written.retain(|row| !row.contains("CAe2e2") && !row.starts_with("voice_feeds "));
    let settled = settled.into_iter().filter(|row| !row.starts_with("voice_feeds "));
    assert_eq!(written, settled.collect::<Vec<_>>());
    assert_eq!(tables_with(&world, CALLER).await, [""; 0]);

    // The running server forgets the caller, and writes its file anew.
    world.contact(&team, "+15005557777", &[1]).await;
    world.phone("+15005557777").call(&team.number).ended().await;
    world.servers[0].retain().await;
    world.servers[0].save_known().await;
    let said = switchroom(&world, &["erase", "acme", "--number", CALLER]).await;
    assert!(said.contains("known/): 0 forgotten"), "{said}");

    // The files of a server that has ended hold nothing of it, after one more run.
    world.servers.remove(0).stop().await;
    switchroom(&world, &["erase", "acme", "--number", CALLER]).await;
    let found = files_with(&world.data_dir(0), CALLER);
    assert_eq!(found, [others], "the longer number of somebody else");
    let said = switchroom(&world, &["erase", "acme", "--number", CALLER]).await;
    for line in ["calls: 0 deleted", "dead/): 0 deleted", "known/): 0 forgotten"] {
        assert!(said.contains(line), "{line:?} in {said}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_of_the_person_that_waits_is_taken_out_of_the_spool() {
    let mut world = World::with_servers(0).await;
    let (rest, hand) = (Rest::start().await, Hand::at(world.twilio.now()));
    let team = world.team("acme").await;
    serve(&mut world, &rest, &hand).await;
    let lock = "begin; lock table public.voice_events in access exclusive mode";
    world.owner.client().batch_execute(lock).await.expect("a lock");
    world.phone(CALLER).call(&team.number).ended().await;
    world.phone(OTHER).call(&team.number).ended().await;
    world.servers.remove(0).stop().await;
    world.owner.client().batch_execute("rollback").await.expect("no lock");
    assert!(!files_with(&world.data_dir(0), CALLER).is_empty());

    let said = switchroom(&world, &["erase", "acme", "--number", CALLER]).await;
    assert!(
        said.contains("wait for the database: ") && !said.contains("database: 0 deleted"),
        "{said}"
    );
    assert_eq!(files_with(&world.data_dir(0), CALLER), [""; 0].map(PathBuf::from));
    serve(&mut world, &rest, &hand).await;
    world.applied().await;
    assert_eq!(tables_with(&world, CALLER).await, [""; 0]);
    assert!(!tables_with(&world, OTHER).await.is_empty(), "the other's records are applied");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_workspace_leaves_nothing_behind() {
    let world = World::new().await;
    let (acme, bolt) = (world.team("acme").await, world.team("bolt").await);
    for team in [&acme, &bolt] {
        let agents = world.agents(team, 1).await;
        agents[0].behaves(Behaviour::talks(SECOND, 10 * SECOND));
        world.contact(team, CALLER, &[1]).await;
        world.phone(CALLER).call(&team.number).ended().await;
    }
    world.applied().await;
    world.servers[0].save_known().await;
    let record = refused(&world, 7, &acme, CALLER);
    let elsewhere = world.dump(Some(&bolt)).await;
    let said = switchroom(&world, &["purge", "acme", "--older-than", "1d"]).await;
    assert!(said.contains("workspace acme: 0 calls older than 1 days are deleted"), "{said}");

    let said = switchroom(&world, &["workspace", "remove", "acme", "--purge"]).await;
    assert!(said.contains("workspace acme is removed"), "{said}");
    assert!(said.contains("  1 calls, ") && said.contains("dead/): 1 deleted"), "{said}");
    let mut left = world.dump(Some(&acme)).await;
    left.retain(|row| row.starts_with("voice_") && !row.starts_with("voice_erased "));
    assert_eq!(left, [""; 0]);
    assert!(!record.exists() && !world.data_dir(0).join("known/acme.known").exists());
    assert_eq!(world.log(&acme).await.len(), 1, "the live chat's log is its own");
    assert_eq!(world.dump(Some(&bolt)).await, elsewhere);
    let said = switchroom(&world, &["workspace", "remove", "acme", "--purge"]).await;
    assert!(said.contains("workspace acme had no account"), "{said}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_keeps_what_the_policy_wants_and_no_more() {
    let world = World::new().await;
    let team = world.team_with("acme", &json!({ "retention_days": 60, "params_days": 20 })).await;
    world.agents(&team, 1).await;
    let old = world.phone(CALLER).call(&team.number).ended().await;
    let recent = world.phone(OTHER).call(&team.number).ended().await;
    world.applied().await;
    for (story, days) in [(&old, 61), (&recent, 21)] {
        let sql = format!(
            "update public.voice_calls set started_at = now() - interval '{days} days' \
             where call_sid = '{}'",
            story.sid
        );
        world.owner.client().execute(&sql, &[]).await.expect("an older call");
    }
    let removed = world.servers[0].retain().await;
    assert_eq!((removed.calls, removed.has_more), (1, false));
    assert!(removed.requests > 0, "{removed:?}");
    assert_eq!(tables_with(&world, CALLER).await, [""; 0]);
    let left = tables_with(&world, OTHER).await;
    assert!(left.iter().any(|row| row.starts_with("voice_calls ")), "{left:?}");
    assert!(left.iter().all(|row| !row.contains("CallStatus")), "{left:?}");
    assert_eq!(world.log(&team).await.len(), 2, "the live chat's log is its own");
    world.stop().await;
}
