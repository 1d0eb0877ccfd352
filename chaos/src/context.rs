//! What every campaign is told.

use std::path::PathBuf;
use std::time::Instant;

use crate::dice::Dice;
use crate::program::Program;

/// What every campaign is told.
pub(crate) struct Context {
    /// Its name, by which its dice are thrown.
    pub(crate) name: &'static str,
    /// Whether it takes its time.
    pub(crate) is_long: bool,
    /// The same seed decides the same.
    pub(crate) seed: u64,
    /// What is judged.
    pub(crate) program: Program,
    /// A directory of its own.
    pub(crate) directory: PathBuf,
    /// When it began.
    pub(crate) began: Instant,
}

impl Context {
    /// A figure of the short form, or of the long one.
    pub(crate) fn pick<T>(&self, short: T, long: T) -> T {
        if self.is_long { long } else { short }
    }

    pub(crate) fn dice(&self) -> Dice {
        Dice::new(self.seed, self.name)
    }

    /// A line for whoever waits.
    pub(crate) fn progress(&self, text: &str) {
        println!("        {:<10} {:>6.1} s  {text}", self.name, self.began.elapsed().as_secs_f64());
    }
}
