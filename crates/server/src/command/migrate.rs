//! `switchroom migrate`.

use store_pg::{Owner, StoreError};
use tracing::info;

use super::{Failure, variable};
use crate::config;
use crate::database::embedded::Access;

/// Applies the schema as the owner, adapts it to the live chat, and creates the login role of
/// `DATABASE_URL`; or says only what that would do.
pub(super) async fn run(check: bool) -> Result<(), Failure> {
    let Some(server_url) = variable("DATABASE_URL") else {
        let access = Access::open(&config::data_dir(variable)).await;
        let access = access.map_err(|error| Failure::failed(&error))?;
        return migrate(&access.owner_url(), &access.login_url(), check).await;
    };
    let Some(owner_url) = variable("SWITCHROOM_ADMIN_DATABASE_URL") else {
        return Err(Failure::Configuration(
            "SWITCHROOM_ADMIN_DATABASE_URL is missing: the owner's login, which creates the role that \
             DATABASE_URL names"
                .to_owned(),
        ));
    };
    migrate(&owner_url, &server_url, check).await
}

async fn migrate(owner_url: &str, server_url: &str, check: bool) -> Result<(), Failure> {
    let looked = async {
        let owner = Owner::connect(owner_url).await?;
        if check { owner.look().await } else { owner.migrate(server_url).await }
    };
    let look = match looked.await {
        Ok(look) => look,
        Err(StoreError::Refused(faults)) => {
            let faults = faults.iter().map(|fault| format!("\n  - {fault}"));
            return Err(Failure::Failed(format!(
                "the database cannot be migrated{}",
                faults.collect::<String>()
            )));
        }
        Err(error) => return Err(Failure::failed(&error)),
    };
    super::print(look.to_string().trim_end())?;
    if !look.faults.is_empty() {
        return Err(Failure::Failed(format!(
            "{} of the live chat cannot be used: nothing can be migrated before that is fixed",
            match look.faults.len() {
                1 => "one thing".to_owned(),
                many => format!("{many} things"),
            }
        )));
    }
    if check {
        info!(changes = !look.is_done(), "the database was looked at, and nothing was changed");
    } else {
        info!("the database has this program's schema, and reads this live chat");
    }
    Ok(())
}
