//! The queues of webhooks: when each is sent, and which faults apply to it.

use std::collections::{BTreeMap, VecDeque};

use identity::CallSid;
use twilio_sig::AuthToken;

use crate::http::{Jar, Request};
use crate::seed::Seed;
use crate::timeline::EntryId;
use crate::{Delivery, Fault, Mishap, Route, Until, Webhook};

/// A webhook with everything that is needed to send it.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    pub(crate) root: CallSid,
    pub(crate) webhook: Webhook,
    /// The token that signs, also after a redirect.
    pub(crate) auth_token: AuthToken,
    pub(crate) entry: EntryId,
    /// What happens with the answer.
    pub(crate) purpose: Purpose,
    unreachable: u8,
    twice: bool,
    /// The entry of the first of two requests for a document, whose answer gets lost.
    pub(crate) lost: Option<EntryId>,
}

/// What happens with an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Purpose {
    /// The call runs the document, unless its plan has changed.
    Document { call: CallSid, generation: u64 },
    /// The call plays the sound, unless its plan has changed.
    Sound { call: CallSid, generation: u64 },
    /// Nothing waits for it.
    Notice { call: CallSid },
}

impl Parcel {
    pub(crate) fn new(
        root: CallSid,
        webhook: Webhook,
        auth_token: AuthToken,
        entry: EntryId,
        purpose: Purpose,
    ) -> Self {
        Self { root, webhook, auth_token, entry, purpose, unreachable: 0, twice: false, lost: None }
    }
}

/// All lanes, and the requests that are in progress.
#[derive(Debug)]
pub(crate) struct Post {
    lanes: BTreeMap<CallSid, Lane>,
    ready: Vec<Request>,
    under_way: BTreeMap<u64, Parcel>,
    next_id: u64,
    delivery: Delivery,
    pub(crate) faults: Vec<Fault>,
    pub(crate) routes: Vec<Route>,
}

/// The webhooks of one call and its legs.
#[derive(Debug)]
struct Lane {
    seed: Seed,
    waiting: VecDeque<Parcel>,
    under_way: usize,
    held: Vec<(Until, Parcel)>,
    collected: Vec<Parcel>,
    window: usize,
    shuffles: u64,
    routed: Vec<usize>,
    number: usize,
    jar: Jar,
}

impl Post {
    pub(crate) fn new(delivery: Delivery) -> Self {
        Self {
            lanes: BTreeMap::new(),
            ready: Vec::new(),
            under_way: BTreeMap::new(),
            next_id: 0,
            delivery,
            faults: Vec::new(),
            routes: Vec::new(),
        }
    }

    /// Opens the lane of a new call.
    pub(crate) fn open(&mut self, root: CallSid, seed: Seed, number: usize) {
        self.lanes.insert(root, Lane::new(seed, number));
    }

    /// Queues a webhook. Returns what the faults did to it, in words. `list` makes an entry for each
    /// further request that a fault adds.
    pub(crate) fn send(
        &mut self,
        parcel: Parcel,
        mut list: impl FnMut(&Webhook) -> EntryId,
    ) -> Vec<String> {
        let root = parcel.root;
        let mut done = Vec::new();
        let mut plan = apply(&mut self.faults, parcel, &mut done);
        for (index, (_, parcel)) in plan.iter_mut().enumerate() {
            if index > 0 {
                parcel.entry = list(&parcel.webhook);
            }
            if parcel.twice {
                let second = list(&parcel.webhook);
                parcel.lost = Some(std::mem::replace(&mut parcel.entry, second));
            }
        }
        let Some(lane) = self.lanes.get_mut(&root) else { return done };
        for (until, parcel) in plan {
            match until {
                Place::Held(Until::AtOnce) => lane.enqueue(parcel),
                Place::Held(until) => lane.held.push((until, parcel)),
                Place::Collected(window) => lane.collect(parcel, window),
            }
        }
        self.pump(root);
        done
    }

    /// Adds a route. Those of one host come before those of any host.
    pub(crate) fn add_route(&mut self, route: Route) {
        self.routes.push(route);
        self.routes.sort_by_key(|route| route.host.is_none());
    }

    /// Takes the requests that are due.
    pub(crate) fn take_ready(&mut self) -> Vec<Request> {
        std::mem::take(&mut self.ready)
    }

    /// Takes the webhook that was answered.
    pub(crate) fn answered(&mut self, id: u64) -> Option<Parcel> {
        let parcel = self.under_way.remove(&id)?;
        if let Some(lane) = self.lanes.get_mut(&parcel.root) {
            lane.under_way -= 1;
        }
        self.pump(parcel.root);
        Some(parcel)
    }

    /// Whether nothing is due or in progress. Webhooks that are held back do not count.
    pub(crate) fn is_idle(&self) -> bool {
        self.ready.is_empty() && self.under_way.is_empty()
    }

    /// The webhooks that were sent and not answered yet.
    pub(crate) fn unanswered(&self) -> impl Iterator<Item = &Webhook> {
        self.under_way.values().map(|parcel| &parcel.webhook)
    }

    /// The calls that status callbacks in other lanes than their own are about, those of conferences,
    /// as long as these are not answered.
    pub(crate) fn open_elsewhere(&self, lanes: impl Fn(CallSid) -> bool) -> Vec<CallSid> {
        let waiting = self.lanes.iter().filter(|(root, _)| lanes(**root)).flat_map(|(_, lane)| {
            let held = lane.held.iter().map(|(_, parcel)| parcel);
            lane.waiting.iter().chain(held).chain(&lane.collected)
        });
        let under_way = self.under_way.values().filter(|parcel| lanes(parcel.root));
        let about = |parcel: &Parcel| match parcel.purpose {
            Purpose::Notice { call } => Some(call),
            _ => None,
        };
        waiting.chain(under_way).filter_map(about).collect()
    }

    /// Ends the lane of a call that is over: sends what was held back. True once the lane is empty;
    /// it is closed then.
    pub(crate) fn close(&mut self, root: CallSid) -> bool {
        let Some(lane) = self.lanes.get_mut(&root) else { return true };
        if lane.under_way > 0 || !lane.waiting.is_empty() {
            return false;
        }
        lane.flush();
        for (_, parcel) in std::mem::take(&mut lane.held) {
            lane.waiting.push_back(parcel);
        }
        if lane.waiting.is_empty() {
            self.lanes.remove(&root);
            return true;
        }
        self.pump(root);
        false
    }

    /// Moves the webhooks that may go now from the lane to the ready requests.
    fn pump(&mut self, root: CallSid) {
        let Some(lane) = self.lanes.get_mut(&root) else { return };
        while lane.under_way == 0 || self.delivery == Delivery::Concurrent {
            let Some(mut parcel) = lane.waiting.pop_front() else { return };
            lane.route(&mut parcel, &self.routes);
            lane.under_way += 1;
            self.next_id += 1;
            self.ready.push(Request {
                id: self.next_id,
                webhook: parcel.webhook.clone(),
                auth_token: parcel.auth_token.clone(),
                unreachable: parcel.unreachable,
                twice: parcel.twice,
                jar: lane.jar.clone(),
            });
            self.under_way.insert(self.next_id, parcel);
        }
    }
}

impl Lane {
    fn new(seed: Seed, number: usize) -> Self {
        Self {
            seed,
            waiting: VecDeque::new(),
            under_way: 0,
            held: Vec::new(),
            collected: Vec::new(),
            window: 0,
            shuffles: 0,
            routed: Vec::new(),
            number,
            jar: Jar::default(),
        }
    }

    /// Appends a webhook, and after it the webhooks that waited for it.
    fn enqueue(&mut self, parcel: Parcel) {
        let is_notice = parcel.webhook.kind.is_notice();
        self.waiting.push_back(parcel);
        if !is_notice {
            return;
        }
        for (until, parcel) in std::mem::take(&mut self.held) {
            match until {
                Until::After(0 | 1) => self.waiting.push_back(parcel),
                Until::After(more) => self.held.push((Until::After(more - 1), parcel)),
                other => self.held.push((other, parcel)),
            }
        }
    }

    fn collect(&mut self, parcel: Parcel, window: usize) {
        self.window = window;
        self.collected.push(parcel);
        if self.collected.len() >= self.window {
            self.flush();
        }
    }

    /// Sends the collected webhooks in an order derived from the seed.
    fn flush(&mut self) {
        let mut parcels: Vec<Option<Parcel>> =
            std::mem::take(&mut self.collected).into_iter().map(Some).collect();
        self.shuffles += 1;
        for index in self.seed.derive("shuffle", self.shuffles).order(parcels.len()) {
            if let Some(parcel) = parcels.get_mut(index).and_then(Option::take) {
                self.enqueue(parcel);
            }
        }
    }

    /// Chooses the host: the hosts take turns, and each call begins with another one.
    fn route(&mut self, parcel: &mut Parcel, routes: &[Route]) {
        self.routed.resize(routes.len().max(self.routed.len()), 0);
        for (turn, route) in self.routed.iter_mut().zip(routes) {
            if route.takes(&parcel.webhook, parcel.root) {
                let pick = (self.number + *turn) % route.bases.len();
                *turn += 1;
                parcel.webhook.sent_to = route.bases.get(pick).cloned();
                return;
            }
        }
    }
}

/// Where the faults put a webhook in its lane.
enum Place {
    Held(Until),
    Collected(usize),
}

/// Applies the faults that select this webhook.
fn apply(faults: &mut Vec<Fault>, parcel: Parcel, done: &mut Vec<String>) -> Vec<(Place, Parcel)> {
    let is_document = !parcel.webhook.kind.is_notice();
    let root = parcel.root;
    let mut plan = vec![(Place::Held(Until::AtOnce), parcel)];
    for fault in faults.iter_mut() {
        let Some((place, first)) = plan.first_mut() else { break };
        if fault.times == Some(0) || !fault.on.meets(&first.webhook, root) {
            continue;
        }
        match fault.mishap {
            Mishap::Late { .. } | Mishap::Shuffled { .. } if is_document => continue,
            Mishap::Late { until } => *place = Place::Held(until),
            Mishap::Shuffled { window } => {
                for (place, _) in &mut plan {
                    *place = Place::Collected(window);
                }
            }
            Mishap::Twice { .. } if is_document => first.twice = true,
            Mishap::Twice { again } => {
                let copy = first.clone();
                plan.push((Place::Held(again), copy));
            }
            Mishap::Dropped if is_document => first.unreachable = u8::MAX,
            Mishap::Dropped => plan.clear(),
            Mishap::Unreachable { attempts } => first.unreachable = attempts,
        }
        done.push(words(fault.mishap).to_owned());
        fault.times = fault.times.map(|times| times - 1);
    }
    faults.retain(|fault| fault.times != Some(0));
    plan
}

fn words(mishap: Mishap) -> &'static str {
    match mishap {
        Mishap::Late { .. } => "is held back",
        Mishap::Twice { .. } => "is sent twice",
        Mishap::Dropped => "is dropped",
        Mishap::Unreachable { .. } => "cannot connect",
        Mishap::Shuffled { .. } => "is shuffled",
    }
}
