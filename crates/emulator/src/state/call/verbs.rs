//! The verbs that take time, and the state of each while it is in progress.

use std::collections::VecDeque;

use identity::{CallSid, QueueSid, RecordingSid};

use super::Utterance;
use crate::state::params::Params;
use crate::step::{Dial, Gather, Noun, Record, Speech, Target, Transcribe};

/// A `<Gather>` in progress.
#[derive(Debug)]
pub(crate) struct Gathering {
    pub(crate) gather: Gather,
    pub(crate) prompts: VecDeque<Speech>,
    /// Whether the prompts are over and the time for the next key runs.
    pub(crate) listens: bool,
    pub(crate) keys: String,
    /// The keys that the caller will press after the prompts.
    pub(crate) script: VecDeque<char>,
    /// What was said so far.
    pub(crate) heard: Option<Utterance>,
}

/// A `<Record>` in progress.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) record: Record,
    /// Absent during the beep.
    pub(crate) recording: Option<RecordingSid>,
    /// What was said, each utterance.
    pub(crate) said: Vec<String>,
}

/// A `<Transcription>` in progress.
#[derive(Debug)]
pub(crate) struct Transcribing {
    /// `GT…`
    pub(crate) sid: String,
    pub(crate) settings: Transcribe,
    /// The number of its last report.
    pub(crate) sequence: u64,
}

/// A `<Dial>` of browsers and phones in progress.
#[derive(Debug)]
pub(crate) struct Dialling {
    pub(crate) dial: Dial,
    /// The nouns that are not dialled yet.
    pub(crate) queue: VecDeque<Noun>,
    pub(crate) legs: Vec<CallSid>,
    /// The legs that have ended, in that order.
    pub(crate) ended: Vec<CallSid>,
    pub(crate) bridged: Option<CallSid>,
    pub(crate) recording: Option<RecordingSid>,
}

/// A `<Dial>` of a queue in progress.
#[derive(Debug)]
pub(crate) struct Dequeuing {
    pub(crate) dial: Dial,
    pub(crate) queue: Option<QueueSid>,
    pub(crate) whisper: Option<Target>,
    pub(crate) member: Option<CallSid>,
    pub(crate) bridged: bool,
    pub(crate) recording: Option<RecordingSid>,
    /// The parameters about the queue, from the moment when a caller was taken out of it.
    pub(crate) queue_params: Params,
}
