//! Access tokens: their content, and which library accepts them.

use std::io;
use std::time::Duration;

use identity::Timestamp;
use serde_json::{Map, Value, json};
use voice_token::{
    ApiKey, ChatGrant, Grants, Identity, Issuer, JsonObject, Outgoing, PlaybackGrant, SyncGrant,
    TaskRouterGrant, Ttl, VideoGrant, VoiceGrant,
};

use crate::judge::{Judge, Judges};
use crate::random::Random;
use crate::tally::Tally;

/// Issues every token with both libraries and ours, compares the tokens, and lets each library verify
/// those of the others.
pub(crate) fn run(judges: &mut Judges, random: &mut Random, count: usize) -> io::Result<Tally> {
    let mut tally = Tally::new("tokens");
    let cases: Vec<Case> = (0..count).map(|_| Case::draw(random)).collect();
    judge(&mut judges.node, "node", &cases, random, &mut tally)?;
    judge(&mut judges.python, "python", &cases, random, &mut tally)?;
    Ok(tally)
}

fn judge(
    judge: &mut Judge,
    library: &'static str,
    cases: &[Case],
    random: &mut Random,
    tally: &mut Tally,
) -> io::Result<()> {
    let asked: Vec<Value> = cases.iter().map(|case| case.0.clone()).collect();
    let theirs = judge.texts("issue", &asked)?;
    let mut ours = Vec::with_capacity(cases.len());
    for (case, theirs) in cases.iter().zip(&theirs) {
        let jwt = case.issue(library == "node").map_err(io::Error::other)?;
        let (left, right) = (parts(&jwt), parts(theirs));
        tally.check(left.is_some() && left == right, || {
            format!("{library} issues {right:?}, ours {left:?}")
        });
        ours.push(jwt);
    }
    // Each side checks what the other issued, and refuses it once one letter has changed.
    let changed: Vec<String> = ours.iter().map(|jwt| change(jwt, random)).collect();
    let question = |(case, jwt): (&Case, &String)| json!({ "jwt": jwt, "secret": case.0["secret"], "now": case.0["now"] });
    let good: Vec<Value> = cases.iter().zip(&ours).map(question).collect();
    let bad: Vec<Value> = cases.iter().zip(&changed).map(question).collect();
    for answer in judge.texts("accept", &good)? {
        tally.check(answer == "yes", || format!("{library} refuses our token: {answer}"));
    }
    for answer in judge.texts("accept", &bad)? {
        tally.check(answer != "yes", || format!("{library} accepts a changed token"));
    }
    for (case, theirs) in cases.iter().zip(&theirs) {
        let accepted = case.accept(theirs);
        tally.check(accepted.is_ok(), || format!("we refuse a token of {library}: {accepted:?}"));
        let accepted = case.accept(&change(theirs, random));
        tally.check(accepted.is_err(), || format!("we accept a changed token of {library}"));
    }
    Ok(())
}

/// One token, in the judges' words: what is absent is null or missing.
struct Case(Value);

impl Case {
    fn draw(random: &mut Random) -> Self {
        let now = 1_600_000_000 + random.below(400_000_000);
        // None, as a whole number, or some seconds back.
        let nbf = random.percent(60).then(|| now - random.below(100));
        let length = 16 + random.below(48);
        Self(json!({
            "account": random.sid("AC"),
            "key": random.sid("SK"),
            "secret": random.secret(length),
            "identity": name(random, IDENTITIES),
            "ttl": random.pick(&[1, 60, 3600, 86_400]),
            "nbf": nbf,
            "region": random.percent(20).then(|| random.pick(&["ie1", "au1", "us2"])),
            "grants": grants(random),
            "now": now,
        }))
    }

    /// Issues the token with our library: Node's writes `iat`, Python's does not.
    fn issue(&self, issued_at: bool) -> Result<String, String> {
        let case = &self.0;
        let account = text(case, "account")?.parse().map_err(said)?;
        let seconds = case["ttl"].as_u64().ok_or("no ttl")?;
        let ttl = Ttl::new(Duration::from_secs(seconds)).map_err(said)?;
        let mut issuer = Issuer::new(account, self.key()?).ttl(ttl);
        if issued_at {
            issuer = issuer.issued_at();
        }
        if let Some(nbf) = case["nbf"].as_u64() {
            let now = case["now"].as_u64().ok_or("no time")?;
            issuer = issuer.not_before(Duration::from_secs(now - nbf));
        }
        if let Some(region) = case["region"].as_str() {
            issuer = issuer.region(&region.parse().map_err(said)?);
        }
        let identity: Identity = text(case, "identity")?.parse().map_err(said)?;
        Ok(issuer.issue(&identity, &ours(&case["grants"])?, self.now()?))
    }

    fn accept(&self, jwt: &str) -> Result<(), String> {
        let token = self.key()?.verify(jwt, self.now()?, Duration::ZERO).map_err(said)?;
        let same = token.identity.as_str() == text(&self.0, "identity")?
            && token.account.as_str() == text(&self.0, "account")?
            && plain(token.grants.clone())? == ours(&self.0["grants"])?;
        if same { Ok(()) } else { Err(format!("read as {token:?}")) }
    }

    fn key(&self) -> Result<ApiKey, String> {
        ApiKey::parse(text(&self.0, "key")?, text(&self.0, "secret")?).map_err(said)
    }

    fn now(&self) -> Result<Timestamp, String> {
        let seconds = self.0["now"].as_i64().ok_or("no time")?;
        Ok(Timestamp::from_unix_seconds(seconds))
    }
}

const IDENTITIES: &[&str] = &["agent_", "7f3c2d1e", "jane", ".", "@", "ü", "\u{1f98a}", "'", "-"];
const WORDS: &[&str] = &["a", "Room ", "\"", "\\", "<&>", "ü", "\u{1f98a}", "\u{7f}", "\n", "/"];

/// A text that is never empty: the libraries take an empty one for an absent one.
fn name(random: &mut Random, pieces: &[&str]) -> String {
    random.pick(pieces).to_owned() + &random.text(pieces, 6)
}

/// Any grants, each with any of its fields.
fn grants(random: &mut Random) -> Value {
    let mut all = Map::new();
    let mut grant = |random: &mut Random, name: &str, fields: Vec<(&str, Value)>| {
        if random.percent(35) {
            let kept = fields.into_iter().filter(|_| random.percent(60));
            let object: Map<_, _> = kept.map(|(name, value)| (name.to_owned(), value)).collect();
            all.insert(name.to_owned(), Value::Object(object));
        }
    };
    let endpoint = ("endpoint", json!(name(random, WORDS)));
    let push_credential = ("push_credential", json!(random.sid("CR")));
    let service = ("service", json!(random.sid("IS")));
    let voice = vec![
        ("incoming", json!(random.percent(70))),
        ("application", json!(random.sid("AP"))),
        ("params", object(random)),
        push_credential.clone(),
        endpoint.clone(),
    ];
    grant(random, "voice", voice);
    let room = vec![("room", json!(name(random, WORDS)))];
    grant(random, "video", room);
    let role = ("deployment_role", json!(random.sid("RL")));
    grant(random, "chat", vec![service.clone(), endpoint.clone(), role, push_credential]);
    grant(random, "sync", vec![service, endpoint]);
    let task_router = vec![
        ("workspace", json!(random.sid("WS"))),
        ("worker", json!(random.sid("WK"))),
        ("role", json!(random.pick(&["worker", "supervisor"]))),
    ];
    grant(random, "task_router", task_router);
    if random.percent(20) {
        all.insert("playback".to_owned(), json!({ "grant": object(random) }));
    }
    Value::Object(all)
}

/// A JSON object with something in it, which is passed on verbatim.
fn object(random: &mut Random) -> Value {
    let number = i64::try_from(random.below(1 << 40)).unwrap_or_default();
    json!({
        name(random, WORDS): name(random, WORDS),
        "nested": { "list": [number, -number, true, null], name(random, WORDS): {} },
    })
}

/// The grants as our types.
fn ours(grants: &Value) -> Result<Grants, String> {
    let grant = |name: &str| grants.get(name);
    let string = |grant: &Value, field: &str| grant[field].as_str().map(str::to_owned);
    let raw = |value: &Value| value.to_string().parse::<JsonObject>().map_err(said);
    let voice = |voice: &Value| {
        let outgoing = |application| {
            let params = voice.get("params").map(raw).transpose()?;
            Ok::<_, String>(Outgoing { application, params })
        };
        Ok::<_, String>(VoiceGrant {
            incoming: voice["incoming"].as_bool().unwrap_or_default(),
            outgoing: parsed(voice, "application")?.map(outgoing).transpose()?,
            push_credential: parsed(voice, "push_credential")?,
            endpoint_id: string(voice, "endpoint"),
        })
    };
    let chat = |chat: &Value| {
        Ok::<_, String>(ChatGrant {
            service: parsed(chat, "service")?,
            endpoint_id: string(chat, "endpoint"),
            deployment_role: parsed(chat, "deployment_role")?,
            push_credential: parsed(chat, "push_credential")?,
        })
    };
    let sync = |sync: &Value| {
        Ok::<_, String>(SyncGrant {
            service: parsed(sync, "service")?,
            endpoint_id: string(sync, "endpoint"),
        })
    };
    let task_router = |it: &Value| {
        Ok::<_, String>(TaskRouterGrant {
            workspace: parsed(it, "workspace")?,
            worker: parsed(it, "worker")?,
            role: string(it, "role"),
        })
    };
    Ok(Grants {
        voice: grant("voice").map(voice).transpose()?,
        video: grant("video").map(|video| VideoGrant { room: string(video, "room") }),
        chat: grant("chat").map(chat).transpose()?,
        sync: grant("sync").map(sync).transpose()?,
        task_router: grant("task_router").map(task_router).transpose()?,
        playback: grant("playback")
            .map(|it| raw(&it["grant"]).map(|grant| PlaybackGrant { grant }))
            .transpose()?,
        ..Grants::default()
    })
}

/// The grants with their verbatim objects written as ours are: libraries escape differently.
fn plain(mut grants: Grants) -> Result<Grants, String> {
    let outgoing = grants.voice.as_mut().and_then(|voice| voice.outgoing.as_mut());
    let params = outgoing.and_then(|outgoing| outgoing.params.as_mut());
    let playback = grants.playback.as_mut().map(|playback| &mut playback.grant);
    for object in params.into_iter().chain(playback) {
        let value: Value = serde_json::from_str(object.as_str()).map_err(said)?;
        *object = value.to_string().parse().map_err(said)?;
    }
    Ok(grants)
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
    grant: &Value,
    field: &str,
) -> Result<Option<T>, String> {
    grant[field].as_str().map(|text| text.parse().map_err(said)).transpose()
}

fn text<'a>(case: &'a Value, field: &str) -> Result<&'a str, String> {
    case[field].as_str().ok_or_else(|| format!("no {field}"))
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Header and payload as JSON, whose order of keys does not count.
fn parts(jwt: &str) -> Option<(Value, Value)> {
    let mut parts = jwt.split('.').map(|part| serde_json::from_slice(&base64url(part)?).ok());
    Some((parts.next()??, parts.next()??))
}

/// Base64url without padding (RFC 4648, 5), written here so that the judge is not the code judged.
fn base64url(text: &str) -> Option<Vec<u8>> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (mut bits, mut held, mut bytes) = (0_u32, 0, Vec::new());
    for letter in text.bytes() {
        let value = ALPHABET.iter().position(|known| *known == letter)?;
        bits = (bits << 6 | u32::try_from(value).ok()?) & 0xffff;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).ok()?);
        }
    }
    Some(bytes)
}

/// The token with one letter replaced.
///
/// Not the last one of a part: its lowest bits may mean nothing.
fn change(jwt: &str, random: &mut Random) -> String {
    let bytes = jwt.as_bytes();
    let counts =
        |at: &usize| bytes[*at] != b'.' && bytes.get(at + 1).is_some_and(|next| *next != b'.');
    let places: Vec<usize> = (0..bytes.len()).filter(counts).collect();
    let at = random.pick(&places);
    let other = if bytes[at] == b'x' { "y" } else { "x" };
    format!("{}{other}{}", &jwt[..at], &jwt[at + 1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64url_is_that_of_the_rfc() {
        let cases = [
            ("", Some("")),
            ("Zg", Some("f")),
            ("Zm8", Some("fo")),
            ("Zm9v", Some("foo")),
            ("Zm9vYmFy", Some("foobar")),
            ("Zg==", None),
        ];
        for (text, want) in cases {
            assert_eq!(base64url(text).as_deref(), want.map(str::as_bytes), "{text}");
        }
        assert_eq!(base64url("_-8").unwrap(), [0xff, 0xef]);
    }

    #[test]
    fn what_is_drawn_is_issued_and_read_back() {
        let mut random = Random::new(5, "tokens");
        for _ in 0..100 {
            let case = Case::draw(&mut random);
            let jwt = case.issue(true).unwrap();
            assert_eq!(case.accept(&jwt), Ok(()), "{}", case.0);
            assert!(case.accept(&change(&jwt, &mut random)).is_err(), "{}", case.0);
            let (header, payload) = parts(&jwt).unwrap();
            assert_eq!(header["typ"], "JWT");
            assert_eq!(payload["iat"], case.0["now"]);
        }
    }
}
