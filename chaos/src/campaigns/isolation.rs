//! Every route is requested for every workspace by everybody who has no access. The answers for a
//! foreign workspace and for one that does not exist must be equal, byte for byte.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use harness::http::{Answer, Ask, Connection, encode};
use identity::{AgentIdentity, UserId};
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_postgres::Client;

use crate::context::Context;
use crate::planted;
use crate::session::{Kind, session};
use crate::story::{Call, Calls, now};
use crate::world::{Workspace, World, post};

/// A requester without access.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Asker {
    /// An agent of another workspace.
    OtherAgent,
    /// A member of the workspace who takes no calls.
    Viewer,
    /// A user of no workspace.
    Stranger,
    /// An agent of the workspace, whose session has expired.
    Expired,
    /// Somebody with a self-signed session.
    Forger,
    /// The public key of the live chat's project.
    Anonymous,
    /// The secret key of that project, which is not a user's session either.
    Service,
    /// A session for another program.
    Elsewhere,
    /// Nobody.
    Nobody,
}

/// A sender of webhooks without the right to sign them.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Signer {
    /// Another account, as itself.
    OtherAccount,
    /// Another account that names the workspace's.
    Pretender,
    /// Another account with its token before the rotation.
    PreviousToken,
    /// Another account's own request, sent to the wrong workspace.
    Misled,
    /// Somebody with a signature that signs nothing.
    Forger,
    /// Nobody.
    Nobody,
}

/// The probes of a route.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Probe {
    Page(Asker),
    Webhook(Signer),
    /// An agent asks in the own workspace for a call of another.
    ForeignCall,
}

const ASKERS: [Asker; 9] = [
    Asker::OtherAgent,
    Asker::Viewer,
    Asker::Stranger,
    Asker::Expired,
    Asker::Forger,
    Asker::Anonymous,
    Asker::Service,
    Asker::Elsewhere,
    Asker::Nobody,
];

const SIGNERS: [Signer; 6] = [
    Signer::OtherAccount,
    Signer::Pretender,
    Signer::PreviousToken,
    Signer::Misled,
    Signer::Forger,
    Signer::Nobody,
];

/// A route of the program's API description.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Route {
    method: String,
    /// After the workspace.
    rest: String,
}

impl Route {
    fn is_webhook(&self) -> bool {
        self.rest == "voice" || self.rest.starts_with("voice/")
    }

    fn probes(&self) -> Vec<Probe> {
        if self.is_webhook() {
            return SIGNERS.map(Probe::Webhook).to_vec();
        }
        let mut probes = ASKERS.map(Probe::Page).to_vec();
        if self.rest.contains("{call_sid}") {
            probes.push(Probe::ForeignCall);
        }
        probes
    }
}

impl Probe {
    /// Whether the probe needs the database and its result does not depend on the requester's
    /// workspace. Then it is tried once for each workspace.
    const fn is_rare(self) -> bool {
        matches!(self, Self::Page(Asker::Viewer | Asker::Stranger))
    }
}

/// One probe of one route, and the answer for a workspace that does not exist.
struct Try {
    route: Route,
    probe: Probe,
    absent: Answer,
}

/// Everything that a prober needs.
struct Probes {
    tries: Vec<Try>,
    workspaces: Vec<Workspace>,
    /// Who asks and who is asked for.
    pairs: Vec<(usize, usize)>,
    /// Every session that is shown, signed once.
    sessions: BTreeMap<(Kind, UserId), String>,
    next: AtomicUsize,
}

pub(crate) async fn run(context: &Context) -> String {
    let world = World::new(context, 50).await;
    let server = world.server(0).await;
    let mut calls = Calls::of(&world.workspaces);
    calls.few(&server, 2 * world.workspaces.len()).await;
    let address = server.address();
    let mut connection = Connection::to(address);
    let routes = routes(&mut connection).await;
    let (pages, webhooks): (Vec<&Route>, _) = routes.iter().partition(|route| !route.is_webhook());
    let (pages, webhooks) = (pages.len(), webhooks.len());
    assert!(pages >= 5 && webhooks >= 4, "{routes:?}");
    controls(&mut connection, &world.workspaces[0]).await;

    let all = routes.iter().flat_map(Route::probes);
    let each = all.filter(|probe| !probe.is_rare()).count();
    let mut pairs: Vec<(usize, usize)> = (0..world.workspaces.len())
        .flat_map(|asker| (0..world.workspaces.len()).map(move |asked| (asker, asked)))
        .filter(|(asker, asked)| asker != asked)
        .collect();
    context.dice().shuffle(&mut pairs);
    pairs.truncate(LEAST.div_ceil(each));
    // All pairs of requester and workspace.
    pairs.extend((0..world.workspaces.len()).map(|asked| (asked, asked)));
    let mut probes = Probes {
        tries: Vec::new(),
        workspaces: world.workspaces.clone(),
        pairs,
        sessions: sessions(&world.workspaces),
        next: AtomicUsize::new(0),
    };
    probes.tries = tries(&probes, routes, &mut connection).await;

    server.drained().await;
    let client = world.client().await;
    let before = digest(&client).await;
    let probes = Arc::new(probes);
    let mut probers = JoinSet::new();
    for _ in 0..PROBERS {
        let (probes, connection) = (Arc::clone(&probes), Connection::to(address));
        probers.spawn(async move { probe_all(&probes, connection).await });
    }
    let watch = async {
        loop {
            sleep(Duration::from_secs(10)).await;
            let pairs = probes.next.load(Ordering::Relaxed).min(probes.pairs.len());
            context.progress(&format!("{} probes", pairs * each));
        }
    };
    let all = tokio::select! {
        all = probers.join_all() => all,
        () = watch => Vec::new(),
    };
    let mut tried = 0;
    let mut leaks = Vec::new();
    for (count, found) in all {
        tried += count;
        leaks.extend(found);
    }
    assert!(leaks.is_empty(), "{} of {tried}: {:?}", leaks.len(), &leaks[..leaks.len().min(3)]);
    assert!(tried >= LEAST, "only {tried} probes");
    server.drained().await;
    assert_eq!(digest(&client).await, before, "a probe changed something");
    format!(
        "{tried} probes of {pages} routes of pages and {webhooks} of webhooks between 50 \
         workspaces, {} kinds of token and {} of signature: 0 leaks, absent and foreign alike",
        ASKERS.len(),
        SIGNERS.len(),
    )
}

/// Reads all routes from the API description, so that new routes are probed too.
async fn routes(connection: &mut Connection) -> Vec<Route> {
    let (answer, _) = connection
        .ask(&Ask::get("/openapi.json").kept_bytes())
        .await
        .expect("the program describes itself");
    let page: Value = answer.json();
    let paths = page["paths"].as_object().expect("paths");
    let mut routes = Vec::new();
    for (path, methods) in paths {
        let Some(rest) = path.strip_prefix("/api/workspaces/{workspace}/") else { continue };
        let methods = methods.as_object().expect("methods");
        for method in methods.keys().filter(|name| METHODS.contains(&name.as_str())) {
            routes.push(Route { method: method.to_uppercase(), rest: rest.to_owned() });
        }
    }
    routes
}

/// Checks that the same requests succeed with the right credentials; otherwise refusals would prove
/// nothing.
async fn controls(connection: &mut Connection, workspace: &Workspace) {
    let agent = workspace.agent(1);
    let bearer = session(Kind::Good, agent);
    let call = Call::new(workspace, 0, now()).sid;
    let identity = format!("token?identity={}", AgentIdentity::new(agent));
    for rest in [identity.as_str(), "agents", "calls", &format!("calls/{call}")] {
        let ask = page("GET", &workspace.path(rest), Some(&bearer));
        let (answer, _) = connection.ask(&ask).await.expect("an answer");
        assert_eq!(answer.status, 200, "{rest}: {}", answer.text());
    }
    let body = form(workspace, 0);
    let path = workspace.path("voice/status");
    for signature in [workspace.signature(&path, &body), workspace.previous_signature(&path, &body)]
    {
        let ask = post(&path, Some(&signature), &body);
        let (answer, _) = connection.ask(&ask).await.expect("an answer");
        assert_eq!(answer.status, 204, "{}", answer.text());
    }
}

/// Every probe of every route, with the answer for a workspace that does not exist.
async fn tries(probes: &Probes, routes: Vec<Route>, connection: &mut Connection) -> Vec<Try> {
    let mut tries = Vec::new();
    for route in routes {
        for probe in route.probes() {
            let ask = probes.request(&route, probe, (0, 1), true);
            let (answer, _) = connection.ask(&ask).await.expect("an answer");
            let want = match probe {
                Probe::Page(Asker::OtherAgent | Asker::Viewer | Asker::Stranger)
                | Probe::ForeignCall => 404,
                Probe::Page(_) => 401,
                Probe::Webhook(_) => 403,
            };
            assert_eq!(answer.status, want, "{route:?}, {probe:?}: {}", answer.text());
            tries.push(Try { route: route.clone(), probe, absent: answer.comparable() });
        }
    }
    tries
}

/// Tries the remaining probes. Returns their number, and the answers that differ from those for a
/// workspace that does not exist.
async fn probe_all(probes: &Probes, mut connection: Connection) -> (usize, Vec<String>) {
    let (mut tried, mut leaks) = (0, Vec::new());
    loop {
        let number = probes.next.fetch_add(1, Ordering::Relaxed);
        let Some(pair) = probes.pairs.get(number) else { return (tried, leaks) };
        let is_own = pair.0 == pair.1;
        for Try { route, probe, absent } in &probes.tries {
            if probe.is_rare() != is_own {
                continue;
            }
            let ask = probes.request(route, *probe, *pair, false);
            let answer = answered(&mut connection, &ask).await;
            let got = answer.map(Answer::comparable);
            tried += 1;
            if got.as_ref().ok() != Some(absent) {
                leaks.push(format!("{pair:?} {route:?} {probe:?}: {got:?} is not {absent:?}"));
            }
        }
    }
}

/// The answer. A request is repeated while the database is too busy (503), because that answer
/// reveals nothing.
async fn answered(connection: &mut Connection, ask: &[u8]) -> io::Result<Answer> {
    let mut attempts = 0;
    loop {
        attempts += 1;
        let (answer, _) = connection.ask(ask).await?;
        if answer.status != 503 || attempts == ATTEMPTS {
            return Ok(answer);
        }
        sleep(Duration::from_millis(500)).await;
    }
}

impl Probes {
    /// The request, for the asked workspace or for one that does not exist.
    fn request(
        &self,
        route: &Route,
        probe: Probe,
        (asker, asked): (usize, usize),
        is_absent: bool,
    ) -> Vec<u8> {
        let (asker, asked) = (&self.workspaces[asker], &self.workspaces[asked]);
        let number = asked.mark - 1;
        let call = Call::new(asked, number, now()).sid;
        let mut rest = route.rest.replace("{call_sid}", call.as_str());
        let workspace = if is_absent { "absent" } else { asked.id.as_str() };
        match probe {
            Probe::ForeignCall => {
                if is_absent {
                    rest = route.rest.replace("{call_sid}", NO_CALL);
                }
                let bearer = &self.sessions[&(Kind::Good, asker.agent(1))];
                page(&route.method, &asker.path(&rest), Some(bearer))
            }
            Probe::Page(who) => {
                let (kind, user) = who.session(asker, asked);
                if rest == "token" {
                    rest = format!("token?identity={}", AgentIdentity::new(user));
                }
                let path = format!("/api/workspaces/{workspace}/{rest}");
                let bearer = kind.map(|kind| &*self.sessions[&(kind, user)]);
                page(&route.method, &path, bearer)
            }
            Probe::Webhook(who) => {
                let path = format!("/api/workspaces/{workspace}/{rest}");
                let body = match who {
                    Signer::Pretender | Signer::Forger | Signer::Nobody => form(asked, number),
                    _ => form(asker, number),
                };
                let signature = match who {
                    Signer::OtherAccount | Signer::Pretender => Some(asker.signature(&path, &body)),
                    Signer::PreviousToken => Some(asker.previous_signature(&path, &body)),
                    Signer::Misled => Some(asker.signature(&asker.path(&rest), &body)),
                    Signer::Forger => Some(planted::SIGNATURE.to_owned()),
                    Signer::Nobody => None,
                };
                post(&path, signature.as_deref(), &body)
            }
        }
    }
}

/// The sessions of all requesters in all workspaces.
fn sessions(workspaces: &[Workspace]) -> BTreeMap<(Kind, UserId), String> {
    let shown = workspaces
        .iter()
        .flat_map(|workspace| ASKERS.map(|asker| asker.session(workspace, workspace)));
    let signed = |(kind, user): (Option<Kind>, UserId)| Some(((kind?, user), session(kind?, user)));
    shown.filter_map(signed).collect()
}

impl Asker {
    fn session(self, asker: &Workspace, asked: &Workspace) -> (Option<Kind>, UserId) {
        match self {
            Self::OtherAgent => (Some(Kind::Good), asker.agent(1)),
            Self::Viewer => (Some(Kind::Good), asked.agent(0)),
            Self::Stranger => (Some(Kind::Good), asked.agent(99)),
            Self::Expired => (Some(Kind::Expired), asked.agent(1)),
            Self::Forger => (Some(Kind::Forged), asked.agent(1)),
            Self::Anonymous => (Some(Kind::Anonymous), asked.agent(1)),
            Self::Service => (Some(Kind::Service), asked.agent(1)),
            Self::Elsewhere => (Some(Kind::Elsewhere), asked.agent(1)),
            Self::Nobody => (None, asked.agent(1)),
        }
    }
}

/// A request of an agent's page, with a valid body where the method allows one.
fn page(method: &str, path: &str, bearer: Option<&str>) -> Vec<u8> {
    let body = match method {
        "GET" => "",
        _ if path.ends_with("/me/page") => r#"{"page":"p1"}"#,
        _ => r#"{"status":"away"}"#,
    };
    let ask = bearer.into_iter().fold(Ask::new(method, path), Ask::bearer);
    ask.body("application/json", body).kept_bytes()
}

/// The end of a call, in the name of a workspace's account.
fn form(workspace: &Workspace, number: u32) -> String {
    let call = Call::new(workspace, number, now()).sid;
    encode(&[
        ("AccountSid", &*workspace.account.to_string()),
        ("CallSid", call.as_str()),
        ("From", &planted::number(number)),
        ("To", &workspace.number),
        ("CallStatus", "completed"),
        ("DialCallStatus", "completed"),
    ])
}

/// A digest of everything that a webhook or a page can write.
async fn digest(client: &Client) -> Vec<String> {
    let mut digests = Vec::new();
    for table in ["voice_events", "voice_calls", "voice_legs", "voice_agents", "livechat_messages"]
    {
        let sql = format!(
            "select '{table} ' || count(*) || ' ' || coalesce(md5(string_agg(t::text, ',' \
             order by t::text)), '') from public.{table} t"
        );
        digests.push(client.query_one(&sql, &[]).await.expect("a digest").get(0));
    }
    digests
}

const METHODS: [&str; 5] = ["get", "put", "post", "patch", "delete"];
/// A call that nobody has.
const NO_CALL: &str = "CA0123456789abcdef0123456789abcdef";
/// Probes.
const LEAST: usize = 100_000;
const PROBERS: usize = 16;
const ATTEMPTS: u32 = 10;
