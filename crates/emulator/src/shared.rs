//! The world behind its lock, and how to wait for its changes.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use identity::CallSid;
use tokio::sync::{Notify, watch};

use crate::http::Request;
use crate::media::Media;
use crate::world::World;

/// The world behind its lock.
#[derive(Debug)]
pub(crate) struct Shared {
    world: Mutex<World>,
    pub(crate) wake: Notify,
    changed: watch::Sender<u64>,
    holds: AtomicUsize,
    stopped: AtomicBool,
    pub(crate) media: Media,
}

impl Shared {
    pub(crate) fn new(world: World, media: Media) -> Arc<Self> {
        Arc::new(Self {
            world: Mutex::new(world),
            wake: Notify::new(),
            changed: watch::Sender::new(0),
            holds: AtomicUsize::new(0),
            stopped: AtomicBool::new(false),
            media,
        })
    }

    /// Reads the world.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.lock())
    }

    /// Changes the world, and wakes everybody who waits for a change.
    pub(crate) fn write<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let result = {
            let mut world = self.lock();
            world.time.catch_up();
            let result = change(&mut world);
            world.close_lanes();
            if world.has_audio() {
                self.media.wanted.notify_one();
            }
            result
        };
        self.wake.notify_one();
        self.mark_changed();
        result
    }

    /// Takes something out of the world. Nobody is woken.
    pub(crate) fn take<T>(&self, take: impl FnOnce(&mut World) -> T) -> T {
        take(&mut self.lock())
    }

    /// A receiver that notices each change of the world.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Ends every connection.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        self.mark_changed();
    }

    pub(crate) fn has_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// Adds the sound of these legs to the recordings. Nobody is woken.
    pub(crate) fn record<'f>(&self, spoken: impl Iterator<Item = (CallSid, &'f [u8])>) {
        let mut world = self.lock();
        if world.recordings.any_goes_on() {
            world.time.catch_up();
            spoken.for_each(|(leg, frame)| world.spoke(leg, frame));
        }
    }

    /// Waits until `look` finds a result in the world.
    pub(crate) async fn until<T>(&self, mut look: impl FnMut(&World) -> Option<T>) -> T {
        let mut changes = self.changed.subscribe();
        loop {
            changes.borrow_and_update();
            if let Some(found) = self.read(&mut look) {
                return found;
            }
            if changes.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Whether a [`Hold`](crate::Hold) stops time.
    pub(crate) fn is_held(&self) -> bool {
        self.holds.load(Ordering::SeqCst) > 0
    }

    pub(crate) fn hold(&self) {
        self.holds.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn release(&self) {
        self.holds.fetch_sub(1, Ordering::SeqCst);
        self.wake.notify_one();
    }

    pub(crate) fn mark_changed(&self) {
        self.changed.send_modify(|version| *version += 1);
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One step of the world: the requests to send, whether anything happened, and how long to
    /// wait.
    pub(crate) fn turn(&self) -> (Vec<Request>, bool, Option<Duration>) {
        let mut world = self.lock();
        let requests = world.take_requests();
        let moved = requests.is_empty() && world.step(|| self.is_held());
        let wait = if moved { None } else { world.wall_wait() };
        (requests, moved, wait)
    }
}
