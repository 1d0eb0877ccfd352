//! A document that has been read: its verbs, ready to be carried out.

use std::time::Duration;

use crate::timeline::Heard;
use crate::{Address, Method, Problem, Progress};

/// A document that has been read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Document {
    pub(crate) steps: Vec<Step>,
    pub(crate) warnings: Vec<Problem>,
}

/// One verb.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    Speak(Speech),
    Gather(Gather),
    Record(Record),
    Dial(Box<Dial>),
    Enqueue(Enqueue),
    Leave,
    Redirect(Target),
    Reject {
        busy: bool,
    },
    Hangup,
    Refer,
    Start(Vec<Transcribe>),
    /// The names of what is stopped.
    Stop(Vec<Option<String>>),
    /// The verb's name.
    NotEmulated(String),
}

impl Step {
    /// The name of the verb.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Speak(Speech { heard: Heard::Said(_), .. }) => "<Say>",
            Self::Speak(Speech { heard: Heard::Played(_), .. }) => "<Play>",
            Self::Speak(Speech { heard: Heard::Silence, .. }) => "<Pause>",
            Self::Gather(_) => "<Gather>",
            Self::Record(_) => "<Record>",
            Self::Dial(_) => "<Dial>",
            Self::Enqueue(_) => "<Enqueue>",
            Self::Leave => "<Leave>",
            Self::Redirect(_) => "<Redirect>",
            Self::Reject { .. } => "<Reject>",
            Self::Hangup => "<Hangup>",
            Self::Refer => "<Refer>",
            Self::Start(_) => "<Start>",
            Self::Stop(_) => "<Stop>",
            Self::NotEmulated(name) => name,
        }
    }
}

/// Something to hear, for some time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Speech {
    pub(crate) heard: Heard,
    pub(crate) length: Length,
    /// `<Pause>` as the first verb does not answer the call.
    pub(crate) answers: bool,
}

/// How long it lasts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Length {
    Exactly(Duration),
    /// This many times the length of a file. The file or the configuration gives that length.
    Files(u32),
    /// `loop="0"`: until the call ends.
    Endless,
}

/// A URL of a document, still to be resolved.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Target {
    pub(crate) url: String,
    pub(crate) method: Method,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Gather {
    /// Absent: the document's own URL.
    pub(crate) action: Target,
    pub(crate) prompts: Vec<Speech>,
    /// How long the next key may take.
    pub(crate) timeout: Duration,
    pub(crate) on_empty: bool,
    /// The number of keys that ends the input.
    pub(crate) digits: Option<usize>,
    /// The key that ends the input, if one does.
    pub(crate) finish_on: Option<char>,
    /// Whether a key silences the prompts.
    pub(crate) barge_in: bool,
    /// Whether keys count at all.
    pub(crate) keys: bool,
    /// Present if speech counts.
    pub(crate) speech: Option<Listening>,
}

/// How a `<Gather>` listens for speech.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Listening {
    /// The silence that ends speech.
    pub(crate) silence: Duration,
    /// Where it is reported what was understood so far.
    pub(crate) partials: Option<Target>,
}

/// `<Transcription>`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Transcribe {
    pub(crate) name: Option<String>,
    pub(crate) report: Option<Target>,
    /// The only side that is transcribed; both if absent.
    pub(crate) track: Option<Side>,
    /// What the inbound and the outbound side are called.
    pub(crate) labels: [String; 2],
    pub(crate) language: String,
    pub(crate) engine: String,
    /// Whether unfinished sentences are reported too.
    pub(crate) partials: bool,
}

/// A side of a call: its own person, or what they hear.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Side {
    Inbound,
    Outbound,
}

impl Side {
    /// Twilio's word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Inbound => "inbound_track",
            Self::Outbound => "outbound_track",
        }
    }
}

impl Transcribe {
    pub(crate) fn hears(&self, side: Side) -> bool {
        self.track.is_none_or(|track| track == side)
    }

    pub(crate) fn track_word(&self) -> &'static str {
        self.track.map_or("both_tracks", Side::word)
    }
}

/// The time of one word: speech of 150 words a minute.
pub(crate) const WORD: Duration = Duration::from_millis(400);

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record {
    /// Absent: the document's own URL.
    pub(crate) action: Target,
    pub(crate) longest: Duration,
    /// How much silence ends it.
    pub(crate) silence: Duration,
    pub(crate) finish_on: String,
    pub(crate) beeps: bool,
    /// Whether the silence at its end is cut off.
    pub(crate) trims: bool,
    pub(crate) report: Option<RecordingReport>,
    /// Where the text of the message is sent.
    pub(crate) transcript: Option<Target>,
}

/// Where a recording is reported, and when.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RecordingReport {
    pub(crate) target: Target,
    /// When it begins.
    pub(crate) begun: bool,
    /// When it is complete.
    pub(crate) completed: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Dial {
    pub(crate) action: Option<Target>,
    pub(crate) timeout: Duration,
    pub(crate) time_limit: Option<Duration>,
    pub(crate) answer_on_bridge: bool,
    pub(crate) hangup_on_star: bool,
    pub(crate) caller_id: Option<String>,
    pub(crate) record: Option<DialRecord>,
    pub(crate) to: Dialled,
    /// Nouns and attributes that are not emulated.
    pub(crate) left_out: Vec<String>,
}

/// The target of a `<Dial>`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Dialled {
    Parties(Parties),
    Conference(ConferenceNoun),
    Queue(QueueNoun),
}

/// Browsers and phones.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Parties {
    pub(crate) nouns: Vec<Noun>,
    pub(crate) sequential: bool,
    /// How many nouns there are, including those that are not emulated.
    pub(crate) count: usize,
}

/// `record` of a `<Dial>`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DialRecord {
    pub(crate) from_ringing: bool,
    /// Two channels: the parent on the first, the child on the second.
    pub(crate) dual: bool,
    pub(crate) report: Option<RecordingReport>,
}

/// A `<Client>` or `<Number>`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Noun {
    pub(crate) to: Address,
    pub(crate) callback: Option<Subscription>,
    pub(crate) parameters: Vec<(String, String)>,
    /// The document for the party that answers, before the bridge.
    pub(crate) whisper: Option<Target>,
    /// The keys that are pressed once somebody answers.
    pub(crate) send_digits: String,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct QueueNoun {
    pub(crate) name: String,
    /// The document for the waiting caller, before the bridge.
    pub(crate) whisper: Option<Target>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Enqueue {
    pub(crate) name: String,
    pub(crate) action: Option<Target>,
    pub(crate) wait: Wait,
    pub(crate) max_size: Option<u32>,
}

/// What a call hears while it waits.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Wait {
    /// Twilio's own music: no URL is given.
    Music,
    /// The URL is empty.
    Silence,
    Url(Target),
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ConferenceNoun {
    pub(crate) name: String,
    pub(crate) label: Option<String>,
    pub(crate) muted: bool,
    pub(crate) starts: bool,
    pub(crate) ends: bool,
    pub(crate) beeps: Beeps,
    pub(crate) most: usize,
    pub(crate) coach: Option<String>,
    pub(crate) wait: Wait,
    pub(crate) callback: Option<ConferenceSubscription>,
    pub(crate) record: Option<DialRecord>,
}

/// When a conference beeps for a participant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Beeps {
    pub(crate) on_enter: bool,
    pub(crate) on_exit: bool,
}

/// Where the events of a conference are reported.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ConferenceSubscription {
    pub(crate) target: Target,
    /// Twilio's words: `start`, `join`.
    pub(crate) events: Vec<&'static str>,
}

/// Where the steps of a leg are reported.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Subscription {
    pub(crate) target: Target,
    pub(crate) events: Vec<Progress>,
}
