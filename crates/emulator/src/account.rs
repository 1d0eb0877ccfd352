//! An account and its numbers, TwiML Apps, API keys and agents.

use std::sync::Arc;

use identity::{AccountSid, ApiKeySid, AppSid, ParseError, PhoneNumber, QueueSid};
use twilio_sig::{AuthToken, SecretError};
use voice_token::TokenError;

use crate::address::is_identity;
use crate::shared::Shared;
use crate::state::party::{Party, Presence};
use crate::state::queue::DEFAULT_QUEUE_SIZE;
use crate::state::secret::Secret;
use crate::state::tables::{AppRow, KeyRow, NumberRow};
use crate::world::World;
use crate::{Address, Agent, Behaviour, Voice};

/// An account or subaccount. Numbers, TwiML Apps, API keys and agents belong to it.
#[derive(Clone, Debug)]
pub struct Account {
    shared: Arc<Shared>,
    sid: AccountSid,
}

/// An API key with its secret, as Twilio shows it once.
#[derive(Clone, Eq, PartialEq)]
pub struct ApiKey {
    /// `SK…`.
    pub sid: ApiKeySid,
    /// The secret that signs access tokens.
    pub secret: String,
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ApiKey({}, [redacted])", self.sid)
    }
}

impl Account {
    pub(crate) fn new(shared: Arc<Shared>, sid: AccountSid) -> Self {
        Self { shared, sid }
    }

    /// Creates an account. Without a Sid, the Sid is derived from the seed.
    pub(crate) fn open(
        shared: &Arc<Shared>,
        sid: Option<AccountSid>,
        auth_token: &str,
    ) -> Result<Self, SecretError> {
        let token = AuthToken::new(auth_token)?;
        let sid = shared.write(|world| {
            let sid = sid.unwrap_or_else(|| {
                let number = world.tables.account_count();
                AccountSid::from_bytes(world.seed.derive("account", number).bytes())
            });
            let now = world.time.now;
            world.tables.add_account(sid, token, Secret::new(auth_token), None, now);
            sid
        });
        Ok(Self::new(Arc::clone(shared), sid))
    }

    /// `AC…`.
    pub fn sid(&self) -> AccountSid {
        self.sid
    }

    /// The auth token: it signs the webhooks and authenticates at the REST API.
    pub fn auth_token(&self) -> String {
        self.shared.read(|world| {
            let found = world.tables.accounts().find(|(sid, _)| *sid == self.sid);
            found.map(|(_, secret)| secret.reveal().to_owned()).unwrap_or_default()
        })
    }

    /// The API keys, with their secrets.
    pub fn api_keys(&self) -> Vec<ApiKey> {
        self.shared.read(|world| {
            let keys = world.tables.keys.iter().filter(|(_, row)| row.account == self.sid);
            let key = |(sid, row): (&ApiKeySid, &KeyRow)| ApiKey {
                sid: *sid,
                secret: row.secret.reveal().to_owned(),
            };
            keys.map(key).collect()
        })
    }

    /// The TwiML Apps.
    pub fn apps(&self) -> Vec<AppSid> {
        self.shared.read(|world| {
            let apps = world.tables.apps.iter().filter(|(_, app)| app.account == self.sid);
            apps.map(|(sid, _)| *sid).collect()
        })
    }

    /// The numbers.
    pub fn numbers(&self) -> Vec<PhoneNumber> {
        self.shared.read(|world| {
            let numbers = world.tables.numbers.iter().filter(|(_, row)| row.account == self.sid);
            numbers.map(|(number, _)| number.clone()).collect()
        })
    }

    /// The account that this is a subaccount of.
    pub fn parent(&self) -> Option<AccountSid> {
        self.shared.read(|world| world.tables.parent(self.sid))
    }

    /// Creates a subaccount. Its webhooks are signed with its own auth token.
    ///
    /// # Errors
    ///
    /// [`SecretError`] if the token has characters that a file or header cannot hold.
    pub fn subaccount(&self, auth_token: &str) -> Result<Self, SecretError> {
        let token = AuthToken::new(auth_token)?;
        let sid = self.shared.write(|world| {
            let number = world.tables.account_count();
            let sid = AccountSid::from_bytes(world.seed.derive("account", number).bytes());
            let now = world.time.now;
            world.tables.add_account(sid, token, Secret::new(auth_token), Some(self.sid), now);
            sid
        });
        Ok(Self { shared: Arc::clone(&self.shared), sid })
    }

    /// Adds a number, or replaces the settings of a number.
    ///
    /// # Errors
    ///
    /// [`ParseError`] if it is not in E.164 form.
    pub fn number(&self, number: &str, voice: Voice) -> Result<PhoneNumber, ParseError> {
        let number: PhoneNumber = number.parse()?;
        self.shared.write(|world| {
            let row = NumberRow { voice, ..NumberRow::new(self.sid, world.time.now) };
            world.tables.numbers.insert(number.clone(), row);
        });
        Ok(number)
    }

    /// Lets the account show a number that is not its own, as if it had been verified.
    ///
    /// # Errors
    ///
    /// [`ParseError`] if it is not in E.164 form.
    pub fn caller_id(&self, number: &str) -> Result<PhoneNumber, ParseError> {
        let number: PhoneNumber = number.parse()?;
        self.shared.write(|world| world.verify(self.sid, number.clone(), None));
        Ok(number)
    }

    /// Creates a queue with a given Sid, which an application may have in its settings. A queue that
    /// has this Sid or this name already stays as it is.
    pub fn queue(&self, sid: QueueSid, name: &str) {
        self.shared.write(|world| {
            let now = world.time.now;
            world.queues.open(sid, self.sid, name, DEFAULT_QUEUE_SIZE, now);
        });
    }

    /// Creates a TwiML App: its URLs handle the calls of browsers. Its Sid is derived from the seed.
    pub fn app(&self, voice: Voice) -> AppSid {
        let sid = self.shared.read(World::next_app);
        self.app_with(sid, voice);
        sid
    }

    /// Creates a TwiML App with a given Sid, or changes it.
    pub fn app_with(&self, sid: AppSid, voice: Voice) {
        self.shared.write(|world| {
            let row = AppRow { voice, ..AppRow::new(self.sid, world.time.now) };
            world.tables.apps.insert(sid, row);
        });
    }

    /// Creates an API key. Sid and secret are derived from the seed.
    ///
    /// # Errors
    ///
    /// Never: the seed always gives a valid key.
    pub fn api_key(&self) -> Result<ApiKey, TokenError> {
        let key = self.shared.read(|world| {
            let seed = world.next_key();
            ApiKey {
                sid: ApiKeySid::from_bytes(seed.bytes()),
                secret: seed.derive("secret", 0).hex(),
            }
        });
        self.api_key_with(key.sid, &key.secret)?;
        Ok(key)
    }

    /// Adds an API key with a given Sid and secret.
    ///
    /// # Errors
    ///
    /// [`TokenError`] if the secret is invalid.
    pub fn api_key_with(&self, sid: ApiKeySid, secret: &str) -> Result<(), TokenError> {
        let key = voice_token::ApiKey::parse(sid.as_str(), secret)?;
        self.shared.write(|world| {
            let now = world.time.now;
            let row = KeyRow {
                account: self.sid,
                key,
                secret: Secret::new(secret),
                name: String::new(),
                created_at: now,
                updated_at: now,
            };
            world.tables.keys.insert(sid, row);
        });
        Ok(())
    }

    /// Opens a browser that is registered under this client identity, without a token.
    ///
    /// Several browsers may have the same identity. All of them ring, on one leg.
    ///
    /// # Panics
    ///
    /// Twilio does not allow the identity: it is empty, too long, or has blanks.
    #[expect(clippy::needless_pass_by_value, reason = "a text or an identity, as it is at hand")]
    pub fn agent(&self, identity: impl ToString, behaviour: Behaviour) -> Agent {
        self.open_browser(identity.to_string(), behaviour, Presence::Here)
    }

    /// Opens a browser that is not registered yet: see [`Agent::register`].
    ///
    /// # Panics
    ///
    /// As [`Account::agent`].
    #[expect(clippy::needless_pass_by_value, reason = "a text or an identity, as it is at hand")]
    pub fn unregistered_agent(&self, identity: impl ToString, behaviour: Behaviour) -> Agent {
        self.open_browser(identity.to_string(), behaviour, Presence::Away)
    }

    fn open_browser(&self, identity: String, behaviour: Behaviour, presence: Presence) -> Agent {
        assert!(is_identity(&identity), "{identity:?} is not a client identity");
        let address = Address::Client(identity);
        let party = Party::new(Some(self.sid), address.clone(), behaviour, presence);
        let id = self.shared.write(|world| world.add_party(party));
        Agent::new(Arc::clone(&self.shared), id, address)
    }
}
