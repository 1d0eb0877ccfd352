//! The client against the emulator, which implements the API.

use emulator::{Account, Behaviour, Config, Emulator, Http, Voice};
use twilio_rest::{
    ApiSecret, CallDirection, CallFilter, CallStatus, Client, Credentials, Instruction, Settings,
};

use crate::twilio::Pauses;

/// A client of the emulator's REST API, and an API key of the account.
pub(crate) fn client_of(http: &Http, account: &Account) -> (Client, Credentials) {
    let base = http.url().parse().expect("a base URL");
    let client = Client::new(Settings { base, ..Settings::twilio() }, Pauses::default());
    let key = account.api_key().expect("a key");
    let secret = ApiSecret::new(key.secret.clone());
    (client.expect("a client"), Credentials::api_key(account.sid(), key.sid, secret))
}

#[tokio::test]
async fn a_call_is_found_redirected_and_ended() {
    let twilio = Emulator::start(Config::default()).await.expect("it starts");
    let http = twilio.listen_http(([127, 0, 0, 1], 0).into()).await.expect("a port");
    let account = twilio.account("2bc2d9b4a1f84d0c9e7a5f3b6d8e1c0f").expect("a token");
    // No server is there: the caller hears an error message for some seconds.
    account.number("+15005550001", Voice::new("http://127.0.0.1:9/voice")).expect("a number");
    twilio.phone("+15005551234").behaves(Behaviour::ByHand);
    let hold = twilio.hold();
    let call = twilio.phone("+15005551234").call("+15005550001");
    call.until(|story| story.application_error).await;

    let (client, credentials) = client_of(&http, &account);
    let theirs = client.account(&credentials);
    let listed = theirs.calls(&CallFilter::default()).await.expect("a list");
    assert_eq!((listed.calls.len(), listed.unreadable, listed.is_cut), (1, 0, false));
    let found = &listed.calls[0];
    assert_eq!((found.sid, found.status), (call.sid(), CallStatus::InProgress));
    assert_eq!((found.direction, &*found.from), (CallDirection::Inbound, "+15005551234"));

    let moved = Instruction::url("http://127.0.0.1:9/moved");
    let told = theirs.update(call.sid(), &moved).await.expect("it goes on");
    assert_eq!(told.status, CallStatus::InProgress);
    let ended = theirs.update(call.sid(), &Instruction::hang_up()).await.expect("it ends");
    assert_eq!(ended.status, CallStatus::Completed);
    assert!(ended.ended_at.is_some() && ended.duration.is_some());
    drop(hold);
    let refused = theirs.update(call.sid(), &moved).await.expect_err("it is over");
    assert!(format!("{refused:?}").contains("21220"), "{refused:?}");
    let absent = "CA00000000000000000000000000000001".parse().expect("a Sid");
    assert_eq!(theirs.call(absent).await.expect("an answer"), None);
}
