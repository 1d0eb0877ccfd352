//! Browsers register with a token.

use std::collections::BTreeMap;
use std::time::Duration;

use identity::Timestamp;
use serde_json::Value;
use voice_token::{JsonObject, unverified_key};

use super::device::Presence;
use super::{PartyId, World};
use crate::RegisterError;
use crate::timeline::What;

impl World {
    /// Checks a token as Twilio does and registers the browser until it expires.
    ///
    /// `wall` is the machine's clock: tokens are made by it, unless the emulated time was set.
    pub(crate) fn register(
        &mut self,
        id: PartyId,
        token: &str,
        wall: Timestamp,
    ) -> Result<(), RegisterError> {
        let checked_at = if self.config.starts_at.is_some() { self.now } else { wall };
        let result = self.check_token(id, token, checked_at);
        let refused = result.as_ref().err().map(ToString::to_string);
        let presence = match result {
            Ok(left) => Presence::Until(self.now + left),
            Err(_) => Presence::Away,
        };
        let Some(party) = self.party_mut(id) else { return result.map(drop) };
        party.presence = presence;
        let client = party.address.clone();
        self.note(None, What::Registration { client, refused });
        result.map(drop)
    }

    /// How long the token is still good.
    fn check_token(
        &mut self,
        id: PartyId,
        token: &str,
        now: Timestamp,
    ) -> Result<Duration, RegisterError> {
        let sid = unverified_key(token).map_err(RegisterError::Token)?;
        let row = self.tables.keys.get(&sid).ok_or(RegisterError::UnknownKey)?;
        let checked = row.key.verify(token, now, Duration::ZERO).map_err(RegisterError::Token)?;
        let account = row.account;
        let party = self.party_mut(id).ok_or(RegisterError::OtherIdentity)?;
        if checked.account != account || party.account != Some(account) {
            return Err(RegisterError::OtherAccount);
        }
        if party.address.identity() != Some(checked.identity.as_str()) {
            return Err(RegisterError::OtherIdentity);
        }
        let voice = checked.grants.voice.unwrap_or_default();
        party.app = voice.outgoing.as_ref().map(|outgoing| outgoing.application);
        party.app_params =
            voice.outgoing.and_then(|it| it.params).as_ref().map_or_else(Vec::new, pairs);
        if !voice.incoming {
            return Err(RegisterError::NoIncomingGrant);
        }
        Ok(checked.expires_at.since(now))
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
