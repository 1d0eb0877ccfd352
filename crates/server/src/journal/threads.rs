//! The threads that fold calls and read and write their JSON: never those that answer requests.

use std::io;

use tokio::runtime::{Builder, Handle, Runtime};

/// A runtime of its own with few threads, so that calls with many events cost others no answer.
pub(crate) struct Threads(Option<Runtime>);

impl Threads {
    pub(crate) fn start() -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(COUNT)
            .thread_name("apply")
            .enable_all()
            .build()?;
        Ok(Self(Some(runtime)))
    }

    pub(super) fn handle(&self) -> Option<&Handle> {
        self.0.as_ref().map(Runtime::handle)
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// One workspace with large calls leaves the other thread.
const COUNT: usize = 2;
