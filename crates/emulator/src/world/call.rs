//! One call or leg.

use std::collections::VecDeque;
use std::time::Duration;

use identity::{AccountSid, AppSid, CallSid, RecordingSid, Timestamp};

use super::PartyId;
use super::dequeue::Dequeuing;
use super::dial::Dialling;
use super::gather::Gathering;
use super::message::Message;
use super::outbound::Outbound;
use super::stay::Stay;
use crate::seed::Seed;
use crate::step::{Step, Subscription, Target};
use crate::{Address, CallStatus, Direction, Kind, Voice};

/// A call, or one leg of it: both are calls to Twilio.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Call {
    pub(crate) sid: CallSid,
    /// The call that this is a leg of; itself if it is none.
    pub(crate) root: CallSid,
    pub(crate) parent: Option<CallSid>,
    pub(crate) account: AccountSid,
    pub(crate) direction: Direction,
    pub(crate) from: Address,
    pub(crate) to: Address,
    pub(crate) status: CallStatus,
    pub(crate) sip: Option<u16>,
    /// The how-manieth call it is; legs have none.
    pub(crate) number: u64,
    /// Its place among all calls and legs.
    pub(crate) order: u64,
    pub(crate) created_at: Timestamp,
    /// When it was dialled or came in; a call that the API has queued waits for it.
    pub(crate) started_at: Option<Timestamp>,
    /// When anything of it changed last.
    pub(crate) updated_at: Timestamp,
    pub(crate) answered_at: Option<Timestamp>,
    pub(crate) ended_at: Option<Timestamp>,
    /// The number of the next status callback.
    pub(crate) sequence: u32,
    /// How many webhooks were sent for it.
    pub(crate) sent: u64,
    seed: Seed,
    /// Set while the world may still change the call's course; old plans have another number.
    pub(crate) generation: u64,
    pub(crate) doing: Doing,
    pub(crate) steps: VecDeque<Step>,
    /// The URL of the document being run.
    pub(crate) base: String,
    /// What that document was asked for.
    pub(crate) base_kind: Kind,
    /// Whether a verb of the call has been carried out already.
    pub(crate) begun: bool,
    pub(crate) documents: u32,
    /// Whether the document being run has taken any time yet.
    pub(crate) took_time: bool,
    /// Where the call stays while other documents run for it.
    pub(crate) stay: Option<Box<Stay>>,
    /// The number of its last stay.
    pub(crate) stays: u64,
    pub(crate) voice: Option<Voice>,
    pub(crate) app: Option<AppSid>,
    /// Parameters that go with every webhook of the call.
    pub(crate) extra: Vec<(String, String)>,
    /// Parameters that go with its first document only.
    pub(crate) first: Vec<(String, String)>,
    pub(crate) caller: Caller,
    pub(crate) legs: Vec<CallSid>,
    /// The call or leg at the other end of the line, where a number of an account was dialled.
    pub(crate) far_end: Option<CallSid>,
    /// How many numbers of accounts were dialled one from the other until here.
    pub(crate) hops: u32,
    pub(crate) application_error: bool,
    /// Whether the caller has ever talked with anybody.
    pub(crate) was_bridged: bool,
    /// Whether the REST API has deleted its record.
    pub(crate) forgotten: bool,
    /// Whether its last webhook has been answered.
    pub(crate) over: bool,
    /// The browser that placed the call, or the party that answered the leg.
    pub(crate) party: Option<PartyId>,
    /// Whether it is a leg that was led away from its `<Dial>` and runs documents of its own.
    pub(crate) is_independent: bool,
    /// Of a leg, or of a call that the API has placed: who is told of its steps.
    pub(crate) subscription: Option<Subscription>,
    /// Of a call that the API has placed: what it will do.
    pub(crate) outbound: Option<Outbound>,
    /// Of a leg: the `<Parameter>`s of its noun.
    pub(crate) parameters: Vec<(String, String)>,
    /// Of a leg: what its party hears before the bridge.
    pub(crate) whisper: Option<Target>,
    /// Of a leg: whether its party hears that now.
    pub(crate) in_whisper: bool,
    /// Of a leg: the keys that are pressed once it is answered.
    pub(crate) send_digits: String,
    /// Of a leg: the recording of its bridge.
    pub(crate) recording: Option<RecordingSid>,
}

/// What a call is busy with.
#[derive(Debug, Default)]
pub(crate) enum Doing {
    /// Nothing: it is a leg, or over, or between two steps.
    #[default]
    Nothing,
    /// A document is on its way.
    Fetching,
    /// Something is heard.
    Speaking,
    /// Sounds are on their way that the next verb plays.
    Loading,
    /// Keys are awaited.
    Gathering(Box<Gathering>),
    /// A message is recorded, or is about to be.
    Recording(Box<Message>),
    /// Legs ring, or one is bridged.
    Dialling(Box<Dialling>),
    /// Somebody who waits in a queue is awaited, or bridged.
    Dequeuing(Box<Dequeuing>),
}

/// What the person who places a call does.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Caller {
    pub(crate) gives_up_after: Option<Duration>,
    pub(crate) hangs_up_after: Option<Duration>,
    /// What is pressed at each `<Gather>`, in turn.
    pub(crate) digits: VecDeque<String>,
    pub(crate) by_hand: bool,
}

impl Call {
    pub(crate) fn new(
        sid: CallSid,
        account: AccountSid,
        ends: (Address, Address),
        seed: Seed,
    ) -> Self {
        Self {
            sid,
            root: sid,
            parent: None,
            account,
            direction: Direction::Inbound,
            from: ends.0,
            to: ends.1,
            status: CallStatus::Ringing,
            sip: None,
            number: 0,
            order: 0,
            created_at: Timestamp::from_unix_seconds(0),
            started_at: None,
            updated_at: Timestamp::from_unix_seconds(0),
            answered_at: None,
            ended_at: None,
            sequence: 0,
            sent: 0,
            seed,
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
            voice: None,
            app: None,
            extra: Vec::new(),
            first: Vec::new(),
            caller: Caller::default(),
            legs: Vec::new(),
            far_end: None,
            hops: 0,
            application_error: false,
            was_bridged: false,
            forgotten: false,
            over: false,
            party: None,
            is_independent: false,
            subscription: None,
            outbound: None,
            parameters: Vec::new(),
            whisper: None,
            in_whisper: false,
            send_digits: String::new(),
            recording: None,
        }
    }

    /// Whether it is a call of its own, or a leg that has become one.
    pub(crate) fn is_root(&self) -> bool {
        self.parent.is_none() || self.is_independent
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.status.is_final()
    }

    /// Changes what the call does; whatever was planned before is void.
    pub(crate) fn turn_to(&mut self, doing: Doing) -> u64 {
        self.generation += 1;
        self.doing = doing;
        self.generation
    }

    /// The seed of the leg with this number.
    pub(crate) fn leg_seed(&self, number: usize) -> Seed {
        self.seed.derive("leg", number as u64)
    }

    /// The idempotency token of its next webhook.
    pub(crate) fn next_token(&self) -> String {
        self.seed.derive("webhook", self.sent).uuid()
    }

    /// The secret by which a browser may go on with the call.
    pub(crate) fn reconnect_token(&self) -> String {
        self.seed.derive("reconnect", 0).hex()
    }

    /// A Sid of something that belongs to the call.
    pub(crate) fn sid_bytes(&self, what: &str, number: u64) -> [u8; 16] {
        self.seed.derive(what, number).bytes()
    }

    /// Whole seconds from the answer to the end.
    pub(crate) fn talked_seconds(&self) -> u64 {
        match (self.answered_at, self.ended_at) {
            (Some(answered), Some(ended)) => ended.since(answered).as_secs(),
            _ => 0,
        }
    }

    /// The person whose device it is at: the caller, or whoever was dialled.
    pub(crate) fn person(&self) -> &Address {
        if self.direction == Direction::Inbound { &self.from } else { &self.to }
    }

    pub(crate) fn fallback(&self) -> Option<Target> {
        let voice = self.voice.as_ref()?;
        let url = voice.fallback_url.clone()?;
        Some(Target { url, method: voice.fallback_method })
    }
}
