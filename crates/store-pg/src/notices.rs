//! The notifications that come in on a connection.

use std::future::poll_fn;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio_postgres::{AsyncMessage, Connection};

/// Drives a connection and forwards its notifications, until either side closes it.
pub(crate) async fn drive<S, T>(mut connection: Connection<S, T>, notices: mpsc::Sender<String>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    T: AsyncRead + AsyncWrite + Unpin,
{
    while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
        if let AsyncMessage::Notification(notice) = message
            && notices.send(notice.payload().to_owned()).await.is_err()
        {
            return;
        }
    }
}

/// How many notifications wait for a busy server. The database keeps the others.
pub(crate) const MOST_NOTICES: usize = 1024;
