//! Mistakes have the numbers of Twilio's dictionary, and documents without one have none.

use std::time::Duration;

use twiml::{Dial, Level, Lint, ParseError, Response, Say, Text};

/// The numbers that are found in a verb, hints as 0.
fn numbers(verbs: &str) -> Result<Vec<u32>, ParseError> {
    let found = Lint::of(&format!("<Response>{verbs}</Response>"))?;
    Ok(found.iter().map(|lint| lint.code.unwrap_or(0)).collect())
}

#[test]
fn each_mistake_has_its_number() {
    let long_name = format!("<Enqueue>{}</Enqueue>", "q".repeat(65));
    let long_text = format!("<Say>{}</Say>", "a".repeat(4097));
    let many = format!("<Dial>{}</Dial>", "<Client>a</Client>".repeat(11));
    let cases: &[(&str, &[u32])] = &[
        ("<Dial timeout='soon'>+15005557777</Dial>", &[13_212]),
        ("<Dial timeout='9999'>+15005557777</Dial>", &[13_212]),
        ("<Dial timeout='0'>+15005557777</Dial>", &[13_212]),
        ("<Dial timeLimit='0'>+15005557777</Dial>", &[13_216]),
        ("<Dial method='PUT'>+15005557777</Dial>", &[13_210]),
        ("<Dial record='perhaps'>+15005557777</Dial>", &[13_217]),
        ("<Dial sequential='1st'>+15005557777</Dial>", &[13_218]),
        ("<Dial/>", &[13_223]),
        ("<Dial>nobody</Dial>", &[13_223]),
        ("<Dial><Number>nobody</Number></Dial>", &[13_223]),
        ("<Dial><Number sendDigits='x'>+15005557777</Number></Dial>", &[13_222]),
        ("<Dial><Agent>ana</Agent></Dial>", &[13_215]),
        ("<Dial><Client/></Dial>", &[31_105]),
        ("<Dial><Sip method='PUT'>sip:a@b.example</Sip></Dial>", &[13_241]),
        ("<Dial><Sip>a@b.example</Sip></Dial>", &[13_243]),
        ("<Dial><Conference muted='maybe'>a</Conference></Dial>", &[13_230]),
        ("<Dial><Conference endConferenceOnExit='x'>a</Conference></Dial>", &[13_231]),
        ("<Dial><Conference beep='loud'>a</Conference></Dial>", &[13_235]),
        ("<Dial><Conference maxParticipants='1'>a</Conference></Dial>", &[16_002]),
        ("<Dial><Conference maxParticipants='251'>a</Conference></Dial>", &[16_002]),
        ("<Dial><Conference statusCallbackEvent='joy'>a</Conference></Dial>", &[16_002]),
        ("<Dial><Conference/></Dial>", &[13_237]),
        ("<Dial><Conference participantLabel='a/b'>a</Conference></Dial>", &[16_023]),
        ("<Dial><Conference eventCallbackUrl='/e'>a</Conference></Dial>", &[0]),
        ("<Dial><Queue/></Dial>", &[14_204]),
        ("<Dial><Conference>a</Conference><Client>b</Client></Dial>", &[13_000]),
        ("<Dial><Conference>a</Conference><Queue>b</Queue></Dial>", &[13_000]),
        (&many, &[13_250]),
        ("<Enqueue></Enqueue>", &[14_204]),
        (&long_name, &[14_205]),
        ("<Gather numDigits='few'/>", &[13_314]),
        ("<Gather numDigits='0'/>", &[13_314]),
        ("<Gather finishOnKey='abc'/>", &[13_310]),
        ("<Gather finishOnKey='12'/>", &[13_310]),
        ("<Gather timeout='0'/>", &[13_313]),
        ("<Gather maxSpeechTime='61'/>", &[13_328]),
        ("<Gather input='thoughts'/>", &[13_326]),
        ("<Gather><Dial/></Gather>", &[13_320]),
        ("<Gather><Say loop='x'>a</Say></Gather>", &[13_322]),
        ("<Play loop='x'>/a.mp3</Play>", &[13_410]),
        ("<Play digits='abc'/>", &[13_430]),
        ("<Say loop='x'>a</Say>", &[13_510]),
        ("<Say> </Say>", &[13_520]),
        (&long_text, &[13_521]),
        ("<Record maxLength='x'/>", &[13_612]),
        ("<Record maxLength='0'/>", &[13_612]),
        ("<Record finishOnKey='x'/>", &[13_613]),
        ("<Record trim='short'/>", &[13_699]),
        ("<Record transcribe='true' maxLength='121'/>", &[13_615]),
        ("<Redirect method='PUT'>/end</Redirect>", &[13_710]),
        ("<Redirect>https://a_b.example/end</Redirect>", &[11_100]),
        ("<Dial action='https://u:p@a_b.example:1/x'>+15005557777</Dial>", &[11_100]),
        ("<Record recordingStatusCallback='http://a_b.example'/>", &[11_100]),
        ("<Reject reason='bored'/>", &[13_810]),
        ("<Pause length='x'/>", &[13_910]),
        ("<Pause length='0'/>", &[13_910]),
        ("<Sms>hello</Sms>", &[0]),
        ("<Teleport to='Mars'><Dial/></Teleport>", &[12_200]),
        ("<Say colour='red'>a</Say>", &[12_200]),
        ("<Hangup>now</Hangup>", &[12_200]),
        ("stray", &[12_200]),
        ("<Gather numDigits='0' timeout='x' finishOnKey='ab'/>", &[13_310, 13_313, 13_314]),
    ];
    for (verbs, want) in cases {
        assert_eq!(numbers(verbs), Ok(want.to_vec()), "{verbs}");
    }
}

#[test]
fn good_documents_have_no_mistakes() {
    let cases = [
        "",
        "<!-- nothing --><Hangup/>",
        "<Dial timeout='5' timeLimit='14400' record='true'>+15005557777</Dial>",
        "<Dial action='/a_b?c_d=1' hangupOnStar='true'><Client>ana_1</Client></Dial>",
        "<Dial><Client><Identity>ana</Identity><Parameter name='a' value='b'/></Client></Dial>",
        "<Dial><Conference waitUrl='' participantLabel='ana'>room</Conference></Dial>",
        "<Dial><Queue reservationSid='WR1'/></Dial>",
        "<Dial action='https://a.example/a_b?u=http://c_d.example'>+15005557777</Dial>",
        "<Enqueue workflowSid='WW1'><Task>{}</Task></Enqueue>",
        "<Gather finishOnKey='' input='dtmf speech' speechTimeout='auto'><Say>Hi</Say></Gather>",
        "<Play digits='ww12#'/><Play loop='0'>/a.mp3</Play><Record finishOnKey='' timeout='0'/>",
        "<Say>Your code is <say-as interpret-as='digits'>12</say-as></Say>",
        "<Refer><Sip>sip:a@b.example</Sip></Refer><Leave/><Echo/>",
    ];
    for verbs in cases {
        assert_eq!(numbers(verbs), Ok(Vec::new()), "{verbs}");
    }
}

#[test]
fn a_mistake_has_its_place_and_its_level() {
    let document = "<?xml version='1.0'?>\n<Response>\n  <Say>é</Say> <Dial timeout='0'>\n    \
                    <Conference/>\n    <Conference eventCallbackUrl='/e' muted='x' trim='y'>a\
                    </Conference></Dial>\n</Response>";
    let found = Lint::of(document).unwrap();
    let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "line 3, column 16: warning 13000: a conference or queue is in a <Dial> with other nouns",
            "line 3, column 16: warning 13212: `timeout` of <Dial> is 0, allowed are 1 to 600",
            "line 4, column 5: warning 13237: <Conference> has no name",
            "line 5, column 5: error 13239: `trim` of <Conference> has a value that is not allowed",
            "line 5, column 5: warning 13230: `muted` of <Conference> has a value that is not allowed",
            "line 5, column 5: hint: `eventCallbackUrl` of <Conference> is deprecated: use `statusCallback`",
        ]
    );
}

#[test]
fn built_documents_are_judged_too() {
    let dial = || Dial::to("+15005550006").unwrap();
    assert_eq!(Response::new().dial(dial()).lint(), []);
    let late = Response::new().dial(dial().timeout(Duration::from_secs(601))).lint();
    assert_eq!(late.iter().map(|lint| lint.code).collect::<Vec<_>>(), [Some(13_212)]);
    let say = Say::from(Text::lossy("a".repeat(Response::MAX_BYTES)));
    let large = Response::new().say(say).lint();
    assert_eq!((large[0].code, large[0].level), (Some(11_750), Level::Error));
    assert!(Lint::of("<Response>").is_err());
}
