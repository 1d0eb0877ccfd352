//! `<Say>`, `<Play>` and `<Pause>`, and what the media engine plays at each leg.

use std::sync::Arc;
use std::time::Duration;

use identity::CallSid;

use super::leg::MAX_HOPS;
use super::mail::Mail;
use super::{Goes, Told, World};
use crate::address::is_key;
use crate::http::check_status;
use crate::post::Purpose;
use crate::problem::{NO_SOUND, Problem};
use crate::state::audio::{Hearing, Hears, Person, Seat};
use crate::state::call::{Call, Doing, Utterance};
use crate::step::{Length, Side, Speech, Step, Target};
use crate::timeline::{Heard, What};
use crate::webhook::{Method, Outcome};
use crate::{Address, CallStatus, Kind, pcmu, url, wave};

impl World {
    pub(super) fn speak(&mut self, sid: CallSid, speech: Speech) -> Goes {
        if speech.answers {
            self.answer_call(sid);
        }
        let length = self.begin_speech(sid, speech);
        self.wait(sid, Doing::Speaking, length)
    }

    /// Plays speech or a file to a call. Returns its length.
    pub(super) fn begin_speech(&mut self, sid: CallSid, speech: Speech) -> Duration {
        let wave = self.wave_of(sid, &speech);
        let length = self.length(&speech, wave.as_deref());
        let sound = match (&speech.heard, wave) {
            (Heard::Silence, _) => Hears::Silence,
            (Heard::Said(_), _) => Hears::Tone { hz: SPEECH_HZ },
            (Heard::Played(_), None) => Hears::Tone { hz: FILE_HZ },
            (Heard::Played(_), Some(wave)) => Hears::Wave(repeated(&wave, length)),
        };
        let is_missing = matches!(&sound, Hears::Tone { hz: FILE_HZ });
        self.audio.set(sid, sound);
        let heard = speech.heard;
        if let Heard::Said(text) = &heard {
            self.transcribe(sid, Side::Outbound, &Utterance::clear(text));
        }
        if let Heard::Played(reference) = &heard
            && is_missing
            && let Some(call) = self.calls.get(&sid)
        {
            let url = url::resolve(&call.script.base, reference);
            // `digits` are keys, not a URL. A file that was asked for has an entry of its own.
            let is_file = !reference.chars().all(|key| is_key(key) || matches!(key, 'w' | 'W'));
            let is_new = is_file && url::is_absolute(&url) && !self.waves.contains_key(&url);
            if is_new && self.told.insert(Told::NotFetched(url.clone())) {
                self.note(Some(sid), What::NotFetched(url));
            }
        }
        self.note(Some(sid), What::Heard(heard));
        length
    }

    fn length(&self, speech: &Speech, wave: Option<&[u8]>) -> Duration {
        match (speech.length, wave) {
            (Length::Exactly(length), _) => length,
            (Length::Files(times), None) => self.config.play_length * times,
            (Length::Files(times), Some(wave)) => {
                Duration::from_millis((wave.len() * 1000 / pcmu::RATE) as u64) * times
            }
            // As long as a call may last.
            (Length::Endless, _) => self.config.time_limit,
        }
    }

    /// The sound of a file that has been fetched.
    fn wave_of(&self, sid: CallSid, speech: &Speech) -> Option<Arc<[u8]>> {
        let url = self.file_of(sid, speech)?;
        self.waves.get(&url).cloned().flatten()
    }

    /// The URL of a file that can be fetched: a WAV on this machine.
    fn file_of(&self, sid: CallSid, speech: &Speech) -> Option<String> {
        let Heard::Played(reference) = &speech.heard else { return None };
        let url = url::resolve(&self.calls.get(&sid)?.script.base, reference);
        let path = url::without_fragment(&url).split('?').next().unwrap_or_default();
        let is_wave = path.to_ascii_lowercase().ends_with(".wav");
        (is_wave && url::is_absolute(&url) && url::is_loopback(&url)).then_some(url)
    }

    /// Fetches the files that the next verb plays. True if it must wait for them.
    pub(super) fn loads_sounds(&mut self, sid: CallSid) -> bool {
        let Some(call) = self.calls.get(&sid) else { return false };
        let speeches: &[Speech] = match call.script.steps.front() {
            Some(Step::Speak(speech)) => std::slice::from_ref(speech),
            Some(Step::Gather(gather)) => &gather.prompts,
            _ => &[],
        };
        let files = speeches.iter().filter_map(|speech| self.file_of(sid, speech));
        let Some(url) = files.into_iter().find(|url| !self.waves.contains_key(url)) else {
            return false;
        };
        let Some(call) = self.calls.get_mut(&sid) else { return false };
        let generation = call.script.turn_to(Doing::Loading);
        let target = Target { url, method: Method::Get };
        let mail = Mail { kind: Kind::Sound, target, params: Vec::new() };
        self.send(sid, Purpose::Sound { call: sid, generation }, None, mail);
        true
    }

    /// Handles the answer to a request for a file.
    pub(super) fn sound_answered(
        &mut self,
        sid: CallSid,
        generation: u64,
        url: &str,
        outcome: Outcome,
    ) {
        let found = outcome.answer.and_then(|answer| {
            check_status(&answer)?;
            wave::read(&answer.bytes).map_err(|why| Problem::error(NO_SOUND, why))
        });
        let wave = match found {
            Ok(wave) => Some(Arc::from(wave)),
            Err(problem) => {
                self.note_problem(sid, problem);
                None
            }
        };
        self.waves.insert(url.to_owned(), wave);
        if self.calls.get(&sid).is_some_and(|call| call.script.generation == generation) {
            self.run(sid);
        }
    }

    /// Whether the media engine has anything to do.
    pub(crate) fn has_audio(&self) -> bool {
        !self.signal.lines.is_empty() || !self.sounds.is_empty()
    }

    /// Every answered leg, and what its party hears.
    pub(crate) fn seats(&self) -> Vec<Seat> {
        let talking = self.calls.values().filter(|call| call.life.status == CallStatus::InProgress);
        talking
            .map(|call| Seat {
                leg: call.sid,
                order: call.order,
                person: self.person_at(call),
                hearing: Hearing { what: self.heard_on(call.sid), ..self.audio.of(call.sid) },
            })
            .collect()
    }

    fn person_at(&self, call: &Call) -> Person {
        if let Some((line, party)) = self.signal.lines.talking(call.sid) {
            return Person::Browser { line, is_deaf: self.signal.deaf.contains(&party) };
        }
        let address = call.person().clone();
        let says = self.sounds.get(&address).cloned().unwrap_or_default();
        Person::Virtual { address, says }
    }

    /// What a leg hears, followed to the source of the sound. If that is a leg to a number of an
    /// account, the source is whatever the call at that number hears.
    pub(crate) fn heard_on(&self, leg: CallSid) -> Hears {
        let mut what = self.audio.of(leg).what;
        for _ in 0..=MAX_HOPS {
            let Hears::Leg(other) = what else { return what };
            let Some(far) = self.calls.get(&other).and_then(|call| call.end.far_side) else {
                return Hears::Leg(other);
            };
            what = self.audio.of(far).what;
        }
        what
    }

    /// The keys that a person heard on their latest call.
    pub(crate) fn keys_heard_by(&self, person: &Address) -> String {
        let calls = self.calls.values().filter(|call| call.person() == person);
        let latest = calls.max_by_key(|call| (call.life.answered_at, call.order));
        latest.map(|call| self.audio.of(call.sid).keys).unwrap_or_default()
    }
}

/// Repeats a sound until the length is filled.
fn repeated(wave: &Arc<[u8]>, length: Duration) -> Arc<[u8]> {
    let bytes = length.min(LONGEST_WAVE).as_millis() as usize * pcmu::RATE / 1000;
    if bytes <= wave.len() {
        return Arc::clone(wave);
    }
    wave.iter().copied().cycle().take(bytes).collect()
}

/// The tone for `<Say>`.
pub(super) const SPEECH_HZ: u16 = 330;

/// The tone for a `<Play>` whose file cannot be fetched.
const FILE_HZ: u16 = 523;

/// The tone for hold music.
pub(super) const MUSIC_HZ: u16 = 262;

/// The beep before a recording.
pub(super) const BEEP_HZ: u16 = 1000;

/// The longest sound that is built by repetition.
const LONGEST_WAVE: Duration = Duration::from_secs(600);
