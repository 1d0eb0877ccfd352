//! What only a leg of a `<Dial>` has.

use identity::{CallSid, RecordingSid};

use crate::step::Target;

/// The part of a call that a `<Dial>` made.
#[derive(Debug)]
pub(crate) struct Leg {
    /// The call whose `<Dial>` it is.
    pub(crate) parent: CallSid,
    /// Whether the REST API took it out of its `<Dial>`, so that it runs documents of its own.
    pub(crate) is_independent: bool,
    /// The document that its party hears before the bridge.
    pub(crate) whisper: Option<Target>,
    /// Whether its party hears that document now.
    pub(crate) in_whisper: bool,
    /// The keys that are pressed once it is answered.
    pub(crate) send_digits: String,
    /// The recording of its bridge.
    pub(crate) recording: Option<RecordingSid>,
}

impl Leg {
    pub(crate) fn of(parent: CallSid) -> Self {
        Self {
            parent,
            is_independent: false,
            whisper: None,
            in_whisper: false,
            send_digits: String::new(),
            recording: None,
        }
    }
}
