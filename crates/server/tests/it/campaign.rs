//! The fault campaign: the calls of a day under every fault, with and without a restart of the server in
//! the middle of each call. The records must be the same as without any fault.

use std::time::Duration;

use emulator::{
    Agent, Behaviour, Config, Delivery, Fault, Kind, Mishap, Phone, Progress, Select, Until,
};

use crate::clock::now;
use crate::team::Team;
use crate::world::World;

const SECOND: Duration = Duration::from_secs(1);

/// What happens in the middle of each call, beside the fault.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Middle {
    Nothing,
    /// The only server stops in order, and starts again on its own files.
    Restart,
}

/// A day's calls at one workspace.
struct Day<'a> {
    world: &'a mut World,
    team: &'a Team,
    agents: Vec<Agent>,
    middle: Middle,
}

// Contacts, with the agents they are assigned to.
const LEO: (&str, &[u8]) = ("+12125550101", &[2]);
const NOOR: (&str, &[u8]) = ("+12125550102", &[1, 3]);
const PIA: (&str, &[u8]) = ("+12125550103", &[4]);
const ONE: (&str, &[u8]) = ("+12125550104", &[1]);
const TWO: (&str, &[u8]) = ("+12125550105", &[2]);
// No contact of anybody.
const STRANGER: &str = "+12125550106";
const FUSSY: &str = "+12125550107";
const SHOP: &str = "+12125550108";

/// Every call of the day: who called, how it went, and who handled it.
const EXPECTED: [&str; 11] = [
    "log +12125550101 OWN inbound contact caller_hung_up t",
    "log +12125550101 OWN inbound contact completed 02 t",
    "log +12125550102 OWN inbound contact completed 03 t",
    "log +12125550103 OWN inbound contact completed 04 t",
    "log +12125550103 OWN inbound contact no_answer t",
    "log +12125550104 OWN inbound contact completed 01 t",
    "log +12125550105 OWN inbound contact completed 02 t",
    "log +12125550106 OWN inbound contact completed 04 f",
    "log +12125550107 OWN inbound contact completed 04 f",
    "log client:agent 1 +12125550108 outbound user completed 01 f",
    "log client:agent 3 +12125550108 outbound user busy 03 f",
];

impl Day<'_> {
    async fn play(&mut self) {
        for (number, assigned) in [LEO, NOOR, PIA, ONE, TWO] {
            self.world.contact(self.team, number, assigned).await;
        }
        self.agents = self.world.agents(self.team, 4).await;

        // A single agent in, the only one who is assigned; and out.
        self.behave(&[(2, Behaviour::talks(2 * SECOND, 30 * SECOND))]);
        self.comes_in(|world| world.phone(LEO.0)).await;
        self.goes_out(1, Behaviour::talks(SECOND, 20 * SECOND)).await;
        self.goes_out(3, Behaviour::Declines { after: SECOND }).await;
        // Two are assigned: both ring, and the first to answer is agent 3.
        self.behave(&[(3, Behaviour::talks(2 * SECOND, 30 * SECOND))]);
        self.comes_in(|world| world.phone(NOOR.0)).await;
        // Everybody rings, and the first to answer is agent 4.
        let later = Behaviour::answers(9 * SECOND);
        self.behave(&[(1, later), (4, Behaviour::talks(3 * SECOND, 25 * SECOND))]);
        self.comes_in(|world| world.phone(STRANGER)).await;
        // One declines, another answers, and the caller hangs up.
        let declines = Behaviour::Declines { after: SECOND };
        self.behave(&[(2, declines), (4, Behaviour::answers(4 * SECOND))]);
        self.comes_in(|world| world.phone(FUSSY).hangs_up_after(10 * SECOND)).await;
        // The caller gives up; nobody answers.
        self.behave(&[]);
        self.comes_in(|world| world.phone(LEO.0).gives_up_after(9 * SECOND)).await;
        self.comes_in(|world| world.phone(PIA.0)).await;
        // Three at once, on three agents.
        let talks = |seconds| Behaviour::talks(2 * SECOND, seconds * SECOND);
        self.behave(&[(1, talks(40)), (2, talks(50)), (4, talks(30))]);
        self.three_at_once().await;
    }

    fn behave(&self, behaviours: &[(usize, Behaviour)]) {
        for (index, agent) in self.agents.iter().enumerate() {
            let found = behaviours.iter().find(|(number, _)| *number == index + 1);
            agent.behaves(found.map_or(Behaviour::Ignores, |(_, behaviour)| *behaviour));
        }
    }

    async fn comes_in(&mut self, caller: impl FnOnce(&World) -> Phone) {
        let hold = self.world.twilio.hold();
        let call = caller(self.world).call(&self.team.number);
        self.middle().await;
        drop(hold);
        call.ended().await;
        self.world.applied().await;
    }

    async fn goes_out(&mut self, agent: usize, behaviour: Behaviour) {
        self.world.phone(SHOP).behaves(behaviour);
        let hold = self.world.twilio.hold();
        let call = self.agents[agent - 1].call([("To", SHOP)]).expect("the agent is free");
        self.middle().await;
        drop(hold);
        call.ended().await;
        self.world.applied().await;
    }

    async fn three_at_once(&mut self) {
        let hold = self.world.twilio.hold();
        let calls = [ONE, TWO, PIA].map(|(from, _)| self.world.phone(from).call(&self.team.number));
        self.middle().await;
        drop(hold);
        for call in calls {
            call.ended().await;
        }
        self.world.applied().await;
    }

    /// Five seconds into a call: it rings, or somebody talks, or it has just ended.
    async fn middle(&mut self) {
        self.world.twilio.advance(5 * SECOND).await;
        if self.middle == Middle::Restart {
            let stopped = self.world.stop_first().await;
            self.world.start_again(stopped).await;
        }
    }
}

/// A day under faults, and the records that it leaves.
async fn day(world: &mut World, name: &str, faults: Vec<Fault>, middle: Middle) -> Vec<String> {
    let team = world.team(&name.replace([' ', ','], "-")).await;
    for fault in faults {
        world.twilio.fault(fault);
    }
    Day { world, team: &team, agents: Vec::new(), middle }.play().await;
    world.twilio.clear_faults();
    normalized(world, &team).await
}

/// The log, the calls and the legs of a team, with numbers for users, numbers for calls, and
/// whether there is a moment in place of the moment.
async fn normalized(world: &World, team: &Team) -> Vec<String> {
    world.applied().await;
    let sql = "\
        select 'log ' || v.from_party || ' ' || v.to_party || ' ' || concat_ws(' ', m.direction, \
            m.sender, m.status, right(m.user_id::text, 2), m.contact_id is not null) \
          from public.livechat_messages m \
          join public.voice_calls v on v.workspace_id = $1 and v.call_sid = m.twilio_sid \
          where m.workspace_id = $1 and m.msg_type = 'call' \
        union all \
        select 'call ' || v.from_party || ' ' || v.to_party || ' ' || concat_ws(' ', v.direction, \
            v.outcome, v.end_reason, v.contact_id is not null, right(v.handled_by::text, 2), \
            v.started_at is not null, v.answered_at is not null, v.ended_at is not null) \
          from public.voice_calls v where v.workspace_id = $1 \
        union all \
        select 'leg ' || v.from_party || ' ' || v.to_party || ' ' || concat_ws(' ', \
            right(l.user_id::text, 2), l.status, l.end_reason, l.answered_at is not null, \
            l.ended_at is not null) \
          from public.voice_legs l \
          join public.voice_calls v on v.workspace_id = $1 and v.call_sid = l.call_sid \
          where l.workspace_id = $1 \
        order by 1";
    let rows = world.owner.client().query(sql, &[&team.id.as_str()]).await.expect("rows");
    let own = |text: &str| {
        // What differs between two teams: the workspace's number and the agents' identities.
        let text = text.replace(&team.number, "OWN");
        (1..=4).fold(text, |text, n| {
            text.replace(&team.identity(n).to_string(), &format!("agent {n}"))
        })
    };
    rows.iter().map(|row| own(row.get(0))).collect()
}

/// What the log of the live chat says.
fn logged(records: &[String]) -> Vec<&str> {
    records.iter().map(String::as_str).filter(|record| record.starts_with("log ")).collect()
}

/// Faults under which all the information still arrives somehow.
fn faults() -> Vec<(&'static str, Vec<Fault>)> {
    let leg = |progress| Select::kind(Kind::LegStatus).progress(progress);
    let late = |until| Mishap::Late { until };
    let twice = |again| Mishap::Twice { again };
    vec![
        ("all late", vec![on(Select::NOTICES, late(Until::End))]),
        ("answers late", vec![on(leg(Progress::Answered), late(Until::End))]),
        ("ends before answers", vec![on(leg(Progress::Answered), late(Until::After(6)))]),
        ("all twice at once", vec![on(Select::NOTICES, twice(Until::AtOnce))]),
        ("all twice, the second late", vec![on(Select::NOTICES, twice(Until::End))]),
        ("actions twice", vec![on(Select::kind(Kind::Action), twice(Until::AtOnce))]),
        ("shuffled", vec![on(Select::NOTICES, Mishap::Shuffled { window: 32 })]),
        (
            "late, twice and shuffled",
            vec![
                on(Select::NOTICES, twice(Until::After(3))),
                on(Select::NOTICES, Mishap::Shuffled { window: 4 }),
            ],
        ),
        ("no connection at first", vec![on(Select::ALL, Mishap::Unreachable { attempts: 1 })]),
        ("no initiated", vec![on(leg(Progress::Initiated), Mishap::Dropped)]),
        ("no ringing", vec![on(leg(Progress::Ringing), Mishap::Dropped)]),
        ("no answered", vec![on(leg(Progress::Answered), Mishap::Dropped)]),
        ("no end of the call", vec![on(Select::kind(Kind::CallStatus), Mishap::Dropped)]),
    ]
}

const fn on(on: Select, mishap: Mishap) -> Fault {
    Fault { on, mishap, times: None }
}

/// Twilio's days here take no time, and a webhook from the future is not believed: they are earlier days.
async fn world(servers: usize, twilio: Config) -> World {
    let start = now().before(Duration::from_secs(12 * 3600));
    World::with(servers, Config { starts_at: Some(start), ..twilio }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_and_a_second_server_change_no_record() {
    let mut one = world(1, Config::default()).await;
    let want = day(&mut one, "nothing", Vec::new(), Middle::Nothing).await;
    assert_eq!(logged(&want), EXPECTED);
    one.stop().await;

    let mut two = world(2, Config::default()).await;
    for (name, faults) in faults() {
        assert_eq!(day(&mut two, name, faults, Middle::Nothing).await, want, "{name}");
    }
    let spread = [0, 1].map(|server: usize| {
        let base = format!("http://{}", two.servers[server].address());
        let to = |webhook: &&emulator::Webhook| webhook.sent_to.as_deref() == Some(&*base);
        two.twilio.webhooks().iter().filter(to).count()
    });
    assert!(spread.iter().all(|webhooks| *webhooks > 400), "{spread:?}");
    two.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_and_a_restart_in_the_middle_of_each_call_change_no_record() {
    let mut world = world(1, Config::default()).await;
    let want = day(&mut world, "nothing", Vec::new(), Middle::Nothing).await;
    for (name, faults) in [("a restart alone", Vec::new())].into_iter().chain(faults()) {
        assert_eq!(day(&mut world, name, faults, Middle::Restart).await, want, "{name}");
    }
    world.stop().await;
}

/// The outcome of a call is in the voice webhooks, too. The agent who answered is, if only one was dialled:
/// of several, the webhook names a leg that no callback has named.
#[tokio::test(flavor = "multi_thread")]
async fn without_any_callback_the_log_says_what_the_documents_told() {
    let unknown = |row: &&str| [NOOR.0, STRANGER, FUSSY].iter().any(|from| row.contains(from));
    let want = EXPECTED.map(|row| match row {
        row if unknown(&row) => row.replace("completed 03", "completed").replace(" 04", ""),
        row => row.to_owned(),
    });
    let mut world = world(1, Config::default()).await;
    for (name, middle) in [("none", Middle::Nothing), ("none, restart", Middle::Restart)] {
        let dropped = vec![on(Select::NOTICES, Mishap::Dropped)];
        assert_eq!(logged(&day(&mut world, name, dropped, middle).await), want, "{name}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn callbacks_that_overtake_each_other_end_in_the_same_records() {
    let config = Config { delivery: Delivery::Concurrent, ..Config::default() };
    let mut world = world(2, config).await;
    let want = day(&mut world, "first", Vec::new(), Middle::Nothing).await;
    let twice = vec![on(Select::NOTICES, Mishap::Twice { again: Until::AtOnce })];
    assert_eq!(day(&mut world, "second", twice, Middle::Nothing).await, want);
    world.stop().await;
}
