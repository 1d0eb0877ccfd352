//! The report of a run: one line for each step, with its time.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use harness::Failure;

/// The steps so far.
pub(crate) struct Story {
    /// The command line, without `--only`.
    command: &'static str,
    started: Instant,
    told: Vec<Told>,
}

struct Told {
    name: String,
    took: Duration,
    ok: bool,
}

impl Story {
    pub(crate) fn begin(command: &'static str) -> Self {
        Self { command, started: Instant::now(), told: Vec::new() }
    }

    /// Runs one step and prints its result. Returns whether it passed.
    pub(crate) fn step(
        &mut self,
        name: &str,
        work: impl FnOnce() -> Result<String, Failure>,
    ) -> bool {
        announce(name);
        let started = Instant::now();
        let outcome = work();
        let took = started.elapsed();
        let ok = outcome.is_ok();
        match outcome {
            Ok(said) => println!("{}", line("ok", name, said.trim(), took)),
            Err(failure) => println!("{}\n{failure}", line("FAILED", name, "", took)),
        }
        self.told.push(Told { name: name.to_owned(), took, ok });
        ok
    }

    /// The table of times.
    ///
    /// # Errors
    ///
    /// The same table, if a step failed.
    pub(crate) fn end(self) -> Result<String, Failure> {
        let summary = summary(&self.told, self.started.elapsed());
        let failed: Vec<&str> =
            self.told.iter().filter(|told| !told.ok).map(|told| &*told.name).collect();
        if failed.is_empty() {
            return Ok(summary);
        }
        let what = format!("{} of {} steps: {}", failed.len(), self.told.len(), failed.join(", "));
        let fix = format!("see above; run it again with `{} --only {}`", self.command, failed[0]);
        Err(Failure::new(what, fix).output(summary))
    }
}

/// On a terminal, prints the name of the running step; the step's line overwrites it.
fn announce(name: &str) {
    if io::stdout().is_terminal() {
        print!("   …    {name}\r");
        // A terminal that is gone is no reason to stop.
        io::stdout().flush().unwrap_or_default();
    }
}

fn line(verdict: &str, name: &str, said: &str, took: Duration) -> String {
    format!("{verdict:>6}  {name:<14}{:>8}  {said}", seconds(took)).trim_end().to_owned()
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

fn summary(told: &[Told], total: Duration) -> String {
    let mut text = String::from("\nTime by step:\n");
    for Told { name, took, ok } in told {
        let mark = if *ok { "" } else { "  failed" };
        // Writing to a string cannot fail.
        writeln!(text, "  {name:<14}{:>8}{mark}", seconds(*took)).unwrap_or_default();
    }
    write!(text, "  {:<14}{:>8}", "in all", seconds(total)).unwrap_or_default();
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_a_step_with_its_time() {
        let took = Duration::from_millis(12_340);
        assert_eq!(
            line("ok", "clippy", "no warnings", took),
            "    ok  clippy          12.3 s  no warnings"
        );
        assert_eq!(line("FAILED", "doc", "", took), "FAILED  doc             12.3 s");
    }

    #[test]
    fn every_step_is_done_and_one_failure_fails_the_story() {
        let mut story = Story::begin("cargo xtask test");
        assert!(story.step("one", || Ok("fine".to_owned())));
        assert!(!story.step("two", || Err(Failure::new("broken", "fix"))));
        assert!(story.step("three", || Ok(String::new())));
        let failure = story.end().unwrap_err();
        assert_eq!(failure.what, "1 of 3 steps: two");
        assert_eq!(failure.fix, "see above; run it again with `cargo xtask test --only two`");
        assert!(failure.output.contains("two              0.0 s  failed"), "{}", failure.output);
    }

    #[test]
    fn a_good_story_ends_with_the_times() {
        let told = [Told { name: "fmt".into(), took: Duration::from_millis(300), ok: true }];
        let text = summary(&told, Duration::from_millis(400));
        assert_eq!(text, "\nTime by step:\n  fmt              0.3 s\n  in all           0.4 s");
    }
}
