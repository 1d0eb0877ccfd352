//! The telephone menu of a small company: greeting, opening hours, menu, ringing the team in waves
//! of ten, voicemail, a call back by code.
//!
//! Each function answers one webhook. Run it to read what Twilio would get:
//!
//! ```sh
//! cargo run -p twiml --example ivr
//! ```
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::time::Duration;

use twiml::ssml::{Break, Prosody, SayAs};
use twiml::{
    BuildError, CallEvent, Client, Conference, ConferenceBeep, Dial, Enqueue, Gather, GatherInput,
    Hangup, InterpretAs, Number, Parameter, Pause, Play, Record, Redirect, Reject, RejectReason,
    Response, Say, SayLanguage, SpeechTimeout, Text, Trim, Voice, text,
};

/// The voice of the house.
fn say(words: &str) -> Result<Say<'_>, BuildError> {
    Ok(Say::new(words)?.voice(Voice::PollyAmyNeural).language(SayLanguage::EnGB))
}

/// Answers a call to the number: a menu by speech or keys, and a second try if nothing comes.
fn welcome() -> Result<Response<'static>, BuildError> {
    let menu = Gather::new()
        .action(text!("/menu"))
        .input(&[GatherInput::Dtmf, GatherInput::Speech])
        .num_digits(1)
        .speech_timeout(SpeechTimeout::Auto)
        .timeout(Duration::from_secs(6))
        .say(say("Welcome to Acme. For sales, press 1. For your order, press 2.")?)
        .pause(Pause::new())
        .say(say("To leave a message, press 3.")?);

    Ok(Response::new()
        .play(Play::new("/jingle.mp3")?)
        .gather(menu)
        .say(say("We did not hear you.")?)
        .redirect(Redirect::new("/welcome")?))
}

/// Answers a pressed key.
fn menu(digits: &str, team: &[String], caller: &str) -> Result<Response<'static>, BuildError> {
    match digits {
        "1" => sales(team, 0, caller).map(Response::into_owned),
        "2" => order("4711"),
        "3" => voicemail(),
        _ => Ok(Response::new()
            .say(say("This key has no function.")?)
            .redirect(Redirect::new("/welcome")?)),
    }
}

/// Rings the team, ten at a time: each wave is the answer to the `action` of the one before.
fn sales<'a>(team: &'a [String], wave: usize, caller: &'a str) -> Result<Response<'a>, BuildError> {
    let Some(agents) = team.chunks(Dial::MAX_NOUNS).nth(wave) else {
        return voicemail();
    };
    let status = text!("/status#rc=2&rp=ct,rt,5xx");
    // The name comes from outside: characters that XML cannot carry are dropped, and the rest is escaped.
    let name = Text::lossy(caller);
    let clients = agents.iter().map(|agent| {
        Ok(Client::new(agent)?
            .status_callback(status.clone())
            .status_callback_event(CallEvent::ALL)
            .parameter(Parameter::new("name", name.clone())?))
    });
    let dial = Dial::new()
        .action(Text::new(format!("/sales/{}", wave + 1))?)
        .answer_on_bridge(wave == 0)
        .timeout(Duration::from_secs(20))
        .ring(clients.collect::<Result<Vec<_>, BuildError>>()?)?;
    Ok(Response::new().dial(dial))
}

/// Reads an order number digit by digit, and connects the caller with the warehouse in a conference.
fn order(number: &'static str) -> Result<Response<'static>, BuildError> {
    let status = say("Order number ")?
        .say_as(SayAs::new(number, InterpretAs::Digits)?)
        .pause(Break::new().time(Duration::from_millis(300)))
        .prosody(Prosody::new("has left our warehouse.")?.rate(text!("slow")));

    let warehouse = Conference::new(format!("order_{number}"))?
        .beep(ConferenceBeep::False)
        .wait_url(text!(""))
        .end_conference_on_exit(true);

    Ok(Response::new()
        .say(status)
        .say(say("We connect you with the driver.")?)
        .dial(Dial::new().hangup_on_star(true).conference(warehouse)?))
}

/// Records a message of at most two minutes.
fn voicemail() -> Result<Response<'static>, BuildError> {
    Ok(Response::new()
        .say(say("Nobody is free. Please leave a message after the beep.")?)
        .record(
            Record::new()
                .action(text!("/voicemail"))
                .max_length(Duration::from_secs(120))
                .finish_on_key(text!("#"))
                .trim(Trim::TrimSilence),
        )
        .hangup(Hangup::new()))
}

/// Outside office hours, a regular customer reaches the night desk; everyone else hears "busy".
fn at_night(regular: bool) -> Result<Response<'static>, BuildError> {
    if !regular {
        return Ok(Response::new().reject(Reject::new().reason(RejectReason::Busy)));
    }
    let night_desk = Number::new("+15005550006")?.url(text!("/whisper"));
    Ok(Response::new()
        .dial(Dial::new().sequential(true).number(night_desk)?)
        .enqueue(Enqueue::new("night")?.wait_url(text!("/music"))))
}

fn main() -> Result<(), BuildError> {
    let team: Vec<String> = (1..=12).map(|agent| format!("agent_{agent:02}")).collect();
    let caller = "Ana \"the fox\" <ana@example.com>";
    let pages = [
        ("the number is dialled", welcome()?),
        ("key 1, first wave", menu("1", &team, caller)?),
        ("nobody answered, second wave", sales(&team, 1, caller)?),
        ("nobody answered, no more waves", sales(&team, 2, caller)?),
        ("key 2", menu("2", &team, caller)?),
        ("key 9", menu("9", &team, caller)?),
        ("at night, a regular customer", at_night(true)?),
        ("at night, a stranger", at_night(false)?),
    ];
    for (when, page) in pages {
        println!("{when}:\n{}\n", page.try_render()?);
    }
    Ok(())
}
