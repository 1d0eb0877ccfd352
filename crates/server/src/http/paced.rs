//! A connection that is closed if its peer does not read.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// Closes a connection whose peer reads too slowly. A [`WINDOW`] begins when a write cannot go on; within
/// it, [`LEAST_BYTES`] must be sent.
///
/// A peer that keeps up never opens a window, so a stream of events may last for ever.
pub(crate) struct Paced<S> {
    stream: S,
    window: Option<Window>,
}

/// A time in which so many bytes must be sent.
struct Window {
    end: Pin<Box<Sleep>>,
    left: usize,
}

impl Window {
    fn new() -> Self {
        Self { end: Box::pin(sleep(WINDOW)), left: LEAST_BYTES }
    }
}

impl<S> Paced<S> {
    pub(crate) const fn new(stream: S) -> Self {
        Self { stream, window: None }
    }

    /// Judges the result of a write of `offered` bytes.
    fn judge(
        &mut self,
        context: &mut Context<'_>,
        offered: usize,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match written {
            Poll::Ready(Ok(bytes)) if bytes >= offered => self.window = None,
            Poll::Ready(Ok(bytes)) => {
                if let Some(window) = &mut self.window {
                    window.left = window.left.saturating_sub(bytes);
                }
            }
            Poll::Ready(Err(_)) => {}
            Poll::Pending => loop {
                let window = self.window.get_or_insert_with(Window::new);
                ready!(window.end.as_mut().poll(context));
                if window.left > 0 {
                    let slow = "the peer reads too slowly";
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, slow)));
                }
                self.window = None;
            },
        }
        written
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.judge(context, bytes.len(), written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.judge(context, parts.iter().map(|part| part.len()).sum(), written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// For the next bytes to be sent.
const WINDOW: Duration = Duration::from_secs(10);

/// A kilobyte a second: less than the slowest telephone line.
const LEAST_BYTES: usize = 10 * 1024;

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    const MEGABYTE: usize = 1024 * 1024;

    /// Writes a megabyte to a peer that reads so many bytes a second.
    async fn write_to(reads: usize) -> io::Result<()> {
        let (ours, mut theirs): (DuplexStream, DuplexStream) = duplex(4096);
        let peer = tokio::spawn(async move {
            let mut bytes = vec![0; reads.max(1)];
            loop {
                sleep(Duration::from_secs(1)).await;
                if reads > 0 && theirs.read(&mut bytes).await.unwrap_or(0) == 0 {
                    return;
                }
            }
        });
        let written = Paced::new(ours).write_all(&vec![0; MEGABYTE]).await;
        peer.abort();
        written
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_reads_too_slowly_is_given_up() {
        let timed_out = Err(io::ErrorKind::TimedOut);
        let cases = [
            ("nothing", 0, timed_out),
            ("a byte a second", 1, timed_out),
            ("half of what is asked", 512, timed_out),
            ("twice what is asked", 2048, Ok(())),
        ];
        for (name, reads, want) in cases {
            assert_eq!(write_to(reads).await.map_err(|error| error.kind()), want, "{name}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_of_events_may_last_for_ever() {
        let (ours, mut theirs) = duplex(4096);
        let mut ours = Paced::new(ours);
        let mut event = [0; 100];
        for _ in 0..1000 {
            ours.write_all(&event).await.unwrap();
            sleep(Duration::from_secs(60)).await;
            theirs.read_exact(&mut event).await.unwrap();
        }
    }
}
