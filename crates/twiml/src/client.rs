//! The nouns of `<Dial>` for browsers, phones and programs, and the parameters that go with them.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::text::{plain_name, required};
use crate::{BuildError, CallEvent, Method, Text};

element! {
    /// A browser or app of the Voice SDK.
    ///
    /// # Examples
    ///
    /// ```
    /// use twiml::{Client, Dial, Parameter, Response};
    ///
    /// let client = Client::new("agent_7f3c")?.parameter(Parameter::new("caller", "Ana & Bo")?);
    /// let xml = Response::new().dial(Dial::new().client(client)?).render();
    /// assert!(xml.contains(
    ///     "<Client><Identity>agent_7f3c</Identity>\
    ///      <Parameter name=\"caller\" value=\"Ana &amp; Bo\"/></Client>"
    /// ));
    /// # Ok::<(), twiml::BuildError>(())
    /// ```
    Client = "Client": text_or ClientNoun {
        /// The service that delivers push notifications to the app.
        client_notification_url: text = "clientNotificationUrl",
        /// The HTTP method for `url`.
        method: one Method = "method",
        /// The URL notified of the steps of this leg. Its host must not contain an underscore.
        status_callback: text = "statusCallback",
        /// Which steps are reported; `completed` if absent.
        status_callback_event: list CallEvent = "statusCallbackEvent",
        /// The HTTP method for `status_callback`.
        status_callback_method: one Method = "statusCallbackMethod",
        /// The document that the called person hears before the bridge; it must not dial.
        url: text = "url",
    }
}

children! {
    /// The content of a [`Client`].
    ClientNoun { Identity, Parameter }
}

impl<'a> Client<'a> {
    /// The most characters of an identity.
    ///
    /// Twilio's older and stricter limit (error 31105); newer texts say 256.
    pub const MAX_IDENTITY: usize = 121;

    /// The client with this identity: letters, digits and underscores, which every SDK and the REST
    /// API accept.
    ///
    /// # Errors
    ///
    /// [`BuildError::Empty`], [`BuildError::Character`] or [`BuildError::Length`] if it has
    /// another form.
    #[inline]
    pub fn new(identity: impl Into<Cow<'a, str>>) -> Result<Self, BuildError> {
        let identity = plain_name(identity.into(), IDENTITY, Self::MAX_IDENTITY)?;
        let mut client = Self::BLANK;
        client.content.text = Some(identity);
        Ok(client)
    }

    /// Passes a value to the browser, where it is one of `call.customParameters`.
    ///
    /// The identity is then written as a child.
    #[must_use]
    #[inline]
    pub fn parameter(mut self, parameter: Parameter<'a>) -> Self {
        if self.content.text.is_some() {
            self.nest();
        }
        self.content.children.0.push(parameter.into());
        self
    }

    /// Writes the identity as a child.
    fn nest(&mut self) {
        if let Some(identity) = self.content.text.take() {
            let mut child = Identity::BLANK;
            child.content.0 = identity;
            let mut parts = Vec::with_capacity(4);
            parts.push(child.into());
            parts.append(&mut self.content.children.0);
            self.content.children.0 = parts;
        }
    }

    /// Who is called, as text or as a child; without blanks around it.
    pub fn identity(&self) -> Option<&str> {
        let text = self.content.text.as_ref().map(|text| text.as_str().trim());
        text.or_else(|| {
            self.parts().iter().find_map(|part| match part {
                ClientNoun::Identity(identity) => Some(identity.name()),
                _ => None,
            })
        })
    }

    /// The names and values passed to the browser.
    pub fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parts().iter().filter_map(|part| match part {
            ClientNoun::Parameter(parameter) => parameter.pair(),
            _ => None,
        })
    }

    /// The content of the element.
    pub fn parts(&self) -> &[ClientNoun<'a>] {
        &self.content.children.0
    }
}

element! {
    /// The identity of a [`Client`], if it is next to parameters.
    Identity = "Identity": leaf {}
}

impl<'a> Identity<'a> {
    /// An identity of letters, digits and underscores.
    ///
    /// # Errors
    ///
    /// As for [`Client::new`].
    pub fn new(identity: impl Into<Cow<'a, str>>) -> Result<Self, BuildError> {
        let mut element = Self::BLANK;
        element.content.0 = plain_name(identity.into(), IDENTITY, Client::MAX_IDENTITY)?;
        Ok(element)
    }

    /// The identity, without blanks around it.
    pub fn name(&self) -> &str {
        self.content.0.as_str().trim()
    }
}

element! {
    /// A name and a value that Twilio passes to the browser, the stream or the connector.
    Parameter = "Parameter": nothing {}
    fixed {
        /// The name.
        name: text = "name",
        /// The value.
        value: text = "value",
    }
}

impl<'a> Parameter<'a> {
    /// The most characters of a name.
    pub const MAX_NAME: usize = 121;

    /// A parameter.
    ///
    /// The name has letters, digits and underscores: the browser's SDK does not decode names and
    /// cuts them at `=`. Twilio limits the sum of all names and values, but does not document the limit;
    /// less than 800 bytes is safe.
    ///
    /// # Errors
    ///
    /// [`BuildError::Empty`], [`BuildError::Character`] or [`BuildError::Length`] for the name,
    /// [`BuildError::Unwritable`] if XML cannot carry the value.
    #[inline]
    pub fn new(
        name: impl Into<Cow<'a, str>>,
        value: impl Into<Cow<'a, str>>,
    ) -> Result<Self, BuildError> {
        let mut parameter = Self::BLANK;
        parameter.name = Some(plain_name(name.into(), "parameter name", Self::MAX_NAME)?);
        parameter.value = Some(Text::new(value)?);
        Ok(parameter)
    }

    /// Name and value, if both are there.
    pub fn pair(&self) -> Option<(&str, &str)> {
        Some((self.name.as_ref()?.as_str(), self.value.as_ref()?.as_str()))
    }
}

element! {
    /// A phone.
    Number = "Number": leaf {
        /// The URL notified of what answered: a person or a machine.
        amd_status_callback: text = "amdStatusCallback",
        /// The HTTP method for `amd_status_callback`.
        amd_status_callback_method: one Method = "amdStatusCallbackMethod",
        /// The trunk of another carrier (`BY…`).
        byoc: text = "byoc",
        /// Whether Twilio detects what answered.
        machine_detection: open MachineDetection = "machineDetection",
        /// Silence that ends the detection; 2 to 10 s, 5 s if absent.
        machine_detection_silence_timeout: millis = "machineDetectionSilenceTimeout",
        /// Silence that ends a greeting; 500 to 5000 ms, 1200 if absent.
        machine_detection_speech_end_threshold: millis = "machineDetectionSpeechEndThreshold",
        /// How long a person's greeting may be; 1000 to 6000 ms, 2400 if absent.
        machine_detection_speech_threshold: millis = "machineDetectionSpeechThreshold",
        /// How long the detection may take; 3 to 60 s, 30 if absent.
        machine_detection_timeout: seconds = "machineDetectionTimeout",
        /// The HTTP method for `url`.
        method: one Method = "method",
        /// Keys pressed after the answer; `w` waits half a second, `W` a second.
        send_digits: text = "sendDigits",
        /// The URL notified of the steps of this leg.
        status_callback: text = "statusCallback",
        /// Which steps are reported; `completed` if absent.
        status_callback_event: list CallEvent = "statusCallbackEvent",
        /// The HTTP method for `status_callback`.
        status_callback_method: one Method = "statusCallbackMethod",
        /// The document that the called person hears before the bridge; it must not dial.
        url: text = "url",
    }
}

open_enumeration! {
    /// Whether Twilio detects what answered, and waits for the end of an announcement.
    MachineDetection {
        DetectMessageEnd = "DetectMessageEnd",
        Enable = "Enable",
    }
}

leaf! { Number, number, "phone number", "The phone number, best in E.164 form." }

element! {
    /// A TwiML App, called like a browser.
    Application = "Application": text_or ApplicationNoun {
        /// Whether the application sees the caller's `To`.
        copy_parent_to: bool = "copyParentTo",
        /// A name for the customer.
        customer_id: text = "customerId",
        /// The HTTP method for `url`.
        method: one Method = "method",
        /// The URL notified of the steps of this leg.
        status_callback: text = "statusCallback",
        /// Which steps are reported; `completed` if absent.
        status_callback_event: list CallEvent = "statusCallbackEvent",
        /// The HTTP method for `status_callback`.
        status_callback_method: one Method = "statusCallbackMethod",
        /// The document that the application hears before the bridge.
        url: text = "url",
    }
}

children! {
    /// The content of an [`Application`].
    ApplicationNoun { ApplicationSid, Parameter }
}

impl<'a> Application<'a> {
    /// The application with this Sid (`AP…`).
    ///
    /// # Errors
    ///
    /// [`BuildError::Empty`] without a Sid, [`BuildError::Unwritable`] if XML cannot carry it.
    pub fn new(sid: impl Into<Cow<'a, str>>) -> Result<Self, BuildError> {
        let mut application = Self::BLANK;
        application.content.text = Some(required(sid, "application Sid")?);
        Ok(application)
    }

    /// Passes a value on; the Sid is then written as a child.
    #[must_use]
    pub fn parameter(mut self, parameter: Parameter<'a>) -> Self {
        let parts = &mut self.content.children.0;
        if let Some(sid) = self.content.text.take() {
            let mut child = ApplicationSid::BLANK;
            child.content.0 = sid;
            parts.insert(0, child.into());
        }
        parts.push(parameter.into());
        self
    }

    /// The Sid, as text or as a child; without blanks around it.
    pub fn sid(&self) -> Option<&str> {
        let text = self.content.text.as_ref().map(|text| text.as_str().trim());
        text.or_else(|| {
            self.parts().iter().find_map(|part| match part {
                ApplicationNoun::ApplicationSid(sid) => Some(sid.sid()),
                _ => None,
            })
        })
    }

    /// The content of the element.
    pub fn parts(&self) -> &[ApplicationNoun<'a>] {
        &self.content.children.0
    }
}

element! {
    /// The Sid of an [`Application`], if it is next to parameters.
    ApplicationSid = "ApplicationSid": leaf {}
}

leaf! { ApplicationSid, sid, "application Sid", "The Sid (`AP…`)." }

element! {
    /// A SIM card of Twilio's.
    Sim = "Sim": leaf {}
}

leaf! { Sim, sid, "SIM Sid", "The Sid of the card (`DE…`)." }

element! {
    /// An account of `WhatsApp`.
    WhatsApp = "WhatsApp": leaf {
        /// The HTTP method for `url`.
        method: one Method = "method",
        /// The URL notified of the steps of this leg.
        status_callback: text = "statusCallback",
        /// Which steps are reported; `completed` if absent.
        status_callback_event: list CallEvent = "statusCallbackEvent",
        /// The HTTP method for `status_callback`.
        status_callback_method: one Method = "statusCallbackMethod",
        /// The document that the called person hears before the bridge.
        url: text = "url",
    }
}

leaf! { WhatsApp, number, "WhatsApp number", "The phone number of the account." }

const IDENTITY: &str = "client identity";
