//! A call as the REST API places and shows it.

use std::time::Duration;

use identity::{AccountSid, AppSid, Timestamp};

use crate::step::{DialRecord, Subscription, Target};
use crate::{Address, Voice};

/// What only the REST API reads.
#[derive(Debug)]
pub(crate) struct RestView {
    /// `date_updated`.
    pub(crate) updated_at: Timestamp,
    /// Whether the REST API has deleted the record.
    pub(crate) deleted: bool,
    /// Who has answered, in Twilio's word, once that was detected.
    pub(crate) answered_by: Option<&'static str>,
    /// Present if the REST API placed the call.
    pub(crate) placed: Option<Outbound>,
}

impl Default for RestView {
    fn default() -> Self {
        Self {
            updated_at: Timestamp::from_unix_seconds(0),
            deleted: false,
            answered_by: None,
            placed: None,
        }
    }
}

/// A call to be placed.
#[derive(Clone, Debug)]
pub(crate) struct CallOut {
    pub(crate) account: AccountSid,
    pub(crate) from: Address,
    pub(crate) to: Address,
    /// The TwiML App whose URLs these are.
    pub(crate) app: Option<AppSid>,
    pub(crate) subscription: Option<Subscription>,
    /// The `<Parameter>`s that a browser gets.
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) plan: Outbound,
}

/// What a call that the REST API has placed will do.
#[derive(Clone, Debug)]
pub(crate) struct Outbound {
    /// The document once the call is answered.
    pub(crate) first: First,
    /// How long it may ring; the network takes some seconds more.
    pub(crate) timeout: Duration,
    /// How long it may last.
    pub(crate) time_limit: Duration,
    /// Whether it is recorded from its answer on.
    pub(crate) record: Option<DialRecord>,
    pub(crate) detection: Option<Detection>,
}

/// How it is detected whether a machine has answered.
#[derive(Clone, Debug)]
pub(crate) struct Detection {
    /// A machine is waited for until its greeting is over.
    pub(crate) to_the_end: bool,
    /// The document does not wait for the result.
    pub(crate) is_async: bool,
    /// Where the result is reported, if the document does not wait for it.
    pub(crate) report: Option<Target>,
}

/// Where the documents of a call come from.
#[derive(Clone, Debug)]
pub(crate) struct First {
    /// The URLs. The first one is not requested if there is a document.
    pub(crate) voice: Voice,
    /// The document itself.
    pub(crate) twiml: Option<String>,
}
