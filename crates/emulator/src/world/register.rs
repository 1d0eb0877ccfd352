//! Virtual browsers register with a token.

use std::time::Duration;

use identity::Timestamp;

use super::World;
use crate::RegisterError;
use crate::state::party::PartyId;
use crate::state::party::Presence;
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
        let result = self.check_token(id, token, wall);
        let refused = result.as_ref().err().map(ToString::to_string);
        let presence = match result {
            Ok(left) => Presence::Until(self.time.now + left),
            Err(_) => Presence::Away,
        };
        let Some(party) = self.parties.get_mut(id) else { return result.map(drop) };
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
        wall: Timestamp,
    ) -> Result<Duration, RegisterError> {
        let claims = self.verify_token(token, wall)?;
        let party = self.parties.get_mut(id).ok_or(RegisterError::OtherIdentity)?;
        if party.account != Some(claims.account) {
            return Err(RegisterError::OtherAccount);
        }
        if party.address.identity() != Some(claims.identity.as_str()) {
            return Err(RegisterError::OtherIdentity);
        }
        (party.app, party.app_params) = match claims.outgoing {
            Some((app, params)) => (Some(app), params),
            None => (None, Vec::new()),
        };
        if claims.incoming { Ok(claims.left) } else { Err(RegisterError::NoIncomingGrant) }
    }
}
