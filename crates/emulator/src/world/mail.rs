//! Sends webhooks, handles their answers, and writes the timeline.

use std::collections::BTreeSet;

use identity::{AccountSid, CallSid, ConferenceSid};

use super::World;
use crate::http::{Delivered, Request, full_url};
use crate::post::{Parcel, Purpose};
use crate::step::Target;
use crate::timeline::{Entry, What};
use crate::webhook::Webhook;
use crate::{Direction, Kind, Problem, Progress};

/// The sender of a webhook.
#[derive(Debug)]
pub(crate) struct Sender {
    /// The lane in the post: of the call, or of the conference.
    pub(crate) lane: CallSid,
    pub(crate) account: AccountSid,
    /// The call or leg that it is about.
    pub(crate) about: CallSid,
    /// The idempotency token.
    pub(crate) token: String,
}

/// A webhook before it is signed.
#[derive(Debug)]
pub(crate) struct Mail {
    pub(crate) kind: Kind,
    /// Its URL is absolute.
    pub(crate) target: Target,
    pub(crate) params: Vec<(String, String)>,
}

impl Mail {
    fn signature(&self, token: &twilio_sig::AuthToken) -> String {
        let (method, url) = (self.target.method, full_url(&self.target, &self.params));
        crate::sign::signature(token, method, &url, &self.params)
    }
}

impl World {
    pub(crate) fn note(&mut self, call: Option<CallSid>, what: What) {
        let root = call.and_then(|sid| self.calls.get(&sid)).map(|call| call.root);
        self.timeline.push(Entry { at: self.time.now, call, root, what });
    }

    pub(crate) fn note_problem(&mut self, call: CallSid, problem: Problem) {
        self.note(Some(call), What::Problem(problem));
    }

    /// Writes the status of a call or leg into the timeline.
    pub(super) fn note_status(&mut self, sid: CallSid) {
        let now = self.time.now;
        let Some(call) = self.calls.get_mut(&sid) else { return };
        call.rest.updated_at = now;
        let sip =
            call.life.sip.filter(|_| call.has_ended() && call.direction != Direction::Inbound);
        let what = What::Status { party: call.person().clone(), status: call.life.status, sip };
        self.note(Some(sid), what);
    }

    /// Sends a webhook of a call.
    pub(crate) fn send(
        &mut self,
        sid: CallSid,
        purpose: Purpose,
        progress: Option<Progress>,
        mail: Mail,
    ) {
        let Some(call) = self.calls.get_mut(&sid) else { return };
        let (lane, account, token) = (call.root, call.account, call.next_token());
        call.webhooks.sent += 1;
        self.send_from(Sender { lane, account, about: sid, token }, purpose, progress, mail);
    }

    /// Sends a webhook of a conference. A conference has a lane of its own, so that its webhooks
    /// keep their order, whichever call they are about.
    pub(in super::super) fn send_of_conference(
        &mut self,
        id: ConferenceSid,
        about: CallSid,
        mail: Mail,
    ) {
        let Some(conference) = self.conferences.get_mut(&id) else { return };
        let token = conference.next_token();
        let (lane, account) = (conference.lane(), conference.account);
        let sender = Sender { lane, account, about, token };
        self.send_from(sender, Purpose::Notice { call: about }, None, mail);
    }

    /// Signs a webhook, writes it into the timeline, and queues it.
    pub(crate) fn send_from(
        &mut self,
        sender: Sender,
        purpose: Purpose,
        progress: Option<Progress>,
        mail: Mail,
    ) {
        let Some(auth_token) = self.tables.auth_token(sender.account) else { return };
        let sid = sender.about;
        let root = self.calls.get(&sid).map(|call| call.root);
        let webhook = Webhook {
            kind: mail.kind,
            progress,
            method: mail.target.method,
            signature: mail.signature(&auth_token),
            url: mail.target.url,
            sent_to: None,
            params: mail.params,
            idempotency_token: sender.token,
            outcome: None,
        };
        let (now, timeline) = (self.time.now, &mut self.timeline);
        let mut list = |webhook: &Webhook| {
            let what = What::Webhook(Box::new(webhook.clone()));
            timeline.push(Entry { at: now, call: Some(sid), root, what })
        };
        let entry = list(&webhook);
        let kind = webhook.kind;
        let parcel = Parcel::new(sender.lane, webhook, auth_token, entry, purpose);
        for done in self.post.send(parcel, list) {
            self.note(Some(sid), What::Fault { kind, done });
        }
    }

    /// Takes the requests that are due.
    pub(crate) fn take_requests(&mut self) -> Vec<Request> {
        self.post.take_ready()
    }

    /// Handles an answer to a webhook.
    pub(crate) fn answered(&mut self, id: u64, delivery: Delivered) {
        let Delivered { outcome, lost } = delivery;
        let Some(parcel) = self.post.answered(id) else { return };
        if let Some(webhook) = parcel.lost.and_then(|entry| self.timeline.webhook_mut(entry)) {
            webhook.sent_to.clone_from(&parcel.webhook.sent_to);
            webhook.outcome = lost;
        }
        if let Some(webhook) = self.timeline.webhook_mut(parcel.entry) {
            webhook.sent_to.clone_from(&parcel.webhook.sent_to);
            webhook.outcome = Some(outcome.clone());
        }
        match parcel.purpose {
            Purpose::Document { call, generation } => {
                self.document_answered(call, generation, &parcel, outcome);
            }
            Purpose::Sound { call, generation } => {
                self.sound_answered(call, generation, &parcel.webhook.url, outcome);
            }
            Purpose::Notice { call } => {
                self.notice_answered(call, &parcel.webhook.url, &outcome);
            }
        }
    }

    /// Closes calls and conferences whose last webhook has been answered.
    pub(crate) fn close_lanes(&mut self) {
        if self.calls.closing.is_empty() {
            return;
        }
        // A lane that is no call's is a conference's.
        let of_rooms = self.post.open_elsewhere(|lane| !self.calls.contains_key(&lane));
        let open: BTreeSet<CallSid> =
            of_rooms.iter().filter_map(|sid| Some(self.calls.get(sid)?.root)).collect();
        for root in self.calls.closing.clone() {
            if self.calls.legs_have_ended(root) && self.post.close(root) && !open.contains(&root) {
                self.calls.closing.remove(&root);
                self.calls.by_hand.remove(&root);
                let Some(call) = self.calls.get_mut(&root) else { continue };
                call.life.over = true;
                // A leg that has become a call of its own is dropped with the call that it came
                // from.
                if call.parent().is_none() {
                    let dropped = self.calls.keep_over(root, self.config.keep_calls);
                    self.audio.forget(&dropped);
                    self.recordings.forget(&dropped);
                }
            }
        }
    }
}
