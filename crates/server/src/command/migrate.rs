//! `switchroom migrate`.

use store_pg::Owner;
use tracing::info;

use super::{Failure, variable};
use crate::config;
use crate::database::embedded::Access;

/// Applies the schema as the owner and creates the login role of `DATABASE_URL`.
pub(super) async fn run() -> Result<(), Failure> {
    let Some(server_url) = variable("DATABASE_URL") else {
        let access = Access::open(&config::data_dir(variable)).await;
        let access = access.map_err(|error| Failure::failed(&error))?;
        return migrate(&access.owner_url(), &access.login_url()).await;
    };
    let Some(owner_url) = variable("SWITCHROOM_ADMIN_DATABASE_URL") else {
        return Err(Failure::Configuration(
            "SWITCHROOM_ADMIN_DATABASE_URL is missing: the owner's login, which creates the role that \
             DATABASE_URL names"
                .to_owned(),
        ));
    };
    migrate(&owner_url, &server_url).await
}

async fn migrate(owner_url: &str, server_url: &str) -> Result<(), Failure> {
    let migrated = async { Owner::connect(owner_url).await?.migrate(server_url).await };
    migrated.await.map_err(|error| Failure::failed(&error))?;
    info!("the database has this program's schema");
    Ok(())
}
