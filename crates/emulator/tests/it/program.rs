//! The program `twilio-emulator`, started as a user starts it.

use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::{Instant, sleep, timeout};

use crate::api::HttpClient;
use crate::server::{CALLER, NUMBER, Server, status, twiml};

/// Long, for a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program, with these options and no environment.
fn program(options: &[&str]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_twilio-emulator"));
    program.args(options).env_clear().stdout(Stdio::piped()).kill_on_drop(true);
    program
}

/// Its greeting up to the last line, and its URL.
async fn greeting(child: &mut Child) -> (String, String) {
    let stdout: ChildStdout = child.stdout.take().expect("its output");
    let mut lines = BufReader::new(stdout).lines();
    let mut text = String::new();
    while !text.ends_with("Ctrl-C stops it.\n") {
        let line = timeout(PATIENCE, lines.next_line()).await.expect("in time").expect("UTF-8");
        text.push_str(&line.expect("it goes on"));
        text.push('\n');
    }
    let exported = text.lines().find_map(|line| line.strip_prefix("export TWILIO_API_BASE_URL="));
    let url = exported.expect("where it listens").to_owned();
    (text, url)
}

#[tokio::test]
async fn it_prints_its_address_places_a_call_and_stops_on_a_signal() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/voice" => twiml("<Say>Hello.</Say>"),
        _ => status(204),
    })
    .await;
    let number = format!("{NUMBER}={}", server.at_url("/voice"));
    let mut child =
        program(&["--listen", "127.0.0.1:0", "--number", &number]).spawn().expect("it starts");
    let (text, url) = greeting(&mut child).await;
    assert!(text.contains(&format!("control it at {url}/\n")), "{text}");
    assert!(text.contains("\nexport TWILIO_ACCOUNT_SID=AC"), "{text}");
    assert!(text.contains(&format!("\n# number {NUMBER}\n")), "{text}");

    let client = HttpClient::new(&url);
    let page = client.send("GET", "/", &[], "").await;
    assert_eq!(page.status, 200);
    assert!(page.body.starts_with(b"<!doctype html>"), "{page:?}");
    let call = json!({ "from": CALLER, "to": NUMBER });
    let placed = client.control("POST", "/calls", &call).await;
    assert_eq!(placed.status, 201, "{placed:?}");
    let path = format!("/calls/{}", placed.json()["call_sid"].as_str().expect("a Sid"));
    let deadline = Instant::now() + PATIENCE;
    let call = loop {
        let call = client.control("GET", &path, &Value::Null).await.json();
        if call["over"] == true {
            break call;
        }
        assert!(Instant::now() < deadline, "it goes on: {call:#}");
        sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(call["status"], "completed");
    assert_eq!(server.at("/voice")[0].param("From"), CALLER);

    let pid = child.id().expect("it runs").to_string();
    let told = Command::new("kill").args(["-TERM", &pid]).status().await.expect("kill");
    assert!(told.success());
    let ended = timeout(PATIENCE, child.wait()).await.expect("in time").expect("a status");
    assert_eq!(ended.code(), Some(0));
}

#[tokio::test]
async fn it_takes_nothing_from_the_environment_and_prints_none_of_it() {
    let folder = std::env::temp_dir().join(format!("twilio-emulator-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("config.json");
    std::fs::write(&file, "{}").expect("a file");
    let file = file.to_str().expect("UTF-8");
    for options in
        [&["--listen", "127.0.0.1:0"][..], &["--listen", "127.0.0.1:0", "--config", file]]
    {
        let mut command = program(options);
        command.env("TWILIO_ACCOUNT_SID", "AC00000000000000000000000000000009");
        command.env("TWILIO_AUTH_TOKEN", "a-real-token");
        let mut child = command.spawn().expect("it starts");
        let (text, _) = greeting(&mut child).await;
        assert!(!text.contains("AC00000000000000000000000000000009"), "{text}");
        assert!(!text.contains("a-real-token"), "{text}");
        assert!(text.contains("\nexport TWILIO_AUTH_TOKEN="), "{text}");
    }
    std::fs::remove_dir_all(&folder).expect("it is ours");
}

#[tokio::test]
async fn it_explains_an_invalid_option() {
    let cases: [(&[&str], i32, &str); 6] = [
        (&["--lisen", "127.0.0.1:0"], 2, "unexpected argument '--lisen'"),
        (&["--listen", "127.0.0.1"], 2, "'127.0.0.1' for '--listen <ADDRESS>'"),
        (&["--listen", "192.0.2.1:80"], 1, "twilio-emulator: --listen 192.0.2.1:80: "),
        (&["--clock", "fast"], 2, "a clock is real, auto, stepped or scaled:N"),
        (&["--number", NUMBER], 1, "twilio-emulator: --number: `=` is missing\n"),
        (&["--config", "/absent.json"], 1, "twilio-emulator: /absent.json: "),
    ];
    for (options, code, says) in cases {
        let mut child = program(options).stderr(Stdio::piped()).spawn().expect("it starts");
        let mut text = String::new();
        let mut stderr = child.stderr.take().expect("its errors");
        let read = timeout(PATIENCE, stderr.read_to_string(&mut text)).await.expect("in time");
        read.expect("UTF-8");
        let ended = timeout(PATIENCE, child.wait()).await.expect("in time").expect("a status");
        assert_eq!(ended.code(), Some(code), "{options:?}: {text}");
        assert!(text.contains(says), "{options:?}: {text}");
    }
}
