//! `Keys` and `SigningKeys`: API keys. Both names are the same keys here.

use identity::ApiKeySid;
use serde_json::{Value, json};

use super::error::ApiError;
use super::page::{Item, page};
use super::{Reply, Request, created, found, gone};
use crate::Account;
use crate::state::tables::KeyRow;

/// Creates a key. Its secret is shown this once.
pub(super) fn create(request: &Request<'_>) -> Result<Reply, ApiError> {
    let form = request.form();
    let account = Account::new(std::sync::Arc::clone(request.shared), request.account);
    let key = account.api_key().map_err(|_| request.absent())?;
    let shown = request.shared.write(|world| {
        let row = world.tables.keys.get_mut(&key.sid)?;
        if let Some(name) = form.get("FriendlyName") {
            name.clone_into(&mut row.name);
        }
        let mut shown = show(key.sid, row);
        shown["secret"] = key.secret.into();
        Some(shown)
    });
    shown.map(|it| created(&it)).ok_or_else(|| request.absent())
}

/// One key, without its secret.
pub(super) fn fetch(request: &Request<'_>, sid: &str) -> Result<Reply, ApiError> {
    let sid = find(request, sid)?;
    let shown = request.shared.read(|world| world.tables.keys.get(&sid).map(|row| show(sid, row)));
    shown.map(|it| found(&it)).ok_or_else(|| request.absent())
}

/// The keys of the account.
pub(super) fn list(request: &Request<'_>, resource: &str) -> Result<Reply, ApiError> {
    let items: Vec<Item> = request.shared.read(|world| {
        let theirs = world.tables.keys.iter().filter(|(_, row)| row.account == request.account);
        let item = |(sid, row): (&ApiKeySid, &KeyRow)| Item {
            sid: sid.to_string(),
            json: show(*sid, row),
        };
        theirs.map(item).collect()
    });
    let name = if resource == "Keys" { "keys" } else { "signing_keys" };
    page(request, name, &format!("{resource}.json"), &items).map(|page| found(&page))
}

/// Renames a key.
pub(super) fn update(request: &Request<'_>, sid: &str) -> Result<Reply, ApiError> {
    let id = find(request, sid)?;
    if let Some(name) = request.form().get("FriendlyName") {
        request.shared.write(|world| {
            let now = world.time.now;
            if let Some(row) = world.tables.keys.get_mut(&id) {
                name.clone_into(&mut row.name);
                row.updated_at = now;
            }
        });
    }
    fetch(request, sid)
}

/// Deletes a key. Its tokens are refused from now on.
pub(super) fn delete(request: &Request<'_>, sid: &str) -> Result<Reply, ApiError> {
    let sid = find(request, sid)?;
    request.shared.write(|world| world.tables.keys.remove(&sid));
    Ok(gone())
}

fn find(request: &Request<'_>, sid: &str) -> Result<ApiKeySid, ApiError> {
    let theirs = |sid: &ApiKeySid| {
        let owner = request.shared.read(|world| world.tables.keys.get(sid).map(|row| row.account));
        owner == Some(request.account)
    };
    sid.parse().ok().filter(theirs).ok_or_else(|| request.absent())
}

fn show(sid: ApiKeySid, row: &KeyRow) -> Value {
    json!({
        "sid": sid.as_str(),
        "friendly_name": row.name,
        "date_created": row.created_at.to_rfc2822().to_string(),
        "date_updated": row.updated_at.to_rfc2822().to_string(),
    })
}
