//! Leases of open pages that cannot be renewed, for a reason of the database: everybody rings.

use std::time::Duration;

use serde_json::json;
use store_pg::Owner;

use crate::http::{Ask, exchange};
use crate::sessions::session;
use crate::stream::Stream;
use crate::team::{Team, uuid};
use crate::world::{LOGIN, World, until};

const CALLER: &str = "+15005551234";
const SECOND: Duration = Duration::from_secs(1);
const AGENTS: u8 = 4;

/// Four agents whose pages are open on the first of two servers.
struct Office {
    world: World,
    team: Team,
    pages: Vec<Stream>,
}

impl Office {
    async fn open() -> Self {
        let world = World::with_servers(2).await;
        let team = world.team("acme").await;
        world.agents(&team, AGENTS).await;
        let mut pages = Vec::new();
        for agent in 1..=AGENTS {
            let mut page = world.stream(0, &team.page(agent, "one")).await;
            page.named("snapshot").await;
            pages.push(page);
        }
        Self { world, team, pages }
    }

    /// The leases of all agents but the first ran out, long before the servers started. The first
    /// one's lease lasts, so that nobody can say that no page is open.
    fn leases(&self) -> String {
        format!(
            "update voice_agents set online_until = case when user_id = '{}' \
             then now() + interval '1 hour' else now() - interval '10 minutes' end",
            uuid(self.team.user(1))
        )
    }

    async fn have_run_out(&self) -> bool {
        let sql =
            "select count(*) from voice_agents where online_until < now() - interval '5 minutes'";
        let found: i64 =
            self.world.owner.client().query_one(sql, &[]).await.expect("a number").get(0);
        found == i64::from(AGENTS) - 1
    }

    /// Every server shows every agent as available, and rings them all.
    async fn everybody_rings(&self) {
        for server in &self.world.servers {
            let ask = Ask::get(&self.team.path("agents")).bearer(&session(self.team.user(1)));
            until("every page counts as open", async || {
                let answer = exchange(server.address(), &ask.bytes()).await;
                let page = answer.json();
                let agents =
                    page["agents"].as_array().unwrap_or_else(|| panic!("{}", answer.text()));
                agents.iter().all(|agent| agent["status"] == json!("available"))
            })
            .await;
        }
        assert!(self.have_run_out().await, "nobody renewed a lease");
        // Twilio asks the servers in turn.
        for _ in &self.world.servers {
            let phone = self.world.phone(CALLER).gives_up_after(SECOND);
            let story = phone.call(&self.team.number).ended().await;
            assert_eq!(self.team.rang(&story).len(), usize::from(AGENTS));
        }
    }

    /// Presence cannot be written, and the page hears it.
    async fn no_status_is_set(&self) {
        let answer = self.world.set_status(&self.team, 2, "away").await;
        assert_eq!(answer.status, 503, "{}", answer.text());
    }

    async fn close(self) {
        drop(self.pages);
        self.world.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_on_the_leases_turns_nobody_away() {
    let office = Office::open().await;
    let connect = async || {
        let url = office.world.database.connection_string(localpg::SUPERUSER);
        Owner::connect(&url).await.expect("an owner")
    };
    let (first, second) = (connect().await, connect().await);
    // As `create index` locks the table. The leases run out in the first transaction. The second one
    // is next in line when that commits, unless a renewal was in line before it.
    loop {
        let sql = format!("begin; lock table voice_agents in share mode; {}", office.leases());
        first.client().batch_execute(&sql).await.expect("a lock");
        let lock = second.client().batch_execute("begin; lock table voice_agents in share mode");
        let commit = async {
            until("the second one waits", async || {
                let sql = "select exists (select from pg_locks where not granted \
                           and mode = 'ShareLock' and relation = 'public.voice_agents'::regclass)";
                let owner = office.world.owner.client();
                owner.query_one(sql, &[]).await.expect("locks").get(0)
            })
            .await;
            first.client().batch_execute("commit").await.expect("a commit");
        };
        let (locked, ()) = tokio::join!(lock, commit);
        locked.expect("a lock");
        if office.have_run_out().await {
            break;
        }
        second.client().batch_execute("rollback").await.expect("a rollback");
    }
    office.everybody_rings().await;
    office.no_status_is_set().await;
    let answer = office.world.ask(&Ask::get("/readyz")).await;
    assert_eq!((answer.status, &answer.json()["status"]), (200, &json!("ready")));
    let degraded = answer.json()["degraded"].as_str().expect("a reason").to_owned();
    assert!(degraded.contains("cannot be recorded"), "{degraded}");
    assert_eq!(office.world.metric("switchroom_unrecorded_workspaces").await, 1);
    second.client().batch_execute("rollback").await.expect("a rollback");
    until("leases are renewed again", async || {
        !office.have_run_out().await
            && office.world.metric("switchroom_unrecorded_workspaces").await == 0
    })
    .await;
    office.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_takes_no_writes_turns_nobody_away() {
    let office = Office::open().await;
    let name = office.world.database.name();
    let owner = office.world.owner.client();
    // As a provider does whose disk is nearly full. The owner's own session goes on writing.
    let sql = format!("alter database {name} set default_transaction_read_only = on");
    owner.batch_execute(&sql).await.expect("read-only");
    let end_sessions = format!(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity \
         where datname = '{name}' and usename = '{LOGIN}'"
    );
    owner.batch_execute(&end_sessions).await.expect("the sessions");
    owner.batch_execute(&office.leases()).await.expect("leases");
    office.everybody_rings().await;
    office.no_status_is_set().await;
    let answer = office.world.ask(&Ask::get("/readyz")).await;
    assert_eq!((answer.status, &answer.json()["status"]), (503, &json!("not_ready")));
    let reason = answer.json()["reason"].as_str().expect("a reason").to_owned();
    assert!(reason.contains("takes no writes"), "{reason}");
    let sql = format!("alter database {name} reset default_transaction_read_only");
    owner.batch_execute(&sql).await.expect("writable");
    owner.batch_execute(&end_sessions).await.expect("the sessions");
    until("leases are renewed again", async || !office.have_run_out().await).await;
    office.close().await;
}
