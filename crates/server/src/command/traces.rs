//! What the files of the data directory hold of a person or a workspace.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use identity::{CallSid, ContactId, PhoneNumber, WorkspaceId};
use spool::{Config, OpenError, Spool};

use super::{Failure, variable};
use crate::config;
use crate::journal::{Entry, Slots, has_segment};
use crate::known::Files;

/// Whose traces they are.
pub(super) struct Wanted<'a> {
    pub(super) workspace: &'a WorkspaceId,
    /// `None`: everything of the workspace.
    pub(super) person: Option<Whose<'a>>,
}

/// A person.
pub(super) struct Whose<'a> {
    pub(super) numbers: &'a [PhoneNumber],
    pub(super) contact: Option<ContactId>,
    pub(super) calls: &'a [CallSid],
}

/// What was found in files and what was done.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Records of `dead/` that were deleted.
    dead: usize,
    /// Waiting records that were deleted.
    waiting: usize,
    /// Callers of `known/` that were forgotten; `None` without the key.
    known: Option<usize>,
    /// Files that a running server has open and that hold something.
    in_use: Vec<PathBuf>,
    /// Damaged parts of files, which nobody can read record by record.
    damaged: Vec<PathBuf>,
}

impl Wanted<'_> {
    /// Deletes what is in the files of the data directory, but for those that a running server has open.
    pub(super) async fn remove(&self) -> Result<Found, Failure> {
        let data_dir = config::data_dir(variable);
        let mut found = Found::default();
        let failed = |error: io::Error| Failure::failed(&error);
        for dir in Slots::of(&data_dir).with_parked() {
            self.remove_dead(&dir, &mut found).map_err(failed)?;
            found.damaged.extend(self.files_with(&dir.join("damaged")).map_err(failed)?);
            let holding = self.files_with(&dir).map_err(failed)?;
            if holding.is_empty() || !has_segment(&dir).map_err(failed)? {
                continue;
            }
            match Spool::open(&dir, Config::default()) {
                Ok(spool) => found.waiting += self.rewrite(&spool).await?,
                Err(OpenError::InUse { .. }) => found.in_use.extend(holding),
                Err(error) => return Err(Failure::failed(&error)),
            }
        }
        found.known = self.forget(&data_dir.join("known")).map_err(failed)?;
        Ok(found)
    }

    fn remove_dead(&self, dir: &Path, found: &mut Found) -> io::Result<()> {
        for path in files(&dir.join("dead"))? {
            let bytes = fs::read(&path)?;
            let record =
                bytes.windows(2).position(|two| two == b"\n\n").map(|end| &bytes[end + 2..]);
            if record.is_some_and(|payload| self.is_meant(payload)) {
                fs::remove_file(&path)?;
                found.dead += 1;
            }
        }
        Ok(())
    }

    /// Takes every waiting record out of a spool and puts back those that are not meant. The old segments,
    /// with the records that were applied already, go with that.
    async fn rewrite(&self, spool: &Spool) -> Result<usize, Failure> {
        let mut left = spool.stats().pending_records;
        let mut removed = 0;
        while left > 0 {
            let reader = spool.clone();
            let batch = tokio::task::spawn_blocking(move || reader.next_batch(BATCH)).await;
            let batch = batch.map_err(|error| Failure::failed(&error))?;
            let batch = batch.map_err(|error| Failure::failed(&error))?;
            let Some(last) = batch.last().map(|record| record.sequence) else { break };
            for record in batch {
                left = left.saturating_sub(1);
                if self.is_meant(&record.payload) {
                    removed += 1;
                    continue;
                }
                let kept = spool.append(record.payload).await;
                kept.map_err(|error| Failure::failed(&error))?;
            }
            let writer = spool.clone();
            let advanced = tokio::task::spawn_blocking(move || writer.advance(last)).await;
            let advanced = advanced.map_err(|error| Failure::failed(&error))?;
            advanced.map_err(|error| Failure::failed(&error))?;
        }
        let spool = spool.clone();
        let closed = tokio::task::spawn_blocking(move || spool.close()).await;
        closed.map_err(|error| Failure::failed(&error))?;
        Ok(removed)
    }

    /// Whether a record is of the person or the workspace.
    fn is_meant(&self, payload: &[u8]) -> bool {
        let Ok(entry) = Entry::read(payload) else { return false };
        entry.workspace == *self.workspace
            && self
                .person
                .as_ref()
                .is_none_or(|person| person.calls.contains(&entry.call) || self.is_in(payload))
    }

    /// Whether the text of a file names the person or the workspace.
    fn is_in(&self, bytes: &[u8]) -> bool {
        let has = |text: &str| contains(bytes, text);
        match &self.person {
            None => has(&format!("\"workspace\":\"{}\"", self.workspace)),
            Some(person) => {
                person.numbers.iter().any(|number| has(number.as_str()))
                    || person.contact.is_some_and(|contact| has(&contact.to_string()))
                    || person.calls.iter().any(|call| has(call.as_str()))
            }
        }
    }

    /// The files of a directory, not of those in it, that name the person or the workspace.
    fn files_with(&self, dir: &Path) -> io::Result<Vec<PathBuf>> {
        let mut found = files(dir)?;
        let mut fault = None;
        found.retain(|path| match fs::read(path) {
            Ok(bytes) => self.is_in(&bytes),
            // A running server deletes what is applied.
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => {
                fault = Some(error);
                false
            }
        });
        fault.map_or(Ok(found), Err)
    }

    /// Takes the person, or the workspace, out of what servers know.
    fn forget(&self, dir: &Path) -> io::Result<Option<usize>> {
        if !dir.is_dir() {
            return Ok(Some(0));
        }
        let Ok(keys) = config::secrets_keys(variable) else { return Ok(None) };
        let files = Files::open(dir, keys)?;
        match &self.person {
            None => files.remove(self.workspace).map(|was_there| Some(usize::from(was_there))),
            Some(person) => {
                let is_meant = |number: &PhoneNumber, contact: ContactId| {
                    person.contact == Some(contact)
                        || person.numbers.iter().any(|own| dialling::same(own, number))
                };
                files.forget_callers(self.workspace, is_meant).map(Some)
            }
        }
    }
}

impl Found {
    /// What was found where, for a person to read.
    pub(super) fn lines(&self) -> Vec<String> {
        let data_dir = config::data_dir(variable);
        let mut lines = vec![format!("files in {}:", data_dir.display())];
        lines.push(format!("  records that wait for the database: {} deleted", self.waiting));
        lines.push(format!("  records that were refused (dead/): {} deleted", self.dead));
        lines.push(match self.known {
            Some(count) => format!("  last callers and accounts (known/): {count} forgotten"),
            None => "  last callers and accounts (known/): not looked at, because \
                     SWITCHROOM_SECRETS_KEY is missing"
                .to_owned(),
        });
        for path in &self.in_use {
            lines.push(format!(
                "  {}: a running server has it open. It does not keep what is in it, and deletes the file \
                 within 10 minutes after its last record was handled",
                path.display()
            ));
        }
        for path in &self.damaged {
            lines
                .push(format!("  {}: a damaged part of a file: delete it by hand", path.display()));
        }
        lines
    }
}

/// Whether a text stands in the bytes, and no digit behind it.
fn contains(bytes: &[u8], text: &str) -> bool {
    let length = text.len();
    let found = bytes.windows(length).enumerate().filter(|(_, window)| *window == text.as_bytes());
    found
        .map(|(at, _)| bytes.get(at + length))
        .any(|next| next.is_none_or(|next| !next.is_ascii_digit()))
}

/// The files of a directory by name; none if there is no directory.
fn files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    let mut files: Vec<PathBuf> = paths.into_iter().filter(|path| path.is_file()).collect();
    files.sort();
    Ok(files)
}

/// Records that are read at once.
const BATCH: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_not_found_in_a_longer_one() {
        for (text, want) in [
            ("[\"+15005550001\"]", true),
            ("+15005550001", true),
            ("+150055500012", false),
            ("+150055500012 +15005550001 ", true),
            ("15005550001", false),
            ("", false),
        ] {
            assert_eq!(contains(text.as_bytes(), "+15005550001"), want, "{text}");
        }
    }
}
