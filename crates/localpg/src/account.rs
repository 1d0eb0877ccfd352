//! The accounts of the processes. PostgreSQL refuses to run as root.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::Error;

/// The account that runs the server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Account {
    /// The one that runs this process.
    Own,
    /// Another one, which root switches to.
    Other {
        /// User id.
        uid: u32,
        /// Group id.
        gid: u32,
    },
}

impl Account {
    /// Finds the account for a server whose data is, or will be, in `data`.
    ///
    /// Existing data keeps its owner: an account `postgres` that appears later changes nothing.
    pub(crate) fn for_data(data: &Path) -> Result<Self, Error> {
        if own_uid()? != 0 {
            return Ok(Self::Own);
        }
        if let Ok(metadata) = fs::symlink_metadata(data)
            && metadata.uid() != 0
        {
            return Ok(Self::Other { uid: metadata.uid(), gid: metadata.gid() });
        }
        for name in ["postgres", "nobody"] {
            if let (Some(uid), Some(gid)) = (id(&["-u", name])?, id(&["-g", name])?)
                && uid != 0
            {
                return Ok(Self::Other { uid, gid });
            }
        }
        Err(Error::NoAccount)
    }

    /// Makes `command` run as this account.
    pub(crate) fn apply(self, command: &mut Command) -> &mut Command {
        match self {
            Self::Own => command,
            Self::Other { uid, gid } => command.uid(uid).gid(gid),
        }
    }

    /// Gives the directory to this account.
    pub(crate) fn give(self, dir: &Path) -> io::Result<()> {
        match self {
            Self::Own => Ok(()),
            Self::Other { uid, gid } => std::os::unix::fs::chown(dir, Some(uid), Some(gid)),
        }
    }

    /// Whether this account can enter `dir`. The shell checks this, because access lists count too.
    pub(crate) fn can_enter(self, dir: &Path) -> bool {
        if self == Self::Own {
            return true;
        }
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "cd \"$1\"", "sh"]).arg(dir).current_dir("/");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.apply(&mut command).status().is_ok_and(|status| status.success())
    }
}

/// The effective user id of this process. The standard library has no function for it.
pub(crate) fn own_uid() -> Result<u32, Error> {
    id(&["-u"])?.ok_or(Error::NoAccount)
}

/// Asks `id`, which knows directories other than `/etc/passwd` too. `None`: no such account.
fn id(arguments: &[&str]) -> Result<Option<u32>, Error> {
    let output = Command::new("id")
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(Error::io("run", Path::new("id")))?;
    let text = String::from_utf8_lossy(&output.stdout);
    // Some systems print `nobody` as -2, which is the same 32 bits.
    let id = text.trim().parse::<i64>().ok().filter(|_| output.status.success());
    Ok(id.and_then(|id| u32::try_from(id & 0xffff_ffff).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn asks_for_ids() {
        assert_eq!(id(&["-u", "root"]).unwrap(), Some(0));
        assert_eq!(id(&["-u", "no-such-account-here"]).unwrap(), None);
        assert_eq!(Some(own_uid().unwrap()), id(&["-u"]).unwrap());
    }

    #[test]
    fn root_takes_another_account() {
        let account = Account::for_data(Path::new("/nonexistent")).unwrap();
        if own_uid().unwrap() == 0 {
            assert!(matches!(account, Account::Other { uid, .. } if uid != 0), "{account:?}");
        } else {
            assert_eq!(account, Account::Own);
        }
    }

    #[test]
    fn enters_where_it_may() {
        let account = Account::for_data(Path::new("/nonexistent")).unwrap();
        assert!(account.can_enter(Path::new("/")));
    }
}
