//! The handle: a thread that writes and one that syncs behind it, a consumer beside it.

use std::future::Future;
use std::mem;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll};
use std::thread::{self, JoinHandle, ThreadId};
use std::time::Duration;

use crate::catalogue::Catalogue;
use crate::config::Config;
use crate::consumer::Consumer;
use crate::error::{AppendError, ConsumeError, Fault, OpenError};
use crate::record::{Record, Sequence};
use crate::recovery::{Recovery, recover};
use crate::spare::Spares;
use crate::storage::{Disk, Ownership, Storage};
use crate::syncer::{Syncer, Unsynced};
use crate::ticket::{Answer, Append, block_on};
use crate::writer::{Waiting, Writer};

/// An open spool. Clones are handles of the same spool; dropping the last one closes it.
///
/// Any number of threads or tasks append; one consumer reads, applies and passes records. Appending
/// never blocks. The consumer's calls read and write files, so an async program must make them on a
/// thread for blocking work.
///
/// # Examples
///
/// ```
/// use spool::{Config, Spool};
///
/// # let dir = std::env::temp_dir().join(format!("spool-doc-{}", std::process::id()));
/// # let config = Config { segment_bytes: 4096, ..Config::default() };
/// let spool = Spool::open(&dir, config)?;
///
/// // Where events come in: answer only when the record is durable.
/// let sequence = spool.append("CallStatus=completed").wait()?;
///
/// // Where they are applied, in order. A record comes again if the process ends in between.
/// for record in spool.next_batch(100)? {
///     assert_eq!(record.payload, b"CallStatus=completed");
///     spool.advance(record.sequence)?;
/// }
/// assert_eq!(spool.stats().pending_records, 0);
/// spool.close();
/// # std::fs::remove_dir_all(&dir)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Spool(Arc<Owner>);

/// Figures for a dashboard, of one moment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Stats {
    /// Durable records that are neither applied nor set aside.
    pub pending_records: u64,
    /// Their bytes, 16 for each record's header included.
    pub pending_bytes: u64,
    /// The first of them. Its age is the lag; the payload has its time of arrival.
    pub oldest: Option<Sequence>,
    /// The size of all segments on disk; compare it with [`Config::limit_bytes`].
    pub disk_bytes: u64,
    /// Segment files.
    pub segments: u64,
    /// Records in `dead/`, those of earlier runs included.
    pub set_aside: u64,
    /// Places found damaged since the start, at the start included.
    pub damaged: u64,
    /// Disk failures since the start. Set an alert on any value but zero.
    pub faults: u64,
    /// Why no record can be stored now, if the disk refused the last one. Tried again every second.
    pub refusal: Option<Fault>,
}

impl Spool {
    /// Opens the spool in a directory, which is made if it is missing (mode 0700, files 0600).
    ///
    /// Everything up to the last intact record is kept. Unreadable parts are copied to
    /// `damaged/`, reported by [`Self::recovery`], and do not stop the start. Reads every
    /// segment: about a second for each GiB.
    ///
    /// # Errors
    ///
    /// [`OpenError::InUse`] if another process, or another spool of this one, owns the directory;
    /// [`OpenError::Config`] if the sizes are inconsistent; [`OpenError::Storage`] if the
    /// directory cannot be made, listed or written.
    pub fn open(dir: impl AsRef<Path>, config: Config) -> Result<Self, OpenError> {
        if let Some(rule) = config.broken_rule() {
            return Err(OpenError::Config { rule });
        }
        let (disk, ownership) = Disk::take(dir.as_ref())?;
        let storage: Arc<dyn Storage> = Arc::new(disk);
        let start = recover(&storage).map_err(OpenError::Storage)?;
        let spares = Arc::new(Spares::new(Arc::clone(&storage), config.segment_bytes, PAUSE));
        let catalogue = Arc::clone(&start.catalogue);
        let unsynced = Arc::new(Unsynced::new(config.waiting_bytes));
        let syncer = Syncer {
            storage: Arc::clone(&storage),
            catalogue: Arc::clone(&catalogue),
            unsynced: Arc::clone(&unsynced),
        };
        let spare = Arc::clone(&spares);
        let writer =
            Writer::new(config, storage, catalogue, spare, Arc::clone(&unsynced), start.next);
        let shared = Arc::new(Shared {
            config,
            inbox: Mutex::default(),
            arrived: Condvar::new(),
            catalogue: start.catalogue,
            consumer: Mutex::new(start.consumer),
            spares,
            unsynced,
            recovery: start.report,
        });
        let owner = Owner {
            shared,
            threads: Mutex::default(),
            workers: OnceLock::new(),
            ownership: Mutex::new(Some(ownership)),
        };
        owner
            .start(writer, syncer)
            .map_err(|error| OpenError::Storage(Fault::new("start the spool's threads", &error)))?;
        Ok(Self(Arc::new(owner)))
    }

    /// Appends a record.
    ///
    /// The record is written from this call on, whether or not the answer is awaited. All records that
    /// arrive during one sync go into the next sync together. The answer comes when the record is
    /// durable; records become durable in the order of their sequences. An earlier answer,
    /// [`Append::written`], comes when the record survives the end of this process: it waits for no sync.
    ///
    /// # Errors
    ///
    /// The answer is an [`AppendError`] if the record may not be durable: the caller
    /// must not acknowledge the event. The record may still exist.
    pub fn append(&self, payload: impl Into<Vec<u8>>) -> Append {
        let payload = payload.into();
        let Shared { config, inbox, arrived, .. } = &*self.0.shared;
        let (found, limit) = (payload.len() as u64, config.payload_limit());
        if found > limit {
            return Append::refused(AppendError::TooLarge { limit, found });
        }
        let mut inbox = lock(inbox);
        if inbox.closed {
            return Append::refused(AppendError::Closed);
        }
        if inbox.bytes + found > config.waiting_bytes {
            return Append::refused(AppendError::Overloaded { limit: config.waiting_bytes });
        }
        let (answer, append) = Answer::new();
        inbox.bytes += found;
        inbox.waiting.push(Waiting { payload, answer });
        drop(inbox);
        arrived.notify_one();
        append
    }

    /// Waits until there is a record to apply, or the spool is closed.
    ///
    /// Await it, or [wait](Ready::wait) on a thread.
    pub fn ready(&self) -> Ready {
        Ready { shared: Arc::clone(&self.0.shared), what: Awaited::Records }
    }

    /// Waits until there is something that [`Self::read_on`] has not read, or the spool is closed.
    pub fn unread(&self) -> Ready {
        Ready { shared: Arc::clone(&self.0.shared), what: Awaited::Unread }
    }

    /// The first records that are neither applied nor set aside, in order.
    ///
    /// At most `max_records` of them, and not much more than 4 MiB; empty if there are none. The
    /// same records come again until they are passed. Reads files, so do not call it directly in an async task.
    ///
    /// # Errors
    ///
    /// [`ConsumeError::Storage`] if a file cannot be read; try again. [`ConsumeError::Closed`]
    /// after [`Self::close`].
    pub fn next_batch(&self, max_records: usize) -> Result<Vec<Record>, ConsumeError> {
        self.consumer()?.next_batch(max_records).map_err(ConsumeError::Storage)
    }

    /// The records behind those that were read, in order, whether those are passed or not.
    ///
    /// At most `max_records` of them, and not much more than 4 MiB; empty if there are none. A record
    /// that is not passed comes again after a restart, or with [`Self::next_batch`], which begins at
    /// the cursor. Reads files, so do not call it directly in an async task.
    ///
    /// # Errors
    ///
    /// As [`Self::next_batch`].
    pub fn read_on(&self, max_records: usize) -> Result<Vec<Record>, ConsumeError> {
        self.consumer()?.read_on(max_records).map_err(ConsumeError::Storage)
    }

    /// Passes single records, whatever is before them: they do not come again in this run.
    ///
    /// The cursor moves to the first record that is not passed, so those behind it may come again
    /// after a restart.
    ///
    /// # Errors
    ///
    /// [`ConsumeError::NotDelivered`], and none is passed, if one was not read or is passed already
    /// with all before it. Otherwise as [`Self::advance`].
    pub fn pass(&self, sequences: &[Sequence]) -> Result<(), ConsumeError> {
        self.consumer()?.pass(sequences)
    }

    /// Passes the records up to and including `through`: they do not come again.
    ///
    /// Syncs the cursor, and only then deletes the segments that were passed as a whole. Blocks
    /// for as long as the sync takes, so pass a batch at once.
    ///
    /// # Errors
    ///
    /// [`ConsumeError::NotDelivered`] if `through` is behind the last batch.
    /// [`ConsumeError::Storage`] if the cursor cannot be written: the records do not come again
    /// in this run, but may after a restart. [`ConsumeError::Closed`] after [`Self::close`].
    pub fn advance(&self, through: Sequence) -> Result<(), ConsumeError> {
        self.consumer()?.advance(through)
    }

    /// Puts one record that was read into `dead/`, with a reason, and never delivers it again.
    ///
    /// The file is text: `sequence:` and `reason:` on one line each, an empty line, and then the
    /// unchanged payload. Control characters in the reason become blanks.
    ///
    /// # Errors
    ///
    /// [`ConsumeError::NotDelivered`] if it is not one of those that were read.
    /// [`ConsumeError::Storage`] if the file cannot be written: the record stays where it is.
    /// [`ConsumeError::Closed`] after [`Self::close`].
    pub fn set_aside(&self, sequence: Sequence, reason: &str) -> Result<(), ConsumeError> {
        self.consumer()?.set_aside(sequence, reason)
    }

    /// Begins a new segment with the next record, so the current one is deleted as soon as
    /// everything in it is applied.
    ///
    /// Without it, applied records stay on disk until the segment is full. Call it from time to
    /// time if they must not stay.
    pub fn rotate(&self) {
        let Shared { inbox, arrived, .. } = &*self.0.shared;
        lock(inbox).rotate = true;
        arrived.notify_one();
    }

    /// The figures of this moment. Never waits for the disk.
    pub fn stats(&self) -> Stats {
        let entries = self.0.shared.catalogue.lock();
        let left = entries.left();
        Stats {
            pending_records: left.records,
            pending_bytes: left.bytes,
            oldest: entries.oldest().map(Sequence),
            disk_bytes: entries.disk_bytes(),
            segments: entries.segments.len() as u64,
            set_aside: entries.set_aside,
            damaged: entries.damaged,
            faults: entries.faults,
            refusal: entries.refusal,
        }
    }

    /// What [`Self::open`] found.
    pub fn recovery(&self) -> &Recovery {
        &self.0.shared.recovery
    }

    /// Commits the waiting records, refuses later ones, and releases the directory.
    ///
    /// Blocks until that is done; every clone is closed, and closing again changes nothing.
    /// Dropping the last clone does the same.
    pub fn close(&self) {
        self.0.close();
    }

    fn consumer(&self) -> Result<MutexGuard<'_, Consumer>, ConsumeError> {
        let consumer = lock(&self.0.shared.consumer);
        if self.0.shared.catalogue.lock().closed {
            return Err(ConsumeError::Closed);
        }
        Ok(consumer)
    }
}

impl std::fmt::Debug for Spool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Spool").field(&self.stats()).finish()
    }
}

/// Waits for records; see [`Spool::ready`]. Dropping it has no effect on records.
pub struct Ready {
    shared: Arc<Shared>,
    what: Awaited,
}

/// What somebody waits for.
enum Awaited {
    /// Records to apply.
    Records,
    /// Records to read.
    Unread,
}

impl Ready {
    /// Blocks the thread until there is a record to apply.
    ///
    /// # Errors
    ///
    /// [`ConsumeError::Closed`] once the spool is closed.
    pub fn wait(self) -> Result<(), ConsumeError> {
        block_on(self)
    }
}

impl Future for Ready {
    type Output = Result<(), ConsumeError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut entries = self.shared.catalogue.lock();
        let is_there = match self.what {
            Awaited::Records => !entries.is_idle(),
            Awaited::Unread => entries.has_unread(),
        };
        if entries.closed {
            Poll::Ready(Err(ConsumeError::Closed))
        } else if !is_there {
            entries.register(context.waker());
            Poll::Pending
        } else {
            Poll::Ready(Ok(()))
        }
    }
}

impl std::fmt::Debug for Ready {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ready")
    }
}

struct Shared {
    config: Config,
    inbox: Mutex<Inbox>,
    arrived: Condvar,
    catalogue: Arc<Catalogue>,
    consumer: Mutex<Consumer>,
    spares: Arc<Spares>,
    unsynced: Arc<Unsynced>,
    recovery: Recovery,
}

/// The queue of the writer.
#[derive(Default)]
struct Inbox {
    waiting: Vec<Waiting>,
    /// Of the queue; the group that is being written is not included.
    bytes: u64,
    rotate: bool,
    closed: bool,
}

impl Shared {
    /// The writer: repeatedly takes the whole queue and writes it as one group.
    fn write(&self, mut writer: Writer) {
        let mut group = Vec::new();
        loop {
            self.unsynced.wait_for_room();
            let mut inbox = lock(&self.inbox);
            while inbox.waiting.is_empty() && !inbox.rotate && !inbox.closed {
                let waited = self.arrived.wait_timeout(inbox, LOOK);
                let (held, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
                inbox = held;
                if timeout.timed_out() {
                    drop(inbox);
                    writer.look();
                    inbox = lock(&self.inbox);
                }
            }
            if inbox.waiting.is_empty() && inbox.closed {
                break;
            }
            mem::swap(&mut inbox.waiting, &mut group);
            inbox.bytes = 0;
            let rotate = mem::take(&mut inbox.rotate);
            drop(inbox);
            if rotate {
                writer.retire();
            }
            writer.write(group.drain(..));
        }
        writer.end();
        self.unsynced.close();
    }
}

/// Ends the threads and the ownership with the last handle.
struct Owner {
    shared: Arc<Shared>,
    /// Held while closing, so that a second close returns after the first one is done.
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// The threads that answer, and run wakers.
    workers: OnceLock<[ThreadId; 2]>,
    ownership: Mutex<Option<Ownership>>,
}

impl Owner {
    fn start(&self, writer: Writer, syncer: Syncer) -> std::io::Result<()> {
        let (shared, spares) = (Arc::clone(&self.shared), Arc::clone(&self.shared.spares));
        let name = |name: &str| thread::Builder::new().name(name.into());
        let mut threads = lock(&self.threads);
        threads.push(name("spool-write").spawn(move || shared.write(writer))?);
        threads.push(name("spool-sync").spawn(move || syncer.work())?);
        if let [writer, syncer] = &threads[..] {
            let _ = self.workers.set([writer.thread().id(), syncer.thread().id()]);
        }
        threads.push(name("spool-spare").spawn(move || spares.work())?);
        drop(threads);
        self.shared.spares.want();
        Ok(())
    }

    fn close(&self) {
        lock(&self.shared.inbox).closed = true;
        self.shared.arrived.notify_all();
        if self.workers.get().is_some_and(|workers| workers.contains(&thread::current().id())) {
            // A waker dropped the last handle there; the thread cannot wait for itself.
            self.shared.spares.stop();
            return;
        }
        let mut threads = lock(&self.threads);
        let mut threads = threads.drain(..);
        for _ in 0..2 {
            // The thread has reported its panic; the waiting records were answered `Closed`.
            let _ = threads.next().map(JoinHandle::join);
        }
        self.shared.spares.stop();
        let _ = threads.next().map(JoinHandle::join);
        {
            let mut consumer = lock(&self.shared.consumer);
            // An outdated cursor only means that records come again.
            let _ = consumer.persist();
            self.shared.catalogue.close();
        }
        *lock(&self.ownership) = None;
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.close();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Between two looks for the files while nothing is appended.
const LOOK: Duration = Duration::from_secs(1);

/// A full disk must not be filled again by every append.
const PAUSE: Duration = Duration::from_millis(250);
