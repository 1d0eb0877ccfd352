//! Mistakes in TwiML are reported with Twilio's numbers.

use crate::server::{CALLER, NUMBER, Server, secs, status, twilio, twiml};

#[tokio::test]
async fn attributes_have_numbers_of_their_own() {
    for (verb, want) in [
        ("<Dial timeout=\"soon\">+15005557777</Dial>", "warning 13212"),
        ("<Dial method=\"PUT\">+15005557777</Dial>", "warning 13210"),
        ("<Dial record=\"perhaps\">+15005557777</Dial>", "warning 13217"),
        ("<Dial sequential=\"1st\">+15005557777</Dial>", "warning 13218"),
        ("<Dial><Number sendDigits=\"x\">+15005557777</Number></Dial>", "warning 13222"),
        ("<Dial><Number>12</Number></Dial>", "warning 13223"),
        ("<Dial><Number>+15005550999</Number></Dial>", "error 13224"),
        ("<Dial><Agent>ana</Agent></Dial>", "warning 13215"),
        ("<Dial callerId=\"+15005559998\">+15005557777</Dial>", "warning 13214"),
        ("<Dial><Conference muted=\"maybe\">a</Conference></Dial>", "warning 13230"),
        ("<Dial><Conference endConferenceOnExit=\"x\">a</Conference></Dial>", "error 13231"),
        ("<Dial><Conference beep=\"loud\">a</Conference></Dial>", "warning 13235"),
        ("<Dial><Conference statusCallbackEvent=\"joy\">a</Conference></Dial>", "error 16002"),
        ("<Dial><Conference/></Dial>", "warning 13237"),
        ("<Dial><Conference participantLabel=\"a/b\">a</Conference></Dial>", "error 16023"),
        ("<Dial><Queue/></Dial>", "error 14204"),
        ("<Dial><Conference>a</Conference><Client>b</Client></Dial>", "warning 13000"),
        ("<Enqueue></Enqueue>", "error 14204"),
        ("<Gather numDigits=\"few\"/>", "warning 13314"),
        ("<Gather finishOnKey=\"ab\"/>", "warning 13310"),
        ("<Gather input=\"thoughts\"/>", "warning 13326"),
        ("<Gather><Dial/></Gather>", "warning 13320"),
        ("<Play loop=\"x\">/a.mp3</Play>", "warning 13410"),
        ("<Play digits=\"abc\"/>", "warning 13430"),
        ("<Say loop=\"x\">a</Say>", "warning 13510"),
        ("<Record maxLength=\"x\"/>", "warning 13612"),
        ("<Record finishOnKey=\"x\"/>", "warning 13613"),
        ("<Record trim=\"short\"/>", "warning 13699"),
        ("<Redirect method=\"PUT\">/end</Redirect>", "warning 13710"),
        ("<Reject reason=\"bored\"/>", "warning 13810"),
        ("<Pause length=\"x\"/>", "warning 13910"),
        ("<Refer><Sip>sip:a@b.example</Sip></Refer>", "error 13801"),
        ("<Leave/>", "warning 12200"),
        ("<Say colour=\"red\">a</Say>", "warning 12200"),
        ("<Say/>", "warning 13520: <Say> has no text"),
        ("<Say> </Say>", "warning 13520: <Say> has no text"),
        ("<Say><speak>Hello</speak></Say>", "warning 13520: <Say> says nothing: <speak>"),
        ("<Gather><Say><speak>Hello</speak></Say></Gather>", "warning 13520"),
        (
            "<Dial><Number statusCallback=\"/leg\" statusCallbackEvent=\"joy\">+15005557777</Number></Dial>",
            "warning 12200: the attribute `statusCallbackEvent` of <Number> has a value that is not allowed",
        ),
    ] {
        let server = Server::start(move |seen| match seen.path.as_str() {
            "/voice" => twiml(verb),
            "/end" => twiml(""),
            _ => status(204),
        })
        .await;
        let (twilio, _account) = twilio(&server).await;

        let phone = twilio.phone(CALLER).gives_up_after(secs(60));
        let story = phone.call(NUMBER).ended().await;

        let problems: Vec<String> = story.problems().map(ToString::to_string).collect();
        assert!(problems.iter().any(|it| it.starts_with(want)), "{verb}: {problems:?}");
    }
}

/// Some of Twilio's pages have commas between the events; they are taken, and a warning says what is documented.
#[tokio::test]
async fn events_with_commas_are_taken_with_a_warning() {
    let server = Server::start(|seen| match seen.path.as_str() {
        "/voice" => twiml(
            "<Dial timeout=\"5\"><Client statusCallback=\"/leg\" statusCallbackEvent=\"initiated, completed\">\
             nobody</Client></Dial>",
        ),
        _ => status(204),
    })
    .await;
    let (twilio, _account) = twilio(&server).await;
    let story = twilio.phone(CALLER).call(NUMBER).ended().await;
    let seen: Vec<String> =
        server.at("/leg").iter().map(|seen| seen.param("CallStatus").to_owned()).collect();
    assert_eq!(seen, ["initiated", "no-answer"], "{story}");
    let problems: Vec<String> = story.problems().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        [
            "warning 12200: the attribute `statusCallbackEvent` of <Client> has commas, which are taken here; \
          Twilio documents blanks"
        ]
    );
}

#[tokio::test]
async fn features_that_are_not_emulated_are_reported() {
    for (verb, want) in [
        ("<Connect><Stream url=\"wss://a.example\"/></Connect>", "<Connect><Stream>"),
        ("<Echo/>", "<Echo>"),
        ("<Pay/>", "<Pay>"),
        ("<Prompt/>", "<Prompt>"),
        ("<Sms>hello</Sms>", "<Sms>"),
        ("<Start><Stream url=\"wss://a.example\"/></Start>", "<Start><Stream>"),
        ("<Stop/>", "<Stop>"),
        ("<Stop><Stream name=\"a\"/></Stop>", "<Stop>"),
        ("<Queue>a</Queue>", "<Queue>"),
        ("<Enqueue workflowSid=\"WW1\"/>", "`workflowSid` of <Enqueue>: TaskRouter"),
        ("<Dial><Sip>sip:a@b.example</Sip></Dial>", "<Sip> in <Dial>"),
        ("<Dial><Sim>DE1</Sim></Dial>", "<Sim> in <Dial>"),
        ("<Dial><WhatsApp>+15005557777</WhatsApp></Dial>", "<WhatsApp> in <Dial>"),
        ("<Dial><Application>AP1</Application></Dial>", "<Application> in <Dial>"),
        (
            "<Dial><Queue reservationSid=\"WR1\">a</Queue></Dial>",
            "<Queue reservationSid=…> in <Dial>",
        ),
        (
            "<Dial><Number machineDetection=\"Enable\">+15005557777</Number></Dial>",
            "`machineDetection` of <Number>",
        ),
    ] {
        let document = format!("{verb}<Say>On.</Say>");
        let server = Server::start(move |seen| match seen.path.as_str() {
            "/voice" => twiml(&document),
            "/end" => twiml(""),
            _ => status(204),
        })
        .await;
        let (twilio, _account) = twilio(&server).await;
        let story = twilio.phone(CALLER).call(NUMBER).ended().await;
        assert_eq!(story.not_emulated().collect::<Vec<_>>(), [want], "{story}");
    }
}
