//! Issuing.

use std::time::Duration;

use ::identity::{AccountSid, Timestamp};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::json::{Object, push_number};
use crate::{ApiKey, Grants, Identity, Region, Ttl};

/// Issues tokens for one account with one API key.
///
/// Tokens last for an hour unless [`Issuer::ttl`] says otherwise. The same arguments give the same
/// token, byte for byte: header `alg`, `cty`, `twr`, `typ`; payload `jti`, `grants`, `iss`, `iat`,
/// `exp`, `nbf`, `sub`; grants in the order of [`Grants`], then `identity`.
///
/// # Examples
///
/// ```
/// use identity::Timestamp;
/// use voice_token::{ApiKey, Issuer, VoiceGrant};
///
/// let key = ApiKey::parse("SK00000000000000000000000000000002", "s3cr3t-for-tests")?;
/// let issuer = Issuer::new("AC00000000000000000000000000000001".parse()?, key.clone());
///
/// let now = Timestamp::from_unix_seconds(1_767_225_600);
/// let voice = VoiceGrant { incoming: true, ..VoiceGrant::default() };
/// let jwt = issuer.issue(&"agent_7f3c2d1e".parse()?, &voice.clone().into(), now);
///
/// let token = key.verify(&jwt, now, std::time::Duration::ZERO)?;
/// assert_eq!(token.identity.as_str(), "agent_7f3c2d1e");
/// assert_eq!(token.grants.voice, Some(voice));
/// assert_eq!(token.expires_at, issuer.expires_at(now));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[doc(alias = "AccessToken")]
pub struct Issuer {
    account: AccountSid,
    key: ApiKey,
    ttl: Ttl,
    issued_at: bool,
    not_before: Option<Duration>,
    /// Base64url of the header, with the full stop after it.
    header: String,
}

impl Issuer {
    /// An issuer of tokens for this account.
    pub fn new(account: AccountSid, key: ApiKey) -> Self {
        let header = render_header(None);
        Self { account, key, ttl: Ttl::HOUR, issued_at: false, not_before: None, header }
    }

    /// Sets how long tokens last.
    #[must_use]
    pub fn ttl(self, ttl: Ttl) -> Self {
        Self { ttl, ..self }
    }

    /// Sets the region of key and account, if it is not `us1`.
    #[must_use]
    pub fn region(self, region: &Region) -> Self {
        Self { header: render_header(Some(region)), ..self }
    }

    /// Writes `nbf`, the moment from which tokens are valid, this long before now.
    ///
    /// By default there is none. Twilio does not require it. A server whose clock is behind ours
    /// would refuse a token with a fresh `nbf`, because it lies in that server's future. If you need
    /// `nbf`, set it some seconds back; the Python library uses `Duration::ZERO`.
    #[must_use]
    pub fn not_before(self, before_now: Duration) -> Self {
        Self { not_before: Some(before_now), ..self }
    }

    /// Writes `iat`, the moment of issue, as the Node library does. Twilio does not require it.
    #[must_use]
    pub fn issued_at(self) -> Self {
        Self { issued_at: true, ..self }
    }

    /// When a token that is issued now expires: on a whole second.
    pub fn expires_at(&self, now: Timestamp) -> Timestamp {
        Timestamp::from_unix_seconds((now + self.ttl.length()).unix_seconds())
    }

    /// Issues a token from now on, by the system's clock; as [`Issuer::issue`] otherwise.
    ///
    /// # Examples
    ///
    /// ```
    /// # use voice_token::{ApiKey, Issuer, VoiceGrant};
    /// # let key = ApiKey::parse("SK00000000000000000000000000000002", "s3cr3t-for-tests")?;
    /// # let issuer = Issuer::new("AC00000000000000000000000000000001".parse()?, key.clone());
    /// let voice = VoiceGrant { incoming: true, ..VoiceGrant::default() };
    /// let jwt = issuer.issue_now(&"agent_7f3c2d1e".parse()?, &voice.into());
    ///
    /// let now = identity::Timestamp::now();
    /// assert!(key.verify(&jwt, now, std::time::Duration::ZERO).is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "std")]
    pub fn issue_now(&self, identity: &Identity, grants: &Grants) -> String {
        self.issue(identity, grants, Timestamp::now())
    }

    /// Issues a token: the text that an SDK takes.
    pub fn issue(&self, identity: &Identity, grants: &Grants, now: Timestamp) -> String {
        let mut payload = String::with_capacity(PAYLOAD_BYTES);
        self.render_payload(&mut payload, identity, grants, now);
        let encoded_bytes = payload.len().div_ceil(3) * 4;
        let mut jwt = String::with_capacity(self.header.len() + encoded_bytes + SIGNATURE_BYTES);
        jwt.push_str(&self.header);
        URL_SAFE_NO_PAD.encode_string(&payload, &mut jwt);
        let signature = self.key.secret.sign(jwt.as_bytes());
        jwt.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut jwt);
        jwt
    }

    fn render_payload(
        &self,
        out: &mut String,
        identity: &Identity,
        grants: &Grants,
        now: Timestamp,
    ) {
        let mut claims = Object::begin(out);
        let jti = claims.key("jti");
        jti.push('"');
        jti.push_str(self.key.sid.as_str());
        jti.push('-');
        push_number(jti, now.unix_seconds());
        jti.push('"');
        claims.object("grants", |object| {
            grants.render(object);
            object.text("identity", identity.as_str());
        });
        claims.text("iss", self.key.sid.as_str());
        if self.issued_at {
            push_number(claims.key("iat"), now.unix_seconds());
        }
        push_number(claims.key("exp"), self.expires_at(now).unix_seconds());
        if let Some(before_now) = self.not_before {
            push_number(claims.key("nbf"), now.before(before_now).unix_seconds());
        }
        claims.text("sub", self.account.as_str());
        claims.end();
    }
}

fn render_header(region: Option<&Region>) -> String {
    let mut json = String::new();
    let mut header = Object::begin(&mut json);
    header.text("alg", "HS256");
    header.text("cty", "twilio-fpa;v=1");
    header.optional("twr", region.map(Region::as_str));
    header.text("typ", "JWT");
    header.end();
    let mut encoded = URL_SAFE_NO_PAD.encode(json);
    encoded.push('.');
    encoded
}

/// Enough for a voice grant with a long identity; the buffer grows for others.
const PAYLOAD_BYTES: usize = 512;

/// A full stop and 32 bytes in base64url.
const SIGNATURE_BYTES: usize = 44;
