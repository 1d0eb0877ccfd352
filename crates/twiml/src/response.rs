//! The root of a voice document.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use crate::content::{self, Tag};
use crate::reader::{self, Reader};
use crate::{
    BuildError, Comment, Connect, Dial, Echo, Enqueue, Gather, Hangup, Leave, ParseError,
    ParseErrorKind, Pause, Pay, Play, Prompt, Queue, Record, Redirect, Refer, Reject, Say, Sms,
    Start, Stop, Unknown, write,
};

element! {
    /// A voice document: verbs that Twilio runs from top to bottom.
    ///
    /// # Examples
    ///
    /// ```
    /// use twiml::{Pause, Response, Say};
    ///
    /// let response = Response::new()
    ///     .say(Say::new("One moment, please.")?)
    ///     .pause(Pause::new());
    /// assert_eq!(
    ///     response.render(),
    ///     "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
    ///      <Response><Say>One moment, please.</Say><Pause/></Response>",
    /// );
    /// # Ok::<(), twiml::BuildError>(())
    /// ```
    #[doc(alias = "VoiceResponse")]
    Response = "Response": children Verb {}
}

children! {
    /// What a call does next.
    Verb {
        Connect, Dial in Box, Echo, Enqueue in Box, Gather in Box, Hangup, Leave, Pause,
        Pay in Box, Play, Prompt, Queue in Box, Record in Box, Redirect, Refer, Reject, Say,
        Sms in Box, Start, Stop,
    }
}

adders! {
    Response {
        connect: Connect, dial: Dial, echo: Echo, enqueue: Enqueue, gather: Gather,
        hangup: Hangup, leave: Leave, pause: Pause, pay: Pay, play: Play, prompt: Prompt,
        queue: Queue, record: Record, redirect: Redirect, refer: Refer, reject: Reject, say: Say,
        sms: Sms, start: Start, stop: Stop,
    }
}

impl<'a> Response<'a> {
    /// Appends any verb.
    #[must_use]
    pub fn verb(mut self, verb: impl Into<Verb<'a>>) -> Self {
        content::push(&mut self.content.0, verb.into());
        self
    }

    /// The verbs in their order.
    pub fn verbs(&self) -> &[Verb<'a>] {
        &self.content.0
    }

    /// The verbs in their order, by value.
    pub fn into_verbs(self) -> Vec<Verb<'a>> {
        self.content.0
    }
}

/// The methods of both roots.
macro_rules! root {
    ($name:ident) => {
        impl<'a> $name<'a> {
            /// The largest document in bytes, as Twilio error 11750 limits it.
            ///
            /// Twilio says 64 kB; this is the smaller reading of the unit.
            pub const MAX_BYTES: usize = reader::MAX_BYTES;

            /// The deepest nesting of elements that [`parse`](Self::parse) accepts.
            pub const MAX_DEPTH: usize = reader::MAX_DEPTH;

            /// The most attributes of one tag that [`parse`](Self::parse) accepts.
            pub const MAX_ATTRIBUTES: usize = reader::MAX_ATTRIBUTES;

            /// An empty document: Twilio hangs up, or ends the callback, without an error.
            pub const fn new() -> Self {
                Self::BLANK
            }

            /// Puts a comment in front of the root, after the comments already there.
            #[must_use]
            pub fn comment_before(mut self, comment: Comment<'a>) -> Self {
                self.extra.push_before(comment);
                self
            }

            /// Puts a comment after the root.
            #[must_use]
            pub fn comment_after(mut self, comment: Comment<'a>) -> Self {
                self.extra.push_after(comment);
                self
            }

            /// The comments before and after the root.
            pub fn comments_around(&self) -> (&[Comment<'a>], &[Comment<'a>]) {
                self.extra.around()
            }

            /// Writes the document into one allocation of its size, with spare room only for quotes
            /// and line ends in spoken text. It does not check the size; [`try_render`](Self::try_render)
            /// does.
            pub fn render(&self) -> String {
                let mut estimate = write::Estimate(0);
                let _ = self.document(&mut estimate);
                let mut out = String::with_capacity(estimate.0);
                // A `String` takes everything.
                let _ = self.document(&mut out);
                out
            }

            /// Writes the document, if Twilio would accept it.
            ///
            /// # Errors
            ///
            /// [`BuildError::TooLarge`] beyond [`MAX_BYTES`](Self::MAX_BYTES). Parts are checked
            /// when they are made, so there is no other error.
            pub fn try_render(&self) -> Result<String, BuildError> {
                let out = self.render();
                let (size_bytes, max_bytes) = (out.len(), Self::MAX_BYTES);
                if size_bytes > max_bytes {
                    return Err(BuildError::TooLarge { size_bytes, max_bytes });
                }
                Ok(out)
            }

            /// The document for people: each element on a line of its own.
            ///
            /// It means the same to Twilio: blanks are added only where they are layout. A document that
            /// [`parse`](Self::parse) would refuse, such as a large one, is as [`render`](Self::render)
            /// gives it.
            pub fn pretty(&self) -> String {
                let text = self.render();
                crate::pretty::pretty(&text).unwrap_or(text)
            }

            /// The size of the rendered document, in bytes.
            pub fn size_bytes(&self) -> usize {
                let mut size = write::Counter(0);
                let _ = self.document(&mut size);
                size.0
            }

            /// Appends the document to a buffer, or writes it to any other sink.
            ///
            /// It allocates nothing except in the sink.
            ///
            /// # Errors
            ///
            /// Only those of the sink.
            pub fn render_into<W: fmt::Write + ?Sized>(&self, out: &mut W) -> fmt::Result {
                self.document(&mut write::Sink(out))
            }

            fn document(&self, out: &mut impl write::Out) -> fmt::Result {
                out.put(write::DECLARATION)?;
                let (before, after) = self.extra.around();
                before.iter().try_for_each(|comment| crate::tree::comment_into(out, comment))?;
                self.write(out)?;
                after.iter().try_for_each(|comment| crate::tree::comment_into(out, comment))
            }

            /// All unknown parts of the document, from front to back.
            ///
            /// Twilio runs the rest and raises warning 12200 for each.
            pub fn unknown(&self) -> Vec<Unknown<'_>> {
                let mut found = Vec::new();
                Tag::unknown(self, &mut found);
                found
            }

            /// Reads a document.
            ///
            /// White space between elements is layout and dropped. Unknown parts are
            /// kept: attributes without a field, or with a value that does not fit it, in
            /// `other_attributes`; elements, comments and stray text as `Other`. The limits of
            /// the builders (ten nouns, characters of an identity) are not checked here.
            ///
            /// # Errors
            ///
            /// [`ParseError`] with line and column if the text is not well-formed XML with this
            /// root, has a document type or a processing instruction, or goes beyond
            /// [`MAX_BYTES`](Self::MAX_BYTES), [`MAX_DEPTH`](Self::MAX_DEPTH) or
            /// [`MAX_ATTRIBUTES`](Self::MAX_ATTRIBUTES).
            pub fn parse(text: &'a str) -> Result<Self, ParseError> {
                let mut response = Self::new();
                let (mut reader, root) =
                    Reader::start(text, &mut |comment| response.extra.push_before(comment))?;
                if root != Self::NAME {
                    return Err(reader.error(ParseErrorKind::Root));
                }
                content::fill(&mut response, &mut reader)?;
                reader.finish(&mut |comment| response.extra.push_after(comment))?;
                Ok(response)
            }
        }

        impl Default for $name<'_> {
            fn default() -> Self {
                Self::new()
            }
        }

        impl fmt::Display for $name<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.render_into(f)
            }
        }

        impl FromStr for $name<'static> {
            type Err = ParseError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $name::parse(text).map($name::into_owned)
            }
        }
    };
}

pub(crate) use root;

root!(Response);
