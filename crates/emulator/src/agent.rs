//! A browser and the person in front of it.

use std::sync::Arc;
use std::time::Duration;

use identity::{AppSid, CallSid};

use crate::clock::wall_clock;
use crate::shared::Shared;
use crate::state::call::Caller;
use crate::state::party::{PartyId, Presence};
use crate::{Address, Behaviour, Call, Ear, HandError, RegisterError, Sound};

/// A virtual agent: a browser with the Voice SDK and the person who uses it.
///
/// Clones are the same browser.
#[derive(Clone, Debug)]
pub struct Agent {
    shared: Arc<Shared>,
    id: PartyId,
    address: Address,
    caller: Caller,
}

/// A ringing leg, as the page in the browser sees it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ringing {
    /// The leg: `call.parameters.CallSid` in the browser.
    pub leg: CallSid,
    /// Who calls: `call.parameters.From`.
    pub from: Address,
    /// The `<Parameter>`s of the noun: `call.customParameters`.
    pub parameters: Vec<(String, String)>,
}

impl Agent {
    pub(crate) fn new(shared: Arc<Shared>, id: PartyId, address: Address) -> Self {
        Self { shared, id, address, caller: Caller::default() }
    }

    pub(crate) fn id(&self) -> PartyId {
        self.id
    }

    /// `client:` and the identity, as calls name it.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The client identity.
    pub fn identity(&self) -> &str {
        self.address.identity().unwrap_or_default()
    }

    /// Changes the agent's behaviour from the next ringing on.
    pub fn behaves(&self, behaviour: Behaviour) {
        self.shared.write(|world| {
            if let Some(party) = world.parties.get_mut(self.id) {
                party.behaviour = behaviour;
            }
        });
    }

    /// Registers the browser with an access token, as the Voice SDK does, until it expires.
    ///
    /// From then on its outgoing grant decides where the agent's calls go, even if the registration
    /// is refused because there is no incoming grant.
    ///
    /// # Errors
    ///
    /// [`RegisterError`]; the browser is then not registered.
    pub fn register(&self, token: &str) -> Result<(), RegisterError> {
        let wall = wall_clock();
        self.shared.write(|world| world.register(self.id, token, wall))
    }

    /// Unregisters the browser. From now on legs to it end at once, unless another device has its
    /// identity. A leg that rings already continues to ring.
    pub fn unregister(&self) {
        self.shared.write(|world| {
            if let Some(party) = world.parties.get_mut(self.id) {
                party.presence = Presence::Away;
            }
        });
    }

    /// Sets what the agent says on every call. It plays in real time, whatever the
    /// emulated clock does.
    pub fn plays(&self, sound: Sound) {
        self.shared.write(|world| world.sounds.insert(self.address.clone(), sound));
    }

    /// What the agent hears now.
    pub fn hears(&self) -> Ear {
        let keys = self.shared.read(|world| world.keys_heard_by(&self.address));
        self.shared.media.heard_by(&self.address, keys)
    }

    /// Sets the TwiML App for the agent's calls.
    #[must_use]
    pub fn app(self, app: AppSid) -> Self {
        self.shared.write(|world| {
            if let Some(party) = world.parties.get_mut(self.id) {
                party.app = Some(app);
            }
        });
        self
    }

    /// For calls placed through this value: the agent hangs up after talking for this long.
    #[must_use]
    pub fn hangs_up_after(mut self, talk: Duration) -> Self {
        self.caller.hangs_up_after = Some(talk);
        self
    }

    /// For calls placed through this value: the agent gives up if nobody talks with
    /// them after this long.
    #[must_use]
    pub fn gives_up_after(mut self, wait: Duration) -> Self {
        self.caller.gives_up_after = Some(wait);
        self
    }

    /// Places a call through the agent's TwiML App: `device.connect({ params })`.
    ///
    /// # Errors
    ///
    /// [`HandError::OnACall`] where the SDK would throw, [`HandError::NoApp`] without an app.
    pub fn call<N: ToString, V: ToString>(
        &self,
        params: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Call, HandError> {
        let params: Vec<(String, String)> =
            params.into_iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        let sid = self.shared.write(|world| {
            let party = world.parties.get(self.id).ok_or(HandError::NoApp)?;
            let app = party.app.ok_or(HandError::NoApp)?;
            let mut caller = self.caller.clone();
            caller.by_hand = party.behaviour == Behaviour::ByHand;
            world.call_from_browser(self.id, app, params, caller).ok_or(HandError::OnACall)
        })?;
        Ok(Call::new(Arc::clone(&self.shared), sid))
    }

    /// Waits until a leg rings here. The oldest leg counts.
    pub async fn rings(&self) -> Ringing {
        self.shared
            .until(|world| {
                let leg = *world.parties.get(self.id)?.pending.first()?;
                let call = world.calls.get(&leg)?;
                let parameters = call.end.parameters.clone();
                Some(Ringing { leg, from: call.from.clone(), parameters })
            })
            .await
    }

    /// Whether a leg rings here.
    pub fn is_ringing(&self) -> bool {
        self.shared
            .read(|world| world.parties.get(self.id).is_some_and(|it| !it.pending.is_empty()))
    }

    /// Whether the agent is on a call.
    pub fn is_on_a_call(&self) -> bool {
        self.shared.read(|world| world.parties.get(self.id).is_some_and(|it| it.on_call.is_some()))
    }

    /// Answers the leg that has rung longest.
    ///
    /// # Errors
    ///
    /// [`HandError::NothingRings`] if no leg rings any more, [`HandError::OnACall`] if the agent
    /// is talking.
    pub fn answer(&self) -> Result<CallSid, HandError> {
        if self.is_on_a_call() {
            return Err(HandError::OnACall);
        }
        self.to_first_ringing(|world, leg| world.party_answers(self.id, leg))
    }

    /// Declines the leg that has rung longest.
    ///
    /// # Errors
    ///
    /// [`HandError::NothingRings`].
    pub fn decline(&self) -> Result<CallSid, HandError> {
        self.to_first_ringing(|world, leg| world.party_declines(self.id, leg))
    }

    /// Ignores the leg that has rung longest. It keeps ringing.
    ///
    /// # Errors
    ///
    /// [`HandError::NothingRings`].
    pub fn ignore(&self) -> Result<CallSid, HandError> {
        self.to_first_ringing(|world, leg| world.party_ignores(self.id, leg))
    }

    /// Ends the call that the agent is on.
    ///
    /// # Errors
    ///
    /// [`HandError::NoCall`].
    pub fn hang_up(&self) -> Result<CallSid, HandError> {
        self.shared.write(|world| {
            let on_call = world.parties.get(self.id).and_then(|party| party.on_call);
            let sid = on_call.ok_or(HandError::NoCall)?;
            if world.hang_up(sid) { Ok(sid) } else { Err(HandError::NoCall) }
        })
    }

    fn to_first_ringing(
        &self,
        act: impl FnOnce(&mut crate::world::World, CallSid) -> bool,
    ) -> Result<CallSid, HandError> {
        self.shared.write(|world| {
            let pending =
                world.parties.get(self.id).and_then(|party| party.pending.first().copied());
            let leg = pending.ok_or(HandError::NothingRings)?;
            if act(world, leg) { Ok(leg) } else { Err(HandError::NothingRings) }
        })
    }
}
