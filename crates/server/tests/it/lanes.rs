//! One workspace's lock, trigger or volume holds up nobody else's records.

use std::path::PathBuf;

use serde_json::{Value, json};
use spool::{Config, Spool};
use tokio_postgres::NoTls;

use crate::http::Ask;
use crate::team::Team;
use crate::world::{World, until};

fn sid(number: u8) -> String {
    format!("CA{}", format!("{number:02x}").repeat(16))
}

impl World {
    /// A call comes in.
    async fn arrives(&self, team: &Team, call: &str) {
        let params = [
            ("CallSid", call),
            ("From", "+15005551234"),
            ("To", &*team.number),
            ("CallStatus", "ringing"),
            ("Direction", "inbound"),
        ];
        assert_eq!(self.post(team, "voice", &params).await.status, 200);
    }

    /// A call is over.
    async fn ends(&self, team: &Team, call: &str) {
        let params = [("CallSid", call), ("CallStatus", "completed")];
        assert_eq!(self.post(team, "voice/status", &params).await.status, 204);
    }

    async fn is_over(&self, team: &Team, call: &str) -> bool {
        let sql = "select count(*) from public.voice_events \
                   where workspace_id = $1 and call_sid = $2 and key = 'ended'";
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 2] = [&team.id.as_str(), &call];
        let row = self.owner.client().query_one(sql, &params).await;
        row.expect("a count").get::<_, i64>(0) == 1
    }

    fn parked(&self, team: &Team) -> PathBuf {
        self.data_dir(0).join("spool/parked").join(team.id.as_str())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_holds_up_its_own_workspace_alone_and_nothing_is_lost() {
    let mut world = World::new().await;
    let (locked, free) = (world.team("locked").await, world.team("free").await);
    world.agents(&locked, 1).await;
    world.agents(&free, 1).await;
    world.arrives(&locked, &sid(1)).await;
    world.applied().await;
    let url = world.database.connection_string(localpg::SUPERUSER);
    let (holder, connection) = tokio_postgres::connect(&url, NoTls).await.expect("a connection");
    tokio::spawn(connection);
    let lock = format!(
        "begin; select from public.livechat_messages where workspace_id = '{}' for update",
        locked.id
    );
    holder.batch_execute(&lock).await.expect("locked");

    world.ends(&locked, &sid(1)).await;
    world.arrives(&free, &sid(2)).await;
    world.ends(&free, &sid(2)).await;
    until("the other workspace's call is over", async || world.is_over(&free, &sid(2)).await).await;
    assert!(!world.is_over(&locked, &sid(1)).await, "the lock is held");
    // It does not hold the spool either.
    let mut call = 10;
    until("the workspace is parked", async || {
        // Only somebody who is left behind is parked.
        call = if call == 250 { 10 } else { call + 1 };
        world.ends(&free, &sid(call)).await;
        world.parked(&locked).join("why").exists()
    })
    .await;
    until("readiness says so", async || {
        let ready = world.ask(&Ask::get("/readyz")).await;
        ready.status == 200 && ready.text().contains("the records of 1 workspaces wait")
    })
    .await;
    world.arrives(&locked, &sid(3)).await;

    let stopped = world.stop_first().await;
    world.start_again(stopped).await;
    world.arrives(&free, &sid(4)).await;
    world.ends(&free, &sid(4)).await;
    until("after a restart too", async || world.is_over(&free, &sid(4)).await).await;
    assert!(!world.is_over(&locked, &sid(1)).await, "the lock is held");

    holder.batch_execute("commit").await.expect("released");
    world.ends(&locked, &sid(3)).await;
    world.applied().await;
    for call in [1, 3] {
        assert!(world.is_over(&locked, &sid(call)).await, "{call}");
    }
    until("its log is gone", async || !world.parked(&locked).exists()).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn triggers_that_sleep_or_raise_hold_up_their_own_workspaces_alone() {
    let world = World::new().await;
    let mut ill = Vec::new();
    for name in ["sleeps-1", "sleeps-2", "sleeps-3", "sleeps-4", "sleeps-5", "sleeps-6", "raises"] {
        ill.push(world.team(name).await);
    }
    let well = world.team("well").await;
    for team in ill.iter().chain([&well]) {
        world.agents(team, 1).await;
    }
    let function = |does: &str| {
        format!(
            "create or replace function public.trouble() returns trigger language plpgsql as $$ \
               begin {does} return new; end $$;"
        )
    };
    let trouble = "if new.workspace_id like 'sleeps%' then perform pg_sleep(60); end if; \
                   if new.workspace_id like 'raises%' then \
                     raise exception 'no' using errcode = 'PT403'; end if;";
    let trigger = "create trigger trouble before insert or update on public.livechat_messages \
                   for each row execute function public.trouble()";
    world.database.execute(&format!("{} {trigger}", function(trouble))).expect("a trigger");
    for team in &ill {
        world.arrives(team, &sid(1)).await;
        world.ends(team, &sid(1)).await;
    }
    world.arrives(&well, &sid(2)).await;
    world.ends(&well, &sid(2)).await;
    until("the call of the one that is well is over", async || world.is_over(&well, &sid(2)).await)
        .await;
    for team in &ill {
        assert!(!world.is_over(team, &sid(1)).await, "{}", team.id);
    }
    world.database.execute(&function("")).expect("no trouble any more");
    world.applied().await;
    for team in &ill {
        assert!(world.is_over(team, &sid(1)).await, "{}", team.id);
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_ended_between_both_logs_loses_and_doubles_nothing() {
    let mut world = World::new().await;
    let team = world.team("acme").await;
    world.agents(&team, 1).await;
    world.arrives(&team, &sid(1)).await;
    world.applied().await;
    world.cut_off().await;
    world.ends(&team, &sid(1)).await;
    let stopped = world.stop_first().await;
    let config = Config::default();
    let spool = Spool::open(world.data_dir(0).join("spool"), config).expect("the spool");
    std::fs::create_dir_all(world.parked(&team)).expect("a directory");
    let parked = Spool::open(world.parked(&team), config).expect("a parked log");
    for record in spool.next_batch(10).expect("the records") {
        parked.append(record.payload).wait().expect("durable");
    }
    assert_eq!((spool.stats().pending_records, parked.stats().pending_records), (1, 1));
    spool.close();
    parked.close();

    world.let_in().await;
    world.start_again(stopped).await;
    world.applied().await;
    assert!(world.is_over(&team, &sid(1)).await);
    assert_eq!(world.log(&team).await.len(), 1);
    until("its log is gone", async || !world.parked(&team).exists()).await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backlog_that_cannot_be_applied_leaves_room_for_others() {
    let mut world = World::new().await;
    let (large, small) = (world.team("large").await, world.team("small").await);
    world.agents(&large, 1).await;
    world.agents(&small, 1).await;
    world.arrives(&large, &sid(1)).await;
    world.arrives(&small, &sid(2)).await;
    world.applied().await;
    world.cut_off().await;
    world.ends(&large, &sid(1)).await;
    world.ends(&small, &sid(2)).await;
    let stopped = world.stop_first().await;
    // More than a server keeps in memory, in front of the other's one record.
    let spool = Spool::open(world.data_dir(0).join("spool"), Config::default()).expect("the spool");
    let records = spool.next_batch(10).expect("the records");
    let mut entry: Value = serde_json::from_slice(&records[0].payload).expect("an entry");
    entry["params"] = json!([["Pad", "x".repeat(100_000)]]);
    for _ in 0..20 {
        let appends: Vec<_> = (0..10).map(|_| spool.append(entry.to_string())).collect();
        for append in appends {
            append.wait().expect("durable");
        }
    }
    spool.append(records[1].payload.clone()).wait().expect("durable");
    spool.advance(records[1].sequence).expect("passed");
    spool.close();
    // It starts without the database, which has the trigger when it comes.
    world.start_again(stopped).await;
    let refuse = "create function public.trouble() returns trigger language plpgsql as $$ \
         begin if new.workspace_id = 'large' then raise exception 'no' using errcode = 'XX000'; \
         end if; return new; end $$; \
         create trigger trouble before insert or update on public.voice_events \
           for each row execute function public.trouble()";
    world.database.execute(refuse).expect("a trigger");

    world.let_in().await;
    until("the other's call is over", async || world.is_over(&small, &sid(2)).await).await;
    assert!(world.servers[0].pending_records() >= 200, "nothing of the backlog is applied");
    world.database.execute("drop trigger trouble on public.voice_events").expect("dropped");
    world.applied().await;
    assert!(world.is_over(&large, &sid(1)).await);
    world.stop().await;
}
