//! The program: reads the command line, sets up the log, and says how it ended.

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use server::command::{self, CommandLine, Failure};
use server::log::{self, Lines};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

#[tokio::main]
async fn main() -> ExitCode {
    let line = CommandLine::parse();
    let lines = match Lines::to(std::io::stderr()) {
        Ok(lines) => lines,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "switchroom: cannot start the log: {error}");
            return ExitCode::from(1);
        }
    };
    let ended = match start_log(&lines) {
        // Reported with all the others.
        Err(_) if line.reads_configuration() => command::run(line, lines.lost()).await,
        Err(fault) => Err(Failure::Configuration(fault.to_string())),
        Ok(()) => command::run(line, lines.lost()).await,
    };
    let status = match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Configuration(text)) => end(&lines, &text, 2),
        Err(Failure::Failed(text)) => end(&lines, &text, 1),
    };
    lines.flush();
    status
}

fn end(mut lines: &Lines, text: &str, status: u8) -> ExitCode {
    // If this fails, there is nowhere left to report it.
    let _ = lines.write_all(format!("switchroom: {text}\n").as_bytes());
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

fn start_log(lines: &Lines) -> Result<(), LogError> {
    let filter = std::env::var("RUST_LOG").unwrap_or_else(|_| "info".to_owned());
    let log = tracing_subscriber::registry().with(log::limit()).with(log::filter(&filter)?);
    let lines = tracing_subscriber::fmt::layer().with_writer(lines.clone());
    match std::env::var("SWITCHROOM_LOG_FORMAT").as_deref() {
        Ok("json") => log.with(lines.json().flatten_event(true)).init(),
        Ok("text" | "") | Err(_) => log.with(lines.with_ansi(false)).init(),
        Ok(_) => return Err(LogError::Format),
    }
    log::catch_panics();
    Ok(())
}
