//! What is configured: accounts, numbers, TwiML Apps and keys.

use std::collections::BTreeMap;

use identity::{AccountSid, ApiKeySid, AppSid, PhoneNumber};
use twilio_sig::AuthToken;
use voice_token::ApiKey;

use crate::Voice;

/// The configuration of all accounts.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    accounts: BTreeMap<AccountSid, AccountRow>,
    pub(crate) numbers: BTreeMap<PhoneNumber, (AccountSid, Voice)>,
    pub(crate) apps: BTreeMap<AppSid, (AccountSid, Voice)>,
    pub(crate) keys: BTreeMap<ApiKeySid, KeyRow>,
}

#[derive(Debug)]
struct AccountRow {
    auth_token: AuthToken,
    parent: Option<AccountSid>,
}

/// An API key of an account.
#[derive(Debug)]
pub(crate) struct KeyRow {
    pub(crate) account: AccountSid,
    pub(crate) key: ApiKey,
}

impl Tables {
    pub(crate) fn add_account(
        &mut self,
        sid: AccountSid,
        auth_token: AuthToken,
        parent: Option<AccountSid>,
    ) {
        self.accounts.insert(sid, AccountRow { auth_token, parent });
    }

    /// The token that signs for the account: a subaccount has its own.
    pub(crate) fn auth_token(&self, account: AccountSid) -> Option<AuthToken> {
        self.accounts.get(&account).map(|row| row.auth_token.clone())
    }

    pub(crate) fn parent(&self, account: AccountSid) -> Option<AccountSid> {
        self.accounts.get(&account).and_then(|row| row.parent)
    }

    pub(crate) fn account_count(&self) -> u64 {
        self.accounts.len() as u64
    }

    /// The number, if it is a phone number and one of ours.
    pub(crate) fn number(&self, text: &str) -> Option<&(AccountSid, Voice)> {
        self.numbers.get(&text.parse::<PhoneNumber>().ok()?)
    }

    /// Whether a caller id may be shown: a number of the account.
    pub(crate) fn owns(&self, account: AccountSid, text: &str) -> bool {
        self.number(text).is_some_and(|(owner, _)| *owner == account)
    }
}
