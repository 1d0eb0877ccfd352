//! A process that is measured.

use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use harness::server;

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

    /// Resident memory.
    pub(crate) fn resident_mib(&self) -> f64 {
        server::resident_mib(self.child.id())
    }

    /// Waits until everything that was acknowledged is in the database.
    pub(crate) async fn drained(&self, world: &World) {
        let is_drained = server::drained(self.address, Duration::from_secs(300)).await;
        assert!(is_drained, "the spool is not drained");
        world.settle();
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
