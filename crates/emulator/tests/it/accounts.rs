//! The resources of an account that set-up needs: the account, its numbers, apps and keys.

use emulator::{CallStatus, Config};
use serde_json::json;

use crate::api::Api;
use crate::server::{CALLER, NUMBER, Server, TOKEN, status, twiml};

#[tokio::test]
async fn the_account_is_read_as_set_up_checks_read_it() {
    let server = Server::start(|_| status(204)).await;
    let api = Api::start(&server, Config::default()).await;
    let sub = api.account.subaccount("sub-token").expect("a token").sid();
    let sid = api.account.sid();
    for suffix in [".json", ""] {
        let path = format!("/2010-04-01/Accounts/{sid}{suffix}");
        let got = api.rest("GET", &path, &[]).await;
        assert_eq!(got.status, 200, "{got:?}");
        let got = got.json();
        for (name, want) in [
            ("sid", json!(sid.as_str())),
            ("owner_account_sid", json!(sid.as_str())),
            ("auth_token", json!(TOKEN)),
            ("status", json!("active")),
            ("type", json!("Full")),
            ("uri", json!(format!("/2010-04-01/Accounts/{sid}.json"))),
        ] {
            assert_eq!(got[name], want, "{name}");
        }
    }
    let path = format!("/2010-04-01/Accounts/{sub}.json");
    let renamed = api.rest("POST", &path, &[("FriendlyName", "Shop")]).await.json();
    assert_eq!(renamed["friendly_name"], "Shop");
    assert_eq!(renamed["owner_account_sid"], sid.as_str());
    let listed = api.rest("GET", "/2010-04-01/Accounts.json?FriendlyName=Shop", &[]).await.json();
    assert_eq!(listed["accounts"], json!([renamed]));
    let refused = api.rest_as(sub.as_str(), "wrong", "GET", &path, &[]).await;
    assert_eq!((refused.status, &refused.json()["code"]), (401, &json!(20003)));
}

#[tokio::test]
async fn a_number_is_bought_changed_and_given_back() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/app" => twiml("<Say>The app.</Say>"),
        _ => twiml("<Say>The number.</Say>"),
    })
    .await;
    let api = Api::start(&server, Config::default()).await;
    let listed = api.rest("GET", "IncomingPhoneNumbers.json?PhoneNumber=5550001", &[]).await.json();
    let first = &listed["incoming_phone_numbers"][0];
    for (name, want) in [
        ("phone_number", json!(NUMBER)),
        ("friendly_name", json!("(500) 555-0001")),
        ("voice_url", json!(server.at_url("/voice"))),
        ("voice_method", json!("POST")),
        ("sms_url", json!("")),
        ("voice_application_sid", json!("")),
    ] {
        assert_eq!(first[name], want, "{name}");
    }
    let path = format!("IncomingPhoneNumbers/{}.json", first["sid"].as_str().expect("a Sid"));
    let change = [
        ("VoiceUrl", &*server.at_url("/moved")),
        ("VoiceMethod", "GET"),
        ("StatusCallback", ""),
        ("SmsUrl", "http://127.0.0.1:9/sms"),
        ("FriendlyName", "Shop"),
    ];
    let changed = api.rest("POST", &path, &change).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(api.rest("GET", &path, &[]).await.json(), changed.json());
    assert_eq!(changed.json()["sms_url"], "http://127.0.0.1:9/sms");
    let story = api.twilio.phone(CALLER).call(NUMBER).ended().await;
    assert_eq!(story.said().collect::<Vec<_>>(), ["The number."]);
    assert_eq!(server.seen().len(), 1, "no status callback: {story}");
    assert_eq!(server.seen()[0].method, "GET");

    let app = [("FriendlyName", "Softphone"), ("VoiceUrl", &*server.at_url("/app"))];
    let app = api.rest("POST", "Applications.json", &app).await;
    assert_eq!(app.status, 201, "{app:?}");
    let app = app.json();
    let sid = app["sid"].as_str().expect("a Sid");
    let changed = api.rest("POST", &path, &[("VoiceApplicationSid", sid)]).await;
    assert_eq!(changed.json()["voice_application_sid"], sid);
    let story = api.twilio.phone(CALLER).call(NUMBER).ended().await;
    assert_eq!(story.said().collect::<Vec<_>>(), ["The app."], "it wins: {story}");
    let listed = api.rest("GET", "Applications.json?FriendlyName=Softphone", &[]).await.json();
    assert_eq!(listed["applications"], json!([app]));
    let of_app = format!("Applications/{sid}.json");
    assert_eq!(api.rest("DELETE", &of_app, &[]).await.status, 204);
    assert_eq!(api.rest("GET", &of_app, &[]).await.status, 404);

    for (form, status, code) in [
        (&[("VoiceUrl", "voice")][..], 400, 21502),
        (&[("VoiceMethod", "PUT")], 400, 20001),
        (&[("VoiceApplicationSid", "AP1")], 400, 21218),
    ] {
        let refused = api.rest("POST", &path, form).await;
        assert_eq!((refused.status, &refused.json()["code"]), (status, &json!(code)), "{form:?}");
    }
    assert_eq!(api.rest("DELETE", &path, &[]).await.status, 204);
    assert_eq!(api.rest("GET", &path, &[]).await.json()["code"], 20404);
    let story = api.twilio.phone(CALLER).call(NUMBER).ended().await;
    assert_eq!(story.status, CallStatus::Failed, "nobody has it");

    let bought = api.rest("POST", "IncomingPhoneNumbers.json", &[("AreaCode", "415")]).await;
    assert_eq!((bought.status, &bought.json()["phone_number"]), (201, &json!("+14155550100")));
    let bought = api.rest("POST", "IncomingPhoneNumbers.json", &[("PhoneNumber", NUMBER)]).await;
    assert_eq!((bought.status, &bought.json()["phone_number"]), (201, &json!(NUMBER)));
    let again = api.rest("POST", "IncomingPhoneNumbers.json", &[("PhoneNumber", NUMBER)]).await;
    assert_eq!(again.json()["code"], 21422);
    let local = api.rest("POST", "IncomingPhoneNumbers/Local.json", &[]).await;
    assert_eq!(local.json()["message"], "not emulated: IncomingPhoneNumbers");
}

#[tokio::test]
async fn a_key_works_until_it_is_deleted() {
    let server = Server::start(|_| status(204)).await;
    let api = Api::start(&server, Config::default()).await;
    for resource in ["Keys", "SigningKeys"] {
        let all = format!("{resource}.json");
        let made = api.rest("POST", &all, &[("FriendlyName", "Desk")]).await;
        assert_eq!(made.status, 201, "{made:?}");
        let made = made.json();
        let (sid, secret) = (made["sid"].as_str().expect("a Sid"), made["secret"].as_str());
        let secret = secret.expect("its secret");
        let name = if resource == "Keys" { "keys" } else { "signing_keys" };
        let listed = api.rest_as(sid, secret, "GET", &all, &[]).await.json();
        assert_eq!(listed[name][0]["friendly_name"], "Desk");
        assert_eq!(listed[name][0].get("secret"), None, "it is shown once");
        let one = format!("{resource}/{sid}.json");
        let renamed = api.rest("POST", &one, &[("FriendlyName", "Till")]).await.json();
        assert_eq!(renamed["friendly_name"], "Till");
        assert_eq!(api.rest("DELETE", &one, &[]).await.status, 204);
        assert_eq!(api.rest_as(sid, secret, "GET", &all, &[]).await.status, 401);
        assert_eq!(api.rest("GET", &one, &[]).await.status, 404);
    }
}

#[tokio::test]
async fn a_queue_may_have_a_given_sid() {
    const SID: &str = "QU00000000000000000000000000000007";
    let server = Server::start(|seen| match seen.path.as_str() {
        "/voice" => twiml("<Enqueue waitUrl=\"\">support</Enqueue>"),
        _ => status(204),
    })
    .await;
    let api = Api::start(&server, Config::default()).await;
    let body = json!({ "sid": SID, "name": "support", "max_size": 7 });
    assert_eq!(api.control("POST", "/queues", &body).await.status, 201);
    assert_eq!(api.control("POST", "/queues", &body).await.status, 409);
    let queue = api.rest("GET", &format!("Queues/{SID}.json"), &[]).await.json();
    assert_eq!((&queue["friendly_name"], &queue["max_size"]), (&json!("support"), &json!(7)));
    let _hold = api.twilio.hold();
    let call = api.twilio.phone(CALLER).call(NUMBER);
    call.until(|story| story.entries.iter().any(|it| it.what.to_string().contains("waits"))).await;
    let members = api.rest("GET", &format!("Queues/{SID}/Members.json"), &[]).await.json();
    assert_eq!(members["queue_members"][0]["call_sid"], call.sid().as_str());
}
