//! How a number is read, and whether it may be dialled.

use dialling::{Country, Forbidden, Number};
use hyper::StatusCode;
use hyper::http::request::Parts;
use identity::{UserId, WorkspaceId};

use super::query;
use crate::app::App;
use crate::error::ApiError;
use crate::http::reply::{self, Reply};
use crate::known::{NoWorkspace, Workspace};
use crate::policy::refusal;
use crate::wire::number::ReadNumber;

/// Reads the number in the query as an outbound call would.
pub(super) async fn read(
    app: &App,
    workspace: &WorkspaceId,
    user: UserId,
    parts: &Parts,
) -> Result<Reply, ApiError> {
    let text = query::value(parts, "text").unwrap_or_default();
    if !app.store.is_member(workspace, user).await? {
        return Err(ApiError::workspace_not_found());
    }
    let found = app.workspaces.find(workspace, app.budget.allowance()).await;
    let workspace = found.map_err(|error| match error {
        NoWorkspace::Absent => ApiError::workspace_not_found(),
        NoWorkspace::Away => ApiError::unavailable(),
    })?;
    Ok(reply::json(StatusCode::OK, &answer(&workspace, &text)))
}

fn answer(workspace: &Workspace, text: &str) -> ReadNumber {
    let home = workspace.home();
    let number = dialling::read(text, home);
    let allowed = workspace.policy.outbound.destination(text, home);
    let (reason, sentence) = match (&allowed, &number) {
        (Ok(to), _) if workspace.numbers.contains(to) => (
            Some(calls::Refusal::OwnNumber),
            Some("This is your workspace's own number.".to_owned()),
        ),
        (Ok(_), _) => (None, None),
        // It says what is wrong with the text, and where.
        (Err(Forbidden::NotANumber), Err(error)) => {
            let sentence = format!("{} ({error})", Forbidden::NotANumber.sentence());
            (Some(calls::Refusal::NotANumber), Some(sentence))
        }
        (Err(reason), _) => (Some(refusal(*reason)), Some(reason.sentence().to_owned())),
    };
    let shown = |number: &Number| dialling::shown(&number.e164, home);
    let number = number.ok();
    let e164 = number.as_ref().map(|number| &number.e164);
    ReadNumber {
        e164: e164.map(ToString::to_string),
        extension: number.as_ref().and_then(|number| number.extension.clone()),
        text: number.as_ref().map(shown),
        international: e164.map(dialling::international),
        national: e164.map(dialling::national),
        country: e164.and_then(Country::of).map(|country| country.to_string()),
        kind: e164.map(|number| dialling::kind(number).code()),
        allowed: reason.is_none(),
        reason,
        sentence,
    }
}
