//! `switchroom check` names each fault with its fix, and `switchroom spool` tries records again that the
//! database refused.

use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::handover::{Process, kept, program, reserve};
use crate::load::{callback, send};
use crate::world::{World, until};

/// What the program printed, and whether it found nothing.
async fn run(world: &World, command: &str, more: &[&str], env: &[(&str, &str)]) -> (bool, String) {
    let mut program = program(world, command);
    program.args(more).envs(env.iter().copied());
    let output = program.output().await.expect("it runs");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).expect("UTF-8"))
}

/// A server on loopback that answers every request like this.
async fn answers(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let base = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut block = [0; 4096];
                let _ = stream.read(&mut block).await;
                // The client may be gone, which is no fault.
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    base
}

/// A server on loopback with a certificate that nobody has signed but itself.
async fn unknown_authority() -> String {
    let signed =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let key = PrivateKeyDer::try_from(signed.signing_key.serialize_der()).expect("a key");
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![signed.cert.der().clone()], key)
        .expect("a certificate");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(acceptor.accept(stream));
        }
    });
    format!("https://localhost:{port}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_set_up_is_good_and_each_fault_is_named_with_its_fix() {
    let world = World::with_servers(0).await;
    let team = world.team("acme").await;
    let (_port, address) = reserve();
    let url = format!("http://{address}");
    let server = Process::start_at(&world, address, &url).await;
    let here = ("SWITCHROOM_PUBLIC_URL", &*url);
    let listen = address.to_string();
    let listens = ("SWITCHROOM_LISTEN", &*listen);
    world.agents(&team, 2).await;

    let (good, text) = run(&world, "check", &[], &[here, listens]).await;
    for line in [
        "good: configuration",
        "good: disk of the spool",
        "good: database: role, policies and schema",
        "good: clock of the database",
        "good: credentials of workspace acme",
        "good: public URL, with a signed request",
        "good: the server is ready",
        "good: workspace acme: 2 members take calls",
        "next, 1: at Twilio, set the voice URL",
        "not checked: credentials at Twilio: its API cannot be reached",
        "no fault was found",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(good, "{text}");
    assert_eq!(kept(&world).await, 0, "the signed request wrote nothing");

    let refusing = answers(
        "HTTP/1.1 401 Unauthorized\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n\
         Connection: close\r\nContent-Length: 2\r\n\r\n{}",
    )
    .await;
    let nobody = world.database.connection_string("nobody");
    let unknown = unknown_authority().await;
    let blocked = world.data_dir(7);
    std::fs::write(&blocked, b"no directory").expect("a file");
    let blocked = blocked.join("below");
    let closed = "http://127.0.0.1:9";
    let other_key = "AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let cases: [(&str, &str, &str, &str); 10] = [
        (
            "SWITCHROOM_SECRETS_KEY",
            other_key,
            "workspace acme cannot be used: the credentials were sealed with another key",
            "`switchroom workspace add acme`",
        ),
        (
            "DATABASE_URL",
            &nobody,
            "DATABASE_URL: the database is not set up for this (28000, role \"nobody\" does not exist)",
            "run `switchroom migrate`, which makes the role of DATABASE_URL",
        ),
        (
            "DATABASE_URL",
            "postgres://voice_app:hunter2@127.0.0.1:9/chat",
            "DATABASE_URL: the database is away: Connection refused",
            "the server's own role with its password",
        ),
        (
            "TWILIO_API_BASE_URL",
            &unknown,
            "the certificate of Twilio's API is signed by no authority that this machine knows",
            "SSL_CERT_FILE",
        ),
        (
            "SWITCHROOM_PUBLIC_URL",
            closed,
            "nobody answers at SWITCHROOM_PUBLIC_URL",
            "point the host name and the proxy to `switchroom serve`",
        ),
        (
            "SWITCHROOM_PUBLIC_URL",
            &format!("{url}/below"),
            "answers a signed request with status 404",
            "set SWITCHROOM_PUBLIC_URL to the URL of `switchroom serve`",
        ),
        (
            "SWITCHROOM_SESSION_JWKS_URL",
            closed,
            "the session keys cannot be fetched",
            "set SWITCHROOM_SESSION_JWKS_URL to",
        ),
        (
            "SWITCHROOM_DATA_DIR",
            blocked.to_str().expect("UTF-8"),
            "cannot be written",
            "give it to the user that runs the server",
        ),
        (
            "TWILIO_API_BASE_URL",
            &refusing,
            "Twilio does not accept the API key of workspace acme",
            "add the workspace again",
        ),
        (
            "TWILIO_API_BASE_URL",
            &refusing,
            "the clock of this machine is ",
            "let this machine follow a time server",
        ),
    ];
    for (name, value, fault, fix) in cases {
        let (good, text) = run(&world, "check", &[], &[here, listens, (name, value)]).await;
        assert!(!good, "{name}: {text}");
        assert!(text.contains(fault) && text.contains(fix), "{name}: {fault}: {fix}\n{text}");
        for secret in ["hunter2", &*team.auth_token, crate::team::API_SECRET, other_key] {
            assert!(!text.contains(secret), "{name}: a secret is shown");
        }
    }
    // The same server under another name signs for that name.
    let elsewhere = format!("http://localhost:{}", address.port());
    let env = [("SWITCHROOM_PUBLIC_URL", &*elsewhere)];
    let (good, text) = run(&world, "check", &[], &env).await;
    assert!(!good && text.contains("refuses a request that is signed for it"), "{text}");
    // Records that wait in the spool, as the server says it.
    let waiting = world.data_dir(0).join("spool/waiting");
    std::fs::create_dir_all(&waiting).expect("a directory");
    let why = "since 2026-11-30T12:00:00Z: canceling statement due to lock timeout";
    std::fs::write(waiting.join("acme"), format!("{why}\n")).expect("a file");
    let (good, text) = run(&world, "check", &[], &[here]).await;
    let line = format!("the records of workspace acme wait in the spool {why}");
    assert!(!good && text.contains(&line), "{text}");
    let (good, text) = run(&world, "spool", &["list"], &[]).await;
    assert!(good && text.contains(&format!("workspace acme waits in the spool {why}")), "{text}");
    std::fs::remove_dir_all(&waiting).expect("removed");
    // The policies.
    let owner = world.owner.client();
    let unsafe_table = "alter table public.voice_calls no force row level security";
    owner.batch_execute(unsafe_table).await.expect("the owner may");
    let (good, text) = run(&world, "check", &[], &[here]).await;
    assert!(!good && text.contains("row-level security is not forced on voice_calls"), "{text}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_was_refused_gets_another_chance() {
    let world = World::with_servers(0).await;
    let team = world.team("acme").await;
    let (_port, address) = reserve();
    let server = Process::start(&world, address).await;
    let (good, text) = run(&world, "spool", &["list"], &[]).await;
    assert!(good && text.trim() == "none", "{text}");

    let refuse = "create function public.refuse() returns trigger language plpgsql as \
         $$ begin raise exception 'not today'; end $$; \
         create trigger refuse before insert on public.livechat_messages \
         for each row execute function public.refuse()";
    let owner = world.owner.client();
    owner.batch_execute(refuse).await.expect("a trigger of somebody else's");
    for call in 1..=3 {
        let line = send(address, &callback(&team, call).bytes()).await.expect("an answer");
        assert_eq!(line, "HTTP/1.1 204 No Content");
    }
    let listed = async || {
        let (good, text) = run(&world, "spool", &["list"], &[]).await;
        assert!(good, "{text}");
        text
    };
    until("all are set aside", async || listed().await.lines().count() == 3).await;
    let text = listed().await;
    assert!(text.contains("  acme  CA00000001") && text.contains("  ended  "), "{text}");
    let (good, text) = run(&world, "check", &[], &[]).await;
    assert!(!good && text.contains("`switchroom spool list` says why"), "{text}");
    assert_eq!(kept(&world).await, 0);

    let (good, text) = run(&world, "spool", &["replay", "spool/999"], &[]).await;
    assert!(!good && text.contains("there is no record spool/999"), "{text}");
    let fixed = "drop trigger refuse on public.livechat_messages; drop function public.refuse()";
    owner.batch_execute(fixed).await.expect("fixed");
    let name = listed().await.split(' ').next().expect("a name").to_owned();
    let (good, text) = run(&world, "spool", &["replay", &name], &[]).await;
    assert!(good && text.starts_with("1 records are handed"), "{text}");
    until("the first is in the database", async || kept(&world).await == 1).await;
    let (good, text) = run(&world, "spool", &["replay"], &[]).await;
    assert!(good && text.starts_with("2 records are handed"), "{text}");
    until("all are in the database", async || kept(&world).await == 3).await;
    assert_eq!(listed().await.trim(), "none");
    server.stop().await;
}

/// Each step of a new set-up succeeds, and the next one is named; what would keep the phones silent is a
/// fault.
#[tokio::test(flavor = "multi_thread")]
async fn silence_is_seen_and_the_next_step_is_named() {
    let world = World::with_servers(0).await;
    let owner = world.owner.client();
    let (good, text) = run(&world, "check", &[], &[]).await;
    assert!(good && text.contains("next, 1: add a workspace, as the owner: `switchroom"), "{text}");

    let team = world.team("acme").await;
    let (good, text) = run(&world, "check", &[], &[]).await;
    assert!(!good && text.contains("workspace acme has no members in the live chat"), "{text}");

    let profiles = "insert into public.user_profiles (id, workspace_id, full_name, workspace_role) \
                    values (repeat('01', 16)::uuid, 'acme', 'Jane', 'Member'), \
                      (repeat('02', 16)::uuid, 'acme', 'John', 'Member'), \
                      (repeat('03', 16)::uuid, 'acme', 'Joan', 'owner')";
    owner.batch_execute(profiles).await.expect("members of a live chat");
    let (good, text) = run(&world, "check", &[], &[]).await;
    let silent = "nobody rings in workspace acme: none of its 3 members takes calls; their roles are \
                  Member (2), owner (1): name those that take calls, as the owner: ";
    let (_, fix) = text.split_once(silent).expect(&text);
    assert!(!good, "{text}");
    // The fix is a statement as it stands.
    let fix = fix.lines().next().expect("a line");
    owner.batch_execute(fix).await.expect(fix);
    let contacts = "insert into public.livechat_contacts (workspace_id, display_name, phone_number) \
                    values ('acme', 'Good', '(500) 555-0001'), ('acme', 'Chat only', null), \
                      ('acme', 'Empty', ' '), ('acme', 'Short', '12'), ('acme', 'None', 'ask Jane'), \
                      ('acme', 'Free', '1-800-FLOWERS'), ('acme', 'Name', '212-FLOWERS')";
    owner.batch_execute(contacts).await.expect("contacts");
    let (good, text) = run(&world, "check", &[], &[]).await;
    assert!(good, "{text}");
    for line in [
        "good: workspace acme: 3 members take calls",
        "next, 1: start `switchroom serve`",
        "next, 2: at Twilio, set the voice URL https://voice.example.com/api/workspaces/acme/voice ",
        "look at this: the numbers of 3 of 7 contacts of workspace acme match no call: ",
        "(such as \"xxx xxxx\")",
        "1 are too short (such as \"00\")",
        "1 have letters in place of digits (such as \"000-xxxxxxx\")",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("Jane"), "{text}");

    let other = world.team("other").await;
    world.agents(&other, 1).await;
    let shared = "insert into public.voice_numbers values ('other', $1, 5)";
    owner.execute(shared, &[&team.number]).await.expect("a number twice");
    let (good, text) = run(&world, "check", &[], &[]).await;
    let twice = format!("the number {} is in the workspaces acme and other", team.number);
    assert!(!good && text.contains(&twice), "{text}");
}
