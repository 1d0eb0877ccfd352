//! The client of the API: `AC…` with the auth token, or `SK…` with the secret of the key (RFC
//! 7617).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use identity::AccountSid;

use super::error::ApiError;
use crate::exchange::HttpRequest;
use crate::shared::Shared;

/// The account that the user and password of a request belong to.
pub(super) fn authenticate(shared: &Shared, http: &HttpRequest) -> Result<AccountSid, ApiError> {
    let known = http.header("authorization").and_then(basic).and_then(|(user, password)| {
        shared.read(|world| world.tables.authenticate(&user, &password))
    });
    known.ok_or_else(ApiError::authenticate)
}

/// The account of a path, if the user may act for it.
pub(super) fn account(
    shared: &Shared,
    user: AccountSid,
    segment: &str,
) -> Result<AccountSid, ApiError> {
    let account = segment.parse().ok();
    let allowed = |account: &AccountSid| shared.read(|world| world.tables.may_act(user, *account));
    account.filter(allowed).ok_or_else(ApiError::authenticate)
}

/// User and password of the header.
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, pair) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(pair.trim()).ok()?).ok()?;
    let (user, password) = pair.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}
