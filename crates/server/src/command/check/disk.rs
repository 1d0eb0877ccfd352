//! The data directory: is it writable, private, large enough and fast enough?

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use uuid::Uuid;

use super::Report;
use crate::clock::Clock;
use crate::config::Config;
use crate::journal::Slots;

pub(super) fn look(config: &Config, report: &mut Report) {
    let dir = &config.data_dir;
    let shown = dir.display();
    match try_sync(dir, &config.clock) {
        Ok(took) if took > SLOW => report.fault(
            format!("a sync on the disk of SWITCHROOM_DATA_DIR takes {} ms", took.as_millis()),
            "use a faster disk: callbacks are acknowledged only when they are on it",
        ),
        Ok(_) => report.good("disk of the spool"),
        Err(error) => report.fault(
            format!("SWITCHROOM_DATA_DIR ({shown}) cannot be written: {error}"),
            "give it to the user that runs the server",
        ),
    }
    match rustix::fs::statvfs(dir) {
        Ok(stats) if stats.f_bavail * stats.f_frsize < ROOM => report.fault(
            format!("the disk of SWITCHROOM_DATA_DIR ({shown}) has less than 2 GiB left"),
            "make room: the spool takes up to 1 GiB while the database is away",
        ),
        Ok(_) => {}
        Err(error) => report.skipped("room on the disk", error),
    }
    let slots = Slots::of(dir);
    for line in slots.waiting() {
        report.fault(
            format!("the records of workspace {} wait in the spool {}", line.workspace, line.why),
            "look for what holds or refuses its rows; while nothing is applied at all, look at the database",
        );
    }
    for line in slots.parked() {
        report.fault(
            format!("the records of workspace {} wait {}", line.workspace, line.why),
            "look for what holds or refuses its rows: a lock, a trigger, a policy; it goes on by itself",
        );
    }
    for dir in slots.with_parked() {
        for (name, what) in [("dead", "were refused by the database"), ("damaged", "are damaged")] {
            let count = fs::read_dir(dir.join(name)).map_or(0, Iterator::count);
            if count > 0 {
                let fix = if name == "dead" {
                    "`switchroom spool list` says why, `switchroom spool replay` tries again"
                } else {
                    "check the disk, then remove the files"
                };
                let at = dir.join(name);
                report.fault(format!("{count} records in {} {what}", at.display()), fix);
            }
        }
    }
}

/// Writes and syncs a file as the spool does.
fn try_sync(dir: &Path, clock: &Clock) -> io::Result<Duration> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let path = dir.join(format!("check-{}", Uuid::new_v4().simple()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    let begun = clock.instant();
    let synced = file.write_all(&[0; 4096]).and_then(|()| file.sync_data());
    let took = clock.elapsed(begun);
    fs::remove_file(&path)?;
    synced.map(|()| took)
}

/// The longest time a caller waits for the disk.
const SLOW: Duration = Duration::from_millis(500);

/// The spool's limit, and as much again for spare segments and records that were set aside.
const ROOM: u64 = 2 << 30;
