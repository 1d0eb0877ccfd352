//! Sounds that no browser sends: tones, waves, silence.

use std::f64::consts::TAU;
use std::sync::Arc;

use crate::Sound;
use crate::pcmu::{self, RATE};
use crate::state::audio::Hears;

/// Twenty milliseconds of PCMU.
pub(crate) type Frame = [u8; FRAME];

/// Samples in twenty milliseconds.
pub(super) const FRAME: usize = RATE / 50;

/// Nothing to hear.
pub(super) const SILENCE: Frame = [pcmu::SILENCE; FRAME];

/// Plays one sound after the other, each from its beginning.
#[derive(Debug, Default)]
pub(super) struct Player {
    playing: Source,
    turn: u64,
    at: usize,
}

/// What can be played.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) enum Source {
    #[default]
    Silence,
    Ringback,
    Tone(u16),
    Wave(Arc<[u8]>),
}

impl From<&Sound> for Source {
    fn from(sound: &Sound) -> Self {
        match sound {
            Sound::Silence => Self::Silence,
            Sound::Tone(hz) => Self::Tone(*hz),
            Sound::Wave(bytes) => Self::Wave(Arc::clone(bytes)),
        }
    }
}

impl Source {
    /// The sound behind `Hears`, unless it is another leg.
    pub(super) fn of(hears: &Hears) -> Option<Self> {
        match hears {
            Hears::Silence => Some(Self::Silence),
            Hears::Ringback => Some(Self::Ringback),
            Hears::Tone { hz } => Some(Self::Tone(*hz)),
            Hears::Wave(bytes) => Some(Self::Wave(Arc::clone(bytes))),
            Hears::Leg(_) | Hears::Mix(_) => None,
        }
    }
}

impl Player {
    /// The next frame. With another `turn` the sound starts again.
    pub(super) fn next(&mut self, source: &Source, turn: u64) -> Frame {
        if self.turn != turn || self.playing != *source {
            *self = Self { playing: source.clone(), turn, at: 0 };
        }
        let begin = self.at;
        self.at += FRAME;
        match &self.playing {
            Source::Silence => SILENCE,
            Source::Ringback if begin % RINGBACK >= RINGS => SILENCE,
            Source::Ringback => tone(begin, &[440, 480]),
            Source::Tone(hz) => tone(begin, &[*hz]),
            Source::Wave(bytes) => {
                let mut frame = SILENCE;
                let rest = bytes.get(begin..).unwrap_or_default();
                for (to, from) in frame.iter_mut().zip(rest) {
                    *to = *from;
                }
                frame
            }
        }
    }
}

/// A frame of tones, from this sample on.
#[expect(clippy::cast_precision_loss, reason = "a call has far fewer samples than 2^52")]
#[expect(clippy::cast_possible_truncation, reason = "the sum stays below the amplitude")]
fn tone(begin: usize, hertz: &[u16]) -> Frame {
    let amplitude = AMPLITUDE / hertz.len() as f64;
    std::array::from_fn(|index| {
        let seconds = (begin + index) as f64 / RATE as f64;
        let wave = |hz: &u16| (TAU * f64::from(*hz) * seconds).sin() * amplitude;
        pcmu::encode(hertz.iter().map(wave).sum::<f64>() as i16)
    })
}

/// Adds up what several people say.
pub(super) fn mix<'f>(frames: impl Iterator<Item = &'f Frame>) -> Frame {
    let mut sums = [0_i32; FRAME];
    for frame in frames {
        for (sum, byte) in sums.iter_mut().zip(frame) {
            *sum += i32::from(pcmu::decode(*byte));
        }
    }
    let clip = |sum: i32| sum.clamp(i32::from(i16::MIN), i32::from(i16::MAX));
    sums.map(|sum| pcmu::encode(i16::try_from(clip(sum)).unwrap_or(0)))
}

/// A quarter of the loudest.
const AMPLITUDE: f64 = 8000.0;

/// Ringback of North America: two seconds of tone in six.
const RINGS: usize = 2 * RATE;
const RINGBACK: usize = 6 * RATE;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wave_begins_anew_with_each_turn_and_ends_in_silence() {
        let wave = Source::Wave((0..200).collect::<Vec<u8>>().into());
        let mut player = Player::default();
        assert_eq!(player.next(&wave, 1)[159], 159);
        let second = player.next(&wave, 1);
        assert_eq!((second[0], second[39], second[40]), (160, 199, pcmu::SILENCE));
        assert_eq!(player.next(&wave, 1), SILENCE);
        assert_eq!(player.next(&wave, 2)[1], 1);
    }

    #[test]
    fn silence_adds_nothing() {
        let mut player = Player::default();
        let one = player.next(&Source::Tone(700), 1);
        assert_eq!(mix([&one, &SILENCE].into_iter()), one);
        assert_eq!(mix([].into_iter()), SILENCE);
    }
}
