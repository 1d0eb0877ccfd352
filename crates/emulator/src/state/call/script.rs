//! The documents that a call runs, and the verb that it is busy with.

use std::collections::VecDeque;

use super::{Dequeuing, Dialling, Gathering, Message, Stay, Transcribing};
use crate::Kind;
use crate::step::Step;

/// The document of a call, and the call's position in it.
#[derive(Debug)]
pub(crate) struct Script {
    /// The number of the current plan. Events and requests with an older number no longer apply.
    pub(crate) generation: u64,
    pub(crate) doing: Doing,
    /// The verbs that are still to be carried out.
    pub(crate) steps: VecDeque<Step>,
    /// The URL of the document.
    pub(crate) base: String,
    /// What the document was requested for.
    pub(crate) base_kind: Kind,
    /// Whether a verb has been carried out already.
    pub(crate) begun: bool,
    /// How many documents were requested.
    pub(crate) documents: u32,
    /// Whether the document has taken any time yet.
    pub(crate) took_time: bool,
    /// The queue or conference where the call stays while other documents run for it.
    pub(crate) stay: Option<Box<Stay>>,
    /// The number of its last stay.
    pub(crate) stays: u64,
    /// Whether the caller has heard Twilio's own error message.
    pub(crate) application_error: bool,
    /// The transcriptions in progress.
    pub(crate) transcribing: Vec<Transcribing>,
    /// How many were started.
    pub(crate) transcriptions: u64,
}

/// What a call is busy with.
#[derive(Debug, Default)]
pub(crate) enum Doing {
    /// Nothing: the call is a leg, has ended, or is between two verbs.
    #[default]
    Nothing,
    /// It waits for a document.
    Fetching,
    /// Its person hears something.
    Speaking,
    /// It waits for the sounds that the next verb plays.
    Loading,
    /// It waits for keys.
    Gathering(Box<Gathering>),
    /// It records a message, or is about to.
    Recording(Box<Message>),
    /// Its legs ring, or one is bridged.
    Dialling(Box<Dialling>),
    /// It waits for a caller from a queue, or is bridged with one.
    Dequeuing(Box<Dequeuing>),
}

impl Default for Script {
    fn default() -> Self {
        Self {
            generation: 0,
            doing: Doing::Nothing,
            steps: VecDeque::new(),
            base: String::new(),
            base_kind: Kind::Voice,
            begun: false,
            documents: 0,
            took_time: false,
            stay: None,
            stays: 0,
            application_error: false,
            transcribing: Vec::new(),
            transcriptions: 0,
        }
    }
}

impl Script {
    /// Changes what the call does. Earlier plans no longer apply.
    pub(crate) fn turn_to(&mut self, doing: Doing) -> u64 {
        self.generation += 1;
        self.doing = doing;
        self.generation
    }

    /// Drops the rest of the document and ends the current verb. Returns that verb.
    pub(crate) fn stop(&mut self) -> Doing {
        self.steps.clear();
        let doing = std::mem::take(&mut self.doing);
        self.turn_to(Doing::Nothing);
        doing
    }

    /// The `<Dial>` in progress.
    pub(crate) fn dialling_mut(&mut self) -> Option<&mut Dialling> {
        match &mut self.doing {
            Doing::Dialling(dialling) => Some(dialling),
            _ => None,
        }
    }

    /// The `<Dial>` of a queue in progress.
    pub(crate) fn dequeuing_mut(&mut self) -> Option<&mut Dequeuing> {
        match &mut self.doing {
            Doing::Dequeuing(dequeuing) => Some(dequeuing),
            _ => None,
        }
    }
}
