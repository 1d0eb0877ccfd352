//! What an agent's page says about itself.

use std::time::Duration;

use hyper::StatusCode;
use hyper::body::Incoming;
use identity::{UserId, WorkspaceId};
use routing::NotReady;
use serde::Deserialize;

use crate::app::App;
use crate::error::ApiError;
use crate::http::body;
use crate::http::reply::{self, Reply};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Report {
    page: String,
    /// What the page lacks; absent or null: it can take calls.
    lacks: Option<String>,
}

/// Notes whether the page can take calls. Its word counts for [`READY`].
pub(super) async fn report(
    app: &App,
    workspace: &WorkspaceId,
    user: UserId,
    body: Incoming,
) -> Result<Reply, ApiError> {
    let body = body::read(body).await?;
    let report: Report = serde_json::from_slice(&body).map_err(|_| {
        ApiError::field("The body must be JSON of the form {\"page\": \"…\", \"lacks\": null}.")
    })?;
    let page = name(report.page)?;
    let lacks = report.lacks.as_deref().map(lack).transpose()?;
    if !app.store.report_page(workspace, user, &page, lacks, READY).await? {
        return Err(ApiError::workspace_not_found());
    }
    Ok(reply::empty(StatusCode::NO_CONTENT))
}

/// What a page may say that it lacks; of its silence only the server knows.
fn lack(text: &str) -> Result<NotReady, ApiError> {
    match text.parse() {
        Ok(lack) if lack != NotReady::Silent => Ok(lack),
        _ => Err(ApiError::field("lacks must be microphone, phone or null.")),
    }
}

/// The name that a page has chosen for itself.
pub(super) fn name(text: String) -> Result<String, ApiError> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if (1..=MAX_PAGE).contains(&text.len()) && text.chars().all(is_word) {
        return Ok(text);
    }
    Err(ApiError::field(format!(
        "page must have 1 to {MAX_PAGE} letters, digits, hyphens and underscores."
    )))
}

/// How long the word of a page counts. Pages repeat it at least every 20 s; a frozen one must not ring 45 s
/// later, and servers that remember the members read them every 4 s.
const READY: Duration = Duration::from_secs(35);

const MAX_PAGE: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_a_plain_name() {
        for good in ["a", "tab-1_B", &"x".repeat(MAX_PAGE)] {
            assert_eq!(name(good.to_owned()).as_deref(), Ok(good));
        }
        for wrong in ["", "a b", "ä", "a\n", &"x".repeat(MAX_PAGE + 1)] {
            assert!(name(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
