//! Documents that answer a text message.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use crate::content::{self, Tag};
use crate::reader::{self, Reader};
use crate::response::root;
use crate::text::required;
use crate::{BuildError, Comment, Method, ParseError, ParseErrorKind, Unknown, write};

pub use crate::Redirect;

element! {
    /// A messaging document: messages to send back.
    ///
    /// # Examples
    ///
    /// ```
    /// use twiml::messaging::{Media, Message, Response};
    ///
    /// let message = Message::new("Here it is.")?.media(Media::new("https://example.com/a.png")?);
    /// assert!(Response::new().message(message).render().ends_with(
    ///     "<Response><Message><Body>Here it is.</Body>\
    ///      <Media>https://example.com/a.png</Media></Message></Response>"
    /// ));
    /// # Ok::<(), twiml::BuildError>(())
    /// ```
    #[doc(alias = "MessagingResponse")]
    Response = "Response": children Verb {}
}

children! {
    /// An action for a message.
    Verb { Message, Redirect }
}

adders! { Response { message: Message, redirect: Redirect } }

root!(Response);

impl<'a> Response<'a> {
    /// The verbs in their order.
    pub fn verbs(&self) -> &[Verb<'a>] {
        &self.content.0
    }
}

element! {
    /// A message.
    Message = "Message": text_or MessageNoun {
        /// The URL that gets the result.
        action: text = "action",
        /// The sending number; if absent, the number that received the message.
        from: text = "from",
        /// The HTTP method for `action`.
        method: one Method = "method",
        /// Deprecated by Twilio in favour of `action`.
        status_callback: text = "statusCallback",
        /// The receiving number; if absent, the number that sent the message.
        to: text = "to",
    }
}

children! {
    /// The content of a [`Message`].
    MessageNoun { Body, Media }
}

adders! { Message { append_body: Body } }

impl<'a> Message<'a> {
    /// The most files of one message, as Twilio documents it. The builder does not enforce it.
    pub const MAX_MEDIA: usize = 10;

    /// A message with this text.
    ///
    /// # Errors
    ///
    /// [`BuildError::Empty`] without text, [`BuildError::Unwritable`] if XML cannot carry it.
    pub fn new(body: impl Into<Cow<'a, str>>) -> Result<Self, BuildError> {
        let mut message = Self::BLANK;
        message.content.text = Some(required(body, "message body")?);
        Ok(message)
    }

    /// A message of files alone.
    pub fn of_media(media: Media<'a>) -> Self {
        Self::BLANK.media(media)
    }

    /// Attaches a file; the text is then written as a child.
    #[must_use]
    pub fn media(mut self, media: Media<'a>) -> Self {
        let parts = &mut self.content.children.0;
        if let Some(text) = self.content.text.take() {
            let mut body = Body::BLANK;
            body.content.0 = text;
            parts.insert(0, body.into());
        }
        parts.push(media.into());
        self
    }

    /// The text, whether it stands in the message or in a child.
    pub fn body(&self) -> Option<&str> {
        let text = self.content.text.as_ref().map(crate::Text::as_str);
        text.or_else(|| {
            self.parts().iter().find_map(|part| match part {
                MessageNoun::Body(body) => Some(body.body()),
                _ => None,
            })
        })
    }

    /// The content of the element besides the text.
    pub fn parts(&self) -> &[MessageNoun<'a>] {
        &self.content.children.0
    }
}

element! {
    /// The text of a [`Message`], if it is next to files.
    Body = "Body": leaf {}
}

impl<'a> Body<'a> {
    /// This text.
    ///
    /// # Errors
    ///
    /// [`BuildError::Empty`] without text, [`BuildError::Unwritable`] if XML cannot carry it.
    pub fn new(body: impl Into<Cow<'a, str>>) -> Result<Self, BuildError> {
        let mut element = Self::BLANK;
        element.content.0 = required(body, "message body")?;
        Ok(element)
    }

    /// The text.
    pub fn body(&self) -> &str {
        self.content.0.as_str()
    }
}

element! {
    /// A file of a [`Message`].
    Media = "Media": leaf {}
}

leaf! { Media, url, "URL of a file", "The URL of the file." }
