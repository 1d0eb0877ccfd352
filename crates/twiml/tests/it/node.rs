//! The documents of `docs/twiml-vs-node.md`: this crate builds what the official Node builder
//! (twilio 6.2.0) wrote for the calls shown there, as recorded.

use std::time::Duration;

use twiml::ssml::{Break, SayAs};
use twiml::*;

#[test]
fn ringing_two_agents_gives_the_same_bytes() -> Result<(), BuildError> {
    let node = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>\
        <Dial action=\"/dial/1\" timeout=\"20\">\
        <Client statusCallback=\"/status#rc=2&amp;rp=5xx\" \
        statusCallbackEvent=\"initiated ringing answered completed\">\
        <Identity>agent_1</Identity><Parameter name=\"caller\" value=\"Ana &amp; Bo\"/></Client>\
        <Client statusCallback=\"/status#rc=2&amp;rp=5xx\" \
        statusCallbackEvent=\"initiated ringing answered completed\">\
        <Identity>agent_2</Identity><Parameter name=\"caller\" value=\"Ana &amp; Bo\"/></Client>\
        </Dial></Response>";
    let mut dial = Dial::new().action(text!("/dial/1")).timeout(Duration::from_secs(20));
    for agent in ["agent_1", "agent_2"] {
        dial = dial.client(
            Client::new(agent)?
                .status_callback(text!("/status#rc=2&rp=5xx"))
                .status_callback_event(CallEvent::ALL)
                .parameter(Parameter::new("caller", "Ana & Bo")?),
        )?;
    }
    assert_eq!(Response::new().dial(dial).render(), node);
    Ok(())
}

#[test]
fn a_menu_gives_the_same_tree() -> Result<(), BuildError> {
    let node = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>\
        <Gather action=\"/menu\" numDigits=\"1\" timeout=\"6\">\
        <Say voice=\"Polly.Amy-Neural\" language=\"en-GB\">For sales, press 1.</Say></Gather>\
        <Say>We did not hear you.</Say><Redirect>/welcome</Redirect></Response>";
    let ours = Response::new()
        .gather(
            Gather::new().action(text!("/menu")).num_digits(1).timeout(Duration::from_secs(6)).say(
                Say::new("For sales, press 1.")?
                    .voice(Voice::PollyAmyNeural)
                    .language(SayLanguage::EnGB),
            ),
        )
        .say(Say::new("We did not hear you.")?)
        .redirect(Redirect::new("/welcome")?);
    assert_eq!(Response::parse(node), Ok(ours));
    Ok(())
}

#[test]
fn spoken_markup_gives_the_same_tree() -> Result<(), BuildError> {
    let node = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Say>Your code is \
        <say-as interpret-as=\"digits\">1234</say-as><break time=\"250ms\"/></Say></Response>";
    let say = Say::new("Your code is ")?
        .say_as(SayAs::new("1234", InterpretAs::Digits)?)
        .pause(Break::new().time(Duration::from_millis(250)));
    assert_eq!(Response::parse(node), Ok(Response::new().say(say)));
    Ok(())
}

/// What Node writes for values that its declarations forbid: kept, and named as unknown.
#[test]
fn reading_finds_what_node_does_not_check() {
    let node = "<Response><Dial timeOut=\"20\" method=\"PUT\" timeout=\"soon\">\
        +1500<Client>agent-1 &lt;x&gt;</Client></Dial></Response>";
    let read = Response::parse(node);
    let unknown = read.as_ref().map(|read| {
        let name = |each: &Unknown<'_>| match each {
            Unknown::Attribute { attribute, .. } => attribute.name().to_owned(),
            other => format!("{other:?}"),
        };
        read.unknown().iter().map(name).collect::<Vec<_>>()
    });
    assert_eq!(unknown, Ok(vec!["timeOut".into(), "method".into(), "timeout".into()]));
}
