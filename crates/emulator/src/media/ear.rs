//! What a virtual person hears.

use std::collections::VecDeque;
use std::f64::consts::TAU;

use identity::CallSid;

use super::player::Frame;
use crate::pcmu::{self, RATE};

/// What a virtual phone or agent hears now: the last fifth of a second.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ear {
    /// The loudest tone in hertz, if one stands out.
    pub tone_hz: Option<f32>,
    /// All tones that stand out, the loudest first.
    pub tones: Vec<f32>,
    /// How loud it is, from 0 to 1 (root mean square).
    pub level: f32,
    /// Packets of 20 ms that came from somebody else, on all calls so far.
    pub packets: u64,
    /// The keys that the other side has pressed on the latest call.
    pub digits: String,
}

impl Ear {
    /// Whether a tone stands out within 10 Hz of this.
    pub fn hears_tone(&self, hz: f32) -> bool {
        self.tones.iter().any(|tone| (tone - hz).abs() <= 10.0)
    }
}

/// The sound of the last moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory {
    /// The call that it belongs to.
    leg: Option<CallSid>,
    samples: VecDeque<i16>,
    pub(super) packets: u64,
}

impl Memory {
    /// Hears a frame. `is_spoken` says that it came from somebody.
    pub(super) fn hear(&mut self, leg: CallSid, frame: &Frame, is_spoken: bool) {
        if self.leg.replace(leg) != Some(leg) {
            self.samples.clear();
        }
        self.packets += u64::from(is_spoken);
        let overflow = (self.samples.len() + frame.len()).saturating_sub(WINDOW);
        self.samples.drain(..overflow);
        self.samples.extend(frame.iter().map(|byte| pcmu::decode(*byte)));
    }

    /// Analyses the sound of the last moment.
    #[expect(clippy::cast_possible_truncation, reason = "a level and hertz need no more digits")]
    pub(super) fn analyse(&self, digits: String) -> Ear {
        let samples: Vec<f64> = self.samples.iter().map(|it| f64::from(*it) / 32_768.0).collect();
        let level = rms(&samples);
        let tones: Vec<f32> = tones(&samples, level).into_iter().map(|hz| hz as f32).collect();
        let tone_hz = tones.first().copied();
        Ear { tone_hz, tones, level: level as f32, packets: self.packets, digits }
    }
}

#[expect(clippy::cast_precision_loss, reason = "there are at most some thousand samples")]
fn rms(samples: &[f64]) -> f64 {
    if samples.is_empty() {
        return 0.0;
    }
    (samples.iter().map(|it| it * it).sum::<f64>() / samples.len() as f64).sqrt()
}

/// The tones that stand out, the loudest first: peaks of the spectrum, each then refined to one
/// hertz.
fn tones(samples: &[f64], level: f64) -> Vec<f64> {
    if level < QUIET || samples.len() < WINDOW / 2 {
        return Vec::new();
    }
    let shaped = window(samples);
    let spectrum: Vec<(f64, f64)> = (LOWEST..HIGHEST)
        .step_by(STEP)
        .map(|hz| (f64::from(hz), amplitude(&shaped, f64::from(hz))))
        .collect();
    let mut peaks: Vec<(f64, f64)> = spectrum
        .windows(3)
        .filter(|three| {
            let [left, middle, right] = three else { return false };
            middle.1 > left.1 && middle.1 >= right.1 && middle.1 > level * STANDS_OUT
        })
        .map(|three| refine(&shaped, three[1].0))
        .collect();
    peaks.sort_by(|one, other| other.1.total_cmp(&one.1));
    peaks.into_iter().map(|(hz, _)| hz).collect()
}

/// The top of a peak near this.
fn refine(shaped: &[f64], near: f64) -> (f64, f64) {
    let around = (-6..=6).map(|off| near + f64::from(off));
    let all = around.map(|hz| (hz, amplitude(shaped, hz)));
    all.max_by(|one, other| one.1.total_cmp(&other.1)).unwrap_or((near, 0.0))
}

/// A Hann window keeps a loud tone from hiding its neighbours.
#[expect(clippy::cast_precision_loss, reason = "there are at most some thousand samples")]
fn window(samples: &[f64]) -> Vec<f64> {
    let count = samples.len() as f64;
    let shape = |index: usize| (1.0 - (TAU * index as f64 / count).cos()) * 2.0 / count;
    samples.iter().enumerate().map(|(index, sample)| sample * shape(index)).collect()
}

/// How strong one frequency is, by Goertzel's recurrence.
#[expect(clippy::cast_precision_loss, reason = "the rate is 8000")]
fn amplitude(shaped: &[f64], hz: f64) -> f64 {
    let coefficient = 2.0 * (TAU * hz / RATE as f64).cos();
    let (mut one, mut two) = (0.0, 0.0);
    for sample in shaped {
        let next = sample + coefficient * one - two;
        two = one;
        one = next;
    }
    (one * one + two * two - coefficient * one * two).max(0.0).sqrt()
}

/// A fifth of a second: tones that are 20 Hz apart can be distinguished.
const WINDOW: usize = 1600;

/// The frequencies, in hertz, that a telephone carries.
const LOWEST: u16 = 100;
const HIGHEST: u16 = 3800;
const STEP: usize = 10;

/// Below this level nothing stands out.
const QUIET: f64 = 0.002;

/// A lone tone's amplitude is 1.41 times the level; each of four equal ones' is 0.7 times.
const STANDS_OUT: f64 = 0.5;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::player::{Player, SILENCE, Source, mix};

    fn heard(frames: impl Fn(usize) -> Frame) -> Ear {
        let mut memory = Memory::default();
        for index in 0..20 {
            memory.hear(CallSid::from_bytes([1; 16]), &frames(index), true);
        }
        memory.analyse(String::new())
    }

    #[test]
    fn tones_are_found_to_a_few_hertz() {
        for hz in [350_u16, 503, 1000, 1704, 3301] {
            let mut player = Player::default();
            let frames: Vec<Frame> = (0..20).map(|_| player.next(&Source::Tone(hz), 1)).collect();
            let ear = heard(|index| frames[index]);
            let found = ear.tone_hz.expect("a tone");
            assert!((found - f32::from(hz)).abs() <= 2.0, "{hz}: {ear:?}");
            assert!((ear.level - 0.17).abs() < 0.01, "{ear:?}");
            assert_eq!((ear.tones.len(), ear.packets), (1, 20), "{ear:?}");
        }
    }

    #[test]
    fn three_tones_at_once_are_distinguished() {
        let mut players: [Player; 3] = Default::default();
        let frames: Vec<Frame> = (0..20)
            .map(|_| {
                let [a, b, c] = &mut players;
                let voices = [
                    a.next(&Source::Tone(600), 1),
                    b.next(&Source::Tone(650), 1),
                    c.next(&Source::Tone(1500), 1),
                ];
                mix(voices.iter())
            })
            .collect();
        let ear = heard(|index| frames[index]);
        assert_eq!(ear.tones.len(), 3, "{ear:?}");
        assert!([600.0, 650.0, 1500.0].into_iter().all(|hz| ear.hears_tone(hz)), "{ear:?}");
        assert!(!ear.hears_tone(700.0));
    }

    #[test]
    fn silence_and_noise_have_no_tone() {
        assert_eq!(heard(|_| SILENCE).tones, Vec::<f32>::new());
        // A generator with a period of 2^32.
        let noise = |index: usize| {
            let mut state = u32::try_from(index).unwrap_or(0).wrapping_mul(0x9e37_79b9) | 1;
            std::array::from_fn(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                u8::try_from(state >> 24).unwrap_or(0)
            })
        };
        let ear = heard(noise);
        assert!(ear.level > 0.1 && ear.tone_hz.is_none(), "{ear:?}");
    }
}
