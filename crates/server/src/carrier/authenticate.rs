//! Is this request Twilio's, and for this workspace?

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::{self, HeaderMap};
use hyper::http::request::Parts;
use identity::WorkspaceId;
use twilio_sig::{Form, Headers, Request, SignatureError};

use crate::app::App;
use crate::database::budget::Allowance;
use crate::error::CarrierRefusal;
use crate::http::body::{self, BodyError};
use crate::known::{NoWorkspace, Workspace};

/// A request that one of the workspace's auth tokens signed.
pub(super) struct Signed {
    pub(super) workspace: Arc<Workspace>,
    /// The decoded form. U+0000, which Postgres cannot store, becomes U+FFFD. It is not dropped, because
    /// that could turn a text that is no number into one.
    pub(super) params: Vec<(String, String)>,
    pub(super) query: Option<String>,
    /// How long it may still wait for the database.
    pub(super) allowance: Allowance,
}

pub(super) async fn authenticate(
    app: &App,
    id: &WorkspaceId,
    parts: &Parts,
    body: Incoming,
) -> Result<Signed, CarrierRefusal> {
    if !is_form(&parts.headers) {
        return Err(CarrierRefusal::NotAForm);
    }
    let body = body::read(body).await.map_err(|error| match error {
        BodyError::TooLarge => CarrierRefusal::TooLarge,
        BodyError::Broken => CarrierRefusal::NotAForm,
    })?;
    let form = Form::parse(&body).map_err(|_| CarrierRefusal::NotAForm)?;
    let allowance = app.budget.allowance();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let url = app.public_url.join(path);
    let request = Request::form(&url, &form);
    let headers = Headers {
        signature: value(&parts.headers, Headers::SIGNATURE),
        settings: value(&parts.headers, Headers::SETTINGS),
    };
    let not_signed = |error: SignatureError| CarrierRefusal::NotSigned(error.class());
    app.strangers.examine(&request, headers).map_err(not_signed)?;
    let workspace = app.workspaces.find(id, allowance).await.map_err(|error| match error {
        NoWorkspace::Absent => CarrierRefusal::NotSigned("workspace"),
        NoWorkspace::Away => CarrierRefusal::CannotCheck,
    })?;
    let workspace = match workspace.verifier.verify(&request, headers) {
        Ok(_) => workspace,
        // Perhaps with a token that was added a moment ago.
        Err(error) => {
            let newer = app.workspaces.ask_again(id, allowance).await;
            let signed = |newer: &Arc<Workspace>| newer.verifier.verify(&request, headers).is_ok();
            newer.filter(signed).ok_or(not_signed(error))?
        }
    };
    if form.get("AccountSid") != Some(workspace.account.as_str()) {
        return Err(CarrierRefusal::NotSigned("account"));
    }
    let clean = |text: &str| text.replace('\0', "\u{fffd}");
    Ok(Signed {
        workspace,
        params: form.iter().map(|(name, value)| (clean(name), clean(value))).collect(),
        query: parts.uri.query().map(str::to_owned),
        allowance,
    })
}

fn is_form(headers: &HeaderMap) -> bool {
    value(headers, header::CONTENT_TYPE.as_str()).is_some_and(|kind| {
        let kind = kind.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
    })
}

fn value<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
