//! Starts a server in the given directory, prints how to connect, and runs until its input ends.
//!
//! ```text
//! cargo run -p localpg -- /tmp/try
//! ```

use std::error::Error;
use std::io::{self, Read as _, Write as _};
use std::{env, thread};

use localpg::{Options, SUPERUSER, Search};

fn main() -> Result<(), Box<dyn Error>> {
    let dir = env::args_os().nth(1).ok_or("usage: localpg-run DIRECTORY")?;
    // The server belongs to the process: it stays when the thread that started it has ended.
    let starter = thread::spawn(move || localpg::start(&Options::new(dir, Search::from_env())));
    let server = starter.join().map_err(|_| "the starting thread panicked")??;
    let (data, how) = (server.data_dir(), server.connection_string(SUPERUSER, "postgres"));
    io::stdout().write_all(format!("data={}\n{how}\n", data.display()).as_bytes())?;
    io::stdin().read_to_end(&mut Vec::new())?;
    server.stop()?;
    Ok(())
}
