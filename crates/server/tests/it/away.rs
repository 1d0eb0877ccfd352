//! Taking the database away from the servers, and giving it back.

use crate::world::{LOGIN, World};

impl World {
    /// Locks the servers' role out and ends its sessions. The owner stays.
    pub(crate) async fn cut_off(&self) {
        let name = self.database.name();
        let sql = format!("alter database {name} connection limit 0");
        let client = self.owner.client();
        client.batch_execute(&sql).await.expect("the limit");
        let sql = format!(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity \
             where datname = '{name}' and usename = '{LOGIN}'"
        );
        client.batch_execute(&sql).await.expect("the sessions");
    }

    /// Lets it in again.
    pub(crate) async fn let_in(&self) {
        let sql = format!("alter database {} connection limit -1", self.database.name());
        self.owner.client().batch_execute(&sql).await.expect("the limit");
    }
}
