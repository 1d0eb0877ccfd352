//! Everything there is, for a page that has nothing or too little.

use bytes::Bytes;
use store_pg::Snapshot;
use tracing::warn;

use super::super::frame;
use super::super::seat::Seat;
use super::Room;
use crate::wire::call::Call;

impl Room {
    /// Sends a snapshot to some.
    pub(super) async fn begin_anew(
        &mut self,
        who: impl Fn(&Seat) -> bool,
        reset: Option<&'static str>,
    ) {
        let snapshot = match self.snapshot(&[]).await {
            Ok(Some(snapshot)) => snapshot,
            Ok(None) => return,
            Err(error) => {
                warn!(workspace.id = %self.workspace, "pages wait for a snapshot: {error}");
                // Without it they would show what is no longer so; they come back by themselves.
                self.seats.retain(|seat| !who(seat));
                return;
            }
        };
        let news = self.learn(&snapshot.agents).await;
        self.send_agents(&news);
        let parts = self.parts(&snapshot);
        let mut seats = std::mem::take(&mut self.seats);
        for seat in seats.iter_mut().filter(|seat| who(seat)) {
            seat.unstick();
            self.sit(seat, snapshot.seq, &parts, reset);
        }
        self.seats = seats;
    }

    /// Gives a page everything there is.
    pub(super) fn sit(
        &self,
        seat: &mut Seat,
        seq: i64,
        parts: &Parts,
        reset: Option<&'static str>,
    ) {
        let mut all = Vec::with_capacity(3);
        if let Some(reason) = reset {
            self.shared.metrics.events_reset(reason);
            all.push(frame::reset(reason));
        }
        let me = self.agents.get(&seat.user).map_or("null", String::as_str);
        all.extend([parts.0.clone(), frame::me(me)]);
        seat.send_all(Some(seq), &all);
    }

    /// The part of a snapshot that is the same for everybody.
    pub(super) fn parts(&self, snapshot: &Snapshot) -> Parts {
        let calls = snapshot.calls.iter().map(|call| Call::of(call).text());
        Parts(frame::snapshot(snapshot.seq, self.shared.clock.now(), self.agents.values(), calls))
    }
}

/// The beginning of a snapshot event, which all readers share.
pub(super) struct Parts(Bytes);
