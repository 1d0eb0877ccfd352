//! `<Play>` of files on this machine.

use std::time::Duration;

use emulator::{CallStatus, Kind};

use crate::server::{CALLER, NUMBER, Reply, Server, secs, status, twilio, twiml};

/// A WAV of PCMU that lasts this long. Its bytes are ASCII, as the scripted server writes text.
fn wav(milliseconds: usize, rate: u8) -> Reply {
    let mut file = String::from("RIFF\0\0\0\0WAVEfmt ");
    file.push_str("\x10\0\0\0\x07\0\x01\0");
    file.push('\x40');
    file.push(char::from(rate));
    file.push_str("\0\0\x40\x1f\0\0\x01\0\x08\0data");
    // Larger than the list: the whole list comes.
    file.push_str("\x7f\x7f\x7f\x7f");
    file.push_str(&"~".repeat(8 * milliseconds));
    Reply { status: 200, content_type: Some("audio/wav"), body: file, headers: Vec::new() }
}

#[tokio::test]
async fn a_file_lasts_as_long_as_it_is() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/voice" => twiml(
            "<Play loop=\"2\">/good.wav</Play><Play>/good.wav</Play><Play>/other.mp3</Play>\
             <Gather timeout=\"1\"><Play>/short.wav</Play></Gather>",
        ),
        "/good.wav" => wav(2_000, 0x1f),
        "/short.wav" => wav(1_000, 0x1f),
        _ => status(204),
    })
    .await;
    let (twilio, _account) = twilio(&server).await;

    let story = twilio.phone(CALLER).call(NUMBER).ended().await;

    assert_eq!(story.problems().count(), 0, "{story}");
    assert_eq!(server.at("/good.wav").len(), 1, "fetched once");
    assert_eq!(server.at("/other.mp3").len(), 0, "only a WAV is fetched");
    assert_eq!(server.at("/good.wav")[0].method, "GET");
    assert_eq!(story.of_kind(Kind::Sound).count(), 2);
    assert_eq!(story.status, CallStatus::Completed);
    // Twice two seconds and two, three for what is not fetched, one and one.
    assert_eq!(story.talked, secs(4 + 2 + 3 + 1 + 1));
}

#[tokio::test]
async fn a_file_that_cannot_be_played_is_a_tone() {
    for (path, want) in [
        ("/gone.wav", "error 11200: answer has status 404"),
        ("/fast.wav", "error 13420: the file does not have 8000 samples a second"),
        ("/text.wav", "error 13420: the file is not a WAV"),
    ] {
        let document = format!("<Play>{path}</Play>");
        let server = Server::start(move |seen| match seen.path.as_str() {
            "/voice" => twiml(&document),
            "/fast.wav" => wav(100, 0x3f),
            "/text.wav" => twiml("<Say>no</Say>"),
            "/call-status" => status(204),
            _ => status(404),
        })
        .await;
        let (twilio, _account) = twilio(&server).await;
        let story = twilio.phone(CALLER).call(NUMBER).ended().await;
        let problems: Vec<String> = story.problems().map(ToString::to_string).collect();
        assert_eq!(problems, [want]);
        assert_eq!(story.talked, Duration::from_secs(3));
    }
}
