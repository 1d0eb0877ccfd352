//! Where the webhooks of a call go, and what they carry.

use identity::AppSid;

use crate::Voice;
use crate::step::{Subscription, Target};

/// The URLs of a call, its own parameters, and the counters of its webhooks.
#[derive(Debug, Default)]
pub(crate) struct Webhooks {
    /// The URLs of the number or TwiML App, or of the REST API.
    pub(crate) voice: Option<Voice>,
    /// The TwiML App whose URLs these are.
    pub(crate) app: Option<AppSid>,
    /// Parameters of every webhook.
    pub(crate) extra: Vec<(String, String)>,
    /// Parameters of the first document only.
    pub(crate) first: Vec<(String, String)>,
    /// Which steps of a leg, or of a call of the REST API, are reported, and where.
    pub(crate) subscription: Option<Subscription>,
    /// The `SequenceNumber` of the next status callback.
    pub(crate) sequence: u32,
    /// How many webhooks were sent.
    pub(crate) sent: u64,
}

impl Webhooks {
    /// Takes the `SequenceNumber` of one status callback.
    pub(crate) fn next_sequence(&mut self) -> u32 {
        self.sequence += 1;
        self.sequence - 1
    }

    /// The URL to ask if a document cannot be used.
    pub(crate) fn fallback(&self) -> Option<Target> {
        let voice = self.voice.as_ref()?;
        let url = voice.fallback_url.clone()?;
        Some(Target { url, method: voice.fallback_method })
    }

    /// The status callback of the number or TwiML App.
    pub(crate) fn status_callback(&self) -> Option<Target> {
        let voice = self.voice.as_ref()?;
        let url = voice.status_callback.clone()?;
        Some(Target { url, method: voice.status_callback_method })
    }
}
