//! `IncomingPhoneNumbers`: the numbers of the account.

use identity::{AccountSid, PhoneNumber};
use serde_json::{Value, json};

use super::error::{ApiError, NUMBER_TAKEN, TO};
use super::form::Form;
use super::page::{Item, page};
use super::{Reply, Request, VERSION, created, found, gone, settings, uri};
use crate::state::tables::NumberRow;
use crate::world::World;

/// Buys a number: the one that is named, or the next free one of an area.
pub(super) fn create(request: &Request<'_>) -> Result<Reply, ApiError> {
    let form = request.form();
    let number = match (form.get("PhoneNumber"), form.get("AreaCode")) {
        (Some(text), _) => {
            let bad = || ApiError::bad(TO, format!("The phone number {text} is not valid."));
            text.parse::<PhoneNumber>().map_err(|_| bad())?
        }
        (None, area) => next_free(request, area.unwrap_or("500"))?,
    };
    if request.shared.read(|world| world.tables.numbers.contains_key(&number)) {
        let message = format!("{number} is not available.", number = number.as_str());
        return Err(ApiError::bad(NUMBER_TAKEN, message));
    }
    let mut row = request.shared.read(|world| NumberRow::new(request.account, world.time.now));
    settings::change_number(request, &form, &mut row)?;
    let shown = request.shared.write(|world| {
        world.tables.numbers.insert(number.clone(), row);
        show(world, &number)
    });
    shown.map(|it| created(&it)).ok_or_else(|| request.absent())
}

/// The next number of an area of North America that nobody has.
fn next_free(request: &Request<'_>, area: &str) -> Result<PhoneNumber, ApiError> {
    let is_area = area.len() == 3 && area.bytes().all(|digit| digit.is_ascii_digit());
    if !is_area {
        return Err(ApiError::parameter("AreaCode", "must have three digits"));
    }
    let free = request.shared.read(|world| {
        let mut all = (100..1000).filter_map(|last| format!("+1{area}5550{last}").parse().ok());
        all.find(|number| !world.tables.numbers.contains_key(number))
    });
    free.ok_or_else(|| ApiError::bad(NUMBER_TAKEN, format!("No number of {area} is available.")))
}

/// One number.
pub(super) fn fetch(request: &Request<'_>, sid: &str) -> Result<Reply, ApiError> {
    let number = find(request, sid)?;
    let shown = request.shared.read(|world| show(world, &number));
    shown.map(|it| found(&it)).ok_or_else(|| request.absent())
}

/// The numbers of the account.
pub(super) fn list(request: &Request<'_>) -> Result<Reply, ApiError> {
    let query = request.query();
    let items: Vec<Item> = request.shared.read(|world| {
        let theirs = |(number, row): &(&PhoneNumber, &NumberRow)| {
            row.account == request.account && is_meant(&query, number, row)
        };
        let numbers = world.tables.numbers.iter().filter(theirs).map(|(number, _)| number);
        let item = |number: &PhoneNumber| {
            Some(Item { sid: world.number_sid(number), json: show(world, number)? })
        };
        numbers.filter_map(item).collect()
    });
    page(request, "incoming_phone_numbers", "IncomingPhoneNumbers.json", &items)
        .map(|page| found(&page))
}

/// `PhoneNumber` may be a part of the number.
fn is_meant(query: &Form, number: &PhoneNumber, row: &NumberRow) -> bool {
    let part = query.get("PhoneNumber").map(|text| text.trim_matches('*'));
    part.is_none_or(|part| number.as_str().contains(part))
        && query.get("FriendlyName").is_none_or(|name| settings::number_name(number, row) == name)
}

/// Changes the URLs of a number, or its name.
pub(super) fn update(request: &Request<'_>, sid: &str) -> Result<Reply, ApiError> {
    let number = find(request, sid)?;
    let form = request.form();
    let row = request.shared.read(|world| world.tables.numbers.get(&number).cloned());
    let mut row = row.ok_or_else(|| request.absent())?;
    settings::change_number(request, &form, &mut row)?;
    let shown = request.shared.write(|world| {
        row.updated_at = world.time.now;
        world.tables.numbers.insert(number.clone(), row);
        show(world, &number)
    });
    shown.map(|it| found(&it)).ok_or_else(|| request.absent())
}

/// Gives a number back. Nobody answers there any more.
pub(super) fn delete(request: &Request<'_>, sid: &str) -> Result<Reply, ApiError> {
    let number = find(request, sid)?;
    request.shared.write(|world| world.tables.numbers.remove(&number));
    Ok(gone())
}

fn find(request: &Request<'_>, sid: &str) -> Result<PhoneNumber, ApiError> {
    let found = request.shared.read(|world| {
        let mut all = world.tables.numbers.iter().filter(|(_, row)| row.account == request.account);
        all.find(|(number, _)| world.number_sid(number) == sid).map(|(number, _)| number.clone())
    });
    found.ok_or_else(|| request.absent())
}

fn show(world: &World, number: &PhoneNumber) -> Option<Value> {
    let row = world.tables.numbers.get(number)?;
    let sid = world.number_sid(number);
    let account: AccountSid = row.account;
    let mut value = json!({
        "sid": sid,
        "account_sid": account.as_str(),
        "phone_number": number.as_str(),
        "friendly_name": settings::number_name(number, row),
        "voice_application_sid": row.app.map(|app| app.to_string()).unwrap_or_default(),
        "voice_receive_mode": "voice",
        "capabilities": { "voice": true, "sms": false, "mms": false, "fax": false },
        "address_requirements": "none",
        "address_sid": null,
        "bundle_sid": null,
        "identity_sid": null,
        "trunk_sid": null,
        "emergency_status": "Inactive",
        "emergency_address_sid": null,
        "emergency_address_status": "unregistered",
        "beta": false,
        "origin": "twilio",
        "status": "in-use",
        "type": "local",
        "api_version": VERSION,
        "date_created": row.created_at.to_rfc2822().to_string(),
        "date_updated": row.updated_at.to_rfc2822().to_string(),
        "uri": uri(account, &format!("IncomingPhoneNumbers/{sid}.json")),
        "subresource_uris": {},
    });
    settings::show(&mut value, &row.voice, &row.kept);
    Some(value)
}
