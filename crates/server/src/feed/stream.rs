//! One stream of events, as a connection reads it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Interval, MissedTickBehavior, Sleep};

use super::frame;
use crate::metrics::Metrics;

/// The events for one page. It ends with the session, when its channel ends it, and when the
/// server stops.
pub(crate) struct EventStream {
    // Dropped first: the channel is woken after that, and finds the stream closed.
    queue: mpsc::Receiver<Bytes>,
    beat: Interval,
    end: Pin<Box<Sleep>>,
    _wake_at_end: WakeAtEnd,
}

/// Wakes the channel when a stream is gone.
struct WakeAtEnd {
    wake: Arc<Notify>,
    metrics: Arc<Metrics>,
}

impl Drop for WakeAtEnd {
    fn drop(&mut self) {
        self.metrics.stream_closed();
        self.wake.notify_one();
    }
}

impl EventStream {
    pub(super) fn new(
        queue: mpsc::Receiver<Bytes>,
        lasts: Duration,
        wake: Arc<Notify>,
        metrics: Arc<Metrics>,
    ) -> Self {
        metrics.stream_opened();
        let mut beat = tokio::time::interval(BEAT);
        beat.reset();
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let end = Box::pin(tokio::time::sleep(lasts));
        Self { queue, beat, end, _wake_at_end: WakeAtEnd { wake, metrics } }
    }
}

impl Stream for EventStream {
    type Item = Bytes;

    /// The next bytes to send; `None` at the end.
    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if self.end.as_mut().poll(context).is_ready() {
            return Poll::Ready(None);
        }
        if let Poll::Ready(event) = self.queue.poll_recv(context) {
            return Poll::Ready(event);
        }
        self.beat.poll_tick(context).map(|_| Some(frame::BEAT))
    }
}

/// How often a quiet stream shows that it is alive: proxies close connections that are silent for a
/// minute, and a peer that is gone is noticed only when something is sent.
const BEAT: Duration = Duration::from_secs(15);
