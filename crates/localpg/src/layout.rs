//! The directories of one server, and how they are made.

use std::collections::BTreeSet;
use std::env;
use std::fs::{self, DirBuilder, File, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf, absolute};
use std::process::{Command, Stdio, id};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use crate::account::{Account, own_uid};
use crate::{Binaries, Error, Notice, Options};

/// The superuser of every cluster that this crate makes.
///
/// It ignores row-level security: create a plain role for the application.
pub const SUPERUSER: &str = "postgres";

/// The longest path of a socket that every system takes: 104 bytes with the final zero on macOS,
/// 108 on Linux (unix(7)).
const SOCKET_PATH_MAX: usize = 103;

/// The name of the socket inside its directory; the port is always 5432.
pub(crate) const SOCKET: &str = ".s.PGSQL.5432";

/// The prefix of incomplete data directories.
const ATTEMPT: &str = "data.new-";

/// The directories of one major version.
///
/// `home` belongs to this process, `data` and `socket` to the account of the server, so
/// that account cannot replace files of this process.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// Holds the lock, the log and `data`.
    pub(crate) home: PathBuf,
    /// What PostgreSQL calls the data directory.
    pub(crate) data: PathBuf,
    /// Where the socket is made.
    pub(crate) socket: PathBuf,
    /// What the server writes before and after its configuration is read.
    pub(crate) log: PathBuf,
    /// Who runs the server.
    pub(crate) account: Account,
}

impl Layout {
    /// Chooses and creates the directories, apart from `data` and `socket`.
    pub(crate) fn create(options: &Options, major: u32) -> Result<Self, Error> {
        let asked = absolute(&options.dir).map_err(Error::io("find", &options.dir))?;
        let version = major.to_string();
        let near = asked.join(&version);
        let far = options.system_dir.join(place_name(&asked)).join(&version);
        // Existing data stays where it is: a later change of rights must not lead to an empty database.
        let home = if near.join("data").exists() {
            near
        } else if far.join("data").exists() {
            far
        } else {
            choose(near, far, options)?
        };
        create_home(&home)?;
        let home = home.canonicalize().map_err(Error::io("enter", &home))?;
        let account = Account::for_data(&home.join("data"))?;
        Ok(Self {
            data: home.join("data"),
            socket: socket_dir(&home, account)?,
            log: home.join("log"),
            home,
            account,
        })
    }

    /// Locks the directory for this process, until the file is closed.
    pub(crate) fn lock(&self, limit: Duration) -> Result<File, Error> {
        let path = self.home.join("lock");
        let file = File::options().create(true).append(true).open(&path);
        let file = file.map_err(Error::io("create", &path))?;
        let started = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(error)) => return Err(Error::io("lock", &path)(error)),
                Err(TryLockError::WouldBlock) if started.elapsed() > limit => {
                    return Err(Error::InUse { dir: self.home.clone() });
                }
                Err(TryLockError::WouldBlock) => sleep(Duration::from_millis(20)),
            }
        }
    }

    /// Creates the cluster if it does not exist. An interrupted attempt starts again.
    pub(crate) fn init(&self, binaries: &Binaries, options: &Options) -> Result<(), Error> {
        if self.data.join("PG_VERSION").exists() {
            return Ok(());
        }
        (options.notice)(&Notice::Creating { data: &self.data });
        self.remove_attempts();
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        // A new name: the program of a killed process may still write into the old directory.
        let new = self.home.join(format!("{ATTEMPT}{}-{:x}", id(), now.as_micros()));
        self.create_private(&new)?;
        let mut command = self.program(&binaries.bin.join("initdb"));
        command.args(["-A", "trust", "-E", "UTF8", "--locale=C", "-U", SUPERUSER, "-D"]).arg(&new);
        if options.throw_away {
            command.arg("--no-sync");
        }
        // A signal from the terminal would leave shared memory behind.
        command.process_group(0);
        // `initdb` writes the time zone of the machine into the configuration.
        command.env("TZ", "UTC");
        let output = command.output().map_err(Error::io("run", &binaries.bin.join("initdb")))?;
        if !output.status.success() {
            return Err(Error::Program { name: "initdb", output: tail(&output.stderr) });
        }
        fs::rename(&new, &self.data).map_err(Error::io("create", &self.data))
    }

    /// Removes the remains of interrupted attempts, unless someone still writes there.
    fn remove_attempts(&self) {
        for entry in fs::read_dir(&self.home).into_iter().flatten().flatten() {
            if entry.file_name().as_encoded_bytes().starts_with(ATTEMPT.as_bytes()) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }

    /// Recreates the directory of the socket. Only the holder of the lock may call this, after the server
    /// has stopped: the files there belong to a server that is gone.
    pub(crate) fn renew_socket_dir(&self) -> Result<(), Error> {
        remove_dir(&self.socket)?;
        self.create_private(&self.socket)
    }

    /// A command that runs as the account of the server, in English, and without this process's settings
    /// for other servers.
    pub(crate) fn program(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        for (name, _) in env::vars_os() {
            if name.as_encoded_bytes().starts_with(b"PG") {
                command.env_remove(name);
            }
        }
        command.env("LC_ALL", "C").env_remove("LANGUAGE");
        command.current_dir("/").stdin(Stdio::null());
        self.account.apply(&mut command);
        command
    }

    /// Creates a directory that only the account of the server can enter.
    fn create_private(&self, dir: &Path) -> Result<(), Error> {
        DirBuilder::new().mode(0o700).create(dir).map_err(Error::io("create", dir))?;
        self.account.give(dir).map_err(Error::io("give away", dir))
    }
}

/// The major versions that have data, in every place that the options may lead to.
pub(crate) fn majors(options: &Options) -> BTreeSet<u32> {
    let asked = absolute(&options.dir).unwrap_or_else(|_| options.dir.clone());
    let moved = options.system_dir.join(place_name(&asked));
    let mut majors = BTreeSet::new();
    for entry in [asked, moved].iter().flat_map(fs::read_dir).flatten().flatten() {
        let major = entry.file_name().to_str().and_then(|name| name.parse().ok());
        // Not `PG_VERSION`: this process may not read another account's directory.
        if let Some(major) = major.filter(|_| entry.path().join("data").exists()) {
            majors.insert(major);
        }
    }
    majors
}

/// Removes a directory with its contents, if it exists.
pub(crate) fn remove_dir(dir: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::io("remove", dir)(error))
        }
        _ => Ok(()),
    }
}

/// The last lines of a program's output.
pub(crate) fn tail(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(6)..].join("; ")
}

/// A number for names of files: FNV-1a with 64 bits (RFC 9923).
///
/// Not the standard library's hasher, which may change with its version: the data of a moved
/// directory must be found again.
pub(crate) fn hash(bytes: impl AsRef<[u8]>) -> u64 {
    bytes.as_ref().iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The place for new data: `near`, unless the account of the server cannot enter it.
fn choose(near: PathBuf, far: PathBuf, options: &Options) -> Result<PathBuf, Error> {
    create_home(&near)?;
    if Account::for_data(&near.join("data"))?.can_enter(&near) {
        return Ok(near);
    }
    (options.notice)(&Notice::Moved { from: &near, to: &far });
    // Only an empty directory is removed.
    let _ = fs::remove_dir(&near);
    Ok(far)
}

/// Creates the directory and lets other accounts pass through it, but not list it.
fn create_home(home: &Path) -> Result<(), Error> {
    fs::create_dir_all(home).map_err(Error::io("create", home))?;
    fs::set_permissions(home, Permissions::from_mode(0o711)).map_err(Error::io("open", home))
}

/// One name for each directory that had to be replaced.
fn place_name(asked: &Path) -> String {
    format!("{:016x}", hash(asked.as_os_str().as_encoded_bytes()))
}

/// The place of the socket: beside the data if the path is short enough, otherwise below `/tmp`.
fn socket_dir(home: &Path, account: Account) -> Result<PathBuf, Error> {
    let beside = home.join("socket");
    if is_good_socket_dir(&beside) {
        return Ok(beside);
    }
    let owner = match account {
        Account::Own => own_uid()?,
        Account::Other { uid, .. } => uid,
    };
    let name = hash(home.as_os_str().as_encoded_bytes());
    for attempt in 0..16_u8 {
        let dir = PathBuf::from(format!("/tmp/localpg-{name:016x}-{attempt}"));
        // Someone else may have taken the name, by chance or to intercept data.
        match fs::symlink_metadata(&dir) {
            Ok(found) if !found.is_dir() || found.uid() != owner => {}
            _ => return Ok(dir),
        }
    }
    Err(Error::io("create", Path::new("/tmp/localpg-…"))(io::ErrorKind::AlreadyExists.into()))
}

/// Whether a socket can be created there, and its path needs no quotes in any configuration.
pub(crate) fn is_good_socket_dir(dir: &Path) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-+".contains(byte);
    let bytes = dir.as_os_str().as_encoded_bytes();
    bytes.len() + 1 + SOCKET.len() <= SOCKET_PATH_MAX && bytes.iter().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_need_short_plain_paths() {
        let cases = [
            ("/srv/app/15/socket".to_owned(), true),
            (format!("/{}", "a".repeat(88)), true),
            (format!("/{}", "a".repeat(89)), false),
            ("/srv/my app/15/socket".to_owned(), false),
            ("/srv/a,b/15/socket".to_owned(), false),
        ];
        for (dir, want) in cases {
            assert_eq!(is_good_socket_dir(Path::new(&dir)), want, "{dir}");
        }
    }

    #[test]
    fn long_paths_get_a_socket_in_tmp() {
        let home = PathBuf::from(format!("/{}", "a".repeat(120)));
        let first = socket_dir(&home, Account::Own).unwrap();
        assert!(first.starts_with("/tmp"), "{}", first.display());
        assert_eq!(socket_dir(&home, Account::Own).unwrap(), first, "the same again");
    }

    #[test]
    fn hashes_as_published() {
        // The test vectors of the authors of FNV.
        let cases = [
            ("", 0xcbf2_9ce4_8422_2325),
            ("a", 0xaf63_dc4c_8601_ec8c),
            ("foobar", 0x8594_4171_f739_67e8),
        ];
        for (text, want) in cases {
            assert_eq!(hash(text), want, "{text}");
        }
    }

    #[test]
    fn keeps_the_last_lines() {
        assert_eq!(tail(b"1\n2\n3\n\n4\n5\n6\n7\n"), "2; 3; 4; 5; 6; 7");
        assert_eq!(tail(b""), "");
    }
}
