//! `switchroom spool`: records that the database refused.

use std::fmt;
use std::fs;
use std::path::PathBuf;

use clap::Subcommand;

use super::{Failure, variable, with_causes};
use crate::config;
use crate::journal::{Entry, Slots};

/// Commands for records that the database refused; `SWITCHROOM_DATA_DIR` says where they are.
#[derive(Debug, Subcommand)]
pub enum SpoolCommand {
    /// Lists the workspaces whose records wait, for a minute or in a log of their own, since when and why, and
    /// the records that were refused, each with its reason.
    List,
    /// Hands records to the server again, once their reason is fixed.
    ///
    /// The server applies them within seconds, or at its next start. Records that are refused again come
    /// back to the list.
    Replay {
        /// The records, by the names that `list` prints; all records if none is given.
        records: Vec<String>,
    },
}

pub(super) async fn run(command: SpoolCommand) -> Result<(), Failure> {
    let slots = Slots::of(&config::data_dir(variable));
    let dead = dead(&slots).map_err(|error| Failure::failed(&error))?;
    match command {
        SpoolCommand::List => {
            let parked = slots.parked();
            let parked = parked.iter().map(|line| {
                format!("workspace {} has a log of its own {}", line.workspace, line.why)
            });
            let waiting = slots.waiting();
            let waiting = waiting.iter().map(|line| {
                format!("workspace {} waits in the spool {}", line.workspace, line.why)
            });
            let dead = dead.iter().map(Dead::to_string);
            let lines: Vec<String> = waiting.chain(parked).chain(dead).collect();
            super::print(&if lines.is_empty() { "none".to_owned() } else { lines.join("\n") })
        }
        SpoolCommand::Replay { records } => {
            let unknown = records.iter().find(|name| dead.iter().all(|one| one.name != **name));
            if let Some(name) = unknown {
                return Err(Failure::Failed(format!("there is no record {name}")));
            }
            let meant = |one: &&Dead| records.is_empty() || records.contains(&one.name);
            let count = replay(&slots, dead.iter().filter(meant)).await?;
            super::print(&format!("{count} records are handed to the server again"))
        }
    }
}

/// A record that was set aside.
struct Dead {
    /// Its spool and sequence: `spool/17`.
    name: String,
    path: PathBuf,
    reason: String,
    payload: Vec<u8>,
}

impl fmt::Display for Dead {
    /// The workspace, the call and the events, without numbers and names.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  ", self.name)?;
        match Entry::read(&self.payload) {
            Ok(entry) => {
                let keys: Vec<String> = entry.events.iter().map(calls::Event::key).collect();
                write!(f, "{}  {}  {}", entry.workspace, entry.call, keys.join(" "))?;
            }
            Err(_) => f.write_str("unreadable")?,
        }
        write!(f, "  {}", self.reason)
    }
}

fn dead(slots: &Slots) -> std::io::Result<Vec<Dead>> {
    let mut dead = Vec::new();
    for dir in slots.with_parked() {
        let Ok(files) = fs::read_dir(dir.join("dead")) else { continue };
        let mut paths = files.map(|file| Ok(file?.path())).collect::<std::io::Result<Vec<_>>>()?;
        paths.sort();
        for path in paths {
            if path.extension().is_some_and(|extension| extension == "record") {
                dead.extend(read(&slots.name(&dir), path)?);
            }
        }
    }
    Ok(dead)
}

/// Reads a file of `dead/`: two lines, an empty line, and the record.
fn read(spool: &str, path: PathBuf) -> std::io::Result<Option<Dead>> {
    let bytes = fs::read(&path)?;
    let Some(end) = bytes.windows(2).position(|two| two == b"\n\n") else { return Ok(None) };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name));
    let name = format!("{spool}/{}", field("sequence: ").unwrap_or_default());
    let reason = field("reason: ").unwrap_or_default().to_owned();
    Ok(Some(Dead { name, reason, payload: bytes[end + 2..].to_vec(), path }))
}

/// Appends records to a spool that no process has open, where the server finds them, and removes their
/// files.
async fn replay<'a>(
    slots: &Slots,
    records: impl Iterator<Item = &'a Dead>,
) -> Result<usize, Failure> {
    let (spool, _) = slots.take().map_err(|error| Failure::failed(&error))?;
    let mut count = 0;
    for record in records {
        let appended = spool.append(record.payload.clone()).await;
        appended.map_err(|error| Failure::Failed(with_causes(&error)))?;
        fs::remove_file(&record.path).map_err(|error| Failure::failed(&error))?;
        count += 1;
    }
    let closed = tokio::task::spawn_blocking(move || spool.close()).await;
    closed.map_err(|error| Failure::failed(&error))?;
    Ok(count)
}
