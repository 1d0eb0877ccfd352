//! `<Gather>`: the number of keys, the key that ends it, the timeout.

use emulator::Behaviour;

use crate::server::{CALLER, NUMBER, Server, secs, twilio};

#[tokio::test]
async fn keys_end_as_the_attributes_say() {
    for (attributes, pressed, want) in [
        ("numDigits=\"3\"", "12345", Some("123")),
        ("", "12#45", Some("12")),
        ("", "12", Some("12")),
        ("finishOnKey=\"*\"", "1#2*3", Some("1#2")),
        ("finishOnKey=\"\"", "1#*", Some("1#*")),
        ("finishOnKey=\"12\"", "5#", Some("5")),
        ("", "#", None),
        ("actionOnEmptyResult=\"true\"", "#", Some("")),
        ("actionOnEmptyResult=\"true\"", "", Some("")),
        ("input=\"speech\"", "1", None),
        ("input=\"dtmf speech\"", "1", Some("1")),
    ] {
        let document = format!(
            "<Gather action=\"/got\" {attributes}><Say loop=\"2\">One two.</Say>\
             <Pause length=\"2\"/></Gather><Say>Nothing.</Say>"
        );
        let server = Server::saying(document, "/got").await;
        let (twilio, _account) = twilio(&server).await;

        let story = twilio.phone(CALLER).presses(pressed).call(NUMBER).ended().await;

        let got = server.at("/got");
        assert_eq!(got.first().map(|seen| seen.param("Digits")), want, "{attributes} {pressed}");
        assert_eq!(story.said().any(|said| said == "Nothing."), want.is_none());
        assert_eq!(story.not_emulated().count(), 0, "{attributes}");
        let bad_key = attributes.contains("\"12\"");
        assert_eq!(story.problems().any(|it| it.code == 13_310), bad_key, "{attributes}");
    }
}

#[tokio::test]
async fn a_key_stops_the_prompt_unless_barge_in_is_off() {
    for (attributes, want) in [("", 1), ("bargeIn=\"false\"", 30)] {
        let document = format!(
            "<Gather action=\"/got\" numDigits=\"1\" {attributes}><Pause length=\"30\"/></Gather>"
        );
        let server = Server::saying(document, "/got").await;
        let (twilio, _account) = twilio(&server).await;
        let call = twilio.phone(CALLER).by_hand().call(NUMBER);
        twilio.settled().await;
        twilio.advance(secs(1)).await;
        call.press("7").expect("it is in progress");
        twilio.advance(secs(29)).await;
        twilio.settled().await;
        let _ = call.press("8");

        let story = call.ended().await;

        assert_eq!(story.talked, secs(want), "{attributes}");
        assert_eq!(server.at("/got")[0].param("Digits"), if want == 1 { "7" } else { "8" });
    }
}

#[tokio::test]
async fn star_hangs_up_on_the_called_party_with_hangup_on_star() {
    for (attributes, want) in [("hangupOnStar=\"true\"", 5), ("", 40)] {
        let document = format!("<Dial action=\"/action\" {attributes}><Client>ana</Client></Dial>");
        let server = Server::saying(document, "/action").await;
        let (twilio, account) = twilio(&server).await;
        account.agent("ana", Behaviour::talks(secs(1), secs(40)));
        let call = twilio.phone(CALLER).by_hand().call(NUMBER);
        let ring = std::time::Duration::from_millis(1_200);
        twilio.advance(ring + secs(5)).await;
        call.press("*").expect("it is in progress");
        twilio.advance(secs(60)).await;
        twilio.settled().await;

        let story = call.story();
        assert_eq!(story.legs[0].seconds, want, "{story}");
        assert_eq!(server.at("/action")[0].param("DialCallDuration"), want.to_string());
    }
}
