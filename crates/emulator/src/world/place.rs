//! People place calls: from a phone, or from a browser through a TwiML App.

use identity::{AccountSid, ApiKeySid, AppSid, CallSid, PhoneNumber};

use super::World;
use crate::seed::Seed;
use crate::state::agenda::Due;
use crate::state::call::{Call, Caller};
use crate::state::params::add;
use crate::state::party::PartyId;
use crate::state::tables::CallerIdRow;
use crate::step::Target;
use crate::timeline::What;
use crate::{Address, CallStatus, Direction, Kind, Voice};

impl World {
    /// Lets an account show a number. Returns the Sid of the caller id.
    pub(crate) fn verify(
        &mut self,
        account: AccountSid,
        number: PhoneNumber,
        name: Option<String>,
    ) -> String {
        let now = self.time.now;
        let seed = self.seed.derive("caller id", 0).derive(account.as_str(), 0);
        let sid = format!("PN{}", seed.derive(number.as_str(), 0).hex());
        let named = number.as_str().to_owned();
        let row = self.tables.caller_ids.entry((account, number)).or_insert(CallerIdRow {
            sid,
            name: named,
            created_at: now,
            updated_at: now,
        });
        if let Some(name) = name {
            row.name = name;
            row.updated_at = now;
        }
        row.sid.clone()
    }

    /// The Sid of a number.
    pub(crate) fn number_sid(&self, number: &PhoneNumber) -> String {
        format!("PN{}", self.seed.derive(number.as_str(), 0).hex())
    }

    /// The Sid of the next TwiML App.
    pub(crate) fn next_app(&self) -> AppSid {
        let made = self.tables.apps.len() as u64..;
        let mut sids = made.map(|n| AppSid::from_bytes(self.seed.derive("app", n).bytes()));
        let free = sids.find(|sid| !self.tables.apps.contains_key(sid));
        free.unwrap_or(AppSid::from_bytes([0; 16]))
    }

    /// The seed of the next API key.
    pub(crate) fn next_key(&self) -> Seed {
        let made = self.tables.keys.len() as u64..;
        let mut seeds = made.map(|n| self.seed.derive("key", n));
        let sid = |seed: &Seed| ApiKeySid::from_bytes(seed.bytes());
        let free = seeds.find(|seed| !self.tables.keys.contains_key(&sid(seed)));
        free.unwrap_or(self.seed)
    }

    /// A phone dials a number.
    pub(crate) fn call_in(
        &mut self,
        from: Address,
        to: &str,
        extra: Vec<(String, String)>,
        caller: Caller,
    ) -> CallSid {
        let (account, voice) = match self.tables.number(to) {
            Some(number) => (number.account, Some(self.tables.voice_of(number))),
            None => (AccountSid::from_bytes([0; 16]), None),
        };
        let ends = (from, Address::from(to));
        let sid = self.new_call(account, ends, Direction::Inbound, caller);
        let token = self.seed.derive("call token", self.calls.placed()).hex();
        if let Some(call) = self.calls.get_mut(&sid) {
            add(&mut call.webhooks.extra, "CallToken", token);
            call.webhooks.extra.extend(extra);
        }
        self.begin(sid, voice);
        sid
    }

    /// A browser dials out through a TwiML App. `None` if it is on a call already: the SDK throws
    /// then.
    pub(crate) fn call_from_browser(
        &mut self,
        party: PartyId,
        app: AppSid,
        params: Vec<(String, String)>,
        caller: Caller,
    ) -> Option<CallSid> {
        let (sid, voice) = self.place_from_browser(party, app, params, caller)?;
        self.begin(sid, voice);
        Some(sid)
    }

    /// Places the call of a browser, without requesting its document. Returns the URLs to request.
    pub(super) fn place_from_browser(
        &mut self,
        party: PartyId,
        app: AppSid,
        params: Vec<(String, String)>,
        caller: Caller,
    ) -> Option<(CallSid, Option<Voice>)> {
        let browser = self.parties.get(party)?;
        if browser.on_call.is_some() {
            return None;
        }
        let (account, from) = (browser.account?, browser.address.clone());
        let mut first = browser.app_params.clone();
        let voice = self.tables.apps.get(&app).filter(|app| app.account == account);
        let voice = voice.map(|app| app.voice.clone());
        let to = params.iter().find(|(name, _)| name == "To").map_or("", |(_, value)| value);
        let ends = (from, Address::from(to));
        let sid = self.new_call(account, ends, Direction::Inbound, caller);
        if let Some(browser) = self.parties.get_mut(party) {
            // The SDK ignores pending invites without notice.
            browser.pending.clear();
            browser.on_call = Some(sid);
        }
        if let Some(call) = self.calls.get_mut(&sid) {
            call.webhooks.app = Some(app);
            call.end.party = Some(party);
            first.retain(|(name, _)| !params.iter().any(|(sent, _)| sent == name));
            first.extend(params);
            call.webhooks.first = first;
        }
        Some((sid, voice))
    }

    pub(super) fn new_call(
        &mut self,
        account: AccountSid,
        (from, to): (Address, Address),
        direction: Direction,
        caller: Caller,
    ) -> CallSid {
        let number = self.calls.next_number();
        let seed = self.seed.derive("call", number);
        let sid = CallSid::from_bytes(seed.bytes());
        self.post.open(sid, seed, usize::try_from(number).unwrap_or(usize::MAX));
        let mut call = Call::new(sid, account, direction, (from.clone(), to.clone()), seed);
        if caller.by_hand {
            self.calls.by_hand.insert(sid);
        }
        let gives_up = caller.gives_up_after;
        call.end.caller = caller;
        self.calls.enter(call, self.time.now);
        self.note(Some(sid), What::Placed { from, to });
        if let Some(after) = gives_up {
            self.time.schedule(after, Due::GivesUp { call: sid });
        }
        sid
    }

    /// Requests the first document. Without URLs the call fails.
    pub(super) fn begin(&mut self, sid: CallSid, voice: Option<Voice>) {
        let Some(voice) = voice else {
            self.end_call(sid, CallStatus::Failed);
            return;
        };
        let target = Target { url: voice.url.clone(), method: voice.method };
        let Some(call) = self.calls.get_mut(&sid) else { return };
        call.webhooks.voice = Some(voice);
        let mut first = call.webhooks.first.clone();
        // Twilio's own parameters win over those of the browser.
        let own = call.params();
        first.retain(|(name, _)| !own.iter().any(|(taken, _)| taken == name));
        self.fetch(sid, Kind::Voice, target, first);
    }
}
