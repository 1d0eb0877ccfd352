//! Notifications of changes, on one connection outside the pools.

use identity::WorkspaceId;
use tokio::sync::mpsc;
use tokio_postgres::Client;

use crate::Store;
use crate::error::StoreError;
use crate::pool;

/// A connection on which the database sends notifications of changes.
///
/// A notification names a workspace and nothing else. Notifications do not know tenants, so the reader
/// looks up the changes under the policies. Dropping the listener closes the connection.
#[derive(Debug)]
pub struct Listener {
    client: Client,
    notices: mpsc::Receiver<String>,
}

impl Store {
    /// Begins to listen. There are no notifications of earlier changes.
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
    /// Waits for the next notification. Dropping this future loses none.
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

    /// Whether the connection still answers. A half-open connection never reports that it is lost.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`] if it is lost.
    pub async fn check(&self) -> Result<(), StoreError> {
        Ok(self.client.batch_execute("").await?)
    }
}
