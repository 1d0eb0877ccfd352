//! Requests to the API, and the reading of its answers.

use identity::Timestamp;
use twilio_rest::{CallFilter, Error, Instruction, Refusal};
use twiml::{Response, Say};

use crate::twilio::*;

const ACCOUNT: &str = "/2010-04-01/Accounts/AC01010101010101010101010101010101";

fn first_line(request: &str) -> &str {
    request.lines().next().unwrap_or_default()
}

#[tokio::test]
async fn calls_of_a_period_are_listed_page_by_page() {
    let next = format!("{ACCOUNT}/Calls.json?Page=1&PageToken=x");
    let twilio = Twilio::acting(vec![
        page(&[call(1, None, 9), call(2, Some(1), 8)], Some(&next)),
        // Twilio filters only by day: this call began before.
        page(&[call(3, None, 4)], None),
    ])
    .await;
    let (client, _) = twilio.client();
    let from = Timestamp::from_unix_seconds(1_767_225_600 + 300);
    let filter = CallFilter { started_from: Some(from), ..CallFilter::default() };
    let listing = client.account(&credentials()).calls(&filter).await.expect("a listing");
    let sids: Vec<_> = listing.calls.iter().map(|call| call.sid).collect();
    assert_eq!((sids, listing.unreadable, listing.is_cut), (vec![sid(1), sid(2)], 0, false));
    assert_eq!(listing.calls[1].parent, Some(sid(1)));

    let requests = twilio.requests();
    let first = format!(
        "GET {ACCOUNT}/Calls.json?PageSize=200&StartTime%3E=2026-01-01T00%3A05%3A00Z HTTP/1.1"
    );
    assert_eq!(first_line(&requests[0]), first);
    assert_eq!(first_line(&requests[1]), format!("GET {next} HTTP/1.1"));
    // SK0202…:planted-secret
    let header =
        "authorization: Basic U0swMjAyMDIwMjAyMDIwMjAyMDIwMjAyMDIwMjAyMDIwMjpwbGFudGVkLXNlY3JldA==";
    assert!(requests.iter().all(|request| request.contains(header)), "{requests:?}");
}

#[tokio::test]
async fn one_call_is_read_and_its_legs_are_listed() {
    let legs = [call(2, Some(1), 0), call(7, Some(6), 0)];
    let twilio = Twilio::acting(vec![
        answer("200 OK", &call(1, None, 0)),
        page(&legs, None),
        answer("404 Not Found", r#"{"code":20404,"status":404}"#),
        answer("200 OK", &call(9, None, 0)),
    ])
    .await;
    let (client, _) = twilio.client();
    let credentials = credentials();
    let calls = client.account(&credentials);
    let found = calls.call(sid(1)).await.expect("an answer").expect("a call");
    assert_eq!(found.duration.map(|it| it.as_secs()), Some(25));
    let legs = calls.legs(sid(1)).await.expect("legs").calls;
    assert_eq!(legs.iter().map(|leg| leg.sid).collect::<Vec<_>>(), [sid(2)], "not another's");
    assert_eq!(calls.call(sid(3)).await.expect("an answer"), None);
    let other = calls.call(sid(4)).await.expect_err("another call than asked for");
    assert!(matches!(other, Error::Malformed { what: "call" }), "{other:?}");
    let line = format!("GET {ACCOUNT}/Calls/{}.json HTTP/1.1", sid(1));
    assert_eq!(first_line(&twilio.requests()[0]), line);
}

#[tokio::test]
async fn an_instruction_is_sent_as_its_parameters() {
    let twilio = Twilio::acting(vec![answer("200 OK", &call(1, None, 0))]).await;
    let (client, _) = twilio.client();
    let credentials = credentials();
    let calls = client.account(&credentials);
    let bye = Response::new().say(Say::new("Bye & thanks").expect("a text"));
    for (what, form) in [
        (Instruction::hang_up(), "Status=completed".to_owned()),
        (
            Instruction::url("https://a.example/x?y=1"),
            "Url=https%3A%2F%2Fa.example%2Fx%3Fy%3D1&Method=POST".to_owned(),
        ),
        (
            Instruction::twiml(&bye).expect("short"),
            form_urlencoded::Serializer::new(String::new())
                .append_pair("Twiml", &bye.render())
                .finish(),
        ),
    ] {
        calls.update(sid(1), &what).await.expect("done");
        let request = twilio.requests().pop().expect("a request");
        assert!(request.starts_with(&format!("POST {ACCOUNT}/Calls/{}.json ", sid(1))));
        assert_eq!(request.split_once("\r\n\r\n").map(|(_, body)| body), Some(form.as_str()));
    }
    let long = Response::new().say(Say::new("x".repeat(4000)).expect("a text"));
    assert!(Instruction::twiml(&long).is_err_and(|error| error.characters > 4000));
}

#[tokio::test]
async fn refusals_name_status_and_code_and_no_number() {
    let body = r#"{"code":21220,"message":"Call of +15005550001 is not in-progress","status":400}"#;
    let html = "<html>Bad gateway, +15005550001</html>";
    for (act, status, code) in [
        (answer("400 Bad Request", body), 400, Some(21220)),
        (answer("502 Bad Gateway", html), 502, None),
        (answer("401 Unauthorized", ""), 401, None),
    ] {
        let twilio = Twilio::acting(vec![act]).await;
        let (client, pauses) = twilio.client();
        let credentials = credentials();
        let calls = client.account(&credentials);
        let error = calls.update(sid(1), &Instruction::hang_up()).await.expect_err("a refusal");
        let Error::Refused(Refusal { status: got, code: found, .. }) = &error else {
            panic!("{error:?}")
        };
        assert_eq!((*got, *found), (status, code));
        assert_eq!(error.is_unauthorized(), status == 401);
        let shown = format!("{error} {error:?} {client:?} {credentials:?}");
        assert!(!shown.contains("+1500") && !shown.contains(SECRET), "{shown}");
        assert_eq!((twilio.requests().len(), pauses.taken().len()), (1, 0), "asked once");
    }
}
