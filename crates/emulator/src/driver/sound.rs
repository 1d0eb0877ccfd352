//! The task that moves sound: every 20 ms the world says who hears whom, and the media engine
//! plays it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::frame::LineId;
use crate::shared::Shared;
use crate::world::World;

/// Moves sound until the emulator stops.
pub(crate) async fn run(shared: Arc<Shared>) {
    let media = &shared.media;
    let mut datagram = vec![0; 2048];
    loop {
        media.wanted.notified().await;
        let mut beat = interval(BEAT);
        // Missed beats are caught up, so that no sound is lost.
        beat.set_missed_tick_behavior(MissedTickBehavior::Burst);
        while shared.read(World::has_audio) {
            tokio::select! {
                () = media.receive(&mut datagram) => {}
                _ = beat.tick() => round(&shared),
            }
        }
        media.forget(&BTreeSet::new(), &[]);
    }
}

/// One beat: reads from the world who hears whom, and passes it the keys that were pressed.
fn round(shared: &Shared) {
    let (seats, lines) = shared.read(|world| {
        let lines: BTreeSet<LineId> = world.signal.lines.iter().map(|(line, _)| line).collect();
        (world.seats(), lines)
    });
    let played = shared.media.play(&seats);
    shared.media.forget(&lines, &seats);
    for (line, key) in played.keys {
        shared.write(|world| world.key_of_line(line, key));
    }
    shared.record(played.spoken.iter().map(|(leg, frame)| (*leg, frame.as_slice())));
}

/// The length of a frame.
const BEAT: Duration = Duration::from_millis(20);
