//! A call of the log.

use calls::Party;
use dialling::Country;
use serde::Serialize;
use store_pg::LoggedCall;

/// One call, as all pages see it: the record, the name of its contact, and its numbers as the team reads them.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Call<'a> {
    #[serde(flatten)]
    record: &'a calls::Call,
    /// The name of the contact.
    contact_name: Option<&'a str>,
    /// `from` as the workspace's people write it, in their own country without its code; `null` for a withheld
    /// number and for what is no number.
    from_text: Option<String>,
    /// `to` in the same way.
    to_text: Option<String>,
}

impl<'a> Call<'a> {
    /// `home` is the country in which the workspace's people write numbers.
    pub(crate) fn of(logged: &'a LoggedCall, home: Country) -> Self {
        let text = |party: &Party| Some(dialling::shown(party.number()?, home));
        Self {
            record: &logged.call,
            contact_name: logged.contact_name.as_deref(),
            from_text: text(&logged.call.from),
            to_text: text(&logged.call.to),
        }
    }

    /// Its JSON.
    pub(crate) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}
