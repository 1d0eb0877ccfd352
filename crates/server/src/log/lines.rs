//! The lines of the log on their way out. Whoever logs never waits for whoever reads the log.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use tokio_util::sync::CancellationToken;
use tracing::warn;
use tracing_subscriber::fmt::MakeWriter;

/// A queue of lines and the thread that writes them. Clones are the same queue.
///
/// If the reader is slower than the log for long, or stops, lines are lost and counted.
#[derive(Clone)]
pub struct Lines(Arc<Shared>);

/// How many lines were lost, because the reader of the log was too slow. Clones are the same number.
#[derive(Clone, Debug, Default)]
pub struct LostLines(Counter);

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
    lost: LostLines,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<u8>,
    is_writing: bool,
}

impl Lines {
    /// Starts the thread that writes to `out`, which may block for ever.
    ///
    /// # Errors
    ///
    /// The system has no thread for it.
    pub fn to(out: impl Write + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            changed: Condvar::new(),
            lost: LostLines::default(),
        });
        let lines = Self(Arc::clone(&shared));
        thread::Builder::new().name("log".to_owned()).spawn(move || shared.write_to(out))?;
        Ok(lines)
    }

    /// The count of lines that were lost.
    pub fn lost(&self) -> LostLines {
        self.0.lost.clone()
    }

    /// Waits until everything is written, or as long as a reader may take that reads at all.
    pub fn flush(&self) {
        let queue = self.0.lock();
        let is_busy = |queue: &mut Queue| queue.is_writing || !queue.waiting.is_empty();
        // What is not read by then is lost.
        drop(self.0.changed.wait_timeout_while(queue, PATIENCE, is_busy));
    }
}

impl Shared {
    fn write_to(&self, mut out: impl Write) {
        let mut lines = Vec::new();
        loop {
            let mut queue = self.lock();
            queue.is_writing = false;
            self.changed.notify_all();
            while queue.waiting.is_empty() {
                queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
            }
            lines.clear();
            std::mem::swap(&mut queue.waiting, &mut lines);
            queue.is_writing = true;
            drop(queue);
            // If nobody reads any more, there is nowhere to say so but the metric.
            if out.write_all(&lines).and_then(|()| out.flush()).is_err() {
                let lost = lines.split_inclusive(|byte| *byte == b'\n').count();
                self.lost.0.inc_by(lost as u64);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One call writes one line.
impl Write for &Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut queue = self.0.lock();
        if queue.waiting.len() + line.len() > MOST_WAITING {
            self.0.lost.0.inc();
        } else {
            queue.waiting.extend_from_slice(line);
            self.0.changed.notify_all();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

impl LostLines {
    /// The number as a counter for the metrics.
    pub(crate) const fn counter(&self) -> &Counter {
        &self.0
    }

    /// Says in the log how many lines are missing in it, once it is read again, until `stop` is
    /// cancelled.
    pub(crate) async fn report(self, stop: CancellationToken) {
        let mut reported = 0;
        while tokio::time::timeout(PAUSE, stop.cancelled()).await.is_err() {
            let lost = self.0.get();
            if lost > reported {
                warn!(lines = lost - reported, "{} lines of the log were lost", lost - reported);
                // It is one more if nobody reads even that.
                if self.0.get() == lost {
                    reported = lost;
                }
            }
        }
    }
}

/// As much waits for the reader, and as much again is being written.
const MOST_WAITING: usize = 256 << 10;

/// For the last lines.
const PATIENCE: Duration = Duration::from_secs(1);

/// Between two looks for lost lines.
const PAUSE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;

    /// A reader that takes what is written only when the test lets it.
    struct Slow {
        began: Sender<()>,
        go: Receiver<()>,
        read: Sender<Vec<u8>>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.began.send(());
            self.go.recv().map_err(|_| io::ErrorKind::BrokenPipe)?;
            let _ = self.read.send(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn nobody_waits_for_a_reader_that_stopped_and_what_it_missed_is_counted() {
        let (began, has_begun) = channel();
        let (go, may_go) = channel();
        let (read, was_read) = channel();
        let lines = Lines::to(Slow { began, go: may_go, read }).expect("a thread");
        let line = [[b'a'; 1023].as_slice(), b"\n"].concat();
        (&lines).write_all(&line).expect("never refused");
        has_begun.recv().expect("it writes the first line");
        for _ in 0..1023 {
            (&lines).write_all(&line).expect("never refused");
        }
        let lost = lines.lost().0.get();
        assert_eq!(lost, 1023 - 256, "256 lines have room");
        // The thread waits for the reader, so this ends by itself.
        lines.flush();

        for lines in [1, 256] {
            go.send(()).expect("it waits");
            assert_eq!(was_read.recv().expect("written").len(), lines * line.len());
        }
        (&lines).write_all(b"again\n").expect("never refused");
        go.send(()).expect("it waits");
        assert_eq!(was_read.recv().expect("written"), b"again\n");
        drop(go);
        (&lines).write_all(b"nobody is there\n").expect("never refused");
        lines.flush();
        assert_eq!(lines.lost().0.get(), lost + 1, "a reader that is gone");
    }
}
