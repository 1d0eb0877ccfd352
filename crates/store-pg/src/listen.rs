//! Hearing of changes: one connection outside the pools.

use std::future::poll_fn;

use identity::WorkspaceId;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio_postgres::{AsyncMessage, Client, Connection};

use crate::Store;
use crate::error::StoreError;
use crate::pool;

/// A connection on which the database tells of changes.
///
/// A notice names a workspace and nothing else: notices know no tenants, so whoever is told looks up
/// what changed under the policies. Dropping it closes the connection.
#[derive(Debug)]
pub struct Listener {
    client: Client,
    notices: mpsc::Receiver<String>,
}

impl Store {
    /// Begins to listen. What was written before is not told.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`].
    pub async fn listen(&self) -> Result<Listener, StoreError> {
        let mut config = self.config.clone();
        config.application_name("switchroom events");
        let (client, notices) = pool::connect_to_hear(&config).await?;
        client.batch_execute("listen voice_changes").await?;
        Ok(Listener { client, notices })
    }
}

impl Listener {
    /// Waits for the next notice. Dropping this future loses none.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`] once the connection is lost.
    pub async fn next(&mut self) -> Result<WorkspaceId, StoreError> {
        loop {
            let Some(payload) = self.notices.recv().await else {
                return Err(StoreError::Away("the connection that listens is lost".into()));
            };
            // Anybody who may connect may also notify.
            if let Ok(workspace) = payload.parse() {
                return Ok(workspace);
            }
        }
    }

    /// Whether the connection still answers: one that is half open never says that it is lost.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`] if it is lost.
    pub async fn check(&self) -> Result<(), StoreError> {
        Ok(self.client.batch_execute("").await?)
    }
}

/// Drives a connection and hands on its notices, until it is closed on either side.
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

/// Notices that wait for a server that is busy; the database keeps those behind them.
pub(crate) const MOST_NOTICES: usize = 1024;
