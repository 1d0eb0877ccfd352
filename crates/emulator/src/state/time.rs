//! The emulated clock, and the events that are planned on it.

use std::time::{Duration, Instant};

use identity::Timestamp;

use super::agenda::{Agenda, Due};
use crate::Clock;

/// The clock and the agenda.
#[derive(Debug)]
pub(crate) struct Time {
    pub(crate) clock: Clock,
    pub(crate) now: Timestamp,
    /// The same moment on the wall clock and on the emulated clock, for a clock that follows the
    /// wall clock.
    anchor: (Instant, Timestamp),
    agenda: Agenda,
    /// The moment at which `Emulator::advance` ends.
    pub(crate) advance_to: Option<Timestamp>,
}

impl Time {
    pub(crate) fn new(clock: Clock, now: Timestamp) -> Self {
        let agenda = Agenda::default();
        Self { clock, now, anchor: (Instant::now(), now), agenda, advance_to: None }
    }

    /// Lets the clock catch up with the wall clock, if it follows it.
    pub(crate) fn catch_up(&mut self) {
        if let Some(scale) = self.clock.scale() {
            let passed = self.anchor.0.elapsed().saturating_mul(scale);
            self.now = self.now.max(self.anchor.1 + passed);
        }
    }

    /// Changes the clock from here on.
    pub(crate) fn set_clock(&mut self, clock: Clock) {
        self.catch_up();
        self.clock = clock;
        self.drop_anchor();
    }

    /// Moves the clock to `at`, if that is later than now.
    pub(crate) fn jump(&mut self, at: Timestamp) {
        if at > self.now {
            self.now = at;
            self.drop_anchor();
        }
    }

    fn drop_anchor(&mut self) {
        self.anchor = (Instant::now(), self.now);
    }

    /// Plans an event.
    pub(crate) fn schedule(&mut self, after: Duration, due: Due) {
        self.agenda.push(self.now + after, due);
    }

    pub(crate) fn next_at(&self) -> Option<Timestamp> {
        self.agenda.next_at()
    }

    pub(crate) fn peek(&self) -> Option<Due> {
        self.agenda.peek()
    }

    pub(crate) fn pop(&mut self) -> Option<(Timestamp, Due)> {
        self.agenda.pop()
    }

    /// The real time until the next event, if the clock follows the wall clock.
    pub(crate) fn wall_wait(&self) -> Option<Duration> {
        let next = self.agenda.next_at()?;
        let scale = self.clock.scale().filter(|scale| *scale > 0)?;
        Some(next.since(self.now) / scale)
    }

    /// Converts a length of real time into emulated time: browsers and tokens live in real time.
    pub(crate) fn as_on_the_wall(&self, length: Duration) -> Duration {
        length * self.clock.scale().unwrap_or(1).max(1)
    }
}
