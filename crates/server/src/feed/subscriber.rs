//! One stream from its channel's side: the backlog of its reader.

use bytes::Bytes;
use identity::UserId;
use tokio::sync::mpsc;

/// A subscriber of a channel. Dropping it ends the stream.
pub(super) struct Subscriber {
    pub(super) user: UserId,
    pub(super) page: Option<String>,
    /// Whether that page itself says that it can take calls.
    pub(super) reports: bool,
    queue: mpsc::Sender<Bytes>,
    /// The number of the last change that the page has.
    seq: i64,
    /// Whether something did not fit. From then on nothing is sent until the queue is empty.
    has_overflowed: bool,
}

/// What waits for a reader.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Backlog {
    /// Everything fitted so far.
    Fits,
    /// Something did not fit, and the reader has not read the rest yet.
    Overflowed,
    /// Something did not fit, and the reader has read everything else: it needs a snapshot.
    Drained,
}

impl Subscriber {
    pub(super) fn new(
        user: UserId,
        page: Option<String>,
        reports: bool,
    ) -> (Self, mpsc::Receiver<Bytes>) {
        let (queue, reader) = mpsc::channel(QUEUE);
        (Self { user, page, reports, queue, seq: 0, has_overflowed: false }, reader)
    }

    /// Whether the reader is gone.
    pub(super) fn is_closed(&self) -> bool {
        self.queue.is_closed()
    }

    /// Sends an event, unless the page has it.
    pub(super) fn send(&mut self, id: Option<i64>, event: &Bytes) {
        if id.is_none_or(|id| id > self.seq) {
            self.send_all(id, std::slice::from_ref(event));
        }
    }

    /// Sends bytes that belong together, all or none. With them the page has everything up to `seq`.
    pub(super) fn send_all(&mut self, seq: Option<i64>, parts: &[Bytes]) {
        if self.has_overflowed {
            return;
        }
        if self.queue.capacity() < parts.len() {
            self.has_overflowed = true;
            return;
        }
        self.seq = seq.unwrap_or(self.seq);
        for part in parts {
            // There is space, and a reader that is gone needs nothing.
            let _ = self.queue.try_send(part.clone());
        }
    }

    /// The page has everything up to this change.
    pub(super) fn has(&mut self, seq: i64) {
        self.seq = seq;
    }

    pub(super) fn backlog(&self) -> Backlog {
        if !self.has_overflowed {
            Backlog::Fits
        } else if self.queue.capacity() == QUEUE {
            Backlog::Drained
        } else {
            // The connection is closed if it does not read at all.
            Backlog::Overflowed
        }
    }

    /// Sends again to a reader that has read everything.
    pub(super) fn resume(&mut self) {
        self.has_overflowed = false;
    }
}

/// Events that wait for one reader. All readers of a channel share them, so that a slow one
/// costs a pointer for each.
pub(super) const QUEUE: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_reader_that_falls_behind_gets_nothing_until_it_has_caught_up() {
        let (mut subscriber, mut reader) =
            Subscriber::new(UserId::from_bytes([1; 16]), None, false);
        let event = Bytes::from_static(b"x");
        for id in 1..=300 {
            subscriber.send(Some(id), &event);
        }
        assert_eq!(subscriber.backlog(), Backlog::Overflowed);
        for _ in 0..QUEUE {
            assert_eq!(subscriber.backlog(), Backlog::Overflowed);
            subscriber.send(Some(301), &event);
            reader.recv().await.unwrap();
        }
        assert_eq!(subscriber.backlog(), Backlog::Drained);
        assert!(reader.try_recv().is_err());
        subscriber.resume();
        subscriber.send_all(Some(301), &[event.clone(), event.clone()]);
        subscriber.send(Some(301), &event);
        subscriber.send(None, &event);
        let mut read = 0;
        while reader.try_recv().is_ok() {
            read += 1;
        }
        assert_eq!(read, 3, "what the page has is not sent again");
    }

    #[tokio::test]
    async fn parts_are_sent_together_or_not_at_all() {
        let (mut subscriber, mut reader) =
            Subscriber::new(UserId::from_bytes([1; 16]), None, false);
        let part = Bytes::from_static(b"x");
        subscriber.send_all(None, &vec![part.clone(); QUEUE - 1]);
        subscriber.send_all(None, &[part.clone(), part]);
        let mut read = 0;
        while reader.try_recv().is_ok() {
            read += 1;
        }
        assert_eq!(read, QUEUE - 1);
    }
}
