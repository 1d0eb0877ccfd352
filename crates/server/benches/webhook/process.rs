//! A process that is measured.

use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use harness::server;

use crate::world::World;

/// A server in a process of its own; killed when it is dropped.
pub(crate) struct Child {
    process: std::process::Child,
    address: SocketAddr,
    has_spool: bool,
}

impl Child {
    /// Starts it and waits until it answers.
    pub(crate) fn start(mut command: Command, address: SocketAddr) -> Self {
        let process = command.stdout(Stdio::null()).spawn().expect("a process");
        let child = Self { process, address, has_spool: false };
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(address).is_err() {
            assert!(Instant::now() < deadline, "the server does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
        child
    }

    /// The same, of a server that applies afterwards what it acknowledged.
    pub(crate) fn start_with_spool(command: Command, address: SocketAddr) -> Self {
        let mut child = Self::start(command, address);
        child.has_spool = true;
        child
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// User and system time so far.
    pub(crate) fn cpu(&self) -> Duration {
        cpu_of(self.process.id())
    }

    /// Resident memory.
    pub(crate) fn resident_mib(&self) -> f64 {
        server::resident_mib(self.process.id())
    }

    /// Waits until everything that was acknowledged is in the database.
    pub(crate) async fn drained(&self, world: &World) {
        if self.has_spool {
            let is_drained = server::drained(self.address, Duration::from_secs(300)).await;
            assert!(is_drained, "the spool is not drained");
        }
        world.settle();
    }

    /// Records that are not in the database yet.
    pub(crate) async fn backlog(&self) -> f64 {
        let pending = server::metric(self.address, "switchroom_spool_pending_records").await;
        pending.expect("the metrics of the server")
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// User and system time of a process.
pub(crate) fn cpu_of(pid: u32) -> Duration {
    ticks(&stat(pid)[..2])
}

/// User and system time of a process and of its children, living and ended.
pub(crate) fn cpu_with_children(pid: u32) -> Duration {
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    let children = children.unwrap_or_default();
    let living = children.split_whitespace().filter_map(|pid| pid.parse().ok()).map(cpu_of);
    living.sum::<Duration>() + ticks(&stat(pid))
}

/// User and system time, of the process and of the children that it waited for (`proc(5)`, `stat`,
/// fields 14 to 17).
fn stat(pid: u32) -> [u64; 4] {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name may hold blanks; it ends with the last bracket. The state, field 3, follows it.
    let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let mut fields = rest.split_whitespace().skip(14 - 3).map(|field| field.parse().unwrap_or(0));
    std::array::from_fn(|_| fields.next().unwrap_or(0))
}

/// Ticks of 10 ms.
fn ticks(counts: &[u64]) -> Duration {
    Duration::from_millis(counts.iter().sum::<u64>() * 10)
}
