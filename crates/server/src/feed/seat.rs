//! One stream in a room: what waits for its reader, and since when.

use bytes::Bytes;
use identity::UserId;
use tokio::sync::mpsc;

/// One stream, from the side of its room. Dropping it ends the stream.
pub(super) struct Seat {
    pub(super) user: UserId,
    pub(super) page: Option<String>,
    queue: mpsc::Sender<Bytes>,
    /// The number of the last change that the page has.
    seq: i64,
    /// Whether something did not fit. From then on nothing is sent until the queue is empty.
    is_stuck: bool,
}

/// What is to be done about a reader.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Pace {
    /// It keeps up.
    Good,
    /// It does not read.
    Stuck,
    /// It has read everything that it was sent, and needs a snapshot.
    Ready,
}

impl Seat {
    pub(super) fn new(user: UserId, page: Option<String>) -> (Self, mpsc::Receiver<Bytes>) {
        let (queue, reader) = mpsc::channel(QUEUE);
        (Self { user, page, queue, seq: 0, is_stuck: false }, reader)
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
        if self.is_stuck {
            return;
        }
        if self.queue.capacity() < parts.len() {
            self.is_stuck = true;
            return;
        }
        self.seq = seq.unwrap_or(self.seq);
        for part in parts {
            // There is room, and a reader that is gone needs nothing.
            let _ = self.queue.try_send(part.clone());
        }
    }

    /// The page has everything up to this change.
    pub(super) fn has(&mut self, seq: i64) {
        self.seq = seq;
    }

    pub(super) fn pace(&self) -> Pace {
        if !self.is_stuck {
            Pace::Good
        } else if self.queue.capacity() == QUEUE {
            Pace::Ready
        } else {
            // The connection is given up if it does not read at all.
            Pace::Stuck
        }
    }

    /// Begins anew with a reader that has read everything.
    pub(super) fn unstick(&mut self) {
        self.is_stuck = false;
    }
}

/// Events that wait for one reader. They are shared by all readers of a room, so that a slow one
/// costs a pointer for each.
pub(super) const QUEUE: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_reader_that_falls_behind_gets_nothing_until_it_has_caught_up() {
        let (mut seat, mut reader) = Seat::new(UserId::from_bytes([1; 16]), None);
        let event = Bytes::from_static(b"x");
        for id in 1..=300 {
            seat.send(Some(id), &event);
        }
        assert_eq!(seat.pace(), Pace::Stuck);
        for _ in 0..QUEUE {
            assert_eq!(seat.pace(), Pace::Stuck);
            seat.send(Some(301), &event);
            reader.recv().await.unwrap();
        }
        assert_eq!(seat.pace(), Pace::Ready);
        assert!(reader.try_recv().is_err());
        seat.unstick();
        seat.send_all(Some(301), &[event.clone(), event.clone()]);
        seat.send(Some(301), &event);
        seat.send(None, &event);
        let mut read = 0;
        while reader.try_recv().is_ok() {
            read += 1;
        }
        assert_eq!(read, 3, "what the page has is not sent again");
    }

    #[tokio::test]
    async fn parts_are_sent_together_or_not_at_all() {
        let (mut seat, mut reader) = Seat::new(UserId::from_bytes([1; 16]), None);
        let part = Bytes::from_static(b"x");
        seat.send_all(None, &vec![part.clone(); QUEUE - 1]);
        seat.send_all(None, &[part.clone(), part]);
        let mut read = 0;
        while reader.try_recv().is_ok() {
            read += 1;
        }
        assert_eq!(read, QUEUE - 1);
    }
}
