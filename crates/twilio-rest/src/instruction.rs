//! Instructions for a running call.

use std::fmt;

use twiml::Response;

use crate::TooLong;

/// An instruction for a running call.
///
/// # Examples
///
/// ```
/// use twilio_rest::Instruction;
/// use twiml::{Response, Say};
///
/// let bye = Response::new().say(Say::new("Good-bye.")?);
/// let instruction = Instruction::twiml(&bye)?;
/// assert_eq!(format!("{instruction:?}"), "Instruction(Twiml)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Eq, PartialEq)]
pub struct Instruction(Kind);

#[derive(Clone, Eq, PartialEq)]
enum Kind {
    HangUp,
    Url(String),
    Twiml(String),
}

impl Instruction {
    /// The most characters of a document (Call resource, parameter `Twiml`).
    pub const MAX_TWIML: usize = 4000;

    /// Ends the call, even if it is not answered yet: `Status=completed`.
    pub const fn hang_up() -> Self {
        Self(Kind::HangUp)
    }

    /// Continues with the document at this URL, which Twilio requests with POST.
    pub fn url(url: impl Into<String>) -> Self {
        Self(Kind::Url(url.into()))
    }

    /// Continues with this document.
    ///
    /// # Errors
    ///
    /// [`TooLong`] beyond [`Instruction::MAX_TWIML`] characters.
    pub fn twiml(document: &Response<'_>) -> Result<Self, TooLong> {
        let text = document.render();
        let characters = text.chars().count();
        if characters > Self::MAX_TWIML {
            return Err(TooLong { characters });
        }
        Ok(Self(Kind::Twiml(text)))
    }

    /// The parameters of the request.
    pub(crate) fn form(&self) -> Vec<(&'static str, &str)> {
        match &self.0 {
            Kind::HangUp => vec![("Status", "completed")],
            Kind::Url(url) => vec![("Url", url), ("Method", "POST")],
            Kind::Twiml(twiml) => vec![("Twiml", twiml)],
        }
    }
}

/// Only the kind: documents and URLs may contain names and numbers.
impl fmt::Debug for Instruction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Kind::HangUp => "Instruction(HangUp)",
            Kind::Url(_) => "Instruction(Url)",
            Kind::Twiml(_) => "Instruction(Twiml)",
        })
    }
}
