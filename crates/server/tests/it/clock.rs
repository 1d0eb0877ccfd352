//! A machine whose clock is wrong.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use emulator::Behaviour;
use identity::Timestamp;
use serde_json::json;
use server::Clock;

use crate::http::{Ask, exchange};
use crate::sessions::session;
use crate::world::World;

const CALLER: &str = "+15005551234";
const SECOND: Duration = Duration::from_secs(1);
const DAYS: Duration = Duration::from_secs(3 * 86_400);

#[expect(clippy::disallowed_methods, reason = "what the right time is, for a test")]
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    Timestamp::from_unix_micros(i64::try_from(since.as_micros()).expect("before 292,000"))
}

impl World {
    async fn holds(&self, sql: &str) -> bool {
        self.owner.client().query_one(sql, &[]).await.expect("an answer").get(0)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_three_days_ahead_dates_calls_as_the_others_do() {
    let mut world = World::new().await;
    world.clock = Clock::of(|| now().after(DAYS));
    world.start_server().await;
    let team = world.team_with("acme", &json!({ "wrap_up_seconds": 600 })).await;
    let agents = world.agents(&team, 4).await;
    for agent in &agents {
        agent.behaves(Behaviour::talks(SECOND, SECOND));
    }
    // Twilio asks the servers in turn, and each call is several requests.
    for _ in 0..agents.len() {
        world.phone(CALLER).call(&team.number).ended().await;
        world.applied().await;
    }
    let sane =
        "select count(*) > 0 and bool_and(at < now() + interval '2 minutes') from voice_events";
    assert!(world.holds(sane).await, "every event has a moment that can be");
    let sane = "select count(*) > 0 and bool_and(idle_since < now() + interval '2 minutes') \
                from voice_agents where idle_since is not null";
    assert!(world.holds(sane).await);
    // Sessions count there as anywhere, and both servers show the same wrap-up.
    for server in &world.servers {
        let ask = Ask::get(&team.path("agents")).bearer(&session(team.user(1)));
        let page = exchange(server.address(), &ask.bytes()).await.json();
        for agent in page["agents"].as_array().expect("agents") {
            let until = agent["until"].as_str().expect("it works after the call");
            let until: Timestamp = until.parse().expect("a moment");
            assert!(until < now().after(Duration::from_secs(720)), "{agent}");
        }
    }
    assert!(world.metric("switchroom_dated_ahead_total").await == 0);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_idle_since_a_moment_in_the_future_rings() {
    let world = World::new().await;
    let team = world.team_with("acme", &json!({ "wrap_up_seconds": 600 })).await;
    let agents = world.agents(&team, 2).await;
    agents[0].behaves(Behaviour::talks(SECOND, SECOND));
    agents[1].behaves(Behaviour::Ignores);
    world.phone(CALLER).call(&team.number).ended().await;
    world.applied().await;
    // As a clock that is right again has left it.
    world
        .sql(
            "update voice_legs set ended_at = now() + interval '3 days' where answered_at is not null; \
             update voice_agents set idle_since = now() + interval '3 days' where idle_since is not null",
        )
        .await;
    let ask = Ask::get(&team.path("agents")).bearer(&session(team.user(1)));
    let page = world.ask(&ask).await.json();
    let shown = page["agents"].as_array().expect("agents");
    assert!(shown.iter().all(|agent| agent["status"] != json!("wrap_up")), "{page}");
    // The next call is answered by the same agent, whose wrap-up is as long as any.
    let story = world.phone(CALLER).call(&team.number).ended().await;
    assert_eq!(team.answered(&story), Some(1));
    world.applied().await;
    let page = world.ask(&ask).await.json();
    let own = page["agents"].as_array().expect("agents").iter();
    let works = own.filter(|agent| agent["status"] == json!("wrap_up")).count();
    assert_eq!(works, 1, "{page}");
    let sane = "select max(idle_since) < now() + interval '2 minutes' from voice_agents";
    assert!(world.holds(sane).await);
    world.stop().await;
}
