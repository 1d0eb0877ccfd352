//! What a token says that Twilio would accept.

use std::collections::BTreeMap;
use std::time::Duration;

use identity::{AccountSid, AppSid, Timestamp};
use serde_json::Value;
use voice_token::{JsonObject, unverified_key};

use crate::RegisterError;
use crate::world::World;

/// A token that was checked.
#[derive(Clone, Debug)]
pub(in crate::world) struct Claims {
    pub(in crate::world) account: AccountSid,
    pub(in crate::world) identity: String,
    /// Whether it allows incoming calls.
    pub(in crate::world) incoming: bool,
    /// Where outgoing calls go, and what is added to their parameters.
    pub(in crate::world) outgoing: Option<(AppSid, Vec<(String, String)>)>,
    /// How long it is still good.
    pub(in crate::world) left: Duration,
}

impl World {
    /// Checks a token: key, signature, account, time.
    ///
    /// `wall` is the machine's clock: tokens are made by it, unless the emulated time was set.
    pub(in crate::world) fn verify_token(
        &self,
        token: &str,
        wall: Timestamp,
    ) -> Result<Claims, RegisterError> {
        let now = if self.config.starts_at.is_some() { self.time.now } else { wall };
        let sid = unverified_key(token).map_err(RegisterError::Token)?;
        let row = self.tables.keys.get(&sid).ok_or(RegisterError::UnknownKey)?;
        let checked = row.key.verify(token, now, Duration::ZERO).map_err(RegisterError::Token)?;
        if checked.account != row.account {
            return Err(RegisterError::OtherAccount);
        }
        let voice = checked.grants.voice.unwrap_or_default();
        let outgoing = voice.outgoing.map(|outgoing| {
            let params = outgoing.params.as_ref().map_or_else(Vec::new, pairs);
            (outgoing.application, params)
        });
        Ok(Claims {
            account: checked.account,
            identity: checked.identity.as_str().to_owned(),
            incoming: voice.incoming,
            outgoing,
            left: checked.expires_at.since(now),
        })
    }
}

/// The parameters of an outgoing grant.
fn pairs(object: &JsonObject) -> Vec<(String, String)> {
    let map: BTreeMap<String, Value> = serde_json::from_str(object.as_str()).unwrap_or_default();
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    map.into_iter().map(|(name, value)| (name, text(value))).collect()
}
