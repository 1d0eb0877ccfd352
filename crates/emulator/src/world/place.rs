//! Calls begin and end.

use identity::{AccountSid, AppSid, CallSid};

use super::{Mail, World};
use crate::post::Purpose;
use crate::state::agenda::Due;
use crate::state::call::Away;
use crate::state::call::Call;
use crate::state::call::Caller;
use crate::state::call::Doing;
use crate::state::params::add;
use crate::state::party::PartyId;
use crate::step::Target;
use crate::timeline::What;
use crate::{Address, CallStatus, Direction, Kind, Progress, Voice};

impl World {
    /// Somebody dials one of the numbers.
    pub(crate) fn call_in(
        &mut self,
        from: Address,
        to: &str,
        extra: Vec<(String, String)>,
        caller: Caller,
    ) -> CallSid {
        let (account, voice) = match self.tables.number(to) {
            Some((account, voice)) => (*account, Some(voice.clone())),
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

    /// A browser dials out through a TwiML App. `None` if it is on a call already: the SDK throws.
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

    /// The same before anything is asked for: what is to be asked stands beside the call.
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
        let voice = self.tables.apps.get(&app).filter(|(owner, _)| *owner == account);
        let voice = voice.map(|(_, voice)| voice.clone());
        let to = params.iter().find(|(name, _)| name == "To").map_or("", |(_, value)| value);
        let ends = (from, Address::from(to));
        let sid = self.new_call(account, ends, Direction::Inbound, caller);
        if let Some(browser) = self.parties.get_mut(party) {
            // Pending invites are ignored without a word.
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

    /// Asks for the first document, or fails if nobody is responsible.
    pub(super) fn begin(&mut self, sid: CallSid, voice: Option<Voice>) {
        let Some(voice) = voice else {
            self.end_call(sid, CallStatus::Failed);
            return;
        };
        let target = Target { url: voice.url.clone(), method: voice.method };
        let Some(call) = self.calls.get_mut(&sid) else { return };
        call.webhooks.voice = Some(voice);
        let mut first = call.webhooks.first.clone();
        // Twilio's own names win over those of the browser.
        let own = call.params();
        first.retain(|(name, _)| !own.iter().any(|(taken, _)| taken == name));
        self.fetch(sid, Kind::Voice, target, first);
    }

    /// Answers the caller's leg, if it is not answered yet.
    pub(super) fn answer_call(&mut self, sid: CallSid) {
        let now = self.time.now;
        let Some(call) = self.calls.get_mut(&sid) else { return };
        if call.life.status != CallStatus::Ringing {
            return;
        }
        call.life.status = CallStatus::InProgress;
        call.life.answered_at = Some(now);
        self.open_line(sid);
        self.note_status(sid);
        self.far_end_answered(sid);
    }

    /// The caller hangs up.
    pub(super) fn caller_leaves(&mut self, sid: CallSid) {
        let Some(call) = self.calls.get(&sid) else { return };
        let answered = call.is_answered();
        self.end_call(sid, if answered { CallStatus::Completed } else { CallStatus::NoAnswer });
    }

    /// A call is over: its legs end, a `<Dial>` still asks for its `action`, the status callback
    /// of the number or app is the last.
    pub(super) fn end_call(&mut self, sid: CallSid, status: CallStatus) {
        let now = self.time.now;
        let Some(call) = self.calls.get_mut(&sid) else { return };
        if call.has_ended() {
            return;
        }
        call.life.status = status;
        call.life.ended_at = Some(now);
        let doing = call.script.stop();
        let callback = call.webhooks.status_callback();
        self.release(sid);
        self.note_status(sid);
        self.doing_cut_short(sid, doing, Away::HungUp);
        if let Some(target) = callback {
            let params = self.status_params(sid, Progress::Completed);
            let mail = Mail { kind: Kind::CallStatus, target, params };
            self.send(sid, Purpose::Notice { call: sid }, None, mail);
        }
        self.report_end(sid);
        self.far_end_ended(sid);
        self.calls.closing.insert(sid);
    }

    /// The call is over, or goes elsewhere, in the middle of what it does. An `action` is still
    /// asked; its answer has no effect.
    pub(super) fn doing_cut_short(&mut self, sid: CallSid, doing: Doing, away: Away) {
        match doing {
            Doing::Dialling(dialling) => self.dial_abandoned(sid, *dialling),
            Doing::Dequeuing(dequeuing) => self.dequeuing_abandoned(sid, &dequeuing),
            Doing::Recording(message) if away == Away::HungUp => {
                self.message_over(sid, *message, "hangup");
            }
            Doing::Recording(message) => self.message_cut_short(&message),
            _ => {}
        }
        self.stay_cut_short(sid, away);
    }

    /// Writes the state of a call or leg into the timeline.
    pub(super) fn note_status(&mut self, sid: CallSid) {
        let now = self.time.now;
        let Some(call) = self.calls.get_mut(&sid) else { return };
        call.rest.updated_at = now;
        let sip =
            call.life.sip.filter(|_| call.has_ended() && call.direction != Direction::Inbound);
        let what = What::Status { party: call.person().clone(), status: call.life.status, sip };
        self.note(Some(sid), what);
    }
}
