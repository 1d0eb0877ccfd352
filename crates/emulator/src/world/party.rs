//! The actions of people at phones and browsers, and the registration of virtual browsers.

use std::collections::BTreeMap;
use std::time::Duration;

use identity::{AccountSid, AppSid, CallSid, Timestamp};
use serde_json::Value;
use voice_token::{JsonObject, unverified_key};

use super::World;
use super::life::SIP_BUSY;
use crate::state::agenda::Due;
use crate::state::party::{Party, PartyId, Presence};
use crate::timeline::What;
use crate::{Behaviour, CallStatus, RegisterError};

/// A token that was checked.
#[derive(Clone, Debug)]
pub(in crate::world) struct Claims {
    pub(in crate::world) account: AccountSid,
    pub(in crate::world) identity: String,
    /// Whether it allows incoming calls.
    pub(in crate::world) incoming: bool,
    /// The TwiML App of outgoing calls, and the parameters that are added to them.
    pub(in crate::world) outgoing: Option<(AppSid, Vec<(String, String)>)>,
    /// How long it is still valid.
    pub(in crate::world) left: Duration,
}

impl World {
    /// Adds a party.
    pub(crate) fn add_party(&mut self, party: Party) -> PartyId {
        self.drop_closed_pages();
        self.parties.add(party)
    }

    /// Drops the pages that were closed long ago and have no call.
    pub(super) fn drop_closed_pages(&mut self) {
        let kept = self.time.as_on_the_wall(KEEP_PAGE);
        let lines = &self.signal.lines;
        let has_line = |id| lines.iter().any(|(_, line)| line.party == id);
        self.parties.drop_closed_pages(self.time.now, kept, has_line);
        let parties = &self.parties;
        self.signal.deaf.retain(|id| parties.get(*id).is_some());
    }

    /// A browser loses its network.
    pub(crate) fn drop_device(&mut self, id: PartyId) {
        let Some(party) = self.parties.get_mut(id) else { return };
        if let Some(socket) = party.socket {
            self.signal.sockets.tear(socket);
            return;
        }
        party.presence = Presence::Away;
        party.pending.clear();
    }

    /// Rings at a party. False if it is a busy phone.
    pub(super) fn ring_at(&mut self, id: PartyId, leg: CallSid) -> bool {
        let Some(party) = self.parties.get_mut(id) else { return true };
        let address = party.address.clone();
        if party.socket.is_some() {
            // A real browser that is busy drops the invite itself.
            party.pending.push(leg);
            self.invite(id, leg);
            return true;
        }
        if party.on_call.is_some() {
            if address.identity().is_none() {
                return false;
            }
            self.note(Some(leg), What::InviteDropped { by: address });
            return true;
        }
        party.pending.push(leg);
        self.plan_reaction(id, leg);
        true
    }

    /// Plans the reaction of a party to a leg that rings.
    pub(super) fn plan_reaction(&mut self, id: PartyId, leg: CallSid) {
        match self.parties.get(id).map(|party| party.behaviour) {
            Some(Behaviour::Answers { after, .. }) => {
                self.time.schedule(after, Due::Answers { party: id, leg });
            }
            Some(Behaviour::Declines { after }) => {
                self.time.schedule(after, Due::Declines { party: id, leg });
            }
            _ => {}
        }
    }

    /// A party answers, if it still can. True if it has the leg now.
    pub(crate) fn party_answers(&mut self, id: PartyId, leg: CallSid) -> bool {
        let ringing =
            self.calls.get(&leg).is_some_and(|leg| leg.life.status == CallStatus::Ringing);
        let Some(party) = self.parties.get_mut(id) else { return false };
        if !ringing || party.on_call.is_some() || !party.pending.contains(&leg) {
            return false;
        }
        party.on_call = Some(leg);
        party.stop_ringing(leg);
        let talks = match party.behaviour {
            Behaviour::Answers { talks, .. } => talks,
            _ => None,
        };
        let (digits, speech) = (party.digits.clone(), party.speech.clone());
        if let Some(call) = self.calls.get_mut(&leg) {
            call.end.party = Some(id);
            call.end.caller.digits = digits;
            call.end.caller.speech = speech;
        }
        self.leg_answered(leg);
        if let Some(talks) = talks {
            self.time.schedule(talks, Due::Leaves { leg });
        }
        true
    }

    /// A party declines: the leg ends as `busy`, and rings at no other device any more.
    pub(crate) fn party_declines(&mut self, id: PartyId, leg: CallSid) -> bool {
        if !self.parties.get(id).is_some_and(|party| party.pending.contains(&leg)) {
            return false;
        }
        self.end_leg(leg, CallStatus::Busy, SIP_BUSY);
        true
    }

    /// A party ignores a leg that rings.
    pub(crate) fn party_ignores(&mut self, id: PartyId, leg: CallSid) -> bool {
        let Some(party) = self.parties.get_mut(id) else { return false };
        party.stop_ringing(leg)
    }

    /// Checks a token as Twilio does and registers the browser until it expires.
    ///
    /// `wall` is the machine's clock, which tokens are made by unless the emulated time was set.
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

    /// Checks a token for a browser. Returns how long it is still valid.
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

    /// Checks a token: key, signature, account, time.
    ///
    /// `wall` is the machine's clock, which tokens are made by unless the emulated time was set.
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

/// How long a closed page is remembered. A call survives the loss of its socket for much less.
const KEEP_PAGE: Duration = Duration::from_secs(5 * 60);
