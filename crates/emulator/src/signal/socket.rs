//! One socket: frames in, frames out, and a heartbeat every ten seconds.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, interval_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::clock::wall_clock;
use crate::frame::SocketId;
use crate::frame::{HEARTBEAT, Outgoing, Sdp};
use crate::shared::Shared;

type Stream = WebSocketStream<TokioIo<Upgraded>>;

/// Serves a socket until one side ends it.
pub(super) async fn serve(stream: Stream, shared: Arc<Shared>) {
    let id = shared.write(|world| world.signal.sockets.open());
    let socket = Socket { id, shared };
    // How it ended does not matter: the browser comes back or not.
    let _ = socket.run(stream).await;
}

/// Closes the device when the socket ends, for any reason.
struct Socket {
    id: SocketId,
    shared: Arc<Shared>,
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.shared.write(|world| world.socket_closed(self.id));
    }
}

impl Socket {
    async fn run(&self, mut stream: Stream) -> Result<(), Error> {
        let mut changes = self.shared.changes();
        let mut heartbeat = interval_at(Instant::now() + HEARTBEAT_EVERY, HEARTBEAT_EVERY);
        loop {
            changes.borrow_and_update();
            if self.shared.has_stopped() {
                return stream.close(None).await;
            }
            let id = self.id;
            let Some(outbox) = self.shared.take(|world| world.signal.sockets.take_outbox(id))
            else {
                // Torn: no closing frame, like a lost network.
                return Ok(());
            };
            for outgoing in outbox {
                if let Some(text) = self.render(&outgoing) {
                    stream.send(Message::text(text)).await?;
                }
            }
            tokio::select! {
                message = stream.next() => match message {
                    Some(message) => self.received(message?),
                    None => return Ok(()),
                },
                changed = changes.changed() => if changed.is_err() { return Ok(()) },
                _ = heartbeat.tick() => stream.send(Message::text(HEARTBEAT)).await?,
            }
        }
    }

    fn received(&self, message: Message) {
        // Only text counts. The answer to a heartbeat is ignored.
        let Message::Text(text) = message else { return };
        if text.as_str() == HEARTBEAT {
            return;
        }
        let wall = wall_clock();
        let accepted = self.shared.write(|world| world.receive(self.id, text.as_str(), wall));
        let Some(accepted) = accepted else { return };
        if let Err(why) = self.shared.media.complete(accepted.line, &accepted.sdp) {
            self.shared.write(|world| world.sdp_refused(accepted.line, &why));
        }
    }

    /// The text of a frame, with its session description. `None` if that cannot be made.
    fn render(&self, outgoing: &Outgoing) -> Option<String> {
        let (line, made) = match &outgoing.sdp {
            Sdp::None => return Some(outgoing.frame.render(None)),
            Sdp::Offer(line) => (*line, self.shared.media.offer(*line)),
            Sdp::Answer(line, offer) => (*line, self.shared.media.answer(*line, offer)),
        };
        match made {
            Ok(sdp) => Some(outgoing.frame.render(Some(&sdp))),
            Err(why) => {
                self.shared.write(|world| world.sdp_refused(line, &why));
                None
            }
        }
    }
}

/// The SDK considers a socket dead after 15 s without a frame.
const HEARTBEAT_EVERY: Duration = Duration::from_secs(10);
