//! The commands of `switchroom`.

mod check;
mod console;
mod erase;
mod migrate;
mod prompt;
mod purge;
mod serve;
mod spool;
mod traces;
mod workspace;

use std::io::Write;
use std::sync::LazyLock;

use clap::{Parser, Subcommand};
use store_pg::{OLDEST_SCHEMA, SCHEMA_VERSION};

pub use console::ConsoleCommand;
pub use erase::EraseCommand;
pub use purge::PurgeCommand;
pub use spool::SpoolCommand;
pub use workspace::WorkspaceCommand;

use crate::log::LostLines;

/// Voice backend for Twilio: answers its webhooks, rings agents in their browsers, records every call.
///
/// Environment variables configure all commands; docs/configuration.md lists them.
#[derive(Debug, Parser)]
#[command(name = "switchroom", version, long_version = LONG_VERSION.as_str(), propagate_version = true)]
pub struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

/// The version of the program, the schemas with which it works, and the numbering plans by which it reads
/// numbers.
static LONG_VERSION: LazyLock<String> = LazyLock::new(|| {
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "{version}\nbrings schema {SCHEMA_VERSION}; works with schemas from {OLDEST_SCHEMA}, and with later \
         ones that are for {version}\nreads numbers by {}",
        dialling::METADATA
    )
});

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the server.
    ///
    /// Reads `SWITCHROOM_SECRETS_KEY`, `SWITCHROOM_SESSION_SECRET` (or `SWITCHROOM_SESSION_JWKS_URL` or
    /// `SWITCHROOM_SESSION_JWKS_FILE`), `DATABASE_URL`, `SWITCHROOM_PUBLIC_URL`, `SWITCHROOM_LISTEN` and
    /// more: see docs/configuration.md. Without `DATABASE_URL` it starts a Postgres of its own.
    Serve,
    /// Applies the schema and creates the server's login role, as the owner of the database.
    ///
    /// `SWITCHROOM_ADMIN_DATABASE_URL` is the owner's login. `DATABASE_URL` names the login role to
    /// create. Without `DATABASE_URL` it migrates the embedded Postgres. It can be run again at any time.
    /// It prints what of the live chat it reads, made and altered.
    Migrate {
        /// Changes nothing: prints what would be read, made and altered, and what cannot be used and why.
        /// Exits with status 1 if something cannot be used.
        #[arg(long)]
        check: bool,
    },
    /// Adds, lists and removes the Twilio accounts of workspaces, as the owner of the database.
    ///
    /// `SWITCHROOM_ADMIN_DATABASE_URL` is the owner's login; without it, `DATABASE_URL` is used, and
    /// without both, the embedded Postgres.
    #[command(subcommand)]
    Workspace(WorkspaceCommand),
    /// Erases a person's traces: their calls in the database, the files of `SWITCHROOM_DATA_DIR`, and the
    /// contact in the log's rows. Says what was found where, and what is left to whom.
    ///
    /// As the owner of the database, like `workspace`. `SWITCHROOM_SECRETS_KEY` opens the files in
    /// `known/`. What is erased does not come back from Twilio's record. It can be run again at any time; on
    /// several machines, run it on each.
    Erase(EraseCommand),
    /// Deletes old calls, as the owner of the database, a few hundred at a time.
    ///
    /// They do not come back from Twilio's record. The live chat's log stays.
    Purge(PurgeCommand),
    /// Installs the files of the agent's page that are not built in.
    #[command(subcommand)]
    Console(ConsoleCommand),
    /// Lists the records that the database refused, and tries them again.
    #[command(subcommand)]
    Spool(SpoolCommand),
    /// Checks the set-up, and names the fix for each fault.
    ///
    /// Reads the same environment variables as `serve`. Exits with status 1 if there is a fault.
    Check,
}

impl CommandLine {
    /// Whether the command reports all faults of the environment together, those of the log included.
    pub const fn reads_configuration(&self) -> bool {
        matches!(self.command, Command::Serve | Command::Check)
    }
}

/// Why a command ended, for the exit status.
#[derive(Debug)]
pub enum Failure {
    /// The configuration or the command line has faults: exit status 2.
    Configuration(String),
    /// Anything else: exit status 1.
    Failed(String),
}

impl Failure {
    fn failed(error: &dyn std::error::Error) -> Self {
        Self::Failed(with_causes(error))
    }
}

/// Runs the command. `lost_lines` counts what is missing in its log.
///
/// # Errors
///
/// [`Failure`] with what to print.
pub async fn run(line: CommandLine, lost_lines: LostLines) -> Result<(), Failure> {
    match line.command {
        Command::Serve => serve::run(lost_lines).await,
        Command::Migrate { check } => migrate::run(check).await,
        Command::Workspace(command) => workspace::run(command).await,
        Command::Erase(command) => erase::run(command).await,
        Command::Purge(command) => purge::run(command).await,
        Command::Console(command) => console::run(command).await,
        Command::Spool(command) => spool::run(command).await,
        Command::Check => check::run().await,
    }
}

/// An error with all its causes.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        // Some errors name what lies at their bottom.
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}

fn print(text: &str) -> Result<(), Failure> {
    writeln!(std::io::stdout(), "{text}").map_err(|error| Failure::failed(&error))
}

/// The environment, by name.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}
