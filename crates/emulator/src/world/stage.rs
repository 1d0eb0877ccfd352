//! A world for unit tests: a function answers its webhooks, without sockets.

use std::ops::Index;
use std::time::Duration;

use bytes::Bytes;
use identity::{AccountSid, CallSid, ConferenceSid, QueueSid, Timestamp};
use twilio_sig::AuthToken;

use super::World;
use crate::http::Delivered;
use crate::state::call::{Call, Caller};
use crate::state::calls::Calls;
use crate::state::conference::{Conference, Conferences};
use crate::state::queue::{Queue, Queues};
use crate::state::secret::Secret;
use crate::state::tables::NumberRow;
use crate::webhook::{Answer, Outcome};
use crate::{Address, Config, Kind, Voice, Webhook};

/// From the path of a request to the verbs of its answer.
type Script = fn(path: &str, webhook: &Webhook) -> String;

pub(super) struct Stage {
    pub(super) world: World,
    pub(super) sent: Vec<Webhook>,
    script: Script,
}

/// The account, and the number whose voice URL has the path `/voice`.
pub(super) fn account() -> AccountSid {
    AccountSid::from_bytes([7; 16])
}
const NUMBER: &str = "+15005550001";
const BASE: &str = "http://a.example";
const TOKEN: &str = "2bc2d9b4a1f84d0c9e7a5f3b6d8e1c0f";

impl Stage {
    pub(super) fn new(script: Script) -> Self {
        let config = Config { calls_per_second: None, ..Config::default() };
        let mut world = World::new(config, Timestamp::from_unix_seconds(1_767_225_600));
        let token = AuthToken::new(TOKEN).unwrap();
        let now = world.time.now;
        world.tables.add_account(account(), token, Secret::new(TOKEN), None, now);
        let voice = Voice::new(format!("{BASE}/voice"));
        let row = NumberRow { voice, ..NumberRow::new(account(), now) };
        world.tables.numbers.insert(NUMBER.parse().unwrap(), row);
        Self { world, sent: Vec::new(), script }
    }

    /// Places a call whose caller only the test controls. The last digit tells the callers apart.
    pub(super) fn calls(&mut self, digit: u8) -> CallSid {
        let from = Address::Number(format!("+1500555990{digit}"));
        let caller = Caller { by_hand: true, ..Caller::default() };
        let sid = self.world.call_in(from, NUMBER, Vec::new(), caller);
        self.settle();
        sid
    }

    /// Answers every webhook. No time passes.
    pub(super) fn settle(&mut self) {
        loop {
            self.world.close_lanes();
            let requests = self.world.take_requests();
            if requests.is_empty() {
                return;
            }
            for request in requests {
                let path = request.webhook.url.strip_prefix(BASE).unwrap_or_default().to_owned();
                let verbs = (self.script)(&path, &request.webhook);
                self.sent.push(request.webhook);
                let answer = Answer {
                    status: 200,
                    content_type: Some("text/xml".to_owned()),
                    body: format!("<Response>{verbs}</Response>"),
                    bytes: Bytes::new(),
                };
                let took = Duration::ZERO;
                let outcome = Outcome { answer: Ok(answer), attempts: 1, took };
                self.world.answered(request.id, Delivered { outcome, lost: None });
            }
        }
    }

    /// Lets time pass, with all its events.
    pub(super) fn pass(&mut self, seconds: u64) {
        self.world.time.advance_to = Some(self.world.time.now + Duration::from_secs(seconds));
        while self.world.time.advance_to.is_some() {
            self.settle();
            self.world.step(|| true);
        }
        self.settle();
    }

    /// The values of one parameter in all webhooks of a kind.
    pub(super) fn params(&self, kind: Kind, name: &str) -> Vec<String> {
        let all = self.sent.iter().filter(|webhook| webhook.kind == kind);
        all.map(|webhook| webhook.param(name).unwrap_or_default().to_owned()).collect()
    }
}

impl Index<&CallSid> for Calls {
    type Output = Call;

    fn index(&self, sid: &CallSid) -> &Call {
        self.get(sid).unwrap()
    }
}

impl Index<&ConferenceSid> for Conferences {
    type Output = Conference;

    fn index(&self, sid: &ConferenceSid) -> &Conference {
        self.get(sid).unwrap()
    }
}

impl Index<&QueueSid> for Queues {
    type Output = Queue;

    fn index(&self, sid: &QueueSid) -> &Queue {
        self.get(sid).unwrap()
    }
}
