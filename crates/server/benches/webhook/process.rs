//! A process that is measured.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::world::World;

/// A server in a process of its own; killed when it is dropped.
pub(crate) struct Child {
    child: std::process::Child,
    address: SocketAddr,
}

impl Child {
    /// Starts it and waits until it answers.
    pub(crate) fn start(mut command: Command, address: SocketAddr) -> Self {
        let child = command.stdout(Stdio::null()).spawn().expect("a process");
        let child = Self { child, address };
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < deadline, "the server does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
        child
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// User and system time so far.
    pub(crate) fn cpu(&self) -> Duration {
        cpu_of(self.child.id())
    }

    /// Resident memory (`VmRSS`).
    pub(crate) fn resident_mib(&self) -> f64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).expect("a status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
        let kib: f64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
        kib / 1024.0
    }

    /// Waits until everything that was acknowledged is in the database.
    pub(crate) async fn drained(&self, world: &World) {
        let deadline = Instant::now() + Duration::from_secs(300);
        while self.metric("switchroom_spool_pending_records ") > 0.0 {
            assert!(Instant::now() < deadline, "the spool is not drained");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        world.settle();
    }

    fn metric(&self, name: &str) -> f64 {
        let mut stream = TcpStream::connect(self.address).expect("a connection");
        let request = "GET /metrics HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).expect("sent");
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        while reader.read_line(&mut line).expect("a line") > 0 {
            if let Some(value) = line.strip_prefix(name) {
                let value = value.trim().parse().expect("a number");
                reader.read_to_end(&mut Vec::new()).expect("the rest");
                return value;
            }
            line.clear();
        }
        panic!("{name} is not among the metrics");
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// User and system time of a process (`proc(5)`, `stat`, fields 14 and 15, in ticks of 10 ms).
pub(crate) fn cpu_of(pid: u32) -> Duration {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else {
        return Duration::ZERO;
    };
    // The name may hold blanks; it ends with the last bracket.
    let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let fields: Vec<u64> = rest.split_whitespace().filter_map(|field| field.parse().ok()).collect();
    // The state, field 3, is a letter, so numbers begin with field 4.
    Duration::from_millis((fields[14 - 4] + fields[15 - 4]) * 10)
}
