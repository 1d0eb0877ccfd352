//! What a server has acknowledged counts for its next decision, also while it is not in the database.

use serde_json::{Value, json};
use spool::{Config, Spool};
use tokio_postgres::{Client, NoTls};

use crate::http::{Document as _, exchange};
use crate::team::Team;
use crate::world::{World, until};

pub(crate) const CALLER: &str = "+15005551234";

pub(crate) fn sid(number: u8) -> String {
    format!("CA{}", format!("{number:02x}").repeat(16))
}

impl World {
    /// A call comes in at the first server; who rings.
    pub(crate) async fn rings(&self, team: &Team, call: u8) -> Vec<u8> {
        self.rings_at(0, team, call).await
    }

    /// A call comes in at this server; who rings.
    pub(crate) async fn rings_at(&self, server: usize, team: &Team, call: u8) -> Vec<u8> {
        let call = sid(call);
        let params = [
            ("CallSid", &*call),
            ("From", CALLER),
            ("To", &*team.number),
            ("CallStatus", "ringing"),
            ("Direction", "inbound"),
        ];
        let ask = team.signed("voice", &params).bytes();
        let document = exchange(self.servers[server].address(), &ask).await.twiml();
        (1..=9).filter(|n| document.contains(&team.identity(*n).to_string())).collect()
    }

    /// An agent's leg of a call has this status, and the first server acknowledges that.
    pub(crate) async fn leg(&self, team: &Team, call: u8, agent: u8, status: &str) {
        let (leg, parent) = (sid(0x80 | call), sid(call));
        let client = format!("client:{}", team.identity(agent));
        let params = [
            ("CallSid", &*leg),
            ("ParentCallSid", &*parent),
            ("From", CALLER),
            ("To", &*client),
            ("CallStatus", status),
        ];
        assert_eq!(self.post(team, "voice/status", &params).await.status, 204);
    }

    /// Keeps everything from being applied until this is dropped or commits. Reading goes on.
    pub(crate) async fn holding_up(&self) -> Client {
        let url = self.database.connection_string(localpg::SUPERUSER);
        let (client, connection) = tokio_postgres::connect(&url, NoTls).await.expect("connected");
        tokio::spawn(connection);
        let lock = "begin; lock table public.voice_events in exclusive mode";
        client.batch_execute(lock).await.expect("locked");
        client
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_agent_is_not_rung_by_the_next_call_and_a_free_one_is() {
    let world = World::new().await;
    let (team, strict) = (
        world.team("acme").await,
        world.team_with("strict", &json!({ "wrap_up_seconds": 600 })).await,
    );
    for team in [&team, &strict] {
        world.agents(team, 2).await;
        assert_eq!(world.rings(team, 1).await, [1, 2]);
    }
    world.applied().await;
    let held = world.holding_up().await;
    for team in [&team, &strict] {
        world.leg(team, 1, 1, "in-progress").await;
        assert_eq!(world.rings(team, 2).await, [2]);
        // The same request again rings nobody: two people talk in this call.
        assert_eq!(world.rings(team, 1).await, Vec::<u8>::new());
        world.leg(team, 1, 1, "completed").await;
    }
    assert_eq!(world.rings(&team, 3).await, [1, 2]);
    assert_eq!(world.rings(&strict, 3).await, [2], "there is work after the call");
    let other = world.team("other").await;
    world.agents(&other, 2).await;
    assert_eq!(world.rings(&other, 1).await, [1, 2]);
    held.batch_execute("commit").await.expect("released");
    world.applied().await;
    assert_eq!(world.rings(&team, 4).await, [1, 2]);
    assert_eq!(world.rings(&strict, 4).await, [2]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn also_while_the_database_is_away() {
    let world = World::new().await;
    let team = world.team("acme").await;
    world.agents(&team, 2).await;
    assert_eq!(world.rings(&team, 1).await, [1, 2]);
    world.applied().await;
    world.cut_off().await;
    world.leg(&team, 1, 1, "in-progress").await;
    assert_eq!(world.rings(&team, 2).await, [2]);
    world.leg(&team, 1, 1, "completed").await;
    assert_eq!(world.rings(&team, 3).await, [1, 2]);
    world.let_in().await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn also_behind_a_backlog_and_after_a_restart() {
    let mut world = World::new().await;
    let team = world.team("acme").await;
    world.agents(&team, 3).await;
    assert_eq!(world.rings(&team, 1).await, [1, 2, 3]);
    world.applied().await;
    let _held = world.holding_up().await;
    world.leg(&team, 1, 1, "in-progress").await;
    let stopped = world.stop_first().await;
    let spool = Spool::open(world.data_dir(0).join("spool"), Config::default()).expect("the spool");
    let records = spool.next_batch(10).expect("the records");
    let mut entry: Value = serde_json::from_slice(&records[0].payload).expect("an entry");
    entry["params"] = json!([]);
    for number in 0..100 {
        // Another agent's, so that it says nothing of those here.
        entry["call"] = json!(sid(0x40));
        entry["events"][0]["sid"] = json!(format!("CA{number:032x}"));
        entry["events"][0]["agent"] = json!(team.user(9).to_string());
        let payload = entry.to_string();
        let appends: Vec<_> = (0..1_000).map(|_| spool.append(payload.as_str())).collect();
        for append in appends {
            append.wait().expect("durable");
        }
    }
    spool.close();

    world.start_again(stopped).await;
    world.leg(&team, 2, 2, "in-progress").await;
    assert!(world.servers[0].pending_records() > 100_000);
    until("what was acknowledged before the restart is known", async || {
        world.rings(&team, 3).await == [3]
    })
    .await;
    world.leg(&team, 2, 2, "completed").await;
    assert_eq!(world.rings(&team, 4).await, [2, 3]);
    world.stop().await;
}
