//! A handle to one call.

use std::fmt;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use identity::CallSid;

use crate::address::is_key;
use crate::shared::Shared;
use crate::state::call::Utterance;
use crate::{HandError, Story};

/// One call, controlled as its caller would. Clones are the same call.
#[derive(Clone, Debug)]
pub struct Call {
    shared: Arc<Shared>,
    sid: CallSid,
}

/// A call that does not end, with what it waits for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Stall {
    /// What has happened so far.
    pub story: Box<Story>,
    /// Who waits for whom, each in one clause.
    pub waits: Vec<String>,
}

impl fmt::Display for Stall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "call {} does not end: {}", self.story.sid, self.waits.join("; "))
    }
}

impl std::error::Error for Stall {}

impl Call {
    pub(crate) fn new(shared: Arc<Shared>, sid: CallSid) -> Self {
        Self { shared, sid }
    }

    /// `CA…` of the caller's own leg.
    pub fn sid(&self) -> CallSid {
        self.sid
    }

    /// What has happened so far.
    pub fn story(&self) -> Story {
        self.shared.read(|world| Story::of(world, self.sid))
    }

    /// Waits until the call and all its webhooks are over, including those that faults held back and
    /// those about the call that its conferences send.
    ///
    /// This never returns while a person with [`Behaviour::ByHand`](crate::Behaviour::ByHand) still
    /// has to act. If the emulated time has stood still for 10 s, it says on standard error who waits
    /// for whom. [`Call::ended_within`] returns that.
    pub async fn ended(&self) -> Story {
        let ended = self.over();
        let mut ended = std::pin::pin!(ended);
        let mut before = self.shared.read(|world| world.time.now);
        loop {
            if let Ok(story) = tokio::time::timeout(PATIENCE, &mut ended).await {
                return story;
            }
            let (now, is_real) =
                self.shared.read(|world| (world.time.now, world.time.clock.scale().is_some()));
            if now == before && !is_real {
                // If this fails, there is nowhere left to report it.
                let _ = writeln!(std::io::stderr(), "emulator: {}", self.stall());
                return ended.await;
            }
            before = now;
        }
    }

    /// As [`Call::ended`], but for at most this long on the wall clock.
    ///
    /// # Errors
    ///
    /// [`Stall`], which says who waits for whom.
    pub async fn ended_within(&self, longest: Duration) -> Result<Story, Stall> {
        tokio::time::timeout(longest, self.over()).await.map_err(|_| self.stall())
    }

    fn stall(&self) -> Stall {
        let is_held = self.shared.is_held();
        let (story, waits) = self
            .shared
            .read(|world| (Story::of(world, self.sid), world.waits_for(self.sid, is_held)));
        Stall { story: Box::new(story), waits }
    }

    async fn over(&self) -> Story {
        self.shared
            .until(|world| {
                let over = world.calls.get(&self.sid).is_none_or(|call| call.life.over);
                over.then(|| Story::of(world, self.sid))
            })
            .await
    }

    /// Waits until the story so far meets a condition, or the call is over.
    ///
    /// The condition must not ask the emulator for anything: the world is locked for it.
    pub async fn until(&self, mut condition: impl FnMut(&Story) -> bool) -> Story {
        self.shared
            .until(|world| {
                let story = Story::of(world, self.sid);
                let over = world.calls.get(&self.sid).is_none_or(|call| call.life.over);
                (over || condition(&story)).then_some(story)
            })
            .await
    }

    /// The caller presses keys: `0` to `9`, `*` and `#`. Everybody who hears the caller hears them.
    ///
    /// # Errors
    ///
    /// [`HandError::NotAKey`] if one of them is none, and then none is pressed;
    /// [`HandError::NoCall`] if the call is over.
    pub fn press(&self, keys: &str) -> Result<(), HandError> {
        if !keys.chars().all(is_key) {
            return Err(HandError::NotAKey);
        }
        self.shared.write(|world| {
            for key in keys.chars() {
                let goes_on = world.calls.get(&self.sid).is_some_and(|call| !call.has_ended());
                if !goes_on {
                    return Err(HandError::NoCall);
                }
                world.press_key(self.sid, key);
            }
            Ok(())
        })
    }

    /// The caller says something, which a `<Gather>` of speech, a `<Record>` with `transcribeCallback`
    /// and a `<Transcription>` understand. If nothing listens yet, the next `<Gather>` or `<Record>`
    /// does.
    ///
    /// # Errors
    ///
    /// [`HandError::NoCall`] if the call is over.
    pub fn say(&self, text: &str) -> Result<(), HandError> {
        self.shared.write(|world| {
            world.calls.running(self.sid).ok_or(HandError::NoCall)?;
            world.says(self.sid, Utterance::clear(text));
            Ok(())
        })
    }

    /// The caller hangs up.
    ///
    /// # Errors
    ///
    /// [`HandError::NoCall`] if the call is over.
    pub fn hang_up(&self) -> Result<(), HandError> {
        let was_there = self.shared.write(|world| world.hang_up(self.sid));
        if was_there { Ok(()) } else { Err(HandError::NoCall) }
    }
}

/// How long the emulated time stands still, in real time, before [`Call::ended`] says so.
const PATIENCE: Duration = Duration::from_secs(10);
