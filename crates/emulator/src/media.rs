//! The media of real browsers. So far there is none: a call opens and stays silent.

use crate::world::LineId;

/// All media sessions.
#[derive(Debug, Default)]
pub(crate) struct Media;

impl Media {
    /// Offers a session to a browser where a leg rings.
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "sessions come next")]
    pub(crate) fn offer(&self, _line: LineId) -> Result<String, String> {
        Ok("v=0\r\n".to_owned())
    }

    /// Answers a browser's offer.
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "sessions come next")]
    pub(crate) fn answer(&self, _line: LineId, _offer: &str) -> Result<String, String> {
        Ok("v=0\r\n".to_owned())
    }

    /// Takes a browser's answer in.
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "sessions come next")]
    pub(crate) fn complete(&self, _line: LineId, _answer: &str) -> Result<(), String> {
        Ok(())
    }
}
