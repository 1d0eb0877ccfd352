//! `switchroom check`.

use std::io::Write;

use store_pg::{Store, StoreOptions};

use super::{Failure, variable};
use crate::config::Config;

/// Looks at the configuration and the database, and prints each fault with its mend.
pub(super) async fn run() -> Result<(), Failure> {
    let mut faults = Vec::new();
    match Config::read(variable) {
        Ok(config) => faults.extend(database(&config).await),
        Err(found) => faults.extend(found.0),
    }
    if faults.is_empty() {
        return writeln!(std::io::stdout(), "no fault was found")
            .map_err(|error| Failure::failed(&error));
    }
    Err(Failure::Failed(faults.join("\n")))
}

async fn database(config: &Config) -> Vec<String> {
    let Some(url) = &config.database_url else { return Vec::new() };
    let store = match Store::new(url.reveal(), StoreOptions::SMALL) {
        Ok(store) => store,
        Err(error) => return vec![format!("DATABASE_URL: {}", super::with_causes(&error))],
    };
    match store.faults().await {
        Ok(faults) => faults.iter().map(ToString::to_string).collect(),
        Err(error) => vec![format!("DATABASE_URL: {}", super::with_causes(&error))],
    }
}
