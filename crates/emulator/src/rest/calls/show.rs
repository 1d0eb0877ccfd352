//! A call as Twilio shows it.

use identity::{CallSid, Timestamp};
use serde_json::{Value, json};

use super::super::{VERSION, uri};
use crate::Direction;
use crate::state::call::Call;
use crate::world::World;

/// The resource.
pub(super) fn call(world: &World, call: &Call) -> Value {
    let time = |at: Option<Timestamp>| at.map(|at| at.to_rfc2822().to_string());
    let path = |below: &str| uri(call.account, &format!("Calls/{}{below}.json", call.sid));
    let extra = |name: &str| {
        let found = call.webhooks.extra.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    };
    // Twilio writes seconds as text, and only of a call that is over.
    let duration = call.life.ended_at.map(|_| call.life.talked_seconds().to_string());
    let waited = call.life.started_at.map_or(0, |at| at.since(call.life.created_at).as_millis());
    let below = [
        "events",
        "notifications",
        "payments",
        "recordings",
        "siprec",
        "streams",
        "transcriptions",
        "user_defined_message_subscriptions",
        "user_defined_messages",
    ];
    let below = below.map(|name| (name.to_owned(), path(&format!("/{}", camel(name))).into()));
    json!({
        "sid": call.sid.as_str(),
        "account_sid": call.account.as_str(),
        "parent_call_sid": call.parent().as_ref().map(CallSid::as_str),
        "status": call.life.status.as_str(),
        "direction": call.direction.as_str(),
        "from": call.from.to_string(),
        "from_formatted": formatted(&call.from.to_string()),
        "to": call.to.to_string(),
        "to_formatted": formatted(&call.to.to_string()),
        "phone_number_sid": number_of(world, call).unwrap_or_default(),
        "date_created": time(Some(call.life.created_at)),
        "date_updated": time(Some(call.rest.updated_at)),
        "start_time": time(call.life.started_at),
        "end_time": time(call.life.ended_at),
        "duration": duration,
        "queue_time": waited.to_string(),
        "price": null,
        "price_unit": "USD",
        "answered_by": call.rest.answered_by,
        "annotation": null,
        "caller_name": extra("CallerName"),
        "forwarded_from": extra("ForwardedFrom"),
        "group_sid": null,
        "trunk_sid": "",
        "api_version": VERSION,
        "uri": path(""),
        "subresource_uris": Value::Object(below.into_iter().collect()),
    })
}

/// A number of North America as people write it there. Other numbers are unchanged.
pub(in crate::rest) fn formatted(text: &str) -> String {
    match text.strip_prefix("+1") {
        Some(digits) if digits.len() == 10 => {
            format!("({}) {}-{}", &digits[..3], &digits[3..6], &digits[6..])
        }
        _ => text.to_owned(),
    }
}

/// `user_defined_messages` as `UserDefinedMessages`.
fn camel(name: &str) -> String {
    name.split('_').map(|word| word[..1].to_ascii_uppercase() + &word[1..]).collect()
}

/// The Sid of the number of the account that was called, or that the call shows.
fn number_of(world: &World, call: &Call) -> Option<String> {
    let number = if call.direction == Direction::Inbound { &call.to } else { &call.from };
    let number = number.to_string().parse().ok()?;
    let row = world.tables.numbers.get(&number)?;
    (row.account == call.account).then(|| world.number_sid(&number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_as_in_paths() {
        assert_eq!(camel("user_defined_messages"), "UserDefinedMessages");
        assert_eq!(camel("siprec"), "Siprec");
        assert_eq!(formatted("+15005550006"), "(500) 555-0006");
        assert_eq!(formatted("client:ana"), "client:ana");
    }
}
