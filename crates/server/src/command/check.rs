//! `switchroom check`: is everything ready for the first call? Each fault comes with its fix.

mod database;
mod disk;
mod fetch;
mod public;
mod sessions;
mod silence;
mod twilio;

use std::fmt::Display;

use super::{Failure, variable};
use crate::config::Config;

/// Checks everything that the configuration names, and prints each fault with its fix.
pub(super) async fn run() -> Result<(), Failure> {
    let mut report = Report::default();
    match Config::read(variable) {
        Ok(config) => everything(&config, &mut report).await,
        Err(found) => found.0.into_iter().for_each(|fault| report.faults.push(fault)),
    }
    let mut lines = report.seen;
    if report.faults.is_empty() {
        lines.push("no fault was found".to_owned());
    }
    let next = report.next.iter().enumerate();
    lines.extend(next.map(|(index, step)| format!("next, {}: {step}", index + 1)));
    for line in lines {
        super::print(&line)?;
    }
    if report.faults.is_empty() { Ok(()) } else { Err(Failure::Failed(report.faults.join("\n"))) }
}

async fn everything(config: &Config, report: &mut Report) {
    report.good("configuration");
    disk::look(config, report);
    sessions::look(config, report).await;
    let workspaces = database::look(config, report).await;
    twilio::look(config, &workspaces, report).await;
    public::look(config, &workspaces, report).await;
}

/// What was checked, what is wrong, and what was not done yet.
#[derive(Default)]
struct Report {
    seen: Vec<String>,
    faults: Vec<String>,
    /// Steps of the set-up, in their order. A step that was not taken yet is no fault.
    next: Vec<String>,
}

impl Report {
    fn good(&mut self, what: &str) {
        self.seen.push(format!("good: {what}"));
    }

    /// Something could not be checked, which need not be a fault.
    fn skipped(&mut self, what: &str, why: impl Display) {
        self.seen.push(format!("not checked: {what}: {why}"));
    }

    /// Something that a person should look at, which need not be a fault.
    fn notice(&mut self, what: impl Display, fix: impl Display) {
        self.seen.push(format!("look at this: {what}: {fix}"));
    }

    /// A step before all others.
    fn first(&mut self, step: impl Into<String>) {
        self.next.insert(0, step.into());
    }

    /// The next step of somebody who sets this up.
    fn next(&mut self, step: impl Into<String>) {
        self.next.push(step.into());
    }

    fn fault(&mut self, what: impl Display, fix: impl Display) {
        self.faults.push(format!("{what}: {fix}"));
    }
}
