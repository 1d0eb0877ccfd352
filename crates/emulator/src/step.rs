//! What a document asks for, ready to be carried out.

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
    Dial(Dial),
    Redirect(Target),
    Reject {
        busy: bool,
    },
    Hangup,
    /// The verb's name.
    NotEmulated(String),
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
    /// So many times a file's length, which only the configuration knows.
    Files(u32),
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
    pub(crate) timeout: Duration,
    pub(crate) on_empty: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record {
    /// Absent: the document's own URL.
    pub(crate) action: Target,
    pub(crate) longest: Duration,
    pub(crate) callback: Option<Target>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Dial {
    pub(crate) action: Option<Target>,
    pub(crate) timeout: Duration,
    pub(crate) time_limit: Option<Duration>,
    pub(crate) answer_on_bridge: bool,
    pub(crate) sequential: bool,
    pub(crate) caller_id: Option<String>,
    pub(crate) nouns: Vec<Noun>,
    /// How many nouns there are, with those that are not emulated.
    pub(crate) count: usize,
    /// Nouns and attributes that are not emulated.
    pub(crate) left_out: Vec<String>,
}

/// A `<Client>` or `<Number>`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Noun {
    pub(crate) to: Address,
    pub(crate) callback: Option<Subscription>,
    pub(crate) parameters: Vec<(String, String)>,
    /// Whether there is a `url` for the callee.
    pub(crate) whispers: bool,
}

/// Where the steps of a leg are reported.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Subscription {
    pub(crate) target: Target,
    pub(crate) events: Vec<Progress>,
}
