//! `Accounts`: the account itself, which set-up checks read first.

use identity::AccountSid;
use serde_json::{Map, Value, json};

use super::error::ApiError;
use super::page::{Item, page_at};
use super::{Reply, Request, VERSION, found};
use crate::state::tables::Tables;

/// The account, with its auth token.
pub(super) fn fetch(request: &Request<'_>) -> Result<Reply, ApiError> {
    let shown = request.shared.read(|world| show(&world.tables, request.account));
    shown.map(|it| found(&it)).ok_or_else(|| request.absent())
}

/// Renames an account. Other changes, such as suspending it, are refused.
pub(super) fn update(request: &Request<'_>) -> Result<Reply, ApiError> {
    let form = request.form();
    if form.get("Status").is_some_and(|status| status != "active") {
        return Err(ApiError::not_emulated("the Status of an account other than active"));
    }
    request.shared.write(|world| {
        let now = world.time.now;
        if let (Some(name), Some(row)) =
            (form.get("FriendlyName"), world.tables.account_mut(request.account))
        {
            name.clone_into(&mut row.name);
            row.updated_at = now;
        }
    });
    fetch(request)
}

/// The user's own account and its subaccounts.
pub(super) fn list(request: &Request<'_>) -> Result<Reply, ApiError> {
    let query = request.query();
    let name = query.get("FriendlyName");
    let status = query.get("Status");
    let items: Vec<Item> = request.shared.read(|world| {
        let tables = &world.tables;
        let theirs = |sid: &AccountSid| {
            tables.may_act(request.account, *sid)
                && status.is_none_or(|status| status == "active")
                && name.is_none_or(|name| tables.account(*sid).is_some_and(|it| it.name == name))
        };
        let sids = tables.accounts().map(|(sid, _)| sid).filter(theirs);
        let item = |sid: AccountSid| Some(Item { sid: sid.to_string(), json: show(tables, sid)? });
        sids.filter_map(item).collect()
    });
    let path = format!("/{VERSION}/Accounts.json");
    page_at(request, "accounts", &path, &items).map(|page| found(&page))
}

fn show(tables: &Tables, sid: AccountSid) -> Option<Value> {
    let row = tables.account(sid)?;
    let path = |below: &str| format!("/{VERSION}/Accounts/{sid}{below}.json");
    let below: Map<String, Value> = BELOW
        .iter()
        .map(|(key, name)| ((*key).to_owned(), path(&format!("/{name}")).into()))
        .collect();
    Some(json!({
        "sid": sid.as_str(),
        "owner_account_sid": row.parent.unwrap_or(sid).as_str(),
        "friendly_name": row.name,
        "auth_token": row.secret.reveal(),
        "status": "active",
        "type": "Full",
        "date_created": row.created_at.to_rfc2822().to_string(),
        "date_updated": row.updated_at.to_rfc2822().to_string(),
        "uri": path(""),
        "subresource_uris": below,
    }))
}

/// The resources below an account that are emulated.
const BELOW: [(&str, &str); 9] = [
    ("applications", "Applications"),
    ("calls", "Calls"),
    ("conferences", "Conferences"),
    ("incoming_phone_numbers", "IncomingPhoneNumbers"),
    ("keys", "Keys"),
    ("outgoing_caller_ids", "OutgoingCallerIds"),
    ("queues", "Queues"),
    ("recordings", "Recordings"),
    ("signing_keys", "SigningKeys"),
];
