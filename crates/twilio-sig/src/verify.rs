//! Verifying.

use subtle::{ConditionallySelectable as _, ConstantTimeEq as _};

use crate::legacy::spellings;
use crate::mac::Claim;
use crate::settings::Signer;
use crate::url::{Candidate, SplitUrl};
use crate::{Headers, Key, Request, SignatureError, UrlForm};

/// The keys that may have signed a request.
///
/// Make one per account and keep it: the keys are hashed only once. Every key that the request may
/// name is always tried, so the time of an answer does not reveal which key signed. Forms of
/// the URL are tried until one fits. This only reveals the form of a valid request, which its signer
/// knows anyway; a refusal has tried them all. Digests are compared in constant time,
/// and a header that cannot be decoded takes the same code path as a wrong one.
///
/// A signature carries no time and covers neither method nor headers: anyone who has captured a request
/// can send it again at any time. So the effect of a request must be idempotent.
///
/// # Examples
///
/// ```
/// use twilio_sig::{AuthToken, Request, SignatureError, Verifier};
///
/// let verifier = Verifier::new(AuthToken::new("current")?).also(AuthToken::new("previous")?);
///
/// let request = Request::get("https://voice.example.com/voice?CallSid=CA1");
/// let header = AuthToken::new("previous")?.sign(&request);
/// assert_eq!(verifier.verify(&request, &*header)?.key, 1);
///
/// let other = Request::get("https://voice.example.com/voice?CallSid=CA2");
/// assert_eq!(verifier.verify(&other, &*header), Err(SignatureError::Mismatch));
/// assert_eq!(verifier.verify(&request, None), Err(SignatureError::Missing));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[doc(alias = "RequestValidator")]
#[doc(alias = "validateRequest")]
pub struct Verifier {
    pub(crate) keys: Vec<Key>,
    legacy_encodings: bool,
}

impl Verifier {
    /// A verifier with one key, number 0.
    pub fn new(key: impl Into<Key>) -> Self {
        Self { keys: vec![key.into()], legacy_encodings: false }
    }

    /// Adds a key, numbered by order: the previous token while a new one is rolled out, or a
    /// shared key.
    #[must_use]
    pub fn also(mut self, key: impl Into<Key>) -> Self {
        self.keys.push(key.into());
        self
    }

    /// Also accepts signatures over the URL in the spelling of a browser (`'` as `%27`, host in
    /// lower case) and with its query rewritten, as the Node library does.
    ///
    /// Some of Twilio's back ends signed those. A verifier that gets the URL as it came over the
    /// wire does not need it, and every refusal costs three times the work.
    #[must_use]
    pub fn legacy_encodings(self) -> Self {
        Self { legacy_encodings: true, ..self }
    }

    /// Checks that one of the keys signed the request.
    ///
    /// `headers` is the value of `X-Twilio-Signature`, absent or not, or [`Headers`] where shared
    /// keys are in use.
    ///
    /// # Errors
    ///
    /// A [`SignatureError`]. Answer all of them in the same way.
    pub fn verify<'h>(
        &self,
        request: &Request<'_>,
        headers: impl Into<Headers<'h>>,
    ) -> Result<Verified, SignatureError> {
        let headers = headers.into();
        let header = headers.signature.filter(|header| !header.is_empty());
        let header = header.ok_or(SignatureError::Missing)?;
        let signer = Signer::read(headers.settings)?;
        self.require(signer)?;

        let claim = Claim::read(header, signer.algorithm());
        let found = self.find(signer, &claim, request);
        match found {
            Some(verified) => request.check_body().map(|()| verified),
            None if claim.is_well_formed() => Err(SignatureError::Mismatch),
            None => Err(SignatureError::Malformed),
        }
    }

    /// Refuses a signer for whom there is no key.
    fn require(&self, signer: Signer<'_>) -> Result<(), SignatureError> {
        for key in &self.keys {
            if signer.is(key)? {
                return Ok(());
            }
        }
        Err(SignatureError::UnknownKey)
    }

    /// Tries one form of the URL after the other, the likeliest first.
    fn find(&self, signer: Signer<'_>, claim: &Claim, request: &Request<'_>) -> Option<Verified> {
        let verified = |url: Candidate<'_>| {
            let key = self.match_keys(signer, claim, &url, request)?;
            Some(Verified { key, url: url.form })
        };
        let found = request.url.candidates(request.websocket).find_map(verified);
        if found.is_some() || !self.legacy_encodings {
            return found;
        }
        spellings(&request.url).iter().find_map(|spelling| {
            let url = SplitUrl::new(spelling);
            let found = url.candidates(request.websocket).find_map(verified)?;
            Some(Verified { url: UrlForm::Legacy, ..found })
        })
    }

    /// Tries all keys of the signer on one form of the URL; which of them fits, if one does.
    fn match_keys(
        &self,
        signer: Signer<'_>,
        claim: &Claim,
        url: &Candidate<'_>,
        request: &Request<'_>,
    ) -> Option<usize> {
        let mut found = NONE;
        for (index, key) in (0..).zip(&self.keys) {
            if signer.is(key) == Ok(true) {
                let matches = key.mac().matches(url, &request.params, claim);
                let first = matches & found.ct_eq(&NONE);
                found.conditional_assign(&index, first);
            }
        }
        usize::try_from(found).ok().filter(|_| found != NONE)
    }
}

/// What is known about a request that passed.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Verified {
    /// The number of the key that signed, in the order in which the verifier got them.
    ///
    /// If it is not 0 long after a rotation, someone still signs with the old token.
    pub key: usize,
    /// The form of the URL that was signed.
    pub url: UrlForm,
}

/// More keys than a verifier ever holds.
const NONE: u64 = u64::MAX;
