//! The receipt of an append, awaited or waited for.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use crate::error::AppendError;
use crate::record::Sequence;

/// An append on its way to the disk.
///
/// The record is written from the moment of the call: dropping this only discards the
/// answer. Await it on any runtime, or [wait](Self::wait) without one.
#[derive(Debug)]
#[must_use = "only the answer says that the record is durable"]
pub struct Append {
    slot: Arc<Slot>,
}

impl Append {
    /// Blocks the thread until the record is durable or has failed.
    ///
    /// # Errors
    ///
    /// As [`Spool::append`](crate::Spool::append).
    pub fn wait(self) -> Result<Sequence, AppendError> {
        block_on(self)
    }

    /// The earlier answer: the record is written, and survives the end of this process. A power cut may
    /// still take it.
    pub fn written(&self) -> Written {
        Written { slot: Arc::clone(&self.slot) }
    }

    /// A receipt whose answer is known.
    pub(crate) fn refused(error: AppendError) -> Self {
        Self { slot: Arc::new(Slot::new(State::Done(Err(error)))) }
    }
}

impl Future for Append {
    type Output = Result<Sequence, AppendError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut held = self.slot.lock();
        if let State::Done(answer) = held.state {
            return Poll::Ready(answer);
        }
        held.synced = Some(context.waker().clone());
        Poll::Pending
    }
}

/// Waits until a record is written; see [`Append::written`]. Dropping it has no effect on the record.
#[derive(Debug)]
#[must_use = "only the answer says that the record is written"]
pub struct Written {
    slot: Arc<Slot>,
}

impl Written {
    /// Blocks the thread until the record is written or has failed.
    ///
    /// # Errors
    ///
    /// As [`Spool::append`](crate::Spool::append).
    pub fn wait(self) -> Result<Sequence, AppendError> {
        block_on(self)
    }
}

impl Future for Written {
    type Output = Result<Sequence, AppendError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut held = self.slot.lock();
        match held.state {
            State::Waiting => {
                held.written = Some(context.waker().clone());
                Poll::Pending
            }
            State::Written(sequence) => Poll::Ready(Ok(sequence)),
            State::Done(answer) => Poll::Ready(answer),
        }
    }
}

/// The other end. It must answer; if it is dropped, the answer is `Closed`.
#[derive(Debug)]
pub(crate) struct Answer {
    slot: Arc<Slot>,
}

impl Answer {
    pub(crate) fn new() -> (Self, Append) {
        let slot = Arc::new(Slot::new(State::Waiting));
        (Self { slot: Arc::clone(&slot) }, Append { slot })
    }

    /// The record is written, and not durable yet.
    pub(crate) fn written(&self, sequence: Sequence) {
        self.slot.go_on(State::Written(sequence));
    }

    /// The record is durable, or has failed.
    pub(crate) fn give(self, answer: Result<Sequence, AppendError>) {
        self.slot.go_on(State::Done(answer));
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.slot.go_on(State::Done(Err(AppendError::Closed)));
    }
}

#[derive(Debug)]
struct Slot(Mutex<Held>);

#[derive(Debug)]
struct Held {
    state: State,
    /// Who waits until it is written.
    written: Option<Waker>,
    /// Who waits until it is durable.
    synced: Option<Waker>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Waiting,
    Written(Sequence),
    Done(Result<Sequence, AppendError>),
}

impl Slot {
    const fn new(state: State) -> Self {
        Self(Mutex::new(Held { state, written: None, synced: None }))
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first final answer counts.
    fn go_on(&self, state: State) {
        let mut held = self.lock();
        if matches!(held.state, State::Done(_)) {
            return;
        }
        held.state = state;
        let written = held.written.take();
        let synced = if matches!(state, State::Done(_)) { held.synced.take() } else { None };
        drop(held);
        for waker in [written, synced].into_iter().flatten() {
            waker.wake();
        }
    }
}

/// Runs a future on this thread.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_heard_before_and_after_waiting() {
        let (answer, append) = Answer::new();
        answer.give(Ok(Sequence(1)));
        assert_eq!(append.wait(), Ok(Sequence(1)));

        let (answer, append) = Answer::new();
        let waiting = thread::spawn(|| append.wait());
        answer.give(Ok(Sequence(2)));
        assert_eq!(waiting.join().expect("no panic"), Ok(Sequence(2)));
    }

    #[test]
    fn a_record_is_written_before_it_is_durable() {
        let (answer, append) = Answer::new();
        let (first, second) = (append.written(), append.written());
        answer.written(Sequence(1));
        assert_eq!(first.wait(), Ok(Sequence(1)));
        let full = AppendError::Full { limit: 1 };
        answer.give(Err(full));
        assert_eq!(append.written().wait(), Err(full), "the later answer is the better one");
        assert_eq!(second.wait(), Err(full));
        assert_eq!(append.wait(), Err(full));
    }

    #[test]
    fn no_answer_is_a_refusal() {
        let (answer, append) = Answer::new();
        drop(answer);
        assert_eq!(append.wait(), Err(AppendError::Closed));
        let full = AppendError::Full { limit: 1 };
        assert_eq!(Append::refused(full).wait(), Err(full));
    }
}
