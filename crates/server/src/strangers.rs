//! Webhooks that nobody signed: what everybody on the Internet can send costs little, says nothing, and
//! fills no log.

use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;
use twilio_sig::{AuthToken, Headers, Request, SignatureError, Verifier};
use uuid::Uuid;

use crate::log::Quota;

/// Checks webhooks before their workspace is looked up, and counts the lines about those that are refused.
pub(crate) struct Strangers {
    /// With a token that no account has.
    verifier: Verifier,
    lines: Mutex<Quota>,
}

impl Strangers {
    #[expect(clippy::expect_used, reason = "hexadecimal digits are visible ASCII")]
    pub(crate) fn new() -> Self {
        let token = AuthToken::new(&Uuid::new_v4().simple().to_string()).expect("a token");
        Self { verifier: Verifier::new(token), lines: Mutex::default() }
    }

    /// Refuses a request that cannot be signed by anybody, as every workspace would.
    ///
    /// It takes the same time whether its workspace exists or not, and asks neither memory nor database.
    pub(crate) fn examine(
        &self,
        request: &Request<'_>,
        headers: Headers<'_>,
    ) -> Result<(), SignatureError> {
        match self.verifier.verify(request, headers) {
            // Somebody may have signed it; it is not yet known who.
            Ok(_) | Err(SignatureError::Mismatch) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Whether a line about a refusal may be written now, and how many were left out before it.
    pub(crate) fn may_write(&self, now: Instant) -> Option<u64> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).take(MOST_LINES, now)
    }
}

/// Lines about refused webhooks in one second. The metric counts them all.
const MOST_LINES: u32 = 5;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::clock::Clock;

    #[test]
    fn what_nobody_can_have_signed_is_refused_and_the_rest_is_somebody_elses_question() {
        let strangers = Strangers::new();
        let request = Request::get("https://voice.example.com/voice");
        let signed = AuthToken::new("a-token-of-somebody").unwrap().sign(&request);
        let cases = [
            ("absent", None, Err(SignatureError::Missing)),
            ("empty", Some(""), Err(SignatureError::Missing)),
            ("not base64", Some("%%%"), Err(SignatureError::Malformed)),
            ("too short", Some("AAAA"), Err(SignatureError::Malformed)),
            ("somebody's", Some(&*signed), Ok(())),
        ];
        for (name, signature, want) in cases {
            let headers = Headers { signature, settings: None };
            assert_eq!(strangers.examine(&request, headers), want, "{name}");
        }
    }

    #[test]
    fn a_flood_of_refusals_is_a_few_lines_and_a_number() {
        let strangers = Strangers::new();
        let now = Clock::system().instant();
        let written =
            |now| (0..10_000).filter_map(|_| strangers.may_write(now)).collect::<Vec<_>>();
        assert_eq!(written(now), [0; 5]);
        assert_eq!(written(now + Duration::from_millis(500)), [0; 0], "within the same second");
        assert_eq!(strangers.may_write(now + Duration::from_secs(1)), Some(19_995));
        assert_eq!(strangers.may_write(now + Duration::from_secs(1)), Some(0));
    }
}
