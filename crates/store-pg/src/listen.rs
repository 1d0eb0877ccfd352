//! Notifications of changes, on one connection outside the pools.

use std::sync::Arc;

use identity::{Timestamp, UserId, WorkspaceId};
use tokio::sync::mpsc;
use tokio_postgres::Client;

use crate::Store;
use crate::error::StoreError;
use crate::news::OF_MEMBERS;
use crate::{pool, sql};

/// A connection on which the database sends notifications of changes.
///
/// A notification names a workspace, and agents at most. Notifications do not know tenants, so the reader
/// looks up the changes under the policies. Dropping the listener closes the connection.
#[derive(Debug)]
pub struct Listener {
    client: Client,
    notices: mpsc::Receiver<String>,
    store: Arc<str>,
}

/// What another server, or this one, says to all.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Notice {
    /// Something changed in the workspace.
    Changed(WorkspaceId),
    /// What members of the workspace are doing changed, or what they set by hand.
    Agents(WorkspaceId),
    /// Pages of these agents are open, and it could not be recorded.
    Unrecorded(WorkspaceId, Vec<UserId>),
}

impl Notice {
    /// The workspace, then the agents, or that something about them changed, and the store that knows it.
    /// Anybody who may connect may also notify. `None` if it cannot be read, or is known to this store.
    fn read(payload: &str, store: &str) -> Option<Self> {
        if let Some((workspace, known_to)) = payload.split_once(OF_MEMBERS) {
            let is_news = known_to.strip_prefix(' ').unwrap_or(known_to) != store;
            let workspace = workspace.parse().ok().filter(|_| is_news);
            return workspace.map(Self::Agents);
        }
        let mut words = payload.split(' ');
        let workspace = words.next()?.parse().ok()?;
        let users = words.map(|word| word.parse().ok()).collect::<Option<Vec<_>>>()?;
        Some(if users.is_empty() {
            Self::Changed(workspace)
        } else {
            Self::Unrecorded(workspace, users)
        })
    }
}

impl Store {
    /// Begins to listen. There are no notifications of earlier changes.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`].
    pub async fn listen(&self) -> Result<Listener, StoreError> {
        let mut target = self.target.clone();
        target.config.application_name("switchroom events");
        let (client, notices) = pool::connect_to_hear(&target).await?;
        client.batch_execute("listen voice_changes").await?;
        Ok(Listener { client, notices, store: Arc::clone(&self.name) })
    }
}

impl Listener {
    /// Waits for the next notification, except what [`Store::apply_together`] did here. Dropping this future loses none.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`] once the connection is lost.
    pub async fn next(&mut self) -> Result<Notice, StoreError> {
        loop {
            let Some(payload) = self.notices.recv().await else {
                return Err(StoreError::Away("the connection that listens is lost".into()));
            };
            if let Some(notice) = Notice::read(&payload, &self.store) {
                return Ok(notice);
            }
        }
    }

    /// Tells every server that pages of these agents are open although it cannot be recorded. This
    /// needs no table, and a database that takes no writes takes it.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`].
    pub async fn tell_unrecorded(
        &self,
        workspace: &WorkspaceId,
        users: &[UserId],
    ) -> Result<(), StoreError> {
        for users in users.chunks(MOST_USERS) {
            let mut payload = workspace.as_str().to_owned();
            for user in users {
                payload.push(' ');
                payload.push_str(&user.to_string());
            }
            self.client.query("select pg_notify('voice_changes', $1)", &[&payload]).await?;
        }
        Ok(())
    }

    /// What the database's clock says, if the connection still answers. A half-open connection never
    /// reports that it is lost.
    ///
    /// # Errors
    ///
    /// [`StoreError::Away`] if it is lost.
    pub async fn now(&self) -> Result<Timestamp, StoreError> {
        sql::now(&self.client).await
    }
}

/// Agents in one notification, which has 8,000 bytes at most.
const MOST_USERS: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_is_a_workspace_and_perhaps_agents() {
        let (workspace, user): (WorkspaceId, _) =
            ("acme".parse().unwrap(), UserId::from_bytes([7; 16]));
        assert_eq!(Notice::read("acme", "s1"), Some(Notice::Changed(workspace.clone())));
        assert_eq!(Notice::read("acme agents", "s1"), Some(Notice::Agents(workspace.clone())));
        assert_eq!(Notice::read("acme agents s2", "s1"), Some(Notice::Agents(workspace.clone())));
        assert_eq!(Notice::read("acme agents s1", "s1"), None, "it is known");
        let unrecorded = Notice::Unrecorded(workspace, vec![user, user]);
        assert_eq!(Notice::read(&format!("acme {user} {user}"), "s1"), Some(unrecorded));
        for payload in ["", " ", " agents", "acme ", "acme x", &format!(" {user}"), "acme  "] {
            assert_eq!(Notice::read(payload, "s1"), None, "{payload}");
        }
    }
}
