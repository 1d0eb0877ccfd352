//! One workspace, opened: its credentials decrypted and its keys prepared.

use calls::Party;
use dialling::{Caller, Country};
use identity::{AccountSid, AppSid, PhoneNumber, WorkspaceId};
use store_pg::{NewWorkspace, WorkspaceRow};
use tracing::error;
use twilio_rest::ApiSecret;
use twilio_sig::{AuthToken, SecretError, Verifier};
use voice_token::{ApiKey, ApiKeySecret, Issuer, TokenError};

use crate::place::Place;
use crate::policy::Policy;
use crate::secrets::SecretsKeys;
use crate::secrets::seal::{self, SealError};

/// A workspace, ready to check signatures and to sign tokens.
pub(crate) struct Workspace {
    pub(crate) id: WorkspaceId,
    pub(crate) account: AccountSid,
    pub(crate) app: AppSid,
    /// Checks webhooks with every live auth token.
    pub(crate) verifier: Verifier,
    /// Issues access tokens of one hour.
    pub(crate) issuer: Issuer,
    /// For Twilio's REST API, which needs the API key's secret in the clear.
    pub(crate) rest: twilio_rest::Credentials,
    pub(crate) numbers: Vec<PhoneNumber>,
    /// The caller id of outbound calls, if it is not the first number.
    caller_id: Option<PhoneNumber>,
    /// Where at Twilio its account is.
    pub(crate) place: Place,
    pub(crate) policy: Policy,
}

impl Workspace {
    /// The number that its outbound calls show, if it has one.
    pub(crate) fn caller_id(&self) -> Option<&PhoneNumber> {
        self.caller_id.as_ref().or(self.numbers.first())
    }

    /// The country in which its people write numbers: that of its first number.
    pub(crate) fn home(&self) -> Country {
        self.numbers.first().map_or(Country::NONE, Country::home)
    }

    /// Who calls, as the record keeps it and as it is read: a number in E.164, nothing for a caller who is
    /// withheld in whichever way, or an address that is no number.
    pub(crate) fn caller(&self, from: Option<&str>) -> (Party, Caller) {
        let caller = dialling::caller(from, self.home());
        let party = match &caller {
            Caller::Number(number) => Party::Number(number.e164.clone()),
            Caller::Withheld => Party::unknown(),
            Caller::Other => Party::read(from.unwrap_or_default()),
        };
        (party, caller)
    }
}

/// Why a workspace cannot be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WorkspaceError {
    /// Its credentials cannot be decrypted.
    #[error(transparent)]
    Sealed(#[from] SealError),
    /// There is no token to check webhooks with.
    #[error("it has no auth token")]
    NoAuthToken,
    /// One of its auth tokens is not valid.
    #[error("one of its auth tokens {0}")]
    AuthToken(#[from] SecretError),
    /// Its API key cannot sign.
    #[error("its API key's secret: {0}")]
    ApiSecret(#[from] TokenError),
}

/// Opens a workspace: decrypts its credentials and prepares its keys.
pub(crate) fn open(
    keys: &SecretsKeys,
    id: &WorkspaceId,
    row: &WorkspaceRow,
) -> Result<Workspace, WorkspaceError> {
    let (credentials, _) = seal::open(keys, id, &row.sealed)?;
    let mut tokens = credentials.auth_tokens.iter().map(|token| AuthToken::new(token));
    let first = tokens.next().ok_or(WorkspaceError::NoAuthToken)??;
    let verifier = tokens.try_fold(Verifier::new(first), |verifier, token| {
        token.map(|token| verifier.also(token))
    })?;
    let secret = ApiKeySecret::new(&credentials.api_secret)?;
    let rest = twilio_rest::Credentials::api_key(
        row.account,
        row.api_key,
        ApiSecret::new(credentials.api_secret.as_str()),
    );
    // A policy that cannot be read must not silence the phones.
    let policy = serde_json::from_value(row.policy.clone()).unwrap_or_else(|error| {
        error!(workspace.id = %id, "workspace {id} has a policy that cannot be read: {error}");
        Policy::default()
    });
    let place = Place::read(row.region.as_deref(), row.edge.as_deref()).unwrap_or_else(|error| {
        error!(workspace.id = %id, "workspace {id} is served as in Twilio's default region: what is stored {error}");
        Place::default()
    });
    let issuer = Issuer::new(row.account, ApiKey { sid: row.api_key, secret });
    let issuer = match place.token_region() {
        Some(region) => issuer.region(&region),
        None => issuer,
    };
    Ok(Workspace {
        id: id.clone(),
        account: row.account,
        app: row.app,
        verifier,
        issuer,
        rest,
        numbers: row.numbers.clone(),
        caller_id: row.caller_id.clone(),
        place,
        policy,
    })
}

/// Checks that the server could open a workspace that is about to be added.
pub(crate) fn check(keys: &SecretsKeys, new: &NewWorkspace) -> Result<(), WorkspaceError> {
    let row = WorkspaceRow {
        account: new.account,
        api_key: new.api_key,
        app: new.app,
        sealed: new.sealed.clone(),
        policy: serde_json::json!({}),
        numbers: new.numbers.clone(),
        caller_id: None,
        region: None,
        edge: None,
    };
    open(keys, &new.id, &row).map(|_| ())
}
