//! The settings of an emulator.

use std::num::NonZeroU32;
use std::time::Duration;

use identity::Timestamp;

use crate::{CallStatus, Clock};

/// The settings of an emulator.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use emulator::{Clock, Config};
///
/// let config = Config { seed: 7, ..Config::default() };
/// assert_eq!(config.clock, Clock::Auto);
/// assert_eq!(config.extra_ring, Duration::from_secs(5));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Config {
    /// Every Sid, idempotency token and shuffle is derived from this number.
    pub seed: u64,
    /// The clock that moves the emulated time.
    pub clock: Clock,
    /// The emulated time at the start; the machine's own clock if absent.
    ///
    /// If it is given, access tokens are checked against the emulated clock too. If it is absent,
    /// a token is checked against the machine's clock when an agent registers, and the rest of
    /// its life then passes on the emulated clock.
    pub starts_at: Option<Timestamp>,
    /// Whether callbacks may overtake each other.
    pub delivery: Delivery,
    /// What Twilio adds to the `timeout` of a `<Dial>`: about 5 s (documentation of `<Dial>`).
    pub extra_ring: Duration,
    /// How many calls of the REST API begin in a second, for each account. The others wait as
    /// `queued`. `None` means no limit. Twilio's default is one.
    pub calls_per_second: Option<NonZeroU32>,
    /// The time from the event `initiated` of a leg to its event `ringing`.
    pub ring_delay: Duration,
    /// How long `<Play>` lasts, unless it is a WAV of 8000 samples a second on this machine: no
    /// other file is fetched.
    pub play_length: Duration,
    /// How long a caller speaks into `<Record>` before falling silent.
    pub message_length: Duration,
    /// How long machine detection takes. A machine that is waited for until its greeting is over
    /// (`DetectMessageEnd`) greets for [`Config::message_length`].
    pub detection_length: Duration,
    /// The time limit of a bridge without a `timeLimit`: 14,400 s (documentation of `<Dial>`).
    pub time_limit: Duration,
    /// The decisions where Twilio's behaviour is not known.
    pub unknowns: Unknowns,
    /// How many entries the timeline keeps. Beyond that the oldest are dropped.
    pub keep_entries: usize,
    /// How many calls that are over are kept, with their legs and recordings, and how many
    /// conferences. Beyond that the oldest are dropped, and their stories are empty.
    pub keep_calls: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: 1,
            clock: Clock::Auto,
            starts_at: None,
            delivery: Delivery::Sequential,
            extra_ring: Duration::from_secs(5),
            calls_per_second: Some(NonZeroU32::MIN),
            ring_delay: Duration::from_millis(200),
            play_length: Duration::from_secs(3),
            message_length: Duration::from_secs(5),
            detection_length: Duration::from_secs(4),
            time_limit: Duration::from_secs(14_400),
            unknowns: Unknowns::default(),
            keep_entries: 100_000,
            keep_calls: 10_000,
        }
    }
}

/// Whether the callbacks of one call may overtake each other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Delivery {
    /// The webhooks of one call and its legs are sent one after the other, in the order of their
    /// events. Calls are independent of each other.
    Sequential,
    /// Each is sent at once, in parallel to the others, as Twilio does: they may overtake each
    /// other.
    Concurrent,
}

/// Decisions where Twilio's behaviour is not known, so that a test can try each.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Unknowns {
    /// How a leg ends if another leg won, or if it rang when the caller left.
    pub losing_leg: LosingLeg,
    /// The `DialCallStatus` when the caller hangs up before anybody has answered.
    pub caller_left: LosingLeg,
    /// Which leg `DialCallSid` names if none of several answered.
    pub named_leg: NamedLeg,
    /// Whether `timeout` counts for each noun of a sequential `<Dial>` or for all together.
    pub sequential_timeout: SequentialTimeout,
    /// What happens to a `<Dial>` with more than ten nouns.
    pub eleventh_noun: EleventhNoun,
    /// When the other legs of a `<Dial>` end if the answering one hears a document first.
    pub whisper_race: WhisperRace,
    /// Whether the `action` of a `<Record>` comes before the callback of its recording.
    pub recorded: Recorded,
    /// How often it is reported what was understood of unfinished speech.
    pub partials: Partials,
    /// The transcript of a message in which nothing was said.
    pub silent_transcript: SilentTranscript,
}

/// The end of a leg that lost the race.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum LosingLeg {
    /// `canceled`.
    #[default]
    Canceled,
    /// `no-answer`.
    NoAnswer,
}

impl LosingLeg {
    pub(crate) fn status(self) -> CallStatus {
        match self {
            Self::Canceled => CallStatus::Canceled,
            Self::NoAnswer => CallStatus::NoAnswer,
        }
    }
}

/// The leg that `DialCallSid` names if none answered.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum NamedLeg {
    /// The leg that ended last.
    #[default]
    Last,
    /// The leg of the first noun.
    First,
    /// None: the parameter is absent.
    Absent,
}

/// What the `timeout` of a sequential `<Dial>` applies to.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum SequentialTimeout {
    /// Each noun.
    #[default]
    EachNoun,
    /// All nouns together.
    Whole,
}

/// When the other legs end if the answering one hears a document before the bridge.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum WhisperRace {
    /// As soon as one answers: "the first call to pick up is connected" (documentation of
    /// `<Number>`).
    #[default]
    FirstToAnswer,
    /// Once one has heard its document to the end.
    FirstToFinish,
}

/// How often it is reported what was understood of unfinished speech (`partialResultCallback`,
/// `partialResults`).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Partials {
    /// After each word.
    #[default]
    EachWord,
    /// Once for each utterance.
    Once,
}

/// The transcript of a message in which nothing was said.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum SilentTranscript {
    /// It is `completed`, with the text `(blank)`.
    #[default]
    Blank,
    /// It has `failed`, without a text.
    Failed,
}

/// What comes first once a `<Record>` is over.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Recorded {
    /// The `action`. The recording is reported while the caller already hears the next document:
    /// its file has to be made ready first.
    #[default]
    ActionFirst,
    /// The `recordingStatusCallback`.
    CallbackFirst,
}

/// What happens to a `<Dial>` with more than ten nouns.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum EleventhNoun {
    /// The document is an error: the fallback URL, or the caller hears an application error.
    #[default]
    Refused,
    /// The first ten ring. The others are left out with a warning.
    LeftOut,
}
