//! The status of an agent, from their own word, their open pages and their calls.

use std::time::{Duration, SystemTime};

use emulator::Behaviour;
use serde_json::{Value, json};

use crate::http::{Answer, Ask};
use crate::sessions::session;
use crate::stream::Stream;
use crate::team::{Team, uuid};
use crate::world::{World, until};

const CALLER: &str = "+15005551234";
const SECOND: Duration = Duration::from_secs(1);

impl World {
    /// An agent as another one sees them, on one of the servers.
    async fn seen_by(&self, server: usize, team: &Team, agent: u8) -> Value {
        let ask = Ask::get(&team.path("agents")).bearer(&session(team.user(1)));
        let page = crate::http::exchange(self.servers[server].address(), &ask.bytes()).await.json();
        let id = json!(team.user(agent).to_string());
        let agents = page["agents"].as_array().expect("agents").clone();
        agents.into_iter().find(|one| one["user_id"] == id).expect("the agent")
    }

    async fn status(&self, server: usize, team: &Team, agent: u8) -> String {
        let agent = self.seen_by(server, team, agent).await;
        agent["status"].as_str().expect("a status").to_owned()
    }

    /// Lets the lease of an agent's pages run out, long before these servers started, and tells
    /// everybody to look.
    async fn time_passes(&self, team: &Team, agent: u8) {
        let user = uuid(team.user(agent));
        self.sql(&format!(
            "update voice_agents set online_until = now() - interval '10 minutes' \
             where user_id = '{user}'; select pg_notify('voice_changes', '{}')",
            team.id
        ))
        .await;
    }

    /// The same until it shows: a server may be about to extend the lease.
    async fn closes(&self, stream: &mut Stream, team: &Team, agent: u8) {
        let shown = async {
            loop {
                self.time_passes(team, agent).await;
                let shows = stream.shows(team, agent, "offline");
                if tokio::time::timeout(2 * SECOND, shows).await.is_ok() {
                    return;
                }
            }
        };
        tokio::time::timeout(60 * SECOND, shown).await.expect("it shows");
    }

    async fn end_wrap_up(&self, team: &Team, agent: u8) -> Answer {
        let ask = Ask::new("POST", &team.path("agents/me/wrap-up/end"));
        self.ask(&ask.bearer(&session(team.user(agent)))).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_page_is_presence_and_a_closed_one_rings_nobody() {
    let mut world = World::with_servers(2).await;
    let team = world.team("acme").await;
    world.agents(&team, 3).await;
    let mut watcher = world.stream(0, &team.events(1)).await;
    watcher.named("snapshot").await;
    // Agent 2 opens a page on each server, agent 1 has one too; agent 3 never reports.
    let own = world.stream(0, &team.page(1, "own")).await;
    let mut pages = vec![
        world.stream(0, &team.page(2, "one")).await,
        world.stream(1, &team.page(2, "two")).await,
    ];
    let snapshot = pages[1].named("snapshot").await;
    assert_eq!(snapshot["me"]["status"], json!("available"));
    assert_eq!(snapshot["me"]["presence"], json!(null), "nothing was set by hand");
    watcher.shows(&team, 2, "available").await;
    for server in [0, 1] {
        assert_eq!(world.status(server, &team, 2).await, "available");
        assert_eq!(world.status(server, &team, 3).await, "unknown");
    }
    // One of two pages is closed: the other one goes on renewing the lease.
    pages.remove(0);
    until("its end was noticed", async || world.metric("switchroom_event_streams").await == 2)
        .await;
    world.closes(&mut watcher, &team, 2).await;
    watcher.shows(&team, 2, "available").await;
    // The last page is closed. It has the whole time of grace, from its end on. Its server is stopped, so
    // that no renewal that has begun comes after what the test does to the lease.
    let moment = async |sql: &str| -> SystemTime {
        let id = uuid(team.user(2));
        world.owner.client().query_one(sql, &[&id]).await.expect("a row").get(0)
    };
    let closed_at = moment("select now() where $1::uuid is not null").await;
    pages.clear();
    world.servers.remove(1).stop().await;
    world.route();
    let lasts_until = moment("select online_until from voice_agents where user_id = $1").await;
    let grace = lasts_until.duration_since(closed_at).expect("a lease");
    assert!(grace >= 30 * SECOND, "the lease is put off for the last time: {grace:?}");
    assert_eq!(world.status(0, &team, 2).await, "available", "a reload changes nothing");
    world.closes(&mut watcher, &team, 2).await;
    assert_eq!(world.status(0, &team, 2).await, "offline");

    // Routing agrees, and says why.
    let story = world.phone(CALLER).gives_up_after(SECOND).call(&team.number).ended().await;
    assert_eq!(team.rang(&story), [1, 3]);
    let verdicts = world.verdicts(&team, story.sid, 1).await;
    assert!(verdicts.contains(&(2, "page_closed".to_owned())), "{verdicts:?}");
    // An agent who sets a status by hand has a page that sends no presence.
    let answer = world.set_status(&team, 2, "available").await.json();
    assert_eq!(answer["status"], json!("available"));
    let story = world.phone(CALLER).gives_up_after(SECOND).call(&team.number).ended().await;
    assert_eq!(team.rang(&story).len(), 3);
    drop(own);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_set_by_hand_outlives_pages_and_calls() {
    let world = World::new().await;
    let team = world.team("acme").await;
    let agents = world.agents(&team, 2).await;
    let mut watcher = world.stream(0, &team.events(1)).await;
    let page = world.stream(0, &team.page(2, "one")).await;
    world.set_status(&team, 2, "available").await;
    watcher.shows(&team, 2, "available").await;
    world.set_status(&team, 1, "away").await;
    agents[1].behaves(Behaviour::ByHand);
    let call = world.phone(CALLER).call(&team.number);
    agents[1].rings().await;
    let offered = watcher.shows(&team, 2, "offered").await;
    agents[1].answer().expect("it rings");
    world.twilio.settled().await;
    let busy = watcher.shows(&team, 2, "busy").await;
    assert_eq!((&busy["presence"], &busy["call_sid"]), (&json!("available"), &offered["call_sid"]));
    // Away during the call: away after it, and not before.
    let answer = world.set_status(&team, 2, "away").await.json();
    assert_eq!((&answer["status"], &answer["presence"]), (&json!("busy"), &json!("away")));
    let busy = watcher.shows(&team, 2, "busy").await;
    assert_eq!(busy["presence"], json!("away"));
    agents[1].hang_up().expect("a call");
    call.ended().await;
    watcher.shows(&team, 2, "away").await;
    // Signed out by hand: opening a page changes nothing.
    world.set_status(&team, 2, "offline").await;
    drop(page);
    let mut again = world.stream(0, &team.page(2, "two")).await;
    assert_eq!(again.named("snapshot").await["me"]["status"], json!("offline"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_makes_nobody_flap() {
    let mut world = World::new().await;
    let team = world.team("acme").await;
    world.agents(&team, 2).await;
    let mut page = world.stream(0, &team.page(2, "one")).await;
    page.named("snapshot").await;
    let stopped = world.stop_first().await;
    page.ends().await;
    let left = "select online_until > now() + interval '20 seconds' from voice_agents \
                where online_until is not null";
    let client = world.owner.client();
    let has_time: bool = client.query_one(left, &[]).await.expect("an agent").get(0);
    assert!(has_time, "the pages have time to find another server");
    world.start_again(stopped).await;
    assert_eq!(world.status(0, &team, 2).await, "available");
    let mut back = world.resume(0, team.page(2, "one"), &page).await;
    let own = back.shows(&team, 2, "available").await;
    assert_eq!(own["presence"], json!(null));

    // The server was away for longer than that: nobody could say that their page is open. Until
    // the pages had time to come back, all ring.
    drop(back);
    let stopped = world.stop_first().await;
    world.time_passes(&team, 2).await;
    world.start_again(stopped).await;
    let story = world.phone(CALLER).gives_up_after(SECOND).call(&team.number).ended().await;
    assert_eq!(team.rang(&story).len(), 2);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_call_an_agent_may_work_on() {
    let world = World::with_servers(2).await;
    let team = world.team_with("acme", &json!({ "wrap_up_seconds": 600 })).await;
    let agents = world.agents(&team, 2).await;
    let mut watcher = world.stream(1, &team.events(2)).await;
    agents[0].behaves(Behaviour::talks(SECOND, SECOND));
    world.phone(CALLER).call(&team.number).ended().await;
    let working = watcher.shows(&team, 1, "wrap_up").await;
    let moment = |name: &str| -> identity::Timestamp {
        working[name].as_str().and_then(|at| at.parse().ok()).expect("a moment")
    };
    assert_eq!(moment("until").since(moment("since")), Duration::from_secs(600));
    world.applied().await;
    agents[0].behaves(Behaviour::Ignores);
    let story = world.phone(CALLER).gives_up_after(SECOND).call(&team.number).ended().await;
    assert_eq!(team.rang(&story), [2]);
    let verdicts = world.verdicts(&team, story.sid, 1).await;
    assert_eq!(verdicts, [(1, "wrap_up".to_owned()), (2, "rings".to_owned())]);
    // Away does not end it, available does.
    world.set_status(&team, 1, "away").await;
    watcher.shows(&team, 1, "away").await;
    let answer = world.set_status(&team, 1, "available").await.json();
    assert_eq!(answer["status"], json!("available"));
    watcher.shows(&team, 1, "available").await;
    let story = world.phone(CALLER).gives_up_after(SECOND).call(&team.number).ended().await;
    assert_eq!(team.rang(&story).len(), 2);

    // The next call is followed by work again, which the agent ends.
    agents[0].behaves(Behaviour::talks(SECOND, SECOND));
    agents[1].behaves(Behaviour::Ignores);
    world.phone(CALLER).call(&team.number).ended().await;
    watcher.shows(&team, 1, "wrap_up").await;
    let answer = world.end_wrap_up(&team, 1).await;
    assert_eq!((answer.status, &answer.json()["status"]), (200, &json!("available")));
    watcher.shows(&team, 1, "available").await;
    let story = world.phone(CALLER).gives_up_after(SECOND).call(&team.number).ended().await;
    assert_eq!(team.rang(&story).len(), 2);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn available_during_a_call_leaves_the_work_after_it_as_it_is() {
    let world = World::with_servers(2).await;
    let team = world.team_with("acme", &json!({ "wrap_up_seconds": 600 })).await;
    let agents = world.agents(&team, 1).await;
    let mut watcher = world.stream(1, &team.events(1)).await;
    world.set_status(&team, 1, "available").await;
    agents[0].behaves(Behaviour::ByHand);
    let call = world.phone(CALLER).call(&team.number);
    agents[0].rings().await;
    agents[0].answer().expect("it rings");
    world.twilio.settled().await;
    watcher.shows(&team, 1, "busy").await;
    let answer = world.set_status(&team, 1, "available").await.json();
    assert_eq!((&answer["status"], &answer["presence"]), (&json!("busy"), &json!("available")));
    assert_eq!(world.end_wrap_up(&team, 1).await.json()["status"], json!("busy"));
    // In the same second: Twilio's moments have no fractions.
    agents[0].hang_up().expect("a call");
    call.ended().await;
    world.applied().await;
    for server in [0, 1] {
        assert_eq!(world.status(server, &team, 1).await, "wrap_up");
    }
    // By the same value that it has, on whichever server.
    let answer = world.set_status(&team, 1, "available").await.json();
    assert_eq!(answer["status"], json!("available"));
    for server in [0, 1] {
        assert_eq!(world.status(server, &team, 1).await, "available");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn work_after_a_call_ends_by_itself_and_everybody_hears_of_it() {
    let world = World::new().await;
    let team = world.team_with("acme", &json!({ "wrap_up_seconds": 3 })).await;
    let agents = world.agents(&team, 1).await;
    let mut watcher = world.stream(0, &team.events(1)).await;
    agents[0].behaves(Behaviour::talks(SECOND, SECOND));
    world.phone(CALLER).call(&team.number).ended().await;
    world.applied().await;
    // However long that took, its end is now and two seconds ago.
    world
        .sql(
            "update voice_agents set idle_since = clock_timestamp() - interval '1 second'; \
             select pg_notify('voice_changes', 'acme')",
        )
        .await;
    watcher.shows(&team, 1, "wrap_up").await;
    let free = watcher.shows(&team, 1, "unknown").await;
    assert_eq!(free["since"], json!(null));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_not_ready_is_not_rung() {
    let mut world = World::with_servers(2).await;
    let team = world.team("acme").await;
    world.agents(&team, 3).await;
    let mut watcher = world.stream(0, &team.events(1)).await;
    let page = world.stream(0, &team.page(2, "one&reports=true")).await;
    let shown = watcher.shows(&team, 2, "offline").await;
    assert_eq!(shown["not_ready"], json!("silent"), "it has not said anything yet");
    // It may speak to another server than the one that has its stream.
    let says = async |server: usize, body: Value| {
        let ask = Ask::new("PUT", &team.path("agents/me/page")).json(&body);
        let ask = ask.bearer(&session(team.user(2)));
        crate::http::exchange(world.servers[server].address(), &ask.bytes()).await
    };
    let answer = says(1, json!({ "page": "one", "lacks": null })).await;
    assert_eq!(answer.status, 204, "{answer:?}");
    let shown = watcher.shows(&team, 2, "available").await;
    assert_eq!(shown["not_ready"], json!(null));
    says(1, json!({ "page": "one", "lacks": "microphone" })).await;
    let shown = watcher.shows(&team, 2, "offline").await;
    assert_eq!(shown["not_ready"], json!("microphone"));
    let story = world.phone(CALLER).gives_up_after(SECOND).call(&team.number).ended().await;
    assert_eq!(team.rang(&story), [1, 3]);
    let verdicts = world.verdicts(&team, story.sid, 1).await;
    assert!(verdicts.contains(&(2, "page_not_ready".to_owned())), "{verdicts:?}");

    // Ready again, and then frozen: it holds its stream and says nothing.
    says(0, json!({ "page": "one" })).await;
    watcher.shows(&team, 2, "available").await;
    let story = world.phone(CALLER).gives_up_after(SECOND).call(&team.number).ended().await;
    assert_eq!(team.rang(&story).len(), 3);
    let user = uuid(team.user(2));
    world
        .sql(&format!(
            "update voice_agents set page_ready_until = now() - interval '10 minutes' \
             where user_id = '{user}'; select pg_notify('voice_changes', 'acme'), \
             pg_notify('voice_changes', 'acme agents')"
        ))
        .await;
    let shown = watcher.shows(&team, 2, "offline").await;
    assert_eq!(shown["not_ready"], json!("silent"));
    let story = world.phone(CALLER).gives_up_after(SECOND).call(&team.number).ended().await;
    assert_eq!(team.rang(&story), [1, 3]);

    for wrong in [
        json!({ "page": "", "lacks": null }),
        json!({ "page": "one", "lacks": "silent" }),
        json!({ "page": "one", "lacks": "sleep" }),
        json!({ "page": "one", "ready": true }),
        json!({ "lacks": null }),
    ] {
        let answer = says(0, wrong.clone()).await;
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (400, &json!("field_invalid")),
            "{wrong}"
        );
    }
    drop(page);
    world.servers.remove(1).stop().await;
    world.stop().await;
}
