//! A virtual phone.

use std::sync::Arc;
use std::time::Duration;

use crate::address::is_key;
use crate::shared::Shared;
use crate::state::call::{Caller, Utterance};
use crate::state::party::{Party, Presence};
use crate::{Address, AnsweredBy, Behaviour, Call, Ear, Sound};

/// A virtual phone: it calls in, and it can be dialled.
///
/// Set the caller's behaviour before [`Phone::call`]. By default they wait as long as it
/// takes, and leave hanging up to the other side.
#[derive(Clone, Debug)]
pub struct Phone {
    shared: Arc<Shared>,
    address: Address,
    caller: Caller,
    extra: Vec<(String, String)>,
}

impl Phone {
    pub(crate) fn new(shared: Arc<Shared>, address: Address) -> Self {
        Self { shared, address, caller: Caller::default(), extra: Vec::new() }
    }

    /// The number.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Sets what happens when the number is dialled. Until then it does not exist: the leg fails.
    #[expect(clippy::return_self_not_must_use, reason = "it acts by itself")]
    pub fn behaves(self, behaviour: Behaviour) -> Self {
        self.shared.write(|world| {
            let known = world.parties.phone(&self.address);
            if let Some(party) = known.and_then(|id| world.parties.get_mut(id)) {
                party.behaviour = behaviour;
                party.digits.clone_from(&self.caller.digits);
                party.speech.clone_from(&self.caller.speech);
                return;
            }
            let address = self.address.clone();
            let mut party = Party::new(None, address, behaviour, Presence::Here);
            party.digits.clone_from(&self.caller.digits);
            party.speech.clone_from(&self.caller.speech);
            world.add_party(party);
        });
        self
    }

    /// Sets who answers the phone, as machine detection finds it. Until [`Phone::behaves`] the phone
    /// does not exist, and this has no effect.
    pub fn answered_by(&self, who: AnsweredBy) {
        self.shared.write(|world| {
            let known = world.parties.phone(&self.address);
            if let Some(party) = known.and_then(|id| world.parties.get_mut(id)) {
                party.answers_as = who;
            }
        });
    }

    /// Sets what the person at the phone says on every call. It plays in real time, whatever the
    /// emulated clock does.
    pub fn plays(&self, sound: Sound) {
        self.shared.write(|world| world.sounds.insert(self.address.clone(), sound));
    }

    /// What the person at the phone hears now.
    pub fn hears(&self) -> Ear {
        let keys = self.shared.read(|world| world.keys_heard_by(&self.address));
        self.shared.media.heard_by(&self.address, keys)
    }

    /// The caller hangs up if nobody talks with them after this long.
    #[must_use]
    pub fn gives_up_after(mut self, wait: Duration) -> Self {
        self.caller.gives_up_after = Some(wait);
        self
    }

    /// The caller hangs up after talking for this long.
    #[must_use]
    pub fn hangs_up_after(mut self, talk: Duration) -> Self {
        self.caller.hangs_up_after = Some(talk);
        self
    }

    /// The caller presses these keys at the next `<Gather>` that has no keys yet, once its prompts
    /// are over. If this is called before [`Phone::behaves`], the person who answers the phone
    /// presses them, in the document that they hear before the bridge.
    ///
    /// A caller who is controlled [by hand](Phone::by_hand) presses them too, but the time in which
    /// they do that has to be passed with [`Emulator::advance`](crate::Emulator::advance).
    ///
    /// # Panics
    ///
    /// One of them is not a key of a telephone.
    #[must_use]
    pub fn presses(mut self, digits: &str) -> Self {
        assert!(digits.chars().all(is_key), "{digits:?} has something that is not a key");
        self.caller.digits.push_back(digits.to_owned());
        self
    }

    /// The caller says this to the next `<Gather>` of speech, or to the next `<Record>`, that nothing
    /// was said to yet, once its prompts are over. If this is called before [`Phone::behaves`], the
    /// person who answers the phone says it. [`Call::say`] says something at once.
    #[must_use]
    pub fn says(mut self, text: &str) -> Self {
        self.caller.speech.push_back(Utterance::clear(text));
        self
    }

    /// The caller does only what the test says, such as [`Call::hang_up`]. See
    /// [`Behaviour::ByHand`].
    #[must_use]
    pub fn by_hand(mut self) -> Self {
        self.caller.by_hand = true;
        self
    }

    /// Adds a parameter that not every call has, such as `CallerName`, `ForwardedFrom` or
    /// `StirVerstat`.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.extra.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Dials a number. A number that nobody owns ends the call at once as `failed`.
    pub fn call(&self, to: &str) -> Call {
        let (from, caller) = (self.address.clone(), self.caller.clone());
        let extra = self.extra.clone();
        let sid = self.shared.write(|world| world.call_in(from, to, extra, caller));
        Call::new(Arc::clone(&self.shared), sid)
    }
}
