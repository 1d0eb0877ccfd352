//! The program: reads the command line, sets up the log, and says how it ended.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use server::command::{self, CommandLine, Failure};
use server::log;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

#[tokio::main]
async fn main() -> ExitCode {
    let line = CommandLine::parse();
    match start_log() {
        // Reported with all the others.
        Err(_) if line.reads_configuration() => {}
        Err(fault) => return end(&fault.to_string(), 2),
        Ok(()) => {}
    }
    match command::run(line).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Configuration(text)) => end(&text, 2),
        Err(Failure::Failed(text)) => end(&text, 1),
    }
}

fn end(text: &str, status: u8) -> ExitCode {
    // If this fails, there is nowhere left to report it.
    let _ = writeln!(std::io::stderr(), "switchroom: {text}");
    ExitCode::from(status)
}

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
enum LogError {
    #[error(transparent)]
    Filter(#[from] log::FilterError),
    #[error("SWITCHROOM_LOG_FORMAT must be text or json")]
    Format,
}

fn start_log() -> Result<(), LogError> {
    let filter = std::env::var("RUST_LOG").unwrap_or_else(|_| "info".to_owned());
    let log = tracing_subscriber::registry().with(log::limit()).with(log::filter(&filter)?);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    match std::env::var("SWITCHROOM_LOG_FORMAT").as_deref() {
        Ok("json") => log.with(lines.json().flatten_event(true)).init(),
        Ok("text" | "") | Err(_) => log.with(lines.with_ansi(false)).init(),
        Ok(_) => return Err(LogError::Format),
    }
    Ok(())
}
