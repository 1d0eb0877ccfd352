//! Requests that are not Twilio's, or not for this workspace, are refused: the answer says nothing, and
//! nothing is stored.

use serde_json::json;
use twilio_sig::AuthToken;

use crate::http::{Ask, Document as _, signed_form};
use crate::team::Team;
use crate::world::{ORIGIN, PUBLIC_URL, World};

const CALL: &str = "CA01010101010101010101010101010101";
const PATHS: [&str; 4] = ["voice", "voice/status", "voice/dial?rung=AAAAAAAA", "voice/voicemail"];
const LIMIT: usize = 64 * 1024;

/// A request as Twilio sends it for this team.
fn good(team: &Team, rest: &str) -> Ask {
    let account = team.account.sid();
    let params = [
        ("AccountSid", account.as_str()),
        ("CallSid", CALL),
        ("From", "+15005551234"),
        ("To", &team.number),
        ("CallStatus", "completed"),
    ];
    signed_form(&team.path(rest), &params, &team.auth_token)
}

/// The same request with another body, signed again.
fn with_body(team: &Team, rest: &str, body: &[u8]) -> Ask {
    let form = twilio_sig::Form::parse(body).expect("a form");
    let token = AuthToken::new(&team.auth_token).expect("a token");
    let url = format!("{PUBLIC_URL}{}", team.path(rest));
    let signature = token.sign(&twilio_sig::Request::form(&url, &form));
    Ask::new("POST", &team.path(rest))
        .body("application/x-www-form-urlencoded", body)
        .header("X-Twilio-Signature", &signature)
}

fn without(ask: Ask, name: &str) -> Ask {
    let headers = ask.headers.into_iter().filter(|(key, _)| key != name).collect();
    Ask { headers, ..ask }
}

/// Every way to be refused with the same plain request.
fn refused(team: &Team, other: &Team, rest: &str) -> Vec<(&'static str, u16, Ask)> {
    let good = || good(team, rest);
    let signed_by = |token: &str| {
        let params = [("AccountSid", team.account.sid().to_string()), ("CallSid", CALL.to_owned())];
        let params = [(params[0].0, &*params[0].1), (params[1].0, &*params[1].1)];
        signed_form(&team.path(rest), &params, token)
    };
    let unsigned = || without(good(), "X-Twilio-Signature");
    let flipped = {
        let mut ask = good();
        let last = ask.body.len() - 1;
        ask.body[last] ^= 1;
        ask
    };
    let elsewhere = |target: String| Ask { target, ..good() };
    let more = if rest.contains('?') { "&more=1" } else { "?more=1" };
    let other_account = [("AccountSid", other.account.sid().to_string())];
    let other_account = [(other_account[0].0, &*other_account[0].1), ("CallSid", CALL)];
    let twice = [
        ("AccountSid", other_account[0].1),
        ("AccountSid", team.account.sid().as_str()),
        ("CallSid", CALL),
    ]
    .map(|(name, value)| (name, value.to_owned()));
    let twice: Vec<(&str, &str)> = twice.iter().map(|(name, value)| (*name, &**value)).collect();
    let kind = |kind: &str| without(good(), "Content-Type").header("Content-Type", kind);
    vec![
        ("unsigned", 403, unsigned()),
        ("empty signature", 403, unsigned().header("X-Twilio-Signature", "")),
        ("not base64", 403, unsigned().header("X-Twilio-Signature", "%%%")),
        ("too short", 403, unsigned().header("X-Twilio-Signature", "AAAA")),
        ("signed by a stranger", 403, signed_by("0123456789abcdef0123456789abcdef")),
        ("signed by another workspace", 403, signed_by(&other.auth_token)),
        ("signed with the key's secret", 403, signed_by(crate::team::API_SECRET)),
        ("one bit of the body changed", 403, flipped),
        ("another query", 403, elsewhere(format!("{}{more}", team.path(rest)))),
        ("another workspace", 403, elsewhere(other.path(rest))),
        ("an absent workspace", 403, elsewhere(format!("/api/workspaces/absent/{rest}"))),
        ("another account", 403, signed_form(&team.path(rest), &other_account, &team.auth_token)),
        ("two accounts", 403, signed_form(&team.path(rest), &twice, &team.auth_token)),
        ("no account", 403, signed_form(&team.path(rest), &[("CallSid", CALL)], &team.auth_token)),
        ("JSON", 400, without(good(), "Content-Type").json(&json!({ "CallSid": CALL }))),
        ("JSON that says it is a form", 403, {
            let ask = kind("application/x-www-form-urlencoded");
            Ask { body: b"{\"CallSid\":\"CA1\"}".to_vec(), ..ask }
        }),
        ("no content type", 400, without(good(), "Content-Type")),
        ("plain text", 400, kind("text/plain")),
        ("multipart", 400, kind("multipart/form-data; boundary=x")),
        ("no body", 403, Ask { body: Vec::new(), ..good() }),
        ("invalid UTF-8", 400, Ask { body: b"CallSid=%ff%fe".to_vec(), ..good() }),
        ("raw bytes", 400, Ask { body: vec![0xff; 64], ..good() }),
        ("64 KiB and a byte", 413, Ask { body: vec![b'a'; LIMIT + 1], ..good() }),
        ("10 MB", 413, Ask { body: vec![b'a'; 10_000_000], ..good() }),
        ("GET", 405, Ask { method: "GET".to_owned(), ..good() }),
        ("PUT", 405, Ask { method: "PUT".to_owned(), ..good() }),
        ("OPTIONS", 405, Ask { method: "OPTIONS".to_owned(), ..good() }),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_say_and_keep_nothing() {
    let world = World::new().await;
    let (team, other) = (world.team("acme").await, world.team("other").await);
    world.agents(&team, 2).await;
    let before = world.dump(None).await;
    for rest in PATHS {
        for (name, status, ask) in refused(&team, &other, rest) {
            let answer = world.ask(&ask).await;
            let got = (answer.status, answer.text());
            assert_eq!(got, (status, ""), "{name}, {rest}");
            assert_eq!(answer.header("content-type"), None, "{name}, {rest}");
            assert_eq!(answer.header("x-request-id"), None, "{name}, {rest}");
        }
    }
    assert_eq!(world.dump(None).await, before);
    let written = world.metric("switchroom_journal_total{outcome=\"written\"}").await;
    assert_eq!(written, 0, "something went into the spool");
    let mismatches = world.metric("switchroom_signature_refusals_total{class=\"mismatch\"}").await;
    assert!(mismatches >= 20, "{mismatches}");
    // The same request as it should be.
    assert_eq!(world.ask(&good(&team, "voice/status")).await.status, 204);
    world.ask(&good(&team, "voice")).await.twiml();
    assert_ne!(world.dump(None).await, before);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_do_not_tell_an_absent_workspace_from_another() {
    let world = World::new().await;
    let (team, other) = (world.team("acme").await, world.team("other").await);
    for rest in PATHS {
        let ask = good(&team, rest);
        let target = |target: String| Ask { target, ..ask.clone() };
        let foreign = world.ask(&target(other.path(rest))).await.comparable();
        let absent =
            world.ask(&target(format!("/api/workspaces/absent/{rest}"))).await.comparable();
        assert_eq!(foreign, absent, "{rest}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_two_readers_could_understand_differently_are_refused() {
    let world = World::new().await;
    let team = world.team("acme").await;
    let before = world.dump(None).await;
    let ask = good(&team, "voice/status");
    let length = ask.body.len();
    let host = "Host: voice.example.com\r\n";
    let cases = [
        ("no Host", format!("Content-Length: {length}\r\n")),
        ("two Hosts", format!("{host}{host}Content-Length: {length}\r\n")),
        ("two lengths", format!("{host}Content-Length: {length}\r\nContent-Length: 3\r\n")),
        (
            "a length and chunks",
            format!("{host}Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n"),
        ),
        (
            "chunks and a length",
            format!("{host}Transfer-Encoding: chunked\r\nContent-Length: {length}\r\n"),
        ),
        ("an unknown coding", format!("{host}Transfer-Encoding: gzip\r\n")),
        ("a length that is none", format!("{host}Content-Length: +{length}\r\n")),
    ];
    for (name, lines) in cases {
        let answer = world.send(&ask.bytes_with(&lines)).await;
        assert_eq!((answer.status, answer.text()), (400, ""), "{name}");
    }
    assert_eq!(world.dump(None).await, before);
    // Each would be a whole request for a reader who looks at one of the two only.
    let [body, chunks] = [ask.body.clone(), in_chunks(&ask.body, 1000)];
    let long = body.len();
    let whole = [
        ("an equal length twice", body, format!("Content-Length: {long}\r\n").repeat(2)),
        (
            "chunks with their length",
            chunks.clone(),
            format!("Content-Length: {}\r\nTransfer-Encoding: chunked\r\n", chunks.len()),
        ),
        (
            "the length of chunks",
            chunks.clone(),
            format!("Transfer-Encoding: chunked\r\nContent-Length: {}\r\n", chunks.len()),
        ),
    ];
    for (name, body, lines) in whole {
        let ask = Ask { body, ..ask.clone() };
        let answer = world.send(&ask.bytes_with(&format!("{host}{lines}"))).await;
        assert_eq!((answer.status, answer.text()), (400, ""), "{name}");
        assert_eq!(answer.header("connection"), Some("close"), "{name}");
    }
    let text = String::from_utf8(ask.bytes()).expect("ASCII");
    let others = [
        (
            "HTTP/1.0 with chunks",
            text.replacen("HTTP/1.1", "HTTP/1.0", 1).replacen(
                "Content-Length",
                "Transfer-Encoding: chunked\r\nX-Length",
                1,
            ),
        ),
        ("HTTP/2.0", text.replacen("HTTP/1.1", "HTTP/2.0", 1)),
        ("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned()),
        ("a blank before the colon", text.replacen("Host:", "Host :", 1)),
        ("a folded line", text.replacen("Host:", "X-Fold: a\r\n b\r\nHost:", 1)),
    ];
    for (name, text) in others {
        // Bytes that are no HTTP/1 at all need no answer.
        let answer = String::from_utf8(world.everything(text.as_bytes()).await).expect("UTF-8");
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400 "), "{name}: {answer}");
    }
    assert_eq!(world.dump(None).await, before);
    let more = b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".repeat(2);
    let answer = String::from_utf8(world.everything(&more).await).expect("UTF-8");
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "nothing is read after a doubt: {answer}");
    // An old proxy names the host, too: nginx speaks HTTP/1.0 by default.
    assert_eq!(world.send(text.replacen("HTTP/1.1", "HTTP/1.0", 1).as_bytes()).await.status, 204);
    assert_eq!(world.send(&ask.bytes()).await.status, 204);
    world.stop().await;
}

/// A body in chunks of this size.
fn in_chunks(body: &[u8], size: usize) -> Vec<u8> {
    let mut chunks = Vec::new();
    for chunk in body.chunks(size) {
        chunks.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        chunks.extend_from_slice(chunk);
        chunks.extend_from_slice(b"\r\n");
    }
    chunks.extend_from_slice(b"0\r\n\r\n");
    chunks
}

/// The same request with its body in chunks of this size.
fn chunked(ask: &Ask, size: usize) -> Vec<u8> {
    let ask = Ask { body: in_chunks(&ask.body, size), ..ask.clone() };
    ask.bytes_with("Host: voice.example.com\r\nTransfer-Encoding: chunked\r\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_holds_for_chunks_too() {
    let world = World::new().await;
    let team = world.team("acme").await;
    // As large as may be, with a field that fills it up.
    let plain = good(&team, "voice/status").body;
    let fill = LIMIT - plain.len() - "&Fill=".len();
    let full = [&plain[..], b"&Fill=", &vec![b'x'; fill]].concat();
    assert_eq!(full.len(), LIMIT);
    let ask = with_body(&team, "voice/status", &full);
    assert_eq!(world.ask(&ask).await.status, 204);
    assert_eq!(world.send(&chunked(&ask, 1000)).await.status, 204);

    let before = world.dump(None).await;
    let ask = with_body(&team, "voice/status", &[&full[..], b"x"].concat());
    for size in [LIMIT + 1, 1000] {
        let answer = world.send(&chunked(&ask, size)).await;
        assert_eq!((answer.status, answer.text()), (413, ""), "in chunks of {size}");
    }
    let huge = Ask { body: vec![b'x'; 10_000_000], ..ask };
    let answer = world.send(&chunked(&huge, 100_000)).await;
    assert_eq!((answer.status, answer.text()), (413, ""));
    assert_eq!(world.dump(None).await, before);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_url_counts_whatever_the_headers_say() {
    let world = World::new().await;
    let team = world.team("acme").await;
    let ask = good(&team, "voice/status")
        .header("X-Forwarded-Host", "evil.example.com")
        .header("X-Forwarded-Proto", "http")
        .header("X-Forwarded-Port", "8080");
    let length = ask.body.len();
    for host in ["evil.example.com", "127.0.0.1:1", "voice.example.com:443"] {
        let lines = format!("Host: {host}\r\nContent-Length: {length}\r\n");
        assert_eq!(world.send(&ask.bytes_with(&lines)).await.status, 204, "{host}");
    }
    // Signed for another host, and sent to that one.
    let url = format!("https://evil.example.com{}", team.path("voice/status"));
    let account = team.account.sid();
    let token = AuthToken::new(&team.auth_token).expect("a token");
    let params = [("AccountSid", account.as_str())];
    let signature = token.sign(&twilio_sig::Request::form(&url, &params));
    let ask =
        without(signed_form(&team.path("voice/status"), &params, "other"), "X-Twilio-Signature")
            .header("X-Twilio-Signature", &signature);
    let lines = format!("Host: evil.example.com\r\nContent-Length: {}\r\n", ask.body.len());
    assert_eq!(world.send(&ask.bytes_with(&lines)).await.status, 403);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_single_bit_of_a_signature_counts() {
    let world = World::new().await;
    let team = world.team("acme").await;
    let ask = good(&team, "voice/status");
    let before = world.dump(None).await;
    let found = ask.headers.iter().position(|(name, _)| name == "X-Twilio-Signature");
    let at = found.expect("a signature");
    for index in 0..27 {
        let mut changed = ask.clone();
        let mut bytes = changed.headers[at].1.clone().into_bytes();
        bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
        changed.headers[at].1 = String::from_utf8(bytes).expect("ASCII");
        assert_eq!(world.ask(&changed).await.status, 403, "character {index}");
    }
    assert_eq!(world.dump(None).await, before);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_have_32_kib_and_not_a_byte_more() {
    let world = World::new().await;
    let start = "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX: ";
    let request = |bytes: usize| format!("{start}{}\r\n\r\n", "x".repeat(bytes - start.len() - 4));
    let cases = [(32 * 1024, 200), (32 * 1024 + 1, 431), (47_000, 431)];
    for (bytes, status) in cases {
        let answer = world.send(request(bytes).as_bytes()).await;
        assert_eq!(answer.status, status, "{bytes} bytes");
    }
    let tab = format!("GET /healthz HTTP/1.1\r\nHost: a\r\nOrigin: {ORIGIN}\t\r\n\r\n");
    assert_eq!(world.send(tab.as_bytes()).await.status, 400, "no browser writes such an origin");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_signed_asks_no_database_and_tells_no_workspace_from_another() {
    let world = World::new().await;
    let team = world.team("acme").await;
    assert_eq!(world.ask(&good(&team, "voice/status")).await.status, 204);
    world.applied().await;
    world.cut_off().await;
    let ask = good(&team, "voice");
    let target = |id: &str| Ask { target: format!("/api/workspaces/{id}/voice"), ..ask.clone() };
    for id in ["acme", "absent"] {
        for signature in [None, Some(""), Some("%%%"), Some("AAAA")] {
            let unsigned = without(target(id), "X-Twilio-Signature");
            let ask = match signature {
                Some(signature) => unsigned.header("X-Twilio-Signature", signature),
                None => unsigned,
            };
            assert_eq!(world.ask(&ask).await.status, 403, "{id}, {signature:?}");
        }
    }
    // Only what somebody may have signed is a question.
    assert_eq!(world.ask(&target("absent")).await.status, 503);
    let refused = async |class: &str| {
        world.metric(&format!("switchroom_signature_refusals_total{{class=\"{class}\"}}")).await
    };
    assert_eq!([refused("missing").await, refused("malformed").await], [4, 4]);
    world.let_in().await;
    world.stop().await;
}
