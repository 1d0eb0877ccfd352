//! A running server, seen from outside: its log, its metrics and its process.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use crate::http::{Ask, Connection};
use crate::wait::until;

/// The address on which the server listens, once its log shows it.
pub fn listening(log: &Path) -> Option<SocketAddr> {
    let text = fs::read_to_string(log).unwrap_or_default();
    let (whole, _) = text.rsplit_once('\n')?;
    let (_, address) = whole.lines().find_map(|line| line.split_once("listening on "))?;
    address.trim().parse().ok()
}

/// One line of the server's metrics, by its name and labels; `None` if it does not answer, or has no
/// such line.
pub async fn metric(address: SocketAddr, name: &str) -> Option<f64> {
    let request = Ask::get("/metrics").bytes();
    let (answer, _) = Connection::to(address).ask(&request).await.ok()?;
    let mut lines = answer.text().lines();
    lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?.trim().parse().ok()
}

/// Waits until everything that the server acknowledged is in the database. Returns false if that
/// takes longer than `patience`.
pub async fn drained(address: SocketAddr, patience: Duration) -> bool {
    let is_empty = async || metric(address, "switchroom_spool_pending_records").await == Some(0.0);
    until(patience, Duration::from_millis(10), is_empty).await
}

/// Resident memory of a process (`VmRSS`, `proc(5)`); 0 if it has ended.
pub fn resident_mib(pid: u32) -> f64 {
    memory_mib(pid, "VmRSS:")
}

/// The most resident memory that a process had (`VmHWM`, `proc(5)`); 0 if it has ended.
pub fn most_resident_mib(pid: u32) -> f64 {
    memory_mib(pid, "VmHWM:")
}

fn memory_mib(pid: u32, name: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_address_in_a_whole_line_of_the_log() {
        let log = std::env::temp_dir().join(format!("harness-listening-{}", std::process::id()));
        let cases = [
            ("half a line", "INFO listening on 127.0.0.1:42", None),
            ("another line", "INFO starting\n", None),
            ("a line", "INFO listening on 127.0.0.1:4242\nINFO more", Some(4242)),
        ];
        for (name, text, port) in cases {
            fs::write(&log, text).unwrap();
            assert_eq!(listening(&log).map(|address| address.port()), port, "{name}");
        }
        fs::remove_file(log).unwrap();
    }
}
