//! Virtual phones: their behaviour, and actions by hand.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use identity::CallSid;
use serde_json::{Value, json};

use super::{Fields, Refusal};
use crate::address::{is_key, is_number};
use crate::shared::Shared;
use crate::state::call::{Call, Doing, Utterance};
use crate::state::party::{Party, PartyId};
use crate::world::World;
use crate::{Address, AnsweredBy, Behaviour, Direction, Ear, HandError, Phone, Sound};

/// Every phone that has a behaviour or is on a call.
pub(super) fn list(shared: &Shared) -> Value {
    shared.read(|world| {
        let phones = world.parties.iter().filter(|(_, party)| party.account.is_none());
        let behaving = phones.map(|(_, party)| party.address.to_string());
        let calling = world.calls.values().filter(|call| call.direction == Direction::Inbound);
        let calling = calling.filter(|call| call.webhooks.app.is_none() && !call.has_ended());
        let numbers: BTreeSet<String> =
            behaving.chain(calling.map(|call| call.from.to_string())).collect();
        numbers.iter().map(|number| phone(world, number)).collect()
    })
}

/// One phone. A number that is not in use is `absent`.
pub(super) fn show(shared: &Arc<Shared>, number: &str) -> Value {
    let ear = Phone::new(Arc::clone(shared), Address::Number(number.to_owned())).hears();
    let mut value = shared.read(|world| phone(world, number));
    value["heard"] = heard(&ear);
    value
}

/// Sets the behaviour and the sound of a phone.
pub(super) fn put(shared: &Arc<Shared>, number: &str, mut body: Fields) -> Result<Value, Refusal> {
    number_of(number)?;
    let wanted = body.take("behaviour").map(behaviour).transpose()?;
    let plays = body.take("sound").map(sound).transpose()?;
    let (keys, words) = (keys(&mut body)?, body.texts("says")?);
    let who = body.text("answered_by")?.map(|word| answered_by(&word)).transpose()?;
    body.end()?;
    let phone = Phone::new(Arc::clone(shared), Address::Number(number.to_owned()));
    if let Some(plays) = plays {
        phone.plays(plays);
    }
    if let Some(wanted) = wanted {
        planning(phone.clone(), &keys, &words).behaves(wanted);
    } else if !keys.is_empty() || !words.is_empty() {
        return Err(Refusal::bad("`presses` and `says` need a `behaviour`"));
    }
    if let Some(who) = who {
        phone.answered_by(who);
    }
    Ok(show(shared, number))
}

/// What somebody presses at each `<Gather>`, in turn.
pub(super) fn keys(body: &mut Fields) -> Result<Vec<String>, Refusal> {
    let all = body.texts("presses")?;
    if all.iter().all(|keys| keys.chars().all(is_key)) {
        return Ok(all);
    }
    Err(Refusal::bad("`presses` has texts of 0 to 9, * and #"))
}

/// The same phone, with what the person will press and say.
pub(super) fn planning(phone: Phone, keys: &[String], words: &[String]) -> Phone {
    let phone = keys.iter().fold(phone, |phone, keys| phone.presses(keys));
    words.iter().fold(phone, |phone, words| phone.says(words))
}

fn answered_by(word: &str) -> Result<AnsweredBy, Refusal> {
    Ok(match word {
        "human" => AnsweredBy::Human,
        "machine" => AnsweredBy::Machine,
        "fax" => AnsweredBy::Fax,
        "unknown" => AnsweredBy::Unknown,
        _ => return Err(Refusal::bad("`answered_by` is human, machine, fax or unknown")),
    })
}

/// Refuses what cannot be the number of a phone.
pub(super) fn number_of(text: &str) -> Result<(), Refusal> {
    if text.starts_with("client:") {
        return Err(Refusal::bad("a browser is not a phone: see /emulator/devices"));
    }
    if is_number(text) {
        return Ok(());
    }
    Err(Refusal::bad(format!("{text:?} is not a number, nor a word that stands for one")))
}

/// Carries out an action of a phone: answer, decline or hang up.
pub(super) fn act(shared: &Shared, number: &str, what: &str) -> Result<(), Refusal> {
    let address = Address::Number(number.to_owned());
    let done = shared.write(|world| {
        let id = world.parties.phone(&address);
        match what {
            "hangup" => world.hang_up(on_call(world, &address).ok_or(HandError::NoCall)?),
            act => {
                let id = id.ok_or(HandError::NothingRings)?;
                take_up(world, id, act)?
            }
        };
        Ok(())
    });
    done.map_err(|error: HandError| Refusal::conflict(error))
}

/// Answers or declines the leg that has rung longest at a phone or browser.
pub(super) fn take_up(world: &mut World, id: PartyId, act: &str) -> Result<bool, HandError> {
    let party = world.parties.get(id).ok_or(HandError::NothingRings)?;
    if act == "answer" && party.on_call.is_some() {
        return Err(HandError::OnACall);
    }
    let leg = *party.pending.first().ok_or(HandError::NothingRings)?;
    let done = match act {
        "answer" => world.party_answers(id, leg),
        _ => world.party_declines(id, leg),
    };
    if done { Ok(true) } else { Err(HandError::NothingRings) }
}

/// Presses digits: the other side hears them, and so does the caller's next `<Gather>`.
pub(super) fn press(shared: &Shared, number: &str, mut body: Fields) -> Result<(), Refusal> {
    let digits = body.needed("digits")?;
    body.end()?;
    if !digits.bytes().all(|key| key.is_ascii_digit() || matches!(key, b'*' | b'#' | b'w' | b'W')) {
        return Err(Refusal::bad("`digits` are 0 to 9, * and #; w waits"));
    }
    let address = Address::Number(number.to_owned());
    shared.write(|world| {
        let sid = on_call(world, &address).ok_or(HandError::NoCall).map_err(Refusal::conflict)?;
        let waits_for_keys =
            |doing: &Doing| matches!(doing, Doing::Gathering(_) | Doing::Recording(_));
        let is_heard = !world.audio.listeners(sid).is_empty();
        let call = world.calls.get_mut(&sid);
        // If nobody hears the keys yet, they wait for the next `<Gather>`.
        if let Some(call) =
            call.filter(|it| !is_heard && !it.life.was_bridged && !waits_for_keys(&it.script.doing))
        {
            call.end.caller.digits.push_back(digits);
            return Ok(());
        }
        for key in digits.chars().filter(|key| !key.eq_ignore_ascii_case(&'w')) {
            world.press_key(sid, key);
        }
        Ok(())
    })
}

/// Says something: a `<Gather>` of speech, a `<Record>` or a `<Transcription>` understands it.
pub(super) fn say(shared: &Shared, number: &str, body: Fields) -> Result<(), Refusal> {
    let utterance = utterance(body)?;
    let address = Address::Number(number.to_owned());
    shared.write(|world| {
        let sid = on_call(world, &address).ok_or(HandError::NoCall).map_err(Refusal::conflict)?;
        world.says(sid, utterance);
        Ok(())
    })
}

/// Reads what is said, and how well it is understood.
pub(super) fn utterance(mut body: Fields) -> Result<Utterance, Refusal> {
    let (text, confidence) = (body.needed("text")?, body.take("confidence"));
    body.end()?;
    let mut utterance = Utterance::clear(&text);
    if let Some(confidence) = confidence {
        let known = confidence.as_f64().filter(|it| (0.0..=1.0).contains(it));
        let known = known.ok_or_else(|| Refusal::bad("`confidence` is a number from 0 to 1"))?;
        utterance.confidence = known.to_string();
    }
    Ok(utterance)
}

/// Reads a behaviour: a word, or how long until an answer.
pub(super) fn behaviour(value: Value) -> Result<Behaviour, Refusal> {
    match value {
        Value::String(word) => Ok(match &*word {
            "answers" => Behaviour::answers(Duration::ZERO),
            "declines" => Behaviour::Declines { after: Duration::ZERO },
            "ignores" => Behaviour::Ignores,
            "absent" => Behaviour::Absent,
            "by_hand" => Behaviour::ByHand,
            _ => return Err(Refusal::bad(WORDS)),
        }),
        other => {
            let mut fields = Fields::of(other, "`behaviour`")?;
            let after = fields.seconds("answers_after")?;
            let talks = fields.seconds("talks")?;
            let declines = fields.seconds("declines_after")?;
            fields.end()?;
            match (after, declines, talks) {
                (Some(after), None, talks) => Ok(Behaviour::Answers { after, talks }),
                (None, Some(after), None) => Ok(Behaviour::Declines { after }),
                _ => Err(Refusal::bad(WORDS)),
            }
        }
    }
}

/// Reads a sound: silence, or a tone of this many hertz.
pub(super) fn sound(value: Value) -> Result<Sound, Refusal> {
    let rule = "`sound` is \"silence\" or {\"tone\": hz}, from 1 to 3999 Hz";
    if value == "silence" {
        return Ok(Sound::Silence);
    }
    let mut fields = Fields::of(value, "`sound`").map_err(|_| Refusal::bad(rule))?;
    let tone: Option<u16> = fields.whole("tone").map_err(|_| Refusal::bad(rule))?;
    fields.end()?;
    let audible = tone.filter(|hz| (1..4000).contains(hz));
    audible.map(Sound::Tone).ok_or_else(|| Refusal::bad(rule))
}

/// The sound that a person hears.
pub(super) fn heard(ear: &Ear) -> Value {
    json!({
        "tone_hz": ear.tone_hz,
        "tones": ear.tones,
        "level": ear.level,
        "packets": ear.packets,
        "digits": ear.digits,
    })
}

/// Writes a behaviour in the form in which it is read.
pub(super) fn words(behaviour: Behaviour) -> Value {
    match behaviour {
        Behaviour::Answers { after, talks } => {
            json!({ "answers_after": after.as_secs_f64(), "talks": talks.map(|it| it.as_secs_f64()) })
        }
        Behaviour::Declines { after } => json!({ "declines_after": after.as_secs_f64() }),
        Behaviour::Ignores => json!("ignores"),
        Behaviour::Absent => json!("absent"),
        Behaviour::ByHand => json!("by_hand"),
    }
}

fn phone(world: &World, number: &str) -> Value {
    let address = Address::Number(number.to_owned());
    let party = world.parties.phone(&address).and_then(|id| world.parties.get(id));
    let pending = party.map(|party| party.pending.as_slice()).unwrap_or_default();
    let on_call = on_call(world, &address);
    let state = match party {
        _ if on_call.is_some() => "on_call",
        _ if !pending.is_empty() => "ringing",
        None | Some(Party { behaviour: Behaviour::Absent, .. }) => "absent",
        Some(_) => "idle",
    };
    json!({
        "number": number,
        "behaviour": party.map_or(json!("absent"), |party| words(party.behaviour)),
        "answered_by": match party.map(|party| party.answers_as).unwrap_or_default() {
            AnsweredBy::Human => "human",
            AnsweredBy::Machine => "machine",
            AnsweredBy::Fax => "fax",
            AnsweredBy::Unknown => "unknown",
        },
        "state": state,
        "ringing": pending.iter().filter_map(|leg| ringing(world, *leg)).collect::<Vec<_>>(),
        "on_call": on_call.map(|sid| sid.to_string()),
    })
}

/// A leg that rings, as its phone or browser sees it.
pub(super) fn ringing(world: &World, leg: CallSid) -> Option<Value> {
    let call = world.calls.get(&leg)?;
    Some(json!({ "leg_sid": leg.as_str(), "from": call.from.to_string() }))
}

/// The call that a phone is on, whether it was dialled or has placed it.
fn on_call(world: &World, address: &Address) -> Option<CallSid> {
    let answered = world.parties.phone(address).and_then(|id| world.parties.get(id)?.on_call);
    let placed = || {
        let theirs = |call: &&Call| {
            call.direction == Direction::Inbound && call.from == *address && !call.has_ended()
        };
        world.calls.values().filter(theirs).max_by_key(|call| call.order).map(|call| call.sid)
    };
    answered.or_else(placed)
}

const WORDS: &str = "`behaviour` is {\"answers_after\": s, \"talks\": s}, {\"declines_after\": s}, \
                     \"answers\", \"declines\", \"ignores\", \"absent\" or \"by_hand\"";
