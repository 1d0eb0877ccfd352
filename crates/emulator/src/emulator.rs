//! The handle of a running emulator.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use identity::{AccountSid, CallSid, Timestamp};
use tokio::task::JoinHandle;
use twilio_sig::SecretError;

use crate::address::is_number;
use crate::clock::wall_clock;
use crate::control::{self, SetupError};
use crate::driver;
use crate::media::Media;
use crate::shared::Shared;
use crate::timeline::What;
use crate::world::World;
use crate::{
    Account, Address, ApiFault, Call, Clock, Conference, Config, Device, Entry, Fault, Gateway,
    Http, Phone, Route, Webhook,
};

/// A running Twilio. It stops when this value is dropped, and calls in progress then stand still.
#[derive(Debug)]
pub struct Emulator {
    shared: Arc<Shared>,
    driver: JoinHandle<()>,
    media: JoinHandle<()>,
}

impl Emulator {
    /// Starts an emulator on the current tokio runtime.
    ///
    /// # Errors
    ///
    /// No port is free on loopback for the media of browsers.
    pub async fn start(config: Config) -> std::io::Result<Self> {
        let now = config.starts_at.unwrap_or_else(wall_clock);
        let shared = Shared::new(World::new(config, now), Media::open().await?);
        let driver = tokio::spawn(driver::run(Arc::clone(&shared)));
        let media = tokio::spawn(driver::run_sound(Arc::clone(&shared)));
        Ok(Self { shared, driver, media })
    }

    /// Creates an account that signs with this auth token. Its Sid is derived from the seed.
    ///
    /// # Errors
    ///
    /// [`SecretError`] if the token has characters that a file or header cannot hold.
    pub fn account(&self, auth_token: &str) -> Result<Account, SecretError> {
        Account::open(&self.shared, None, auth_token)
    }

    /// Creates an account with a given Sid. An older account with that Sid is replaced.
    ///
    /// # Errors
    ///
    /// As [`Emulator::account`].
    pub fn account_with(&self, sid: AccountSid, auth_token: &str) -> Result<Account, SecretError> {
        Account::open(&self.shared, Some(sid), auth_token)
    }

    /// Sets up accounts, numbers, TwiML Apps, keys and phones from a JSON text, as the control API
    /// takes them one by one.
    ///
    /// ```json
    /// {
    ///   "accounts": [{
    ///     "sid": "AC…", "auth_token": "…",
    ///     "numbers": [{ "number": "+15005550001", "voice_url": "http://127.0.0.1:8080/voice" }],
    ///     "apps": [{ "sid": "AP…", "voice_url": "http://127.0.0.1:8080/voice" }],
    ///     "keys": [{ "sid": "SK…", "secret": "…" }],
    ///     "devices": [{ "identity": "agent_1", "behaviour": { "answers_after": 2 } }]
    ///   }],
    ///   "phones": [{ "number": "+15005551234", "behaviour": "by_hand" }]
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`SetupError`], which names the broken rule. Everything before the fault is set up.
    pub fn set_up(&self, json: &str) -> Result<(), SetupError> {
        control::set_up(&self.shared, json)
    }

    /// Listens for HTTP: the REST API, the control API and the emulator's own page.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the address is not a loopback address; otherwise the error of the system.
    pub async fn listen_http(&self, address: SocketAddr) -> std::io::Result<Http> {
        Http::listen(Arc::clone(&self.shared), address).await
    }

    /// All accounts and subaccounts, in the order of their Sids.
    pub fn accounts(&self) -> Vec<Account> {
        let sids: Vec<AccountSid> =
            self.shared.read(|world| world.tables.accounts().map(|(sid, _)| sid).collect());
        sids.into_iter().map(|sid| Account::new(Arc::clone(&self.shared), sid)).collect()
    }

    /// A phone: a number in E.164 form, or a word such as `anonymous` for
    /// a caller who withholds it. The same number is the same phone.
    ///
    /// # Panics
    ///
    /// The text cannot be a number: it has blanks.
    pub fn phone(&self, number: &str) -> Phone {
        assert!(is_number(number), "{number:?} is not a number, nor a word that stands for one");
        Phone::new(Arc::clone(&self.shared), Address::Number(number.to_owned()))
    }

    /// Opens a gateway for real browsers at a loopback address. Port 0 takes any free port.
    ///
    /// # Errors
    ///
    /// The address is taken, or is not on loopback.
    pub async fn gateway(&self, address: SocketAddr) -> std::io::Result<Gateway> {
        Gateway::open(Arc::clone(&self.shared), address).await
    }

    /// The connected real browsers, in the order in which they connected.
    pub fn devices(&self) -> Vec<Device> {
        Device::all(&self.shared)
    }

    /// The emulated time.
    pub fn now(&self) -> Timestamp {
        self.shared.write(|world| world.time.now)
    }

    /// Advances the emulated time by this length, with all events in it, and waits until their
    /// webhooks are answered.
    pub async fn advance(&self, length: Duration) {
        let limit = self.shared.write(|world| {
            let limit = world.time.now + length;
            world.time.advance_to = Some(limit);
            limit
        });
        self.shared
            .until(|world| {
                let reached = world.time.advance_to.is_none() && world.time.now >= limit;
                (reached && world.post.is_idle()).then_some(())
            })
            .await;
    }

    /// Changes the clock from here on, for example to watch a call at its own pace
    /// and to skip a long wait after it.
    pub fn set_clock(&self, clock: Clock) {
        self.shared.write(|world| world.time.set_clock(clock));
    }

    /// Waits until no webhook is in progress. No time passes.
    pub async fn settled(&self) {
        self.shared.until(|world| world.post.is_idle().then_some(())).await;
    }

    /// Stops time until the result is dropped, so that several calls can be placed at one moment.
    pub fn hold(&self) -> Hold {
        self.shared.hold();
        Hold(Arc::clone(&self.shared))
    }

    /// Switches a fault on, in addition to those that are on.
    pub fn fault(&self, fault: Fault) {
        self.shared.write(|world| world.post.faults.push(fault));
    }

    /// Switches all faults off. Webhooks that are already held back are still sent late.
    pub fn clear_faults(&self) {
        self.shared.write(|world| world.post.faults.clear());
    }

    /// Switches a fault of the REST API on. If several are on, the oldest counts.
    pub fn api_fault(&self, fault: ApiFault) {
        self.shared.write(|world| world.api.faults.push(fault));
    }

    /// Switches all faults of the REST API off.
    pub fn clear_api_faults(&self) {
        self.shared.write(|world| world.api.faults.clear());
    }

    /// Sends webhooks elsewhere. The first route that takes a webhook counts; routes of one host come
    /// before those of any host.
    pub fn route(&self, route: Route) {
        self.shared.write(|world| world.post.add_route(route));
    }

    /// Removes all routes.
    pub fn clear_routes(&self) {
        self.shared.write(|world| world.post.routes.clear());
    }

    /// All calls, in the order in which they were placed.
    pub fn calls(&self) -> Vec<Call> {
        let roots: Vec<CallSid> =
            self.shared.read(|world| world.calls.roots().iter().map(|call| call.sid).collect());
        roots.into_iter().map(|sid| Call::new(Arc::clone(&self.shared), sid)).collect()
    }

    /// The conferences, the newest last. Those that are over are kept as long as calls are.
    pub fn conferences(&self) -> Vec<Conference> {
        Conference::all(&self.shared)
    }

    /// Everything that happened, oldest first. Each entry prints as one line of the story.
    pub fn timeline(&self) -> Vec<Entry> {
        self.shared.read(|world| world.timeline.iter().cloned().collect())
    }

    /// Every webhook that was sent, oldest first.
    pub fn webhooks(&self) -> Vec<Webhook> {
        self.shared.read(|world| {
            let webhooks = world.timeline.iter().filter_map(|entry| match &entry.what {
                What::Webhook(webhook) => Some((**webhook).clone()),
                _ => None,
            });
            webhooks.collect()
        })
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.driver.abort();
        self.media.abort();
        self.shared.stop();
    }
}

/// Stops time until it is dropped. Made by [`Emulator::hold`].
#[derive(Debug)]
pub struct Hold(Arc<Shared>);

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.release();
    }
}
