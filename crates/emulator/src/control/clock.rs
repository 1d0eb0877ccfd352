//! The emulated time: how it passes, and how it is moved on.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Fields, Refusal, timeline};
use crate::shared::Shared;

/// The clock and the emulated time.
pub(super) fn show(shared: &Arc<Shared>) -> Value {
    shared.write(|world| {
        json!({
            "clock": world.time.clock.to_string(),
            "now": timeline::moment(world.time.now),
            "advances_to": world.time.advance_to.map(timeline::moment),
        })
    })
}

/// Changes the clock from here on.
pub(super) fn put(shared: &Arc<Shared>, mut body: Fields) -> Result<Value, Refusal> {
    let clock = body.parsed("clock")?.ok_or_else(|| Refusal::bad("`clock` is missing"))?;
    body.end()?;
    shared.write(|world| world.time.set_clock(clock));
    Ok(show(shared))
}

/// Moves the time on, with everything that happens meanwhile. It has arrived once `advances_to` is
/// absent.
pub(super) fn advance(shared: &Arc<Shared>, mut body: Fields) -> Result<Value, Refusal> {
    let length = body.seconds("seconds")?.ok_or_else(|| Refusal::bad("`seconds` is missing"))?;
    body.end()?;
    shared.write(|world| world.time.advance_to = Some(world.time.now + length));
    Ok(show(shared))
}
