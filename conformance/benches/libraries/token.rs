//! A voice token of one hour.

use std::hint::black_box;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit as _, Mac as _};
use identity::{AppSid, Timestamp};
use serde_json::Value;
use sha2::Sha256;
use voice_token::{ApiKey, Grants, Identity, Issuer, VoiceGrant};

use crate::inputs::Inputs;
use crate::meter::Work;

/// An issuer, made once as in a server, and what stays the same from token to token.
pub(crate) struct Ours<'a> {
    inputs: &'a Inputs,
    issuer: Issuer,
    identity: Identity,
    application: AppSid,
}

impl<'a> Ours<'a> {
    pub(crate) fn new(inputs: &'a Inputs) -> Self {
        let account = inputs.text("account").parse().expect("an account");
        Self {
            inputs,
            issuer: Issuer::new(account, key(inputs)),
            identity: inputs.text("identity").parse().expect("an identity"),
            application: inputs.text("application").parse().expect("an application"),
        }
    }

    /// Reads the clock, as the official libraries do.
    pub(crate) fn issue(&self) -> String {
        self.issuer.issue(black_box(&self.identity), &self.grants(), now())
    }

    fn grants(&self) -> Grants {
        let outgoing = Some(self.application.into());
        VoiceGrant { incoming: true, outgoing, ..VoiceGrant::default() }.into()
    }

    /// Whether a token is good and allows what ours allows to the same identity.
    pub(crate) fn accepts(&self, jwt: &str) -> bool {
        let verified = key(self.inputs).verify(jwt, now(), Duration::ZERO);
        verified.is_ok_and(|it| it.identity == self.identity && it.grants == self.grants())
    }
}

/// The HMAC of a token, and nothing else.
pub(crate) fn bare<'a>(inputs: &'a Inputs, jwt: &str) -> Work<'a> {
    let signed = signed(jwt);
    let secret = inputs.text("secret").as_bytes();
    Work::new(Value::Null, move || {
        let mut mac = Hmac::<Sha256>::new_from_slice(black_box(secret)).expect("any length");
        mac.update(black_box(signed.as_bytes()));
        mac.finalize().into_bytes()
    })
}

/// As [`bare`], with the key hashed in beforehand.
pub(crate) fn keyed<'a>(inputs: &Inputs, jwt: &str) -> Work<'a> {
    let signed = signed(jwt);
    let secret = inputs.text("secret").as_bytes();
    let keyed = Hmac::<Sha256>::new_from_slice(secret).expect("any length");
    Work::new(Value::Null, move || {
        let mut mac = black_box(&keyed).clone();
        mac.update(black_box(signed.as_bytes()));
        mac.finalize().into_bytes()
    })
}

fn signed(jwt: &str) -> String {
    jwt.rsplit_once('.').expect("a signature").0.to_owned()
}

fn key(inputs: &Inputs) -> ApiKey {
    ApiKey::parse(inputs.text("key"), inputs.text("secret")).expect("a key")
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    Timestamp::from_unix_seconds(since.as_secs().cast_signed())
}
