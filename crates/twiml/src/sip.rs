//! SIP: the noun of `<Dial>`, and `<Refer>`.

use alloc::borrow::Cow;

use crate::text::required;
use crate::{BuildError, CallEvent, Headers, MachineDetection, Method};

element! {
    /// A SIP address.
    Sip = "Sip": text_or SipNoun {
        /// The URL notified of what answered: a person or a machine.
        amd_status_callback: text = "amdStatusCallback",
        /// The HTTP method for `amd_status_callback`.
        amd_status_callback_method: one Method = "amdStatusCallbackMethod",
        /// Whether Twilio detects what answered.
        machine_detection: open MachineDetection = "machineDetection",
        /// Silence that ends the detection.
        machine_detection_silence_timeout: millis = "machineDetectionSilenceTimeout",
        /// Silence that ends a greeting.
        machine_detection_speech_end_threshold: millis = "machineDetectionSpeechEndThreshold",
        /// How long a person's greeting may be.
        machine_detection_speech_threshold: millis = "machineDetectionSpeechThreshold",
        /// How long the detection may take.
        machine_detection_timeout: seconds = "machineDetectionTimeout",
        /// The HTTP method for `url`.
        method: one Method = "method",
        /// The password for the address.
        password: text = "password",
        /// The URL notified of the steps of this leg.
        status_callback: text = "statusCallback",
        /// Which steps are reported; `completed` if absent.
        status_callback_event: list CallEvent = "statusCallbackEvent",
        /// The HTTP method for `status_callback`.
        status_callback_method: one Method = "statusCallbackMethod",
        /// The document that the called person hears before the bridge.
        url: text = "url",
        /// The user name for the address.
        username: text = "username",
    }
}

children! {
    /// The content of a [`Sip`].
    SipNoun { Headers, SipUri }
}

adders! { Sip { headers: Headers, uri: SipUri } }

impl<'a> Sip<'a> {
    /// The address `uri`, such as `sip:alice@example.com`.
    ///
    /// # Errors
    ///
    /// [`BuildError::Empty`] without an address, [`BuildError::Unwritable`] if XML cannot carry it.
    pub fn new(uri: impl Into<Cow<'a, str>>) -> Result<Self, BuildError> {
        let mut sip = Self::BLANK;
        sip.content.text = Some(required(uri, "SIP address")?);
        Ok(sip)
    }

    /// No address as text: one or more follow as [`SipUri`].
    pub const fn with_uris() -> Self {
        Self::BLANK
    }

    /// The address that is written as text, without blanks around it.
    pub fn address(&self) -> Option<&str> {
        self.content.text.as_ref().map(|uri| uri.as_str().trim())
    }

    /// The content of the element besides the address.
    pub fn parts(&self) -> &[SipNoun<'a>] {
        &self.content.children.0
    }
}

element! {
    /// One of several addresses of a [`Sip`].
    SipUri = "Uri": leaf {
        /// The password for the address.
        password: text = "password",
        /// The priority: lower values come first.
        priority: text = "priority",
        /// The user name for the address.
        username: text = "username",
        /// The share among addresses of one priority.
        weight: text = "weight",
    }
}

leaf! { SipUri, address, "SIP address", "The address, such as `sip:alice@example.com`." }

element! {
    /// Transfers a SIP call to another address.
    Refer = "Refer": children ReferNoun {
        /// The URL that gets the result.
        action: text = "action",
        /// The HTTP method for `action`.
        method: one Method = "method",
    }
}

children! {
    /// The content of a [`Refer`].
    ReferNoun { ReferSip }
}

adders! { Refer { sip: ReferSip } }
blank! { Refer }

impl<'a> Refer<'a> {
    /// The content of the element.
    pub fn nouns(&self) -> &[ReferNoun<'a>] {
        &self.content.0
    }
}

element! {
    /// The target of a [`Refer`].
    ReferSip = "Sip": leaf {}
}

leaf! { ReferSip, address, "SIP address", "The address, such as `sip:alice@example.com`." }
