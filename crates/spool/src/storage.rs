//! The disk operations of a spool, so that tests can make each of them fail.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::{Fault, OpenError};

/// A directory with two directories in it, [`DEAD`] and [`DAMAGED`].
///
/// Names are relative to it, with `/` between directory and file.
pub(crate) trait Storage: Send + Sync + 'static {
    /// Creates an empty file, or replaces an existing one.
    fn create(&self, name: &str) -> io::Result<Box<dyn Stored>>;
    /// Opens a file to read it.
    fn open(&self, name: &str) -> io::Result<Box<dyn Stored>>;
    /// Cuts a file off and syncs it.
    fn truncate(&self, name: &str, size: u64) -> io::Result<()>;
    /// Renames a file, and replaces an existing one.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Deletes a file.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Makes the names in a directory durable; the spool's own is `""`.
    fn sync_dir(&self, dir: &str) -> io::Result<()>;
    /// The names of the files in a directory, in any order.
    fn list(&self, dir: &str) -> io::Result<Vec<String>>;
    /// Whether the next start would find this open file under this name; `NotFound` if somebody
    /// deleted, moved or replaced it, a directory above it, or the proof of ownership.
    fn keeps(&self, name: &str, file: &dyn Stored) -> io::Result<()>;
    /// Makes the directories again if they are gone, and owns them again.
    fn restore(&self) -> io::Result<()>;
}

/// An open file. One thread writes to it; another may sync it meanwhile.
pub(crate) trait Stored: Send + Sync {
    /// Reads up to the buffer's length from a place; 0 is the end.
    fn read(&mut self, at: u64, buffer: &mut [u8]) -> io::Result<usize>;
    /// Writes all bytes at a place. They survive the end of this process, but no power cut.
    fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()>;
    /// Makes durable what was written before this call.
    fn sync(&self) -> io::Result<()>;
    /// The length in bytes.
    fn size(&self) -> io::Result<u64>;
    /// Which file it is, whatever its name.
    fn identity(&self) -> io::Result<Identity>;
}

/// The device and the number of a file on it. No other file has the same while it is open.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Identity(pub(crate) u64, pub(crate) u64);

/// The directory for records that cannot be applied.
pub(crate) const DEAD: &str = "dead";
/// The directory for the unreadable ends of segments.
pub(crate) const DAMAGED: &str = "damaged";

/// A directory of the file system.
pub(crate) struct Disk {
    root: PathBuf,
    lock: Arc<Mutex<File>>,
}

/// The proof, while it is held, that nobody else owns the directory.
pub(crate) struct Ownership {
    lock: Arc<Mutex<File>>,
}

impl Drop for Ownership {
    fn drop(&mut self) {
        // Closing alone is not enough: a process that is being started by another thread holds
        // the file open until it runs its program.
        let _ = held(&self.lock).unlock();
    }
}

impl Disk {
    /// Creates the directory if necessary, for its owner only, and locks it.
    pub(crate) fn take(root: &Path) -> Result<(Self, Ownership), OpenError> {
        let failed = |error: &io::Error| OpenError::Storage(Fault::new(MAKE, error));
        let is_new = !root.exists();
        private_dirs(root).map_err(|error| failed(&error))?;
        let lock = Arc::new(Mutex::new(lock(&root.join(LOCK))?));
        if is_new {
            sync_parent(root).map_err(|error| failed(&error))?;
        }
        let ownership = Ownership { lock: Arc::clone(&lock) };
        Ok((Self { root: root.to_path_buf(), lock }, ownership))
    }

    fn find(&self, name: &str, file: Identity) -> io::Result<()> {
        if identity(&fs::metadata(self.path(name))?) == file {
            Ok(())
        } else {
            Err(io::ErrorKind::NotFound.into())
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }
}

impl Storage for Disk {
    fn create(&self, name: &str) -> io::Result<Box<dyn Stored>> {
        Ok(Box::new(private_file().truncate(true).open(self.path(name))?))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn Stored>> {
        Ok(Box::new(File::open(self.path(name))?))
    }

    fn truncate(&self, name: &str, size: u64) -> io::Result<()> {
        let file = OpenOptions::new().write(true).open(self.path(name))?;
        file.set_len(size)?;
        file.sync_all()
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path(from), self.path(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path(name))
    }

    fn sync_dir(&self, dir: &str) -> io::Result<()> {
        sync_names(&self.path(dir))
    }

    fn list(&self, dir: &str) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.path(dir))? {
            // A name that is not Unicode is not one of ours.
            names.extend(entry?.file_name().into_string());
        }
        Ok(names)
    }

    fn keeps(&self, name: &str, file: &dyn Stored) -> io::Result<()> {
        self.find(name, file.identity()?)?;
        let lock = held(&self.lock).identity()?;
        self.find(LOCK, lock)
    }

    fn restore(&self) -> io::Result<()> {
        private_dirs(&self.root)?;
        let mut held = held(&self.lock);
        match self.find(LOCK, held.identity()?) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            found => return found,
        }
        *held = lock(&self.root.join(LOCK)).map_err(|error| match error {
            OpenError::Storage(Fault { os_code: Some(code), .. }) => {
                io::Error::from_raw_os_error(code)
            }
            OpenError::Storage(fault) => fault.kind.into(),
            _ => io::ErrorKind::ResourceBusy.into(),
        })?;
        drop(held);
        sync_parent(&self.root)
    }
}

impl Stored for File {
    fn read(&mut self, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.seek(SeekFrom::Start(at))?;
        loop {
            match Read::read(self, buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => return read,
            }
        }
    }

    fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let mut file = self;
        file.seek(SeekFrom::Start(at))?;
        file.write_all(bytes)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn identity(&self) -> io::Result<Identity> {
        Ok(identity(&self.metadata()?))
    }
}

#[cfg(unix)]
fn identity(metadata: &fs::Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    Identity(metadata.dev(), metadata.ino())
}

/// An open file can be neither deleted nor moved on other systems.
#[cfg(not(unix))]
fn identity(_: &fs::Metadata) -> Identity {
    Identity(0, 0)
}

fn held(lock: &Mutex<File>) -> MutexGuard<'_, File> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

fn lock(path: &Path) -> Result<File, OpenError> {
    let failed = |error: &io::Error| OpenError::Storage(Fault::new(OWN, error));
    let mut file = private_file().open(path).map_err(|error| failed(&error))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut owner = String::new();
            let read = file.read_to_string(&mut owner);
            let owner = read.ok().and_then(|_| owner.trim().parse().ok());
            return Err(OpenError::InUse { owner });
        }
        Err(TryLockError::Error(error)) => return Err(failed(&error)),
    }
    file.set_len(0).map_err(|error| failed(&error))?;
    let owner = format!("{}\n", std::process::id());
    file.write_all(owner.as_bytes()).map_err(|error| failed(&error))?;
    Ok(file)
}

fn private_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn private_dirs(root: &Path) -> io::Result<()> {
    [root.to_path_buf(), root.join(DEAD), root.join(DAMAGED)]
        .iter()
        .try_for_each(|dir| private_dir(dir))
}

fn private_dir(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        fs::set_permissions(path, mode)?;
    }
    Ok(())
}

/// Makes the name of the spool's directory durable.
fn sync_parent(root: &Path) -> io::Result<()> {
    let root = root.canonicalize()?;
    sync_names(root.parent().unwrap_or(&root))
}

/// Directories cannot be opened on other systems, and names are durable there by other means.
fn sync_names(dir: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}

const LOCK: &str = "owner.lock";
const MAKE: &str = "make the spool directory";
const OWN: &str = "lock the spool directory";
