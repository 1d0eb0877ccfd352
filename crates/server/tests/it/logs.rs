//! What the log never holds, at any level.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use emulator::Behaviour;
use serde_json::json;
use tracing::Dispatch;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::layer::SubscriberExt;

use crate::http::{Ask, signed_form};
use crate::sessions::{claims, session, sign};
use crate::team::API_SECRET;
use crate::world::{SECRETS_KEY, SESSION_SECRET, World};

const CALLER: &str = "+12125550142";
const STRANGER: &str = "+12125550143";
const CUSTOMER: &str = "+12125550144";
const BROKEN: &str = "+12125550145";
const NAME: &str = "Xanthippe Planted";
const SECOND: Duration = Duration::from_secs(1);

/// Everything that is logged, at the lowest level there is.
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic while logging").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Captured {
    /// As the program logs, in both its forms.
    fn dispatch(&self) -> Dispatch {
        let (text, json) = (self.clone(), self.clone());
        let text = tracing_subscriber::fmt::layer()
            .with_span_events(FmtSpan::FULL)
            .with_ansi(false)
            .with_writer(move || text.clone());
        let json = tracing_subscriber::fmt::layer().json().with_writer(move || json.clone());
        let filter = server::log::filter("trace").expect("a filter");
        let log = tracing_subscriber::registry().with(server::log::limit()).with(filter);
        Dispatch::new(log.with(text).with(json))
    }

    /// Runs something on threads that all log here.
    fn run<T>(&self, work: impl Future<Output = T>) -> T {
        let dispatch = self.dispatch();
        // If there is only one subscriber, `tracing` assumes that every thread has it. Other tests have none,
        // and would switch lines off for this one.
        let _second = Dispatch::new(tracing_subscriber::registry());
        let of_threads = dispatch.clone();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .on_thread_start(move || {
                // For as long as the thread lives.
                std::mem::forget(tracing::dispatcher::set_default(&of_threads));
            })
            .build()
            .expect("a runtime");
        tracing::dispatcher::with_default(&dispatch, || runtime.block_on(work))
    }

    fn text(&self) -> String {
        let bytes = self.0.lock().expect("no panic while logging").clone();
        String::from_utf8(bytes).expect("UTF-8")
    }
}

/// Calls of all kinds, good and bad requests, and a database that refuses and goes away. Returns
/// what was planted on the way.
async fn a_bad_day() -> Vec<String> {
    tracing::trace!(target: "server", "as much as can be asked for");
    let world = World::new().await;
    let team = world.team("acme").await;
    let agents = world.agents(&team, 2).await;
    let mut planted = vec![team.auth_token.clone(), team.number.clone()];
    world.contact_named(&team, CALLER, NAME, &[1]).await;
    agents[0].behaves(Behaviour::talks(SECOND, SECOND));
    world.phone(CALLER).with("CallerName", NAME).call(&team.number).ended().await;
    world.phone(STRANGER).call(&team.number).ended().await;
    world.phone(CUSTOMER).behaves(Behaviour::talks(SECOND, SECOND));
    agents[1].call([("To", CUSTOMER)]).expect("free").ended().await;
    agents[1].call([("To", "+4930123456789")]).expect("free").ended().await;
    world.applied().await;

    let good = session(team.user(1));
    let forged = sign(&claims(team.user(1)), "another-secret-of-at-least-32-bytes!");
    let answer = world.get(&team, 1, &format!("token?identity={}", team.identity(1))).await;
    planted.push(answer.json()["token"].as_str().expect("a token").to_owned());
    for bearer in [&good, &forged] {
        world.ask(&Ask::get(&team.path("calls")).bearer(bearer)).await;
        let put = Ask::new("PUT", &team.path("agents/me/status")).bearer(bearer);
        world.ask(&put.json(&json!({ "status": NAME }))).await;
        planted.push(bearer.clone());
    }
    let forged = signed_form(&team.path("voice"), &[("From", CALLER), ("Note", NAME)], "stranger");
    assert_eq!(world.ask(&forged).await.status, 403);
    let signature = forged.headers.iter().find(|(name, _)| name == "X-Twilio-Signature");
    planted.extend(signature.map(|(_, value)| value.clone()));
    let unreadable = [("CallSid", NAME), ("CallStatus", CALLER), ("From", CALLER)];
    world.post(&team, "voice/status", &unreadable).await;
    world.post(&team, "voice", &unreadable).await;

    // A rule of the owner's refuses the row of one call; what it says holds the row.
    let rule = format!(
        "alter table public.voice_calls add constraint rule \
         check (from_party is distinct from '{BROKEN}')"
    );
    world.owner.client().batch_execute(&rule).await.expect("a rule");
    world.phone(BROKEN).gives_up_after(SECOND).call(&team.number).ended().await;
    world.applied().await;
    world.cut_off().await;
    world.phone(CALLER).call(&team.number).ended().await;
    world.get(&team, 1, "agents").await;
    world.ask(&Ask::get("/readyz")).await;
    world.let_in().await;
    world.applied().await;
    for webhook in world.twilio.webhooks() {
        planted.push(webhook.signature);
    }
    world.stop().await;
    planted
}

#[test]
fn no_secret_number_or_name_is_logged() {
    let captured = Captured::default();
    let mut planted = captured.run(a_bad_day());
    let fixed = [
        SESSION_SECRET,
        API_SECRET,
        SECRETS_KEY,
        CALLER,
        STRANGER,
        CUSTOMER,
        BROKEN,
        NAME,
        "+4930123456789",
    ];
    planted.extend(fixed.map(str::to_owned));
    let log = captured.text();
    for expected in [
        "as much as can be asked for",
        "listening on",
        "a webhook was refused",
        "is set aside",
        "routed from memory",
    ] {
        assert!(log.contains(expected), "nothing was captured of “{expected}”:\n{log}");
    }
    assert!(planted.len() > 50, "{}", planted.len());
    for secret in planted {
        // A number is one without its plus too, and a token by its signature alone.
        let bare = secret.trim_start_matches('+').rsplit('.').next().unwrap_or_default();
        assert!(bare.len() >= 10, "{bare} would be found anywhere");
        if let Some(line) = log.lines().find(|line| line.contains(bare)) {
            panic!("{secret} is logged: {line}");
        }
    }
}

/// A number that is set wrongly at Twilio is named, with the fix, and in few lines however often Twilio asks.
#[test]
fn a_wrong_method_and_a_slash_at_the_end_are_named_with_the_fix() {
    let captured = Captured::default();
    captured.run(async {
        let world = World::new().await;
        let team = world.team("acme").await;
        let good = team.signed("voice", &[("From", CALLER)]);
        let get = Ask { method: "GET".to_owned(), ..good.clone() };
        assert_eq!(world.ask(&get).await.status, 405);
        let slash = Ask { target: team.path("voice/status/"), ..good.clone() };
        assert_eq!(world.ask(&slash).await.status, 404);
        // Neither is anything of Twilio's.
        for target in [team.path("calls/"), team.path("voices/"), "/healthz/".to_owned()] {
            assert_eq!(world.ask(&Ask { target, ..good.clone() }).await.status, 404);
        }
        for _ in 0..200 {
            world.ask(&get).await;
        }
        world.stop().await;
    });
    let log = captured.text();
    let lines = |text: &str| log.lines().filter(|line| line.contains(text)).count();
    // Each is logged in both forms.
    let get =
        "a webhook came with GET (405): set the URL that ends in /voice to HTTP POST at Twilio";
    assert!((2..=100).contains(&lines(get)), "{}", lines(get));
    let slash = "a webhook came with a slash at the end of its URL (404): remove the slash behind \
                 /voice/status at Twilio";
    assert_eq!(lines(slash), 2);
    assert_eq!(lines("a slash at the end of its URL"), 2);
    assert_eq!(lines(CALLER.trim_start_matches('+')), 0);
}
