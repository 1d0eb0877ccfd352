//! Accounts, numbers, TwiML Apps and keys.

use std::collections::BTreeMap;

use identity::{AccountSid, ApiKeySid, AppSid, PhoneNumber, Timestamp};
use twilio_sig::AuthToken;
use voice_token::ApiKey;

use super::secret::Secret;
use crate::Voice;

/// The tables of all accounts.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    accounts: BTreeMap<AccountSid, AccountRow>,
    pub(crate) numbers: BTreeMap<PhoneNumber, NumberRow>,
    pub(crate) apps: BTreeMap<AppSid, AppRow>,
    pub(crate) keys: BTreeMap<ApiKeySid, KeyRow>,
    /// Numbers of others that an account may show, because it has proved that they are its own.
    pub(crate) caller_ids: BTreeMap<(AccountSid, PhoneNumber), CallerIdRow>,
}

/// An account or subaccount.
#[derive(Debug)]
pub(crate) struct AccountRow {
    auth_token: AuthToken,
    /// The same in clear text.
    pub(crate) secret: Secret,
    pub(crate) parent: Option<AccountSid>,
    pub(crate) name: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// An API key of an account.
#[derive(Debug)]
pub(crate) struct KeyRow {
    pub(crate) account: AccountSid,
    pub(crate) key: ApiKey,
    /// Its secret in clear text.
    pub(crate) secret: Secret,
    pub(crate) name: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// What the REST API keeps and shows, and what has no effect here.
pub(crate) type Kept = BTreeMap<&'static str, String>;

/// A number of an account.
#[derive(Clone, Debug)]
pub(crate) struct NumberRow {
    pub(crate) account: AccountSid,
    pub(crate) name: Option<String>,
    pub(crate) voice: Voice,
    /// The TwiML App whose URLs count instead of the number's own.
    pub(crate) app: Option<AppSid>,
    pub(crate) kept: Kept,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl NumberRow {
    pub(crate) fn new(account: AccountSid, now: Timestamp) -> Self {
        Self {
            account,
            name: None,
            voice: Voice::new(""),
            app: None,
            kept: Kept::new(),
            created_at: now,
            updated_at: now,
        }
    }
}

/// A TwiML App.
#[derive(Clone, Debug)]
pub(crate) struct AppRow {
    pub(crate) account: AccountSid,
    pub(crate) name: String,
    pub(crate) voice: Voice,
    pub(crate) kept: Kept,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl AppRow {
    pub(crate) fn new(account: AccountSid, now: Timestamp) -> Self {
        Self {
            account,
            name: String::new(),
            voice: Voice::new(""),
            kept: Kept::new(),
            created_at: now,
            updated_at: now,
        }
    }
}

/// A verified caller id.
#[derive(Clone, Debug)]
pub(crate) struct CallerIdRow {
    /// `PN…`
    pub(crate) sid: String,
    pub(crate) name: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl Tables {
    pub(crate) fn add_account(
        &mut self,
        sid: AccountSid,
        auth_token: AuthToken,
        secret: Secret,
        parent: Option<AccountSid>,
        now: Timestamp,
    ) {
        let name = if parent.is_some() { "Emulated subaccount" } else { "Emulated account" };
        let row = AccountRow {
            auth_token,
            secret,
            parent,
            name: name.to_owned(),
            created_at: now,
            updated_at: now,
        };
        self.accounts.insert(sid, row);
    }

    /// One account.
    pub(crate) fn account(&self, sid: AccountSid) -> Option<&AccountRow> {
        self.accounts.get(&sid)
    }

    pub(crate) fn account_mut(&mut self, sid: AccountSid) -> Option<&mut AccountRow> {
        self.accounts.get_mut(&sid)
    }

    /// All accounts, with their auth tokens.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = (AccountSid, &Secret)> {
        self.accounts.iter().map(|(sid, row)| (*sid, &row.secret))
    }

    /// The account of a user of the REST API, if the password is right: `AC…` with the auth
    /// token, or `SK…` with the secret of the key.
    pub(crate) fn authenticate(&self, user: &str, password: &str) -> Option<AccountSid> {
        if let Ok(sid) = user.parse::<AccountSid>() {
            return self.accounts.get(&sid).filter(|row| row.secret.is(password)).map(|_| sid);
        }
        let row = self.keys.get(&user.parse::<ApiKeySid>().ok()?)?;
        row.secret.is(password).then_some(row.account)
    }

    /// Whether a user may act for an account: for their own and its subaccounts.
    pub(crate) fn may_act(&self, as_account: AccountSid, account: AccountSid) -> bool {
        let known = self.accounts.contains_key(&account);
        known && (as_account == account || self.parent(account) == Some(as_account))
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

    /// The number, if it is a phone number of an account.
    pub(crate) fn number(&self, text: &str) -> Option<&NumberRow> {
        self.numbers.get(&text.parse::<PhoneNumber>().ok()?)
    }

    /// The URLs that count for a number: its own, or those of its app.
    pub(crate) fn voice_of(&self, number: &NumberRow) -> Voice {
        let app = number.app.and_then(|app| self.apps.get(&app));
        app.map_or_else(|| number.voice.clone(), |app| app.voice.clone())
    }

    /// The verified caller ids of an account.
    pub(crate) fn caller_ids_of(
        &self,
        account: AccountSid,
    ) -> impl Iterator<Item = (&PhoneNumber, &CallerIdRow)> {
        let all = self.caller_ids.iter().filter(move |((owner, _), _)| *owner == account);
        all.map(|((_, number), row)| (number, row))
    }

    /// Whether a number belongs to the account.
    pub(crate) fn owns(&self, account: AccountSid, text: &str) -> bool {
        self.number(text).is_some_and(|number| number.account == account)
    }

    /// Whether the account may show a number as the caller id: its own, or a verified one.
    pub(crate) fn may_show(&self, account: AccountSid, text: &str) -> bool {
        let is_verified = |number| self.caller_ids.contains_key(&(account, number));
        self.owns(account, text) || text.parse().is_ok_and(is_verified)
    }
}
