//! Time, in batches.

use std::hint::black_box;
use std::time::{Duration, Instant};

use serde_json::Value;

/// A case: what it makes, and how to make it so many times.
pub(crate) struct Work<'a> {
    pub(crate) shown: Value,
    batch: Box<dyn FnMut(u32) -> Duration + 'a>,
}

impl<'a> Work<'a> {
    pub(crate) fn new<T>(shown: Value, mut once: impl FnMut() -> T + 'a) -> Self {
        let batch = move |count| {
            let started = Instant::now();
            for _ in 0..count {
                black_box(once());
            }
            started.elapsed()
        };
        Self { shown, batch: Box::new(batch) }
    }

    /// The median of batches of about a millisecond, in nanoseconds for one.
    pub(crate) fn measure(&mut self, milliseconds: u64) -> f64 {
        let mut count = 1;
        while (self.batch)(count) < Duration::from_millis(1) {
            count *= 2;
        }
        let mut times = Vec::new();
        let started = Instant::now();
        while times.is_empty() || started.elapsed() < Duration::from_millis(milliseconds) {
            times.push((self.batch)(count).as_secs_f64() * 1e9 / f64::from(count));
        }
        times.sort_by(f64::total_cmp);
        f64::midpoint(times[(times.len() - 1) / 2], times[times.len() / 2])
    }
}
