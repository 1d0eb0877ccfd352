//! `Applications`: TwiML Apps.

use std::cmp::Reverse;

use identity::AppSid;
use serde_json::{Value, json};

use super::error::ApiError;
use super::page::{Item, page};
use super::{Reply, Request, VERSION, created, found, gone, settings, uri};
use crate::state::tables::AppRow;

/// Creates an app.
pub(super) fn create(request: &Request<'_>) -> Result<Reply, ApiError> {
    let mut row = request.shared.read(|world| AppRow::new(request.account, world.time.now));
    change(request, &mut row)?;
    let shown = request.shared.write(|world| {
        let sid = world.next_app();
        let shown = show(sid, &row);
        world.tables.apps.insert(sid, row);
        shown
    });
    Ok(created(&shown))
}

/// One app.
pub(super) fn fetch(request: &Request<'_>, sid: &str) -> Result<Reply, ApiError> {
    let (sid, row) = find(request, sid)?;
    Ok(found(&show(sid, &row)))
}

/// The apps of the account, the newest first.
pub(super) fn list(request: &Request<'_>) -> Result<Reply, ApiError> {
    let query = request.query();
    let name = query.get("FriendlyName");
    let items: Vec<Item> = request.shared.read(|world| {
        let theirs = |(_, row): &(&AppSid, &AppRow)| {
            row.account == request.account && name.is_none_or(|name| row.name == name)
        };
        let mut all: Vec<_> = world.tables.apps.iter().filter(theirs).collect();
        all.sort_by_key(|(sid, row)| (Reverse(row.created_at), **sid));
        let item =
            |(sid, row): (&AppSid, &AppRow)| Item { sid: sid.to_string(), json: show(*sid, row) };
        all.into_iter().map(item).collect()
    });
    page(request, "applications", "Applications.json", &items).map(|page| found(&page))
}

/// Changes the URLs of an app, or its name.
pub(super) fn update(request: &Request<'_>, sid: &str) -> Result<Reply, ApiError> {
    let (sid, mut row) = find(request, sid)?;
    change(request, &mut row)?;
    let shown = request.shared.write(|world| {
        row.updated_at = world.time.now;
        let shown = show(sid, &row);
        world.tables.apps.insert(sid, row);
        shown
    });
    Ok(found(&shown))
}

/// Deletes an app.
pub(super) fn delete(request: &Request<'_>, sid: &str) -> Result<Reply, ApiError> {
    let (sid, _) = find(request, sid)?;
    request.shared.write(|world| world.tables.apps.remove(&sid));
    Ok(gone())
}

fn change(request: &Request<'_>, row: &mut AppRow) -> Result<(), ApiError> {
    let form = request.form();
    settings::change(&form, &mut row.voice, &mut row.kept)?;
    if let Some(name) = form.get("FriendlyName") {
        name.clone_into(&mut row.name);
    }
    Ok(())
}

fn find(request: &Request<'_>, sid: &str) -> Result<(AppSid, AppRow), ApiError> {
    let sid: AppSid = sid.parse().map_err(|_| request.absent())?;
    let row = request.shared.read(|world| world.tables.apps.get(&sid).cloned());
    let row = row.filter(|row| row.account == request.account);
    row.map(|row| (sid, row)).ok_or_else(|| request.absent())
}

fn show(sid: AppSid, row: &AppRow) -> Value {
    let mut value = json!({
        "sid": sid.as_str(),
        "account_sid": row.account.as_str(),
        "friendly_name": row.name,
        "public_application_connect_enabled": false,
        "api_version": VERSION,
        "date_created": row.created_at.to_rfc2822().to_string(),
        "date_updated": row.updated_at.to_rfc2822().to_string(),
        "uri": uri(row.account, &format!("Applications/{sid}.json")),
    });
    settings::show(&mut value, &row.voice, &row.kept);
    value
}
