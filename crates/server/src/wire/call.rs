//! A call of the log.

use serde::Serialize;
use store_pg::LoggedCall;

/// One call, as all pages see it: the record, and the name of its contact.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Call<'a> {
    #[serde(flatten)]
    record: &'a calls::Call,
    /// The name of the contact.
    contact_name: Option<&'a str>,
}

impl<'a> Call<'a> {
    pub(crate) fn of(logged: &'a LoggedCall) -> Self {
        Self { record: &logged.call, contact_name: logged.contact_name.as_deref() }
    }

    /// Its JSON.
    pub(crate) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}
