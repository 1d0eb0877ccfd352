//! The files of a run, and the environment of the server.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use harness::{Failure, random};

/// The public URL that Twilio knows; the emulator routes it to the server.
pub const PUBLIC_URL: &str = "https://voice.example.com";

/// The program, a directory for its data, and the secrets of this run.
pub struct Place {
    program: PathBuf,
    /// Holds everything that this run writes.
    pub directory: PathBuf,
    database: OnceLock<PathBuf>,
    secrets_key: String,
    /// Signs session tokens.
    pub session_secret: String,
}

impl Place {
    /// Makes the directory, unless it is there. `program` is the server's.
    ///
    /// # Errors
    ///
    /// If the directory cannot be made, or there is no randomness.
    pub fn prepare(program: PathBuf, directory: PathBuf) -> Result<Self, Failure> {
        fs::create_dir_all(&directory).map_err(|error| {
            let fix = "make the build directory writable";
            Failure::new(format!("{}: {error}", directory.display()), fix)
        })?;
        let secret = |made: Result<String, String>| {
            made.map_err(|what| Failure::new(what, "run this on a system with /dev/urandom"))
        };
        Ok(Self {
            program,
            directory,
            database: OnceLock::new(),
            secrets_key: secret(random::bytes::<32>().map(|key| STANDARD.encode(key)))?,
            session_secret: secret(random::hex::<32>())?,
        })
    }

    /// The server's program, without the variables of our own environment that would configure it.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        for (name, _) in env::vars_os() {
            let ours = ["SWITCHROOM_", "TWILIO_", "DATABASE_URL"];
            if ours.iter().any(|start| name.to_string_lossy().starts_with(start)) {
                command.env_remove(name);
            }
        }
        command.env("SWITCHROOM_DATA_DIR", self.data());
        command.env("SWITCHROOM_SECRETS_KEY", &self.secrets_key);
        command.args(arguments);
        command
    }

    /// `switchroom serve` at an address.
    pub fn serve(&self, listen: &str) -> Command {
        let mut command = self.command(&["serve"]);
        command.env("SWITCHROOM_LISTEN", listen);
        // The accounts do not exist at Twilio, and nothing of a run leaves this machine.
        command.env("TWILIO_API_BASE_URL", NOBODY);
        command.env("SWITCHROOM_PUBLIC_URL", PUBLIC_URL);
        command.env("SWITCHROOM_SESSION_SECRET", &self.session_secret);
        command
    }

    /// The server's own directory.
    pub fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    /// The server's log.
    pub fn log(&self) -> PathBuf {
        self.directory.join("server.log")
    }

    /// The file in which the running server writes the owner's connection string.
    pub fn database_url(&self) -> PathBuf {
        self.data().join("postgres.url")
    }

    /// Sets the directory of PostgreSQL: for root it may be outside of this run's directory.
    pub fn database_is_at(&self, home: PathBuf) {
        // A second start sets the same.
        let _ = self.database.set(home);
    }

    /// Removes everything.
    pub fn remove(self) -> Result<(), Failure> {
        let outside = |path: &&PathBuf| !path.starts_with(&self.directory);
        let elsewhere = self.database.get().filter(outside);
        for path in elsewhere.into_iter().chain([&self.directory]) {
            fs::remove_dir_all(path).map_err(|error| {
                Failure::new(format!("{}: {error}", path.display()), "remove it by hand")
            })?;
        }
        if let Some(above) = elsewhere.and_then(|home| home.parent()) {
            // It was made for this run; it stays if it holds anything else.
            let _ = fs::remove_dir(above);
        }
        Ok(())
    }
}

/// An address on this machine where nobody listens: port 9 is for discarding (RFC 863).
const NOBODY: &str = "http://127.0.0.1:9";
