//! Times, for reports.

use std::time::Duration;

use crate::load::Sent;

/// The times of answers, sorted.
pub(crate) struct Times(Vec<Duration>);

impl Times {
    pub(crate) fn of(times: impl IntoIterator<Item = Duration>) -> Self {
        let mut times: Vec<Duration> = times.into_iter().collect();
        times.sort_unstable();
        Self(times)
    }

    pub(crate) fn of_sent<'a>(sent: impl IntoIterator<Item = &'a Sent>) -> Self {
        Self::of(sent.into_iter().map(|sent| sent.took))
    }

    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }

    /// In milliseconds; `part` is out of 1,000.
    pub(crate) fn quantile(&self, part: usize) -> f64 {
        let index = self.0.len().saturating_sub(1) * part / 1000;
        self.0.get(index).map_or(0.0, |time| time.as_secs_f64() * 1e3)
    }

    pub(crate) fn most(&self) -> Duration {
        self.0.last().copied().unwrap_or_default()
    }

    /// Median, 99 of 100, and the longest.
    pub(crate) fn told(&self) -> String {
        let [half, most, all] = [500, 990, 1000].map(|part| self.quantile(part));
        format!("p50 {half:.1}, p99 {most:.1}, max {all:.0} ms")
    }
}
