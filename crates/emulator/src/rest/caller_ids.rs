//! `OutgoingCallerIds`: numbers of others that an account may show.

use identity::{AccountSid, PhoneNumber};
use serde_json::{Value, json};

use super::error::{ApiError, TO};
use super::page::{Item, page};
use super::{Reply, Request, created, found, gone, uri};
use crate::address::dialled;
use crate::state::tables::CallerIdRow;
use crate::timeline::What;

/// Verifies a number. Twilio calls it and asks for the code; here it is verified at once.
pub(super) fn create(request: &Request<'_>) -> Result<Reply, ApiError> {
    let form = request.form();
    let text = form.get("PhoneNumber");
    let text = text.ok_or_else(|| ApiError::parameter("PhoneNumber", "is missing"))?;
    let bad = || ApiError::bad(TO, format!("The phone number {text} is not valid."));
    let number = dialled(text, "").ok_or_else(bad)?;
    let account = request.account;
    let name = form.get("FriendlyName").map(str::to_owned);
    let shown = request.shared.write(|world| {
        let name = name.unwrap_or_else(|| number.as_str().to_owned());
        world.verify(account, number.clone(), Some(name.clone()));
        let what = "the call that verifies a caller id: it is verified at once".to_owned();
        world.note(None, What::NotEmulated(what));
        let code = world.seed.derive("validation code", 0).derive(number.as_str(), 0).hex();
        // Six digits, whatever the seed gives.
        let code = code.bytes().take(6).map(|byte| char::from(b'0' + byte % 10));
        json!({
            "account_sid": account.as_str(),
            "call_sid": null,
            "friendly_name": name,
            "phone_number": number.as_str(),
            "validation_code": code.collect::<String>(),
        })
    });
    Ok(created(&shown))
}

/// One caller id.
pub(super) fn fetch(request: &Request<'_>, sid: &str) -> Result<Reply, ApiError> {
    let number = find(request, sid)?;
    let shown = request.shared.read(|world| {
        let row = world.tables.caller_ids.get(&(request.account, number.clone()));
        row.map(|row| show(request.account, &number, row))
    });
    shown.map(|it| found(&it)).ok_or_else(|| request.absent())
}

/// The caller ids of the account.
pub(super) fn list(request: &Request<'_>) -> Result<Reply, ApiError> {
    let query = request.query();
    let (number, name) = (query.get("PhoneNumber"), query.get("FriendlyName"));
    let items: Vec<Item> = request.shared.read(|world| {
        let all = world.tables.caller_ids_of(request.account).filter(|(it, row)| {
            number.is_none_or(|number| it.as_str() == number)
                && name.is_none_or(|name| row.name == name)
        });
        let item = |(number, row): (&PhoneNumber, &CallerIdRow)| Item {
            sid: row.sid.clone(),
            json: show(request.account, number, row),
        };
        all.map(item).collect()
    });
    page(request, "outgoing_caller_ids", "OutgoingCallerIds.json", &items).map(|page| found(&page))
}

/// Renames a caller id.
pub(super) fn update(request: &Request<'_>, sid: &str) -> Result<Reply, ApiError> {
    let number = find(request, sid)?;
    let name = request.form().get("FriendlyName").map(str::to_owned);
    if name.is_some() {
        request.shared.write(|world| world.verify(request.account, number, name));
    }
    fetch(request, sid)
}

/// Deletes a caller id: it may not be shown any more.
pub(super) fn delete(request: &Request<'_>, sid: &str) -> Result<Reply, ApiError> {
    let number = find(request, sid)?;
    request.shared.write(|world| world.tables.caller_ids.remove(&(request.account, number)));
    Ok(gone())
}

fn find(request: &Request<'_>, sid: &str) -> Result<PhoneNumber, ApiError> {
    let found = request.shared.read(|world| {
        let mut all = world.tables.caller_ids_of(request.account);
        all.find(|(_, row)| row.sid == sid).map(|(number, _)| number.clone())
    });
    found.ok_or_else(|| request.absent())
}

fn show(account: AccountSid, number: &PhoneNumber, row: &CallerIdRow) -> Value {
    json!({
        "sid": row.sid,
        "account_sid": account.as_str(),
        "friendly_name": row.name,
        "phone_number": number.as_str(),
        "date_created": row.created_at.to_rfc2822().to_string(),
        "date_updated": row.updated_at.to_rfc2822().to_string(),
        "uri": uri(account, &format!("OutgoingCallerIds/{}.json", row.sid)),
    })
}
