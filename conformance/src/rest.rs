//! The REST API of the emulator, as Twilio's own clients use it.
//!
//! Each library places calls, reads them back, changes and ends them, pages through lists, and
//! controls a conference, a queue and a recording. The results are compared with the emulator's own
//! state, and errors with Twilio's numbers.

use std::io;
use std::time::Duration;

use emulator::{Account, Behaviour, Call, Config, Emulator, Hold, Http, Story, Voice};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::judge::{Judge, Judges};
use crate::random::Random;
use crate::tally::Tally;

/// Lets both libraries play the same stories, one for every hundred cases.
pub(crate) fn run(judges: &mut Judges, random: &mut Random, count: usize) -> io::Result<Tally> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let mut tally = Tally::new("rest");
    for _ in 0..count.div_ceil(100) {
        for (name, judge) in [("node", &mut judges.node), ("python", &mut judges.python)] {
            let stage = Stage::open(&runtime, random)?;
            Play { name, judge, stage: &stage, tally: &mut tally }.all()?;
        }
    }
    Ok(tally)
}

/// An emulator with an account, and a phone that stays on the line as long as a story needs it.
struct Stage<'a> {
    runtime: &'a Runtime,
    twilio: Emulator,
    http: Http,
    account: Account,
    token: String,
    key: emulator::ApiKey,
    customer: String,
    _hold: Hold,
}

impl<'a> Stage<'a> {
    fn open(runtime: &'a Runtime, random: &mut Random) -> io::Result<Self> {
        let _guard = runtime.enter();
        let config = Config {
            seed: u64::try_from(random.below(1 << 30)).unwrap_or(1),
            calls_per_second: None,
            ..Config::default()
        };
        let twilio = runtime.block_on(Emulator::start(config))?;
        let http = runtime.block_on(twilio.listen_http(([127, 0, 0, 1], 0).into()))?;
        let token = random.sid("")[..32].to_owned();
        let account = twilio.account(&token).map_err(io::Error::other)?;
        let key = account.api_key().map_err(io::Error::other)?;
        account.number(NUMBER, Voice::new("http://127.0.0.1:9/voice")).map_err(io::Error::other)?;
        let customer = format!("+1500555{:04}", 1000 + random.below(8999));
        twilio.phone(&customer).behaves(Behaviour::answers(Duration::from_secs(1)));
        // Nothing happens by itself: the story moves time forward.
        let hold = twilio.hold();
        Ok(Self { runtime, twilio, http, account, token, key, customer, _hold: hold })
    }

    fn passes(&self, seconds: u64) {
        self.runtime.block_on(self.twilio.advance(Duration::from_secs(seconds)));
    }

    fn story(&self, sid: &str) -> Option<Story> {
        let mut calls = self.twilio.calls().into_iter();
        calls.find(|call| call.sid().as_str() == sid).map(|call: Call| call.story())
    }
}

/// One library on a stage.
struct Play<'a> {
    name: &'static str,
    judge: &'a mut Judge,
    stage: &'a Stage<'a>,
    tally: &'a mut Tally,
}

impl Play<'_> {
    fn all(&mut self) -> io::Result<()> {
        self.calls()?;
        self.pages()?;
        self.conference()?;
        self.queue()?;
        self.recording()?;
        self.account()?;
        self.numbers()?;
        self.apps_and_keys()?;
        self.recorded_call()?;
        self.errors()
    }

    /// A call is created, read back, listed, redirected and ended.
    fn calls(&mut self) -> io::Result<()> {
        let customer = self.stage.customer.clone();
        let made = self.create(&customer, SAYS)?;
        self.same("created", &made["status"], &json!("queued"));
        let sid = text(&made["sid"]);
        self.stage.passes(2);
        let call = self.act(json!(["calls", [sid]]), "fetch", Value::Null)?;
        let story = self.stage.story(&sid);
        self.same("known to the emulator", &json!(story.is_some()), &json!(true));
        for (name, want) in [
            ("sid", json!(sid)),
            ("to", json!(customer)),
            ("from", json!(NUMBER)),
            ("direction", json!("outbound-api")),
            ("status", json!("in-progress")),
            ("account_sid", json!(self.stage.account.sid().as_str())),
        ] {
            self.same(name, &call[name], &want);
        }
        let listed = self.act(json!(["calls"]), "list", json!({ "status": "in-progress" }))?;
        self.same("listed", &listed[0]["sid"], &json!(sid));
        let twiml = "<Response><Say>You were moved.</Say><Pause length=\"60\"/></Response>";
        let moved = self.act(json!(["calls", [sid]]), "update", json!({ "twiml": twiml }))?;
        self.same("moved", &moved["status"], &json!("in-progress"));
        let said =
            self.stage.story(&sid).is_some_and(|it| it.said().any(|it| it == "You were moved."));
        self.same("the document was run", &json!(said), &json!(true));
        let ended = json!({ "status": "completed" });
        let ended = self.act(json!(["calls", [sid]]), "update", ended)?;
        self.same("ended", &ended["status"], &json!("completed"));
        // It rang for one second and a bit, of the two that have passed.
        self.same("seconds", &ended["duration"], &json!("0"));
        Ok(())
    }

    /// Calls are listed page by page, by the links of the API.
    fn pages(&mut self) -> io::Result<()> {
        let mut sids = Vec::new();
        for _ in 0..5 {
            let made = self.create("client:nobody", SAYS)?;
            sids.insert(0, made["sid"].clone());
        }
        self.stage.passes(1);
        let filter = json!({ "to": "client:nobody", "page_size": 2 });
        let listed = self.act(json!(["calls"]), "list", filter)?;
        let listed: Vec<Value> =
            listed.as_array().into_iter().flatten().map(|it| it["sid"].clone()).collect();
        self.same("three pages", &json!(listed), &json!(sids));
        Ok(())
    }

    /// A participant is called, muted, held and removed.
    fn conference(&mut self) -> io::Result<()> {
        let room = json!(["conferences", ["room"], "participants"]);
        let args = json!({ "to": self.stage.customer, "from": NUMBER, "label": "ana" });
        let made = self.act(room, "create", args)?;
        let (conference, call) = (text(&made["conference_sid"]), text(&made["call_sid"]));
        self.stage.passes(2);
        let place = json!(["conferences", [conference], "participants", ["ana"]]);
        for (change, name, want) in [
            (json!({ "muted": true }), "muted", true),
            (json!({ "muted": false }), "muted", false),
            (json!({ "hold": true }), "hold", true),
            (json!({ "hold": false }), "hold", false),
            (json!({ "end_conference_on_exit": true }), "end_conference_on_exit", true),
        ] {
            let changed = self.act(place.clone(), "update", change)?;
            self.same(name, &changed[name], &json!(want));
        }
        let found = self.act(place.clone(), "fetch", Value::Null)?;
        self.same("participant", &found["call_sid"], &json!(call));
        let all = json!(["conferences", [conference], "participants"]);
        let listed = self.act(all, "list", json!({}))?;
        self.same("participants", &listed[0]["label"], &json!("ana"));
        let removed = self.act(place, "remove", Value::Null)?;
        self.same("removed", &removed, &json!(true));
        let room = self.act(json!(["conferences", [conference]]), "fetch", Value::Null)?;
        self.same("conference", &room["status"], &json!("completed"));
        self.same("its name", &room["friendly_name"], &json!("room"));
        Ok(())
    }

    /// Somebody waits and is taken out.
    fn queue(&mut self) -> io::Result<()> {
        let made = json!({ "friendly_name": "support", "max_size": 5 });
        let made = self.act(json!(["queues"]), "create", made)?;
        let queue = text(&made["sid"]);
        let wait = "<Response><Enqueue waitUrl=\"\">support</Enqueue></Response>";
        let customer = self.stage.customer.clone();
        let call = self.create(&customer, wait)?;
        self.stage.passes(2);
        let members = json!(["queues", [queue], "members"]);
        let waiting = self.act(members, "list", json!({}))?;
        self.same("who waits", &waiting[0]["call_sid"], &call["sid"]);
        let front = json!(["queues", [queue], "members", ["Front"]]);
        let url = json!({ "url": "http://127.0.0.1:9/next", "method": "POST" });
        let taken = self.act(front, "update", url)?;
        self.same("who is taken", &taken["call_sid"], &call["sid"]);
        let now = self.act(json!(["queues", [queue]]), "fetch", Value::Null)?;
        self.same("left", &now["current_size"], &json!(0));
        let over = json!({ "status": "completed" });
        self.act(json!(["calls", [text(&call["sid"])]]), "update", over)?;
        Ok(())
    }

    /// A recording begins, ends and is deleted.
    fn recording(&mut self) -> io::Result<()> {
        let customer = self.stage.customer.clone();
        let call = text(&self.create(&customer, WAITS)?["sid"]);
        self.stage.passes(2);
        let made = self.act(json!(["calls", [call], "recordings"]), "create", json!({}))?;
        let sid = text(&made["sid"]);
        self.stage.passes(3);
        let place = json!(["calls", [call], "recordings", ["Twilio.CURRENT"]]);
        let ended = self.act(place, "update", json!({ "status": "stopped" }))?;
        self.same("recorded", &ended["duration"], &json!("3"));
        let listed = self.act(json!(["recordings"]), "list", json!({ "call_sid": call }))?;
        self.same("recordings", &listed[0]["sid"], &json!(sid));
        let removed = self.act(json!(["recordings", [sid]]), "remove", Value::Null)?;
        self.same("deleted", &removed, &json!(true));
        let over = json!({ "status": "completed" });
        self.act(json!(["calls", [call]]), "update", over)?;
        Ok(())
    }

    /// The account is read, as set-up checks do.
    fn account(&mut self) -> io::Result<()> {
        let sid = self.stage.account.sid().to_string();
        let account = json!(["api", "accounts", [sid]]);
        let found = self.act(account, "fetch", Value::Null)?;
        for (name, want) in [
            ("sid", json!(sid)),
            ("status", json!("active")),
            ("type", json!("Full")),
            ("auth_token", json!(self.stage.token)),
        ] {
            self.same(name, &found[name], &want);
        }
        let listed = self.act(json!(["api", "accounts"]), "list", json!({}))?;
        self.same("accounts", &listed[0]["sid"], &json!(sid));
        Ok(())
    }

    /// A number is bought, found, changed and given back; a caller id is verified.
    fn numbers(&mut self) -> io::Result<()> {
        let all = json!(["incoming_phone_numbers"]);
        let listed = self.act(all.clone(), "list", json!({ "phone_number": NUMBER }))?;
        self.same("number", &listed[0]["phone_number"], &json!(NUMBER));
        let made = json!({ "phone_number": "+15005550042", "voice_url": "http://127.0.0.1:9/a" });
        let made = self.act(all, "create", made)?;
        let one = json!(["incoming_phone_numbers", [text(&made["sid"])]]);
        let change = json!({ "voice_url": "http://127.0.0.1:9/b", "friendly_name": "Shop" });
        let changed = self.act(one.clone(), "update", change)?;
        self.same("its URL", &changed["voice_url"], &json!("http://127.0.0.1:9/b"));
        self.same("its name", &changed["friendly_name"], &json!("Shop"));
        let found = self.act(one.clone(), "fetch", Value::Null)?;
        self.same("its Sid", &found["sid"], &made["sid"]);
        self.same("voice", &found["capabilities"]["voice"], &json!(true));
        let removed = self.act(one.clone(), "remove", Value::Null)?;
        self.same("given back", &removed, &json!(true));
        let gone = self.act(one, "fetch", Value::Null)?;
        self.same("gone", &gone["code"], &json!(20404));
        let ids = json!(["outgoing_caller_ids"]);
        self.act(json!(["validation_requests"]), "create", json!({ "phone_number": OWN }))?;
        let listed = self.act(ids, "list", json!({ "phone_number": OWN }))?;
        self.same("caller id", &listed[0]["phone_number"], &json!(OWN));
        let one = json!(["outgoing_caller_ids", [text(&listed[0]["sid"])]]);
        let named = self.act(one.clone(), "update", json!({ "friendly_name": "Desk" }))?;
        self.same("its name", &named["friendly_name"], &json!("Desk"));
        let removed = self.act(one, "remove", Value::Null)?;
        self.same("caller id removed", &removed, &json!(true));
        Ok(())
    }

    /// A TwiML App and a key are created, changed and deleted.
    fn apps_and_keys(&mut self) -> io::Result<()> {
        let app = json!({ "friendly_name": "Softphone", "voice_url": "http://127.0.0.1:9/a" });
        for (resource, make, args) in [
            ("applications", "applications", app),
            ("keys", "new_keys", json!({ "friendly_name": "Softphone" })),
            ("signing_keys", "new_signing_keys", json!({ "friendly_name": "Softphone" })),
        ] {
            let made = self.act(json!([make]), "create", args)?;
            let sid = made["sid"].clone();
            let one = json!([resource, [text(&sid)]]);
            if resource != "applications" {
                self.same("a secret", &json!(text(&made["secret"]).len()), &json!(32));
            }
            let found = self.act(one.clone(), "fetch", Value::Null)?;
            self.same(resource, &found["friendly_name"], &json!("Softphone"));
            let named = self.act(one.clone(), "update", json!({ "friendly_name": "Till" }))?;
            self.same(resource, &named["friendly_name"], &json!("Till"));
            let listed = self.act(json!([resource]), "list", json!({}))?;
            let known = listed.as_array().is_some_and(|all| all.iter().any(|it| it["sid"] == sid));
            self.same(resource, &json!(known), &json!(true));
            let removed = self.act(one, "remove", Value::Null)?;
            self.same(resource, &removed, &json!(true));
        }
        Ok(())
    }

    /// A call is recorded, and a machine is detected.
    fn recorded_call(&mut self) -> io::Result<()> {
        let args = json!({
            "to": self.stage.customer, "from": NUMBER, "twiml": WAITS, "record": true,
            "recording_channels": "dual", "machine_detection": "Enable",
        });
        let call = text(&self.act(json!(["calls"]), "create", args)?["sid"]);
        self.stage.passes(8);
        let found = self.act(json!(["calls", [call]]), "fetch", Value::Null)?;
        self.same("who answered", &found["answered_by"], &json!("human"));
        self.act(json!(["calls", [call]]), "update", json!({ "status": "completed" }))?;
        let listed = self.act(json!(["calls", [call], "recordings"]), "list", json!({}))?;
        self.same("its source", &listed[0]["source"], &json!("OutboundAPI"));
        self.same("its channels", &listed[0]["channels"], &json!(2));
        let one = json!(["recordings", [text(&listed[0]["sid"])]]);
        let removed = self.act(one, "remove", Value::Null)?;
        self.same("removed", &removed, &json!(true));
        Ok(())
    }

    /// Each refusal has Twilio's number, and the libraries understand it.
    fn errors(&mut self) -> io::Result<()> {
        let customer = self.stage.customer.clone();
        let absent = "CA00000000000000000000000000000001";
        let cases = [
            (json!(["calls", [absent]]), "fetch", Value::Null, 404, 20404),
            (
                json!(["calls"]),
                "create",
                json!({ "to": "1", "from": NUMBER, "twiml": SAYS }),
                400,
                21211,
            ),
            (
                json!(["calls"]),
                "create",
                json!({ "to": customer, "from": customer, "twiml": SAYS }),
                400,
                21210,
            ),
            (json!(["calls"]), "create", json!({ "to": customer, "from": NUMBER }), 400, 21205),
            (
                json!(["calls"]),
                "create",
                json!({ "to": customer, "from": NUMBER, "url": "/voice" }),
                400,
                21205,
            ),
        ];
        for (path, act, args, status, code) in cases {
            let told = self.act(path, act, args)?;
            self.same("status", &told["status"], &json!(status));
            self.same("code", &told["code"], &json!(code));
            let more = format!("https://www.twilio.com/docs/errors/{code}");
            self.same("more_info", &told["more_info"], &json!(more));
        }
        let stage = self.stage;
        let wrong = (stage.account.sid().to_string(), "nonsense".to_owned());
        let told = self.act_as(wrong, json!(["calls", [absent]]), "fetch", Value::Null)?;
        self.same("stranger", &told["code"], &json!(20003));
        let key = (stage.key.sid.to_string(), stage.key.secret.clone());
        let told = self.act_as(key, json!(["calls"]), "list", json!({ "limit": 1 }))?;
        self.same("by key", &json!(told.as_array().map(Vec::len)), &json!(1));
        Ok(())
    }

    fn create(&mut self, to: &str, twiml: &str) -> io::Result<Value> {
        let args = json!({ "to": to, "from": NUMBER, "twiml": twiml });
        self.act(json!(["calls"]), "create", args)
    }

    fn act(&mut self, path: Value, act: &str, args: Value) -> io::Result<Value> {
        let user = (self.stage.account.sid().to_string(), self.stage.token.clone());
        self.act_as(user, path, act, args)
    }

    #[expect(clippy::needless_pass_by_value, reason = "values are made where they are passed")]
    fn act_as(
        &mut self,
        (user, secret): (String, String),
        path: Value,
        act: &str,
        args: Value,
    ) -> io::Result<Value> {
        let case = json!({
            "base": self.stage.http.url(),
            "user": user,
            "secret": secret,
            "account": self.stage.account.sid().as_str(),
            "path": path,
            "act": act,
            "args": args,
        });
        let mut told = self.judge.ask("rest", &[case])?;
        told.pop().ok_or_else(|| io::Error::other("no answer"))
    }

    fn same(&mut self, what: &str, told: &Value, want: &Value) {
        let name = self.name;
        self.tally.check(told == want, || format!("{name}, {what}: {told} instead of {want}"));
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

const OWN: &str = "+15005550199";
const NUMBER: &str = "+15005550001";
const SAYS: &str = "<Response><Say>Good day.</Say><Pause length=\"600\"/></Response>";
const WAITS: &str = "<Response><Pause length=\"600\"/></Response>";
