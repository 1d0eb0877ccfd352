//! Every subscribed page gets every event, from any server, and misses none.

use std::time::Duration;

use emulator::Behaviour;
use serde_json::{Value, json};

use crate::http::Ask;
use crate::sessions::{claims, now, sign};
use crate::stream::{Seen, Stream};
use crate::team::Team;
use crate::world::{SESSION_SECRET, World, until};

const CALLER: &str = "+15005551234";
const SECOND: Duration = Duration::from_secs(1);

/// The status of an agent in a list.
fn status(agents: &Value, team: &Team, agent: u8) -> String {
    let id = json!(team.user(agent).to_string());
    let agents = agents.as_array().expect("agents");
    let found = agents.iter().find(|one| one["user_id"] == id).expect("the agent");
    found["status"].as_str().expect("a status").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_tell_a_call_from_its_first_ring_to_its_end() {
    let world = World::with_servers(2).await;
    let team = world.team("acme").await;
    let agents = world.agents(&team, 3).await;
    world.contact(&team, CALLER, &[1, 2]).await;
    agents[0].behaves(Behaviour::ByHand);
    agents[1].behaves(Behaviour::Declines { after: SECOND });
    let mut streams =
        [world.stream(0, &team.events(1)).await, world.stream(1, &team.events(3)).await];
    for (stream, agent) in streams.iter_mut().zip([1, 3]) {
        let snapshot = stream.next().await.expect("a snapshot");
        assert_eq!(snapshot.name, "snapshot");
        let data = snapshot.data;
        assert_eq!(data["me"]["user_id"], json!(team.user(agent).to_string()));
        assert_eq!(data["agents"].as_array().map(Vec::len), Some(3));
        assert_eq!((&data["calls"], data["now"].is_string()), (&json!([]), true));
    }
    let call = world.phone(CALLER).call(&team.number);
    agents[0].rings().await;
    world.twilio.advance(2 * SECOND).await;
    for stream in &mut streams {
        let declined = stream.named("ring_ended").await;
        assert_eq!(
            (&declined["reason"], &declined["user_id"], &declined["answered_by"]),
            (&json!("declined"), &json!(team.user(2).to_string()), &json!(null))
        );
    }
    agents[0].answer().expect("it rings");
    world.twilio.settled().await;
    for stream in &mut streams {
        let answered = stream.named("ring_ended").await;
        let ana = json!({ "user_id": team.user(1).to_string(), "name": "Agent 1" });
        assert_eq!((&answered["reason"], &answered["answered_by"]), (&json!("answered"), &ana));
        assert!(answered["call_sid"].is_string() && answered["leg_sid"].is_string());
    }
    let busy = streams[1].shows(&team, 1, "busy").await;
    // A page that opens now finds the call.
    let mut late = world.stream(0, &team.events(2)).await;
    let snapshot = late.named("snapshot").await;
    assert_eq!(status(&snapshot["agents"], &team, 1), "busy");
    let live = &snapshot["calls"][0];
    assert_eq!(live["call_sid"], busy["call_sid"]);
    assert_eq!(live["from_text"], json!("(500) 555-1234"));
    assert_eq!((&live["outcome"], &live["handled_by"]), (&json!("in_progress"), &busy["user_id"]));
    assert_eq!(live["legs"].as_array().map(Vec::len), Some(2));

    agents[0].hang_up().expect("a call");
    let story = call.ended().await;
    world.applied().await;
    let over = |seen: &Seen| seen.name == "call" && seen.data["ended_at"].is_string();
    for stream in streams.iter_mut().chain([&mut late]) {
        let ended = stream.find("the end", over).await.data;
        let same = world.get(&team, 1, &format!("calls/{}", story.sid)).await.json();
        assert_eq!(
            (&ended["call_sid"], &ended["outcome"]),
            (&same["call_sid"], &json!("completed"))
        );
        assert_eq!(ended["from_text"], json!("(500) 555-1234"));
        assert_eq!(ended["to_text"], same["to_text"]);
        assert_eq!(
            ended.as_object().map(|o| o.keys().collect::<Vec<_>>()),
            same.as_object().map(|o| o.keys().collect::<Vec<_>>())
        );
    }
    late.shows(&team, 1, "unknown").await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_reason_why_a_ring_stops_is_told() {
    let world = World::new().await;
    let team = world.team("acme").await;
    let agents = world.agents(&team, 1).await;
    let mut stream = world.stream(0, &team.events(1)).await;
    let cases: [(&str, Behaviour, Option<u64>); 4] = [
        ("caller_hung_up", Behaviour::Ignores, Some(5)),
        ("timed_out", Behaviour::Ignores, None),
        ("declined", Behaviour::Declines { after: SECOND }, None),
        ("answered", Behaviour::talks(SECOND, SECOND), None),
    ];
    for (reason, behaviour, patience) in cases {
        agents[0].behaves(behaviour);
        let phone = world.phone(CALLER);
        let phone = match patience {
            Some(seconds) => phone.gives_up_after(Duration::from_secs(seconds)),
            None => phone,
        };
        phone.call(&team.number).ended().await;
        let told = stream.named("ring_ended").await;
        assert_eq!(told["reason"], json!(reason));
        world.applied().await;
    }
    world.stop().await;
}

/// The events of a call and of two agents that a page has missed. The end of the call may have been
/// written with the end of the ring, or after it.
async fn missed(stream: &mut Stream) -> Vec<Seen> {
    let mut seen = Vec::new();
    while [("call", 1), ("ring_ended", 1), ("agent", 2)]
        .iter()
        .any(|(name, n)| count(&seen, name) < *n)
    {
        seen.push(stream.next().await.expect("more"));
    }
    seen
}

fn count(seen: &[Seen], name: &str) -> usize {
    seen.iter().filter(|seen| seen.name == name).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_goes_on_at_another_server_where_it_was_cut_off() {
    let mut world = World::with_servers(2).await;
    let team = world.team("acme").await;
    let agents = world.agents(&team, 2).await;
    let mut stream = world.stream(0, &team.events(1)).await;
    stream.named("snapshot").await;
    world.set_status(&team, 2, "away").await;
    stream.shows(&team, 2, "away").await;

    // Its server stops in the middle of the call, at once.
    let stopped = world.stop_first().await;
    stream.ends().await;
    world.route();
    agents[0].behaves(Behaviour::talks(SECOND, SECOND));
    let story = world.phone(CALLER).call(&team.number).ended().await;
    world.applied().await;
    let mut other = world.resume(0, team.events(1), &stream).await;
    let seen = missed(&mut other).await;
    assert!(seen.iter().all(|seen| seen.name != "snapshot" && seen.name != "reset"), "{seen:?}");
    let calls: Vec<&Value> =
        seen.iter().filter(|seen| seen.name == "call").map(|seen| &seen.data).collect();
    assert_eq!(calls.len(), 1, "only as it is now: {calls:?}");
    assert_eq!(calls[0]["call_sid"], json!(story.sid.as_str()));
    assert_eq!(calls[0]["from_text"], json!("(500) 555-1234"), "missed events too");
    assert_eq!(count(&seen, "agent"), 2);

    // And back to the first one, after a restart: nothing is new.
    world.start_again(stopped).await;
    drop(other);
    let mut back = world.resume(0, team.events(1), &stream).await;
    missed(&mut back).await;
    let mut again = world.resume(0, team.events(1), &back).await;
    world.set_status(&team, 2, "available").await;
    let next = again
        .find("news", |seen| seen.name != "agent" || seen.data["presence"] == json!("available"))
        .await;
    assert_eq!((next.name.as_str(), &next.data["status"]), ("agent", &json!("available")));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_was_away_for_too_long_begins_anew() {
    let world = World::new().await;
    let team = world.team("acme").await;
    world.member(&team, 1, "agent").await;
    let mut stream = world.stream(0, &team.events(1)).await;
    stream.named("snapshot").await;
    world.set_status(&team, 1, "away").await;
    let ids = ["99999999", "-1", "0x", "nonsense", "9223372036854775808"];
    for id in ids {
        let ask = team.events(1).header("Last-Event-ID", id);
        let mut stream = world.stream(0, &ask).await;
        let first = stream.next().await.expect("an event");
        assert_eq!(
            (first.name.as_str(), &first.data),
            ("reset", &json!({ "reason": "gap" })),
            "{id}"
        );
        assert_eq!(stream.next().await.expect("an event").name, "snapshot", "{id}");
    }
    // There were more changes than are kept.
    world.sql("update voice_feeds set seq = seq + 5000").await;
    let far = world.stream(0, &team.events(1).header("Last-Event-ID", "1")).await;
    let mut far = far;
    assert_eq!(far.named("reset").await, json!({ "reason": "gap" }));
    // An open stream finds out too.
    world.sql("select pg_notify('voice_changes', 'acme')").await;
    assert_eq!(stream.named("reset").await, json!({ "reason": "gap" }));
    stream.named("snapshot").await;
    assert!(world.metric("switchroom_event_resets_total{reason=\"gap\"}").await >= 7);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_to_the_database_loses_no_event() {
    let world = World::new().await;
    let team = world.team("acme").await;
    for agent in [1, 2] {
        world.member(&team, agent, "agent").await;
    }
    let mut stream = world.stream(0, &team.events(1)).await;
    stream.named("snapshot").await;
    for status in ["away", "available", "offline"] {
        world
            .sql(
                "select pg_terminate_backend(pid) from pg_stat_activity \
                 where application_name = 'switchroom events'",
            )
            .await;
        assert_eq!(world.set_status(&team, 2, status).await.status, 200);
        stream.shows(&team, 2, status).await;
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_with_session_and_membership() {
    let world = World::new().await;
    let team = world.team("acme").await;
    for agent in [1, 2, 3] {
        world.member(&team, agent, "agent").await;
    }
    let short = |seconds: i64| {
        let mut claims = claims(team.user(1));
        claims["exp"] = json!(i64::try_from(now()).expect("this century") + seconds);
        Ask::get(&team.path("events")).bearer(&sign(&claims, SESSION_SECRET))
    };
    let mut session = world.stream(0, &short(2)).await;
    let mut member = world.stream(0, &team.events(2)).await;
    let mut stays = world.stream(0, &team.events(3)).await;
    session.ends().await;
    // A request would still be accepted.
    let answer = world.no_stream(0, &short(-1)).await;
    assert_eq!((answer.status, &*answer.code()), (401, "session_expired"));

    world.leaves(&team, 2).await;
    member.ends().await;
    let snapshot = stays
        .find("a team of two", |seen| {
            seen.data["agents"].as_array().is_some_and(|agents| agents.len() == 2)
        })
        .await;
    assert_eq!(snapshot.name, "snapshot");
    let answer = world.no_stream(0, &team.events(2)).await;
    assert_eq!((answer.status, &*answer.code()), (404, "workspace_not_found"));
    until("no stream is left over", async || world.metric("switchroom_event_streams").await == 1)
        .await;
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_hears_nothing_of_another() {
    let world = World::new().await;
    let (ours, theirs) = (world.team("ours").await, world.team("theirs").await);
    let agents = world.agents(&theirs, 2).await;
    world.member(&ours, 1, "agent").await;
    world.member(&theirs, 9, "viewer").await;
    for (user, workspace) in [(ours.user(1), &theirs.id), (theirs.user(9), &theirs.id)] {
        let path = format!("/api/workspaces/{workspace}/events");
        let ask = Ask::get(&path).bearer(&crate::sessions::session(user));
        let foreign = world.no_stream(0, &ask).await.comparable();
        let path = "/api/workspaces/absent/events";
        let ask = Ask::get(path).bearer(&crate::sessions::session(user));
        assert_eq!(world.no_stream(0, &ask).await.comparable(), foreign);
        assert_eq!((foreign.status, &*foreign.code()), (404, "workspace_not_found"));
    }
    let mut mine = world.stream(0, &ours.events(1)).await;
    let mut yours = world.stream(0, &theirs.events(1)).await;
    agents[0].behaves(Behaviour::talks(SECOND, SECOND));
    world.phone(CALLER).call(&theirs.number).ended().await;
    world.applied().await;
    yours.named("ring_ended").await;
    // The number of a change of another workspace means nothing here.
    let last = yours.last_id.clone().expect("an id");
    let mut resumed = world.stream(0, &ours.events(1).header("Last-Event-ID", &last)).await;
    world.set_status(&ours, 1, "away").await;
    for stream in [&mut mine, &mut resumed] {
        let away = |seen: &Seen| seen.data["status"] == json!("away");
        loop {
            let seen = stream.next().await.expect("more");
            let text = seen.data.to_string();
            assert!(!text.contains(&theirs.number), "{text}");
            assert!(!text.contains(&theirs.user(1).to_string()), "{text}");
            if away(&seen) {
                break;
            }
        }
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_has_six_streams_and_a_page_one() {
    let world = World::new().await;
    let team = world.team("acme").await;
    world.member(&team, 1, "agent").await;
    world.member(&team, 2, "agent").await;
    let mut streams = Vec::new();
    for page in 0..6 {
        streams.push(world.stream(0, &team.page(1, &format!("tab-{page}"))).await);
    }
    let answer = world.no_stream(0, &team.page(1, "tab-7")).await;
    assert_eq!((answer.status, &*answer.code()), (429, "too_many_streams"));
    assert_eq!(answer.header("retry-after"), Some("1"));
    let mut other = world.stream(0, &team.events(2)).await;
    other.named("snapshot").await;
    // A page that reconnects before the server knows that its old stream is dead.
    let mut again = world.stream(0, &team.page(1, "tab-0")).await;
    again.named("snapshot").await;
    streams[0].ends().await;
    drop(streams.pop());
    until("a place is free", async || {
        let asked = world.team_stream(&team).await;
        asked.is_some()
    })
    .await;
    for page in ["", "a%20b", "a/b", &"x".repeat(65)] {
        let answer = world.no_stream(0, &team.page(1, page)).await;
        assert_eq!((answer.status, &*answer.code()), (400, "field_invalid"), "{page}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_reads_nothing_loses_its_stream_and_holds_up_nobody() {
    use tokio::io::AsyncWriteExt;
    let world = World::new().await;
    let team = world.team("acme").await;
    world.member(&team, 1, "agent").await;
    world.member(&team, 2, "agent").await;
    // Long names, so that the backlog soon exceeds the buffers of a connection.
    world.sql("update user_profiles set full_name = repeat('x', 60000)").await;
    let mut lazy = Vec::new();
    for _ in 0..2 {
        let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(4096).expect("a small buffer");
        let mut stream = socket.connect(world.servers[0].address()).await.expect("a connection");
        stream.write_all(&team.events(1).bytes()).await.expect("a request");
        lazy.push(stream);
    }
    let mut good = world.stream(0, &team.events(2)).await;
    until("all watch", async || world.metric("switchroom_event_streams").await == 3).await;
    let mut changes = 0;
    let cut = async {
        loop {
            let status = ["away", "available"][changes % 2];
            assert_eq!(world.set_status(&team, 2, status).await.status, 200);
            good.shows(&team, 2, status).await;
            changes += 1;
            if changes > 300 {
                tokio::time::sleep(Duration::from_millis(200)).await;
                if world.metric("switchroom_event_streams").await == 1 {
                    break;
                }
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(150), cut).await.expect("they are cut");
    drop(lazy);
    world.stop().await;
}

impl World {
    /// A seventh page of agent 1, if there is a place.
    async fn team_stream(&self, team: &Team) -> Option<Stream> {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let address = self.servers[0].address();
        let ask = team.page(1, "tab-9");
        let mut probe = tokio::net::TcpStream::connect(address).await.ok()?;
        probe.write_all(&ask.bytes()).await.ok()?;
        let mut line = [0; 12];
        probe.read_exact(&mut line).await.ok()?;
        if &line == b"HTTP/1.1 200" { Some(self.stream(0, &ask).await) } else { None }
    }
}
