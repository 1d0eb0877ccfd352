//! The settings of a campaign.

use std::path::PathBuf;
use std::time::Instant;

use crate::dice::Dice;
use crate::program::Program;

/// The settings of a campaign.
pub(crate) struct Context {
    /// Its name, which also seeds its dice.
    pub(crate) name: &'static str,
    /// Whether this is the long form.
    pub(crate) is_long: bool,
    /// Seed of all random decisions.
    pub(crate) seed: u64,
    /// What the names of the troubles have that are caused; without it, all are.
    pub(crate) trouble: Option<String>,
    /// The program under test.
    pub(crate) program: Program,
    /// A directory of its own.
    pub(crate) directory: PathBuf,
    /// When it began.
    pub(crate) began: Instant,
}

impl Context {
    /// Chooses between the short and the long form.
    pub(crate) fn pick<T>(&self, short: T, long: T) -> T {
        if self.is_long { long } else { short }
    }

    pub(crate) fn dice(&self) -> Dice {
        Dice::new(self.seed, self.name)
    }

    /// Prints a line about the progress.
    pub(crate) fn progress(&self, text: &str) {
        println!("        {:<10} {:>6.1} s  {text}", self.name, self.began.elapsed().as_secs_f64());
    }
}
