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

    /// A receipt whose answer is known.
    pub(crate) fn refused(error: AppendError) -> Self {
        Self { slot: Arc::new(Slot(Mutex::new(State::Done(Err(error))))) }
    }
}

impl Future for Append {
    type Output = Result<Sequence, AppendError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self.slot.lock() {
            State::Done(answer) => Poll::Ready(*answer),
            State::Waiting(waker) => {
                *waker = Some(context.waker().clone());
                Poll::Pending
            }
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
        let slot = Arc::new(Slot(Mutex::new(State::Waiting(None))));
        (Self { slot: Arc::clone(&slot) }, Append { slot })
    }

    pub(crate) fn give(self, answer: Result<Sequence, AppendError>) {
        self.slot.finish(answer);
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.slot.finish(Err(AppendError::Closed));
    }
}

#[derive(Debug)]
struct Slot(Mutex<State>);

#[derive(Debug)]
enum State {
    Waiting(Option<Waker>),
    Done(Result<Sequence, AppendError>),
}

impl Slot {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first answer counts.
    fn finish(&self, answer: Result<Sequence, AppendError>) {
        let mut state = self.lock();
        if let State::Waiting(waker) = &mut *state {
            let waker = waker.take();
            *state = State::Done(answer);
            drop(state);
            if let Some(waker) = waker {
                waker.wake();
            }
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
    fn no_answer_is_a_refusal() {
        let (answer, append) = Answer::new();
        drop(answer);
        assert_eq!(append.wait(), Err(AppendError::Closed));
        let full = AppendError::Full { limit: 1 };
        assert_eq!(Append::refused(full).wait(), Err(full));
    }
}
