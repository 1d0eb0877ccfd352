//! Segments that are prepared before they are needed.
//!
//! Filling 16 MiB with zeroes and syncing them takes a while; an append must not wait for it.
#![expect(clippy::disallowed_methods, reason = "only a failing disk's next try depends on it")]

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::Fault;
use crate::file;
use crate::storage::{Storage, Stored};

/// The place for one prepared segment.
pub(crate) struct Spares {
    storage: Arc<dyn Storage>,
    bytes: u64,
    /// The pause after a failure before the next attempt; until then the failure is reported to every caller.
    pause: Duration,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    stage: Stage,
    /// Makes the names of files differ.
    made: u64,
    failed: Option<(Instant, Fault)>,
}

enum Stage {
    Empty,
    Wanted,
    Making,
    Ready(Spare),
    Stopped,
}

/// A file of zeroes, synced, under a name that no recovery takes for a segment.
pub(crate) struct Spare {
    pub(crate) name: String,
    pub(crate) file: Arc<dyn Stored>,
}

impl Spares {
    pub(crate) fn new(storage: Arc<dyn Storage>, bytes: u64, pause: Duration) -> Self {
        let state = State { stage: Stage::Empty, made: 0, failed: None };
        Self { storage, bytes, pause, state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Asks the thread that runs [`Self::work`] for a spare, unless there is one.
    pub(crate) fn want(&self) {
        let mut state = self.lock();
        if matches!(state.stage, Stage::Empty) && state.failed.is_none() {
            state.stage = Stage::Wanted;
            self.changed.notify_all();
        }
    }

    /// Takes the spare; prepares one on this thread if none is ready or in preparation.
    pub(crate) fn take(&self) -> Result<Spare, Fault> {
        let mut state = self.lock();
        while matches!(state.stage, Stage::Making) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if let Stage::Ready(_) = &state.stage
            && let Stage::Ready(spare) = std::mem::replace(&mut state.stage, Stage::Empty)
        {
            if self.storage.keeps(&spare.name, &*spare.file).is_ok() {
                return Ok(spare);
            }
            self.discard(spare);
        }
        if let Some((when, fault)) = state.failed
            && when.elapsed() < self.pause
        {
            return Err(fault);
        }
        let number = state.made;
        state.made += 1;
        let made = self.make(number);
        state.failed = made.as_ref().err().map(|fault| (Instant::now(), *fault));
        if matches!(state.stage, Stage::Wanted) {
            state.stage = Stage::Empty;
        }
        made
    }

    /// Prepares spares on request, until [`Self::stop`].
    pub(crate) fn work(&self) {
        let mut state = self.lock();
        loop {
            match state.stage {
                Stage::Stopped => return,
                Stage::Wanted => {
                    state.stage = Stage::Making;
                    let number = state.made;
                    state.made += 1;
                    drop(state);
                    let result = self.make(number);
                    state = self.lock();
                    state.failed = result.as_ref().err().map(|fault| (Instant::now(), *fault));
                    state.stage = match (&state.stage, result) {
                        (Stage::Stopped, Ok(unneeded)) => {
                            self.discard(unneeded);
                            Stage::Stopped
                        }
                        (Stage::Stopped, Err(_)) => Stage::Stopped,
                        (_, Ok(ready)) => Stage::Ready(ready),
                        (_, Err(_)) => Stage::Empty,
                    };
                    self.changed.notify_all();
                }
                _ => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// Ends [`Self::work`] and deletes the spare.
    pub(crate) fn stop(&self) {
        let mut state = self.lock();
        if let Stage::Ready(spare) = std::mem::replace(&mut state.stage, Stage::Stopped) {
            self.discard(spare);
        }
        self.changed.notify_all();
    }

    fn make(&self, number: u64) -> Result<Spare, Fault> {
        let name = file::unfinished(&format!("spare-{number}"));
        let fill = || -> io::Result<Arc<dyn Stored>> {
            let file = self.storage.create(&name)?;
            let zeroes = vec![0; CHUNK];
            let mut at = 0;
            while at < self.bytes {
                let bytes = (self.bytes - at).min(CHUNK as u64);
                file.write(at, &zeroes[..usize::try_from(bytes).unwrap_or(CHUNK)])?;
                // Piece by piece: the spool's syncs would wait behind one large sync.
                file.sync()?;
                at += bytes;
            }
            Ok(file.into())
        };
        match fill() {
            Ok(filled) => Ok(Spare { name, file: filled }),
            Err(error) => {
                // The unfinished file would take up space that may be scarce.
                let _ = self.storage.remove(&name);
                Err(Fault::new("make a segment", &error))
            }
        }
    }

    /// The next start deletes it if this cannot.
    pub(crate) fn discard(&self, spare: Spare) {
        drop(spare.file);
        let _ = self.storage.remove(&spare.name);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const CHUNK: usize = 512 << 10;
