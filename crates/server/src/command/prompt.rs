//! Asks for secrets on a terminal, without showing them.

use std::io::{self, BufRead, Write};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

/// Asks for a line that the terminal does not echo.
pub(super) fn secret(what: &str) -> io::Result<Zeroizing<String>> {
    let mut out = io::stdout();
    write!(out, "{what}: ")?;
    out.flush()?;
    let quiet = Quiet::new()?;
    let mut line = Zeroizing::new(String::new());
    let read = io::stdin().lock().read_line(&mut line);
    drop(quiet);
    // The end of the line was not echoed either.
    writeln!(out)?;
    read?;
    Ok(line)
}

/// A terminal that does not echo, for as long as this lives.
struct Quiet(Termios);

impl Quiet {
    fn new() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut quiet = before.clone();
        quiet.local_modes -= LocalModes::ECHO;
        tcsetattr(io::stdin(), OptionalActions::Flush, &quiet)?;
        Ok(Self(before))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        // If this fails, there is nowhere left to report it.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}
