//! Missed callbacks are recovered: by Twilio's own record, otherwise by deadline.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use emulator::{Behaviour, Fault, Kind, Mishap, Progress, Select, Story};
use identity::{CallSid, Timestamp};
use server::{Clock, Config, Reconciled, Server};
use uuid::Uuid;

use crate::rest::{Mood, Record, Rest};
use crate::tables::LogRow;
use crate::team::Team;
use crate::world::{LOGIN, PUBLIC_URL, SECRETS_KEY, SESSION_SECRET, World, until};

const CALLER: &str = "+15005551234";
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// The clock of deadlines, which the test moves.
#[derive(Clone)]
pub(crate) struct Hand(Arc<AtomicI64>);

impl Hand {
    pub(crate) fn at(moment: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(moment.unix_micros())))
    }

    pub(crate) fn set(&self, moment: Timestamp) {
        self.0.store(moment.unix_micros(), Ordering::SeqCst);
    }

    fn clock(&self) -> Clock {
        let now = Arc::clone(&self.0);
        Clock::of(move || Timestamp::from_unix_micros(now.load(Ordering::SeqCst)))
    }
}

/// A server of this world that asks `rest`. It reconciles when it is told.
pub(crate) async fn serve(world: &mut World, rest: &Rest, hand: &Hand) {
    serve_every(world, rest, hand, None).await;
}

/// The same, with rounds of its own.
async fn serve_every(world: &mut World, rest: &Rest, hand: &Hand, every: Option<Duration>) {
    let directory = world.data_dir(world.servers.len());
    let database_url = world.database.connection_string(LOGIN);
    let config = Config::read(|name| {
        let text = match name {
            "DATABASE_URL" => database_url.as_str(),
            "SWITCHROOM_DATA_DIR" => directory.to_str()?,
            "SWITCHROOM_LISTEN" => "127.0.0.1:0",
            "SWITCHROOM_PUBLIC_URL" => PUBLIC_URL,
            "SWITCHROOM_SESSION_SECRET" => SESSION_SECRET,
            "SWITCHROOM_SECRETS_KEY" => SECRETS_KEY,
            "TWILIO_API_BASE_URL" => rest.base.as_str(),
            _ => return None,
        };
        Some(text.to_owned())
    });
    let mut config = config.expect("a configuration");
    config.reconcile.every = every;
    config.reconcile.clock = hand.clock();
    world.servers.push(Server::start(config).await.expect("a server"));
    world.route();
}

/// Everything that Twilio knows of a call that was played.
pub(crate) fn records(story: &Story, began: Timestamp) -> Vec<Record> {
    let over = began + SECOND + story.talked;
    let root = Record {
        sid: story.sid,
        parent: None,
        status: story.status.as_str(),
        from: story.from.to_string(),
        to: story.to.to_string(),
        began,
        over: Some(over),
        seconds: story.talked.as_secs(),
    };
    let leg = |leg: &emulator::Leg| Record {
        sid: leg.sid,
        parent: Some(story.sid),
        status: leg.status.as_str(),
        from: leg.from.to_string(),
        to: leg.to.to_string(),
        began,
        over: Some(over),
        seconds: leg.seconds,
    };
    std::iter::once(root).chain(story.legs.iter().map(leg)).collect()
}

pub(crate) async fn reconcile(world: &World) -> Reconciled {
    world.applied().await;
    let done = world.servers[0].reconcile().await;
    world.applied().await;
    done
}

/// Every row of the workspace but its own, in which the comparison is noted.
pub(crate) async fn written(world: &World, team: &Team) -> Vec<String> {
    let mut rows = world.dump(Some(team)).await;
    rows.retain(|row| !row.starts_with("voice_workspaces "));
    rows
}

/// Agents who are on a call, by the legs in the database.
async fn busy(world: &World, team: &Team) -> Vec<u8> {
    world.applied().await;
    let sql = "select distinct user_id from public.voice_legs where workspace_id = $1 \
               and user_id is not null and ended_at is null and answered_at is not null";
    let rows = world.owner.client().query(sql, &[&team.id.as_str()]).await.expect("legs");
    let user = |id: Uuid| team.number_of(identity::UserId::from_bytes(*id.as_bytes()));
    rows.iter().map(|row| user(row.get(0))).collect()
}

async fn end_reason(world: &World, call: CallSid) -> String {
    world.call_column(call, "end_reason").await.unwrap_or_default()
}

/// A call that agent 1 answered, and whose last callback is missing.
async fn lost_end(world: &World, team: &Team) -> Story {
    let agents = world.agents(team, 2).await;
    agents[0].behaves(Behaviour::talks(SECOND, 20 * SECOND));
    let dropped = [
        Select::kind(Kind::LegStatus).progress(Progress::Completed),
        Select::kind(Kind::Action),
        Select::kind(Kind::CallStatus),
    ];
    for on in dropped {
        world.twilio.fault(Fault { on, mishap: Mishap::Dropped, times: None });
    }
    let story = world.phone(CALLER).call(&team.number).ended().await;
    world.twilio.settled().await;
    world.twilio.clear_faults();
    assert_eq!(busy(world, team).await, [1], "{story}");
    story
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missed_end_comes_by_deadline_and_from_twilio_once_it_can_be_asked() {
    let mut world = World::with_servers(0).await;
    let (rest, hand) = (Rest::start().await, Hand::at(world.twilio.now()));
    rest.is(Mood::Status(500));
    serve(&mut world, &rest, &hand).await;
    let team = world.team("acme").await;
    let began = world.twilio.now();
    let story = lost_end(&world, &team).await;

    hand.set(began + HOUR);
    assert_eq!(reconcile(&world).await.expired, 0, "calls may last that long");
    assert_eq!(busy(&world, &team).await, [1]);
    hand.set(began + 5 * HOUR);
    let done = reconcile(&world).await;
    assert_eq!((done.expired, done.corrected, done.is_whole), (1, 0, false));
    assert_eq!(busy(&world, &team).await, [0; 0]);
    assert_eq!(world.log(&team).await, [LogRow::inbound(story.sid, "completed", Some(1))]);
    assert_eq!(end_reason(&world, story.sid).await, "lost");

    rest.is(Mood::Good);
    rest.knows(records(&story, began));
    hand.set(began + 6 * HOUR);
    let done = reconcile(&world).await;
    assert_eq!((done.expired, done.corrected, done.found, done.is_whole), (0, 1, 0, true));
    assert_eq!(world.log(&team).await, [LogRow::inbound(story.sid, "completed", Some(1))]);
    assert_eq!(end_reason(&world, story.sid).await, "completed");
    let settled = written(&world, &team).await;
    hand.set(began + 7 * HOUR);
    let done = reconcile(&world).await;
    assert_eq!((done.expired, done.corrected, done.found), (0, 0, 0));
    assert_eq!(written(&world, &team).await, settled, "nothing is written twice");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missed_end_comes_from_twilio() {
    let mut world = World::with_servers(0).await;
    let (rest, hand) = (Rest::start().await, Hand::at(world.twilio.now()));
    serve(&mut world, &rest, &hand).await;
    let team = world.team("acme").await;
    let began = world.twilio.now();
    let story = lost_end(&world, &team).await;

    // It goes on, says Twilio.
    let mut goes_on = records(&story, began);
    for record in &mut goes_on {
        (record.status, record.over) = ("in-progress", None);
    }
    goes_on.retain(|record| record.parent.is_none() || record.to.contains(&agent(&team, 1)));
    rest.knows(goes_on);
    hand.set(began + 5 * HOUR);
    let done = reconcile(&world).await;
    assert_eq!((done.expired, done.corrected), (0, 0), "Twilio knows better than a deadline");
    assert_eq!(busy(&world, &team).await, [1]);
    hand.set(began + 5 * HOUR + MINUTE);
    let asked = rest.requests();
    reconcile(&world).await;
    assert_eq!(rest.requests(), asked, "not asked again at once");

    rest.knows(records(&story, began));
    hand.set(began + 6 * HOUR);
    let done = reconcile(&world).await;
    assert_eq!((done.expired, done.corrected, done.is_whole), (0, 1, true));
    assert_eq!(busy(&world, &team).await, [0; 0]);
    assert_eq!(end_reason(&world, story.sid).await, "completed");
    let sql = "select extract(epoch from ended_at - answered_at)::float8 from voice_calls";
    let talked: f64 = world.owner.client().query_one(sql, &[]).await.expect("a call").get(0);
    assert!((15.0..25.0).contains(&talked), "{talked} s, not five hours");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn workspaces_take_turns_and_a_round_goes_on_where_one_stopped() {
    let mut world = World::with_servers(0).await;
    let (rest, hand) = (Rest::start().await, Hand::at(world.twilio.now()));
    serve(&mut world, &rest, &hand).await;
    let (acme, bolt) = (world.team("acme").await, world.team("bolt").await);
    let began = world.twilio.now();
    let story = lost_end(&world, &bolt).await;
    let call = |number: u16| {
        let mut bytes = [0xee; 16];
        bytes[14..].copy_from_slice(&number.to_be_bytes());
        CallSid::from_bytes(bytes)
    };
    let sql = "insert into public.voice_calls (workspace_id, call_sid, direction, outcome, \
                 from_party, to_party, started_at) \
               select 'acme', sid, 'inbound', 'ringing', $2, $3, to_timestamp($4::bigint / 1e6) \
               from unnest($1::text[]) sid";
    let sids: Vec<String> = (0..300).map(|number| call(number).to_string()).collect();
    let micros = began.unix_micros();
    let client = world.owner.client();
    client.execute(sql, &[&sids, &CALLER, &acme.number, &micros]).await.expect("open calls");
    let goes_on = |number| Record {
        sid: call(number),
        parent: None,
        status: "in-progress",
        from: CALLER.to_owned(),
        to: acme.number.clone(),
        began,
        over: None,
        seconds: 0,
    };
    let mut known = records(&story, began);
    known.extend((0..299).map(goes_on));
    known.push(Record { status: "completed", over: Some(began + HOUR), ..goes_on(299) });
    rest.knows(known);

    hand.set(began + 5 * HOUR);
    let done = reconcile(&world).await;
    assert_eq!((done.corrected, done.is_whole), (1, false), "bolt's, and some of acme's");
    assert_eq!(busy(&world, &bolt).await, [0; 0]);
    let asked = rest.requests();
    assert!(asked < 2 * 300, "{asked} requests: acme has had its turns");
    let done = reconcile(&world).await;
    assert_eq!((done.corrected, done.is_whole), (1, true), "the last of acme's");
    assert_ne!(end_reason(&world, call(299)).await, "", "it has ended");
    world.stop().await;
}

fn agent(team: &Team, number: u8) -> String {
    team.identity(number).to_string()
}

/// Three calls while no server is there: one that nobody could be rung for, one that another
/// server's document had answered by agent 2, and one that agent 1 wanted to place.
async fn gap(world: &World, team: &Team) -> (Vec<Record>, Vec<LogRow>) {
    let agents = world.agents(team, 2).await;
    world.contact(team, CALLER, &[]).await;
    let began = world.twilio.now();
    let missed = world.phone(CALLER).call(&team.number).ended().await;
    let stranger = world.phone("+15005557777").call(&team.number).ended().await;
    let placed = agents[0].call([("To", "+15005550123")]).expect("the agent is free").ended().await;
    assert!(missed.application_error && placed.application_error, "{missed}\n{placed}");

    let mut all = records(&missed, began);
    let mut answered = records(&stranger, began + SECOND);
    answered[0].over = Some(began + 40 * SECOND);
    let leg = |number, status, seconds| Record {
        sid: CallSid::from_bytes([0xe0 + number; 16]),
        parent: Some(stranger.sid),
        status,
        to: format!("client:{}", agent(team, number)),
        over: Some(began + 39 * SECOND),
        seconds,
        ..answered[0].clone()
    };
    let legs = [leg(1, "no-answer", 0), leg(2, "completed", 25)];
    all.extend(answered.into_iter().chain(legs));
    all.extend(records(&placed, began + 2 * SECOND));
    let rows = vec![
        LogRow::inbound(missed.sid, "no_answer", None).with_contact(),
        LogRow::inbound(stranger.sid, "completed", Some(2)),
        LogRow::outbound(placed.sid, "caller_hung_up", Some(1)),
    ];
    (all, rows)
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_while_the_server_is_down_are_in_the_log_after_its_start() {
    let mut world = World::with_servers(0).await;
    let (rest, hand) = (Rest::start().await, Hand::at(world.twilio.now()));
    serve(&mut world, &rest, &hand).await;
    let team = world.team("acme").await;
    let known = world.phone("+15005558888").call(&team.number).ended().await;
    let mut rows = world.log(&team).await;
    let listed = records(&known, world.twilio.now());
    world.servers.remove(0).stop().await;

    let (gone, missing) = gap(&world, &team).await;
    rows.extend(missing);
    // The account serves somebody else's number, too.
    let other = Record { to: "+15005550999".into(), ..gone[0].clone() };
    let other = Record { sid: CallSid::from_bytes([0xee; 16]), ..other };
    rest.knows(listed.into_iter().chain(gone).chain([other]).collect());
    hand.set(world.twilio.now() + MINUTE);
    serve_every(&mut world, &rest, &hand, Some(HOUR)).await;
    until("all calls of the gap are in the log", async || {
        world.log(&team).await.len() >= rows.len()
    })
    .await;
    assert_eq!(world.log(&team).await, rows);
    let marks = "select count(distinct call_sid) from voice_events where key = 'found'";
    let found: i64 = world.owner.client().query_one(marks, &[]).await.expect("a count").get(0);
    assert_eq!(found, 3, "marked as found, and the known call is not");

    let settled = written(&world, &team).await;
    hand.set(world.twilio.now() + HOUR);
    let want = Reconciled { is_whole: true, compared: 1, ..Reconciled::default() };
    assert_eq!(reconcile(&world).await, want);
    assert_eq!(written(&world, &team).await, settled);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_api_answers_nothing_breaks_and_it_is_asked_again_later() {
    let mut world = World::with_servers(0).await;
    let (rest, hand) = (Rest::start().await, Hand::at(world.twilio.now()));
    serve(&mut world, &rest, &hand).await;
    let team = world.team("acme").await;
    let (server, mut now) = (world.servers.remove(0), world.twilio.now());
    world.twilio.clear_routes();
    world.route();
    let (records, rows) = gap(&world, &team).await;
    rest.knows(records);
    world.servers.push(server);
    let moods = [
        (Mood::Status(429), 30, 4),
        (Mood::Status(500), 60, 1),
        (Mood::Status(401), 120, 1),
        (Mood::Garbage, 240, 1),
        (Mood::Silent, 480, 1),
    ];
    now = now + MINUTE;
    for (mood, pause, requests) in moods {
        rest.is(mood);
        hand.set(now);
        let before = rest.requests();
        let done = reconcile(&world).await;
        assert_eq!((done.is_whole, done.found), (false, 0), "{mood:?}");
        assert_eq!(rest.requests() - before, requests, "{mood:?}");
        hand.set(now + Duration::from_secs(pause - 1));
        assert!(!reconcile(&world).await.is_whole, "{mood:?}");
        assert_eq!(rest.requests() - before, requests, "{mood:?}: asked again too early");
        now = now + Duration::from_secs(pause);
    }
    rest.is(Mood::Good);
    hand.set(now);
    let done = reconcile(&world).await;
    assert_eq!((done.is_whole, done.found, done.compared), (true, 3, 1));
    assert_eq!(world.log(&team).await, rows);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_find_out_the_same_once() {
    let mut world = World::with_servers(0).await;
    let (rest, hand) = (Rest::start().await, Hand::at(world.twilio.now()));
    // The schema is there; the servers come when all is over.
    let team = world.team("acme").await;
    let (records, rows) = gap(&world, &team).await;
    rest.knows(records);
    hand.set(world.twilio.now() + MINUTE);
    let early = "update voice_workspaces set created_at = created_at - interval '1 hour'";
    world.owner.client().execute(early, &[]).await.expect("an older workspace");
    for _ in 0..2 {
        serve(&mut world, &rest, &hand).await;
    }
    let (one, two) = tokio::join!(world.servers[0].reconcile(), world.servers[1].reconcile());
    assert!(one.is_whole && two.is_whole);
    until("the gap is filled", async || world.log(&team).await.len() == 3).await;
    assert_eq!(world.log(&team).await, rows);
    assert_eq!(rest.requests(), 1, "one list for both");
    let settled = written(&world, &team).await;

    // Without leases they would do it twice, and nothing would change.
    let again = "update voice_workspaces set reconciled_until = null";
    world.owner.client().execute(again, &[]).await.expect("forgotten");
    hand.set(world.twilio.now() + HOUR);
    let _ = tokio::join!(world.servers[0].reconcile(), world.servers[1].reconcile());
    assert_eq!(written(&world, &team).await, settled);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_died_at_it_delays_it_no_longer_than_its_lease() {
    let mut world = World::with_servers(0).await;
    let (rest, hand) = (Rest::start().await, Hand::at(world.twilio.now()));
    let team = world.team("acme").await;
    let (records, rows) = gap(&world, &team).await;
    rest.knows(records);
    let dead = "update voice_workspaces set created_at = created_at - interval '1 hour', \
                reconciled_until = now(), reconciling_until = now() + interval '1 minute'";
    world.owner.client().execute(dead, &[]).await.expect("a lease");
    hand.set(world.twilio.now() + MINUTE);
    serve(&mut world, &rest, &hand).await;
    assert_eq!(reconcile(&world).await.compared, 0);
    hand.set(world.twilio.now() + MINUTE + 15 * SECOND);
    assert_eq!((reconcile(&world).await.compared, rest.requests()), (0, 0));

    let over = "update voice_workspaces set reconciling_until = now() - interval '1 second'";
    world.owner.client().execute(over, &[]).await.expect("a lease");
    hand.set(world.twilio.now() + MINUTE + 30 * SECOND);
    assert_eq!(reconcile(&world).await.found, 3);
    assert_eq!(world.log(&team).await, rows);
    world.stop().await;
}
