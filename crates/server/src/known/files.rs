//! Everything that is known of workspaces, sealed on disk. A server that starts while its database is away
//! still checks signatures and rings the right agents.

mod document;

use std::collections::{HashMap, HashSet, hash_map};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use identity::{ContactId, PhoneNumber, WorkspaceId};
use store_pg::WorkspaceRow;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::rosters::KnownRoster;
use crate::secrets::SecretsKeys;
use crate::secrets::seal::{self, OpenedBy};
use document::Document;

/// A directory with one sealed file for each workspace.
pub(crate) struct Files {
    dir: PathBuf,
    keys: SecretsKeys,
    /// The workspaces with a file, and a hash of what is in it, if this run wrote it.
    hashes: Mutex<HashMap<WorkspaceId, Option<u64>>>,
}

/// What is known of one workspace.
#[derive(Clone, Debug)]
pub(super) struct KnownWorkspace {
    /// Its account; the credentials in it are sealed once more.
    pub(super) row: WorkspaceRow,
    /// Its roster, if it had a call.
    pub(super) roster: Option<KnownRoster>,
}

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum FileError {
    /// The disk does not give it.
    #[error("it cannot be read: {0}")]
    Read(#[from] io::Error),
    /// It does not open with this key for this workspace.
    #[error("it was sealed with another key or for another workspace")]
    Sealed,
    /// It is larger than any that this version writes.
    #[error("it has more than {MOST_BYTES} bytes")]
    TooLarge,
    /// It opens, and holds something else than this version writes.
    #[error("another version wrote it")]
    Version,
}

impl Files {
    /// Makes the directory if it is missing, closes it to others, and lists what is there. What the
    /// previous key sealed is sealed with the current one.
    pub(crate) fn open(dir: &Path, keys: SecretsKeys) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700))?;
        let mut hashes = HashMap::new();
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            if let Some(Ok(id)) = name.strip_suffix(SUFFIX).map(str::parse) {
                hashes.insert(id, None);
            } else if name.ends_with(UNFINISHED) {
                fs::remove_file(entry.path())?;
            }
        }
        let files = Self { dir: dir.to_owned(), keys, hashes: Mutex::new(hashes) };
        files.reseal()?;
        Ok(files)
    }

    /// Seals with the current key what the previous one sealed: a later run has the current one alone. A
    /// file that does not open, or is gone, stays as it is.
    pub(super) fn reseal(&self) -> io::Result<()> {
        if self.keys.previous.is_none() {
            return Ok(());
        }
        let hashes = self.hashes.lock().unwrap_or_else(PoisonError::into_inner);
        let ids: Vec<WorkspaceId> = hashes.keys().cloned().collect();
        drop(hashes);
        for id in ids {
            if let Ok((clear, OpenedBy::Previous)) = self.open_file(&id) {
                self.replace(&id, &clear)?;
            }
        }
        Ok(())
    }

    /// Reads the file of a workspace, if there is one. The error says why it cannot be used.
    pub(super) fn read(&self, id: &WorkspaceId) -> Result<Option<KnownWorkspace>, FileError> {
        if !self.has(id) {
            return Ok(None);
        }
        let (clear, _) = self.open_file(id)?;
        let document: Document = serde_json::from_slice(&clear).map_err(|_| FileError::Version)?;
        document.read().map(Some).map_err(|_| FileError::Version)
    }

    /// Whether a workspace has a file, without asking the disk.
    pub(super) fn has(&self, id: &WorkspaceId) -> bool {
        self.hashes.lock().unwrap_or_else(PoisonError::into_inner).contains_key(id)
    }

    /// Writes the file of a workspace, durably and atomically, and returns `true`; returns `false` if the
    /// file has the same content already. The error is [`io::ErrorKind::FileTooLarge`] if it would not be
    /// read again.
    pub(super) fn write(&self, id: &WorkspaceId, known: &KnownWorkspace) -> io::Result<bool> {
        let clear = Zeroizing::new(serde_json::to_vec(&Document::of(known))?);
        let mut hasher = DefaultHasher::new();
        clear.hash(&mut hasher);
        let hash = Some(hasher.finish());
        let written = {
            let hashes = self.hashes.lock().unwrap_or_else(PoisonError::into_inner);
            hashes.get(id).copied().flatten()
        };
        if written == hash {
            return Ok(false);
        }
        self.replace(id, &clear)?;
        self.hashes.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), hash);
        Ok(true)
    }

    /// Reads and decrypts the file of a workspace.
    fn open_file(&self, id: &WorkspaceId) -> Result<(Zeroizing<Vec<u8>>, OpenedBy), FileError> {
        let path = self.path(id);
        if fs::metadata(&path)?.len() > MOST_BYTES {
            return Err(FileError::TooLarge);
        }
        let sealed = fs::read(path)?;
        seal::decrypt(&self.keys, &bound(id), &sealed).map_err(|_| FileError::Sealed)
    }

    /// Seals the content of a file and puts it in the place of what is there.
    fn replace(&self, id: &WorkspaceId, clear: &[u8]) -> io::Result<()> {
        let sealed = seal::encrypt(&self.keys.current, &bound(id), clear, seal::nonce())
            .map_err(io::Error::other)?;
        if sealed.len() as u64 > MOST_BYTES {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        // Another process may write the same file at this moment.
        let name = format!("{id}.{}{UNFINISHED}", Uuid::new_v4().simple());
        let (path, unfinished) = (self.path(id), self.dir.join(name));
        let mut options = OpenOptions::new();
        let mut file =
            options.write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
        file.write_all(&sealed)?;
        file.sync_all()?;
        fs::rename(&unfinished, path)?;
        File::open(&self.dir)?.sync_all()
    }

    /// Removes the files of workspaces that do not exist any more.
    pub(super) fn forget(&self, ids: &HashSet<WorkspaceId>) -> io::Result<()> {
        for id in ids {
            let mut hashes = self.hashes.lock().unwrap_or_else(PoisonError::into_inner);
            if let hash_map::Entry::Occupied(file) = hashes.entry(id.clone()) {
                fs::remove_file(self.path(id))?;
                file.remove();
            }
        }
        Ok(())
    }

    /// Removes the file of a workspace. Returns whether it had one.
    pub(crate) fn remove(&self, id: &WorkspaceId) -> io::Result<bool> {
        let had_one = self.has(id);
        self.forget(&HashSet::from([id.clone()]))?;
        Ok(had_one)
    }

    /// Forgets callers of a workspace. Returns how many. A file that cannot be read is as good as none.
    pub(crate) fn forget_callers(
        &self,
        id: &WorkspaceId,
        is_meant: impl Fn(&PhoneNumber, ContactId) -> bool,
    ) -> io::Result<usize> {
        let Ok(Some(mut known)) = self.read(id) else { return Ok(0) };
        let Some(roster) = &mut known.roster else { return Ok(0) };
        let before = roster.callers.len();
        roster.callers.retain(|number, caller| !is_meant(number, caller.contact.id));
        let forgotten = before - roster.callers.len();
        if forgotten > 0 {
            self.write(id, &known)?;
        }
        Ok(forgotten)
    }

    fn path(&self, id: &WorkspaceId) -> PathBuf {
        self.dir.join(format!("{id}{SUFFIX}"))
    }
}

/// The text that a file is bound to. A workspace's id holds no U+0000, so no credentials are bound to the
/// same text.
fn bound(id: &WorkspaceId) -> Vec<u8> {
    [b"known\0", id.as_str().as_bytes()].concat()
}

/// The largest file: a thousand members and two thousand callers take less.
const MOST_BYTES: u64 = 8 * 1_024 * 1_024;

const SUFFIX: &str = ".known";
const UNFINISHED: &str = ".unfinished";

#[cfg(test)]
mod tests {
    use identity::{AccountSid, ApiKeySid, AppSid, ContactId, Timestamp, UserId};
    use routing::{Page, Presence, Role};
    use store_pg::{AgentRow, KnownContact};

    use super::super::rosters::KnownCaller;
    use super::*;
    use crate::secrets::SecretsKey;

    const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const OTHER: &str = "AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const CALLER: &str = "+15005550006";

    struct Dir(PathBuf);

    impl Dir {
        fn new() -> Self {
            let name = format!("switchroom-files-{}", Uuid::new_v4().simple());
            Self(std::env::temp_dir().join(name))
        }

        fn files(&self, key: &str) -> Files {
            Files::open(&self.0, secrets_key(key).into()).unwrap()
        }
    }

    impl Drop for Dir {
        fn drop(&mut self) {
            // What is left is found under the system's temporary directory.
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn secrets_key(text: &str) -> SecretsKey {
        SecretsKey::parse(text).unwrap()
    }

    fn known() -> KnownWorkspace {
        let user = |n| UserId::from_bytes([n; 16]);
        let member = |n, role| AgentRow {
            user: user(n),
            name: None,
            role,
            presence: Presence::Away,
            presence_since: None,
            on_call_since: None,
            offered_since: None,
            call: None,
            idle_since: Some(Timestamp::from_unix_seconds(1_767_225_600)),
            ready_since: None,
            page: Page::Unknown,
            online_until: None,
            page_ready_until: None,
            page_lacks: None,
        };
        let contact =
            KnownContact { id: ContactId::from_bytes([9; 16]), name: Some("Ana Example".into()) };
        let caller = KnownCaller { contact, assigned: vec![user(2), user(3)] };
        KnownWorkspace {
            row: WorkspaceRow {
                account: AccountSid::from_bytes([1; 16]),
                api_key: ApiKeySid::from_bytes([2; 16]),
                app: AppSid::from_bytes([3; 16]),
                sealed: vec![0, 1, 254, 255],
                policy: serde_json::json!({ "routing": { "ring_seconds": 20 } }),
                numbers: vec!["+15005550001".parse().unwrap()],
                caller_id: Some("+442071838750".parse().unwrap()),
                region: Some("ie1".to_owned()),
                edge: Some("dublin".to_owned()),
            },
            roster: Some(KnownRoster {
                members: [member(1, Role::Agent), member(2, Role::Admin)].into(),
                callers: HashMap::from([(CALLER.parse().unwrap(), caller)]),
                read: None,
            }),
        }
    }

    #[test]
    fn what_is_kept_is_read_again_by_a_later_run() {
        let (dir, id) = (Dir::new(), "acme".parse().unwrap());
        let files = dir.files(KEY);
        assert!(files.read(&id).unwrap().is_none());
        assert!(files.write(&id, &known()).unwrap());
        assert!(!files.write(&id, &known()).unwrap(), "the same is not written twice");
        let read = dir.files(KEY).read(&id).unwrap().unwrap();
        assert_eq!(read.roster, known().roster);
        assert_eq!(format!("{:?}", read.row), format!("{:?}", known().row));

        files.forget(&HashSet::from([id.clone()])).unwrap();
        assert!(files.read(&id).unwrap().is_none());
        assert!(dir.files(KEY).read(&id).unwrap().is_none());
    }

    #[test]
    fn what_the_previous_key_sealed_is_sealed_with_the_current_one() {
        let (dir, id) = (Dir::new(), "acme".parse().unwrap());
        dir.files(KEY).write(&id, &known()).unwrap();
        fs::write(dir.0.join("bolt.known"), [0; 100]).unwrap();
        let both = SecretsKeys { current: secrets_key(OTHER), previous: Some(secrets_key(KEY)) };
        let files = Files::open(&dir.0, both).unwrap();
        assert_eq!(files.read(&id).unwrap().unwrap().roster, known().roster);
        assert!(dir.files(KEY).read(&id).is_err(), "the previous key is not needed any more");
        assert_eq!(dir.files(OTHER).read(&id).unwrap().unwrap().roster, known().roster);
        assert_eq!(fs::read(dir.0.join("bolt.known")).unwrap(), [0; 100], "it stays as it was");

        // A process that has only the previous key ends after this one began.
        dir.files(KEY).write(&id, &known()).unwrap();
        assert!(dir.files(OTHER).read(&id).is_err());
        files.reseal().unwrap();
        assert!(dir.files(OTHER).read(&id).unwrap().is_some());
    }

    #[test]
    fn a_file_has_a_bounded_size() {
        let (dir, id) = (Dir::new(), "acme".parse().unwrap());
        let files = dir.files(KEY);
        files.write(&id, &known()).unwrap();
        let mut large = known();
        large.row.policy = serde_json::json!("x".repeat(9 * 1_024 * 1_024));
        let refused = files.write(&id, &large).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(files.read(&id).unwrap().unwrap().roster, known().roster, "the one of before");
        fs::write(dir.0.join("acme.known"), vec![0; 9 * 1_024 * 1_024]).unwrap();
        assert!(matches!(files.read(&id), Err(FileError::TooLarge)));
    }

    #[test]
    fn nobody_else_reads_it() {
        let (dir, id) = (Dir::new(), "acme".parse().unwrap());
        dir.files(KEY).write(&id, &known()).unwrap();
        let file = dir.0.join("acme.known");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&dir.0), mode(&file)), (0o700, 0o600));
        let bytes = fs::read(&file).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        for secret in ["Ana", CALLER, "ring_seconds", "AC0101"] {
            assert!(!text.contains(secret), "{secret}");
        }
    }

    #[test]
    fn a_file_that_is_not_ours_is_as_good_as_none() {
        let (dir, acme) = (Dir::new(), "acme".parse().unwrap());
        dir.files(KEY).write(&acme, &known()).unwrap();
        assert!(dir.files(OTHER).read(&acme).is_err(), "another key");
        let file = dir.0.join("acme.known");
        let good = fs::read(&file).unwrap();
        fs::write(dir.0.join("bolt.known"), &good).unwrap();
        assert!(dir.files(KEY).read(&"bolt".parse().unwrap()).is_err(), "another workspace's");
        for at in [0, 5, 30, good.len() - 1] {
            let mut flipped = good.clone();
            flipped[at] ^= 1;
            fs::write(&file, flipped).unwrap();
            assert!(dir.files(KEY).read(&acme).is_err(), "byte {at}");
        }
        for length in [0, 1, 24, 25, good.len() - 1] {
            fs::write(&file, &good[..length]).unwrap();
            assert!(dir.files(KEY).read(&acme).is_err(), "{length} bytes");
        }
        // What a run that was killed left half-written is no file of a workspace.
        fs::write(dir.0.join("acme.unfinished"), b"half").unwrap();
        fs::write(&file, good).unwrap();
        assert!(dir.files(KEY).read(&acme).unwrap().is_some());
        assert!(!dir.0.join("acme.unfinished").exists());
    }

    #[test]
    fn credentials_and_what_is_known_do_not_pass_for_each_other() {
        let key = secrets_key(KEY);
        let id: WorkspaceId = "acme".parse().unwrap();
        let sealed = seal::encrypt(&key, &bound(&id), b"{}", [7; seal::NONCE]).unwrap();
        let keys = SecretsKeys::from(key);
        assert!(seal::open(&keys, &id, &sealed).is_err());
        assert!(seal::decrypt(&keys, id.as_str().as_bytes(), &sealed).is_err());
        assert!(seal::decrypt(&keys, &bound(&id), &sealed).is_ok());
    }
}
