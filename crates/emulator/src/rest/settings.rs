//! The URLs of a number or TwiML App, as the REST API changes and shows them.

use identity::{AppSid, PhoneNumber};
use serde_json::Value;

use super::Request;
use super::error::{APPLICATION, ApiError, VOICE_URL};
use super::form::Form;
use crate::state::tables::{Kept, NumberRow};
use crate::{Method, Voice, url};

/// Changes a number.
pub(super) fn change_number(
    request: &Request<'_>,
    form: &Form,
    row: &mut NumberRow,
) -> Result<(), ApiError> {
    change(form, &mut row.voice, &mut row.kept)?;
    if let Some(name) = form.given("FriendlyName") {
        row.name = Some(name.to_owned()).filter(|name| !name.is_empty());
    }
    if let Some(text) = form.given("VoiceApplicationSid") {
        row.app = match text {
            "" => None,
            text => Some(app(request, text)?),
        };
    }
    Ok(())
}

/// A TwiML App of the account.
fn app(request: &Request<'_>, text: &str) -> Result<AppSid, ApiError> {
    let theirs = |app: &AppSid| {
        let owner = request.shared.read(|world| world.tables.apps.get(app).map(|it| it.account));
        owner == Some(request.account)
    };
    let message = || format!("VoiceApplicationSid {text} is not valid");
    text.parse().ok().filter(theirs).ok_or_else(|| ApiError::bad(APPLICATION, message()))
}

/// Changes the URLs that a form has. An empty URL removes the one that was there.
pub(super) fn change(form: &Form, voice: &mut Voice, kept: &mut Kept) -> Result<(), ApiError> {
    if let Some(url) = target(form, "VoiceUrl")? {
        voice.url = url.unwrap_or_default();
    }
    if let Some(url) = target(form, "VoiceFallbackUrl")? {
        voice.fallback_url = url;
    }
    if let Some(url) = target(form, "StatusCallback")? {
        voice.status_callback = url;
    }
    for (name, method) in [
        ("VoiceMethod", &mut voice.method),
        ("VoiceFallbackMethod", &mut voice.fallback_method),
        ("StatusCallbackMethod", &mut voice.status_callback_method),
    ] {
        if form.get(name).is_some() {
            *method = form.method(name)?;
        }
    }
    for (parameter, name) in KEPT {
        if let Some(value) = form.given(parameter) {
            kept.insert(name, value.to_owned());
        }
    }
    Ok(())
}

/// The URL of a parameter, if the form has it: `Some(None)` removes it.
#[expect(clippy::option_option, reason = "absent, empty and given are three cases")]
fn target(form: &Form, name: &str) -> Result<Option<Option<String>>, ApiError> {
    match form.given(name) {
        None => Ok(None),
        Some("") => Ok(Some(None)),
        Some(text) if url::is_absolute(text) && !url::authority(text).contains('_') => {
            Ok(Some(Some(text.to_owned())))
        }
        Some(text) => Err(ApiError::bad(VOICE_URL, format!("{name} is not a valid URL: {text}"))),
    }
}

/// Adds the URLs to what is shown of a number or app.
pub(super) fn show(value: &mut Value, voice: &Voice, kept: &Kept) {
    let text = |url: &Option<String>| url.clone().unwrap_or_default();
    for (name, shown) in [
        ("voice_url", voice.url.clone()),
        ("voice_method", shown_method(voice.method)),
        ("voice_fallback_url", text(&voice.fallback_url)),
        ("voice_fallback_method", shown_method(voice.fallback_method)),
        ("status_callback", text(&voice.status_callback)),
        ("status_callback_method", shown_method(voice.status_callback_method)),
    ] {
        value[name] = shown.into();
    }
    value["voice_caller_id_lookup"] = false.into();
    for (_, name) in KEPT {
        let default = if name.ends_with("method") { "POST" } else { "" };
        value[*name] = kept.get(name).map_or(default, String::as_str).into();
    }
}

fn shown_method(method: Method) -> String {
    method.to_string()
}

/// The name of a number: the number itself, as people write it, if it has none.
pub(super) fn number_name(number: &PhoneNumber, row: &NumberRow) -> String {
    row.name.clone().unwrap_or_else(|| super::calls::formatted(number.as_str()))
}

/// Parameters that are kept and shown, and have no effect: no message is sent.
const KEPT: &[(&str, &str)] = &[
    ("SmsUrl", "sms_url"),
    ("SmsMethod", "sms_method"),
    ("SmsFallbackUrl", "sms_fallback_url"),
    ("SmsFallbackMethod", "sms_fallback_method"),
    ("SmsApplicationSid", "sms_application_sid"),
    ("SmsStatusCallback", "sms_status_callback"),
    ("MessageStatusCallback", "message_status_callback"),
];
