//! A handle to one call.

use std::sync::Arc;

use identity::CallSid;

use crate::shared::Shared;
use crate::{HandError, Story};

/// One call, controlled as its caller would. Clones are the same call.
#[derive(Clone, Debug)]
pub struct Call {
    shared: Arc<Shared>,
    sid: CallSid,
}

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

    /// Waits until the call and all its webhooks are over, including those that faults held back.
    /// This never returns while a person with [`Behaviour::ByHand`](crate::Behaviour::ByHand) still
    /// has to act.
    pub async fn ended(&self) -> Story {
        self.shared
            .until(|world| {
                let over = world.calls.get(&self.sid).is_none_or(|call| call.life.over);
                over.then(|| Story::of(world, self.sid))
            })
            .await
    }

    /// Waits until the story so far meets a condition, or the call is over.
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
    /// [`HandError::NoCall`] if the call is over.
    pub fn press(&self, keys: &str) -> Result<(), HandError> {
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
