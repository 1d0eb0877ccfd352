//! The verbs that end a call or send it elsewhere.

use alloc::borrow::Cow;

use crate::text::required;
use crate::{BuildError, Method, Parameter, RejectReason, Text};

element! {
    /// Plays back to the caller what they say.
    Echo = "Echo": nothing {}
}

element! {
    /// Ends the call.
    Hangup = "Hangup": children HangupNoun {}
}

element! {
    /// Leaves the queue that the caller waits in.
    Leave = "Leave": nothing {}
}

element! {
    /// Refuses the call without answering it. As the first verb, it costs nothing.
    Reject = "Reject": children RejectNoun {
        /// What the caller hears; `rejected` if absent.
        reason: one RejectReason = "reason",
    }
}

children! {
    /// The content of a [`Hangup`].
    HangupNoun { Parameter }
}

children! {
    /// The content of a [`Reject`].
    RejectNoun { Parameter }
}

adders! { Hangup { parameter: Parameter } }
adders! { Reject { parameter: Parameter } }

blank! { Echo, Hangup, Leave, Reject }

impl<'a> Hangup<'a> {
    /// The content of the element.
    pub fn parts(&self) -> &[HangupNoun<'a>] {
        &self.content.0
    }
}

impl<'a> Reject<'a> {
    /// The content of the element.
    pub fn parts(&self) -> &[RejectNoun<'a>] {
        &self.content.0
    }
}

element! {
    /// Continues with another document; verbs after it never run.
    Redirect = "Redirect": leaf {
        /// The HTTP method for the URL; `POST` if absent.
        method: one Method = "method",
    }
}

impl<'a> Redirect<'a> {
    /// To this URL; an empty one is the URL of this document again.
    ///
    /// # Errors
    ///
    /// [`BuildError::Unwritable`] if XML cannot carry the URL.
    pub fn new(url: impl Into<Cow<'a, str>>) -> Result<Self, BuildError> {
        Text::new(url).map(Self::from)
    }

    /// The URL, without blanks around it.
    pub fn url(&self) -> &str {
        self.content.0.as_str().trim()
    }
}

impl<'a> From<Text<'a>> for Redirect<'a> {
    fn from(url: Text<'a>) -> Self {
        let mut redirect = Self::BLANK;
        redirect.content.0 = url;
        redirect
    }
}

element! {
    /// Sends a text message during the call.
    Sms = "Sms": leaf {
        /// The URL that gets the result.
        action: text = "action",
        /// The number that sends.
        from: text = "from",
        /// The HTTP method for `action`.
        method: one Method = "method",
        /// The URL notified of the message's delivery.
        status_callback: text = "statusCallback",
        /// The number that receives; the caller's if absent.
        to: text = "to",
    }
}

impl<'a> Sms<'a> {
    /// A message with this body.
    ///
    /// # Errors
    ///
    /// [`BuildError::Empty`] without a body, [`BuildError::Unwritable`] if XML cannot carry it.
    pub fn new(body: impl Into<Cow<'a, str>>) -> Result<Self, BuildError> {
        let mut sms = Self::BLANK;
        sms.content.0 = required(body, "message body")?;
        Ok(sms)
    }

    /// The body.
    pub fn body(&self) -> &str {
        self.content.0.as_str()
    }
}
