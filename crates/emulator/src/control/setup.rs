//! Accounts, numbers, TwiML Apps and keys, from any language.

use std::fmt;
use std::sync::Arc;

use identity::{AccountSid, PhoneNumber};
use serde_json::{Value, json};

use super::fields::wrong;
use super::{Fields, Refusal, phones};
use crate::shared::Shared;
use crate::state::queue::DEFAULT_QUEUE_SIZE;
use crate::world::World;
use crate::{Account, Method, Voice};

/// Why a description of an emulator was refused.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SetupError(String);

impl fmt::Display for SetupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SetupError {}

/// Sets up everything that a JSON text describes.
pub(crate) fn set_up(shared: &Arc<Shared>, json: &str) -> Result<(), SetupError> {
    all(shared, json.as_bytes()).map_err(|refusal| SetupError(refusal.rule))
}

fn all(shared: &Arc<Shared>, json: &[u8]) -> Result<(), Refusal> {
    let mut whole = Fields::read(json)?;
    for value in whole.list("accounts")? {
        let mut fields = Fields::of(value, "an account")?;
        let mut parts = Vec::new();
        for (name, make) in PARTS {
            parts.extend(fields.list(name)?.into_iter().map(|part| (make, part)));
        }
        let made = account(shared, fields)?;
        for (make, mut part) in parts {
            if let Some(object) = part.as_object_mut() {
                object.entry("account").or_insert_with(|| made["account_sid"].clone());
            }
            make(shared, Fields::of(part, "a part of an account")?)?;
        }
    }
    for value in whole.list("phones")? {
        let mut fields = Fields::of(value, "a phone")?;
        let number = fields.needed("number")?;
        phones::put(shared, &number, fields)?;
    }
    for value in whole.list("routes")? {
        super::routes::add(shared, Fields::of(value, "a route")?)?;
    }
    whole.end()
}

type Make = fn(&Arc<Shared>, Fields) -> Result<Value, Refusal>;

const PARTS: [(&str, Make); 6] = [
    ("numbers", number),
    ("caller_ids", caller_id),
    ("queues", queue),
    ("apps", app),
    ("keys", key),
    ("devices", super::devices::open),
];

/// Everything that is set up, with the secrets. A client that can read them could also change them.
pub(super) fn list(shared: &Shared) -> Value {
    shared.read(|world| {
        let accounts = world.tables.accounts();
        accounts.map(|(sid, secret)| described(world, sid, secret.reveal())).collect()
    })
}

/// Opens an account.
pub(super) fn account(shared: &Arc<Shared>, mut body: Fields) -> Result<Value, Refusal> {
    let sid = body.parsed("sid")?;
    let token = body.text("auth_token")?;
    body.end()?;
    let token = token.unwrap_or_else(|| {
        shared.read(|world| world.seed.derive("auth token", world.tables.account_count()).hex())
    });
    let account = Account::open(shared, sid, &token).map_err(|it| wrong("auth_token", &it))?;
    Ok(json!({ "account_sid": account.sid().as_str(), "auth_token": token }))
}

/// Buys a number, or changes it.
pub(super) fn number(shared: &Arc<Shared>, mut body: Fields) -> Result<Value, Refusal> {
    let account = account_of(shared, &mut body)?;
    let (number, voice) = (body.needed("number")?, voice(&mut body)?);
    body.end()?;
    let number = Account::new(Arc::clone(shared), account).number(&number, voice);
    let number = number.map_err(|error| wrong("number", &error))?;
    Ok(json!({ "account_sid": account.as_str(), "number": number.as_str() }))
}

/// Lets an account show a number that is not its own.
pub(super) fn caller_id(shared: &Arc<Shared>, mut body: Fields) -> Result<Value, Refusal> {
    let account = account_of(shared, &mut body)?;
    let (number, name) = (body.needed("number")?, body.text("name")?);
    body.end()?;
    let number: PhoneNumber = number.parse().map_err(|error| wrong("number", &error))?;
    let sid = shared.write(|world| world.verify(account, number.clone(), name));
    Ok(json!({ "account_sid": account.as_str(), "number": number.as_str(), "caller_id_sid": sid }))
}

/// Creates a queue, with a given Sid or without.
pub(super) fn queue(shared: &Arc<Shared>, mut body: Fields) -> Result<Value, Refusal> {
    let account = account_of(shared, &mut body)?;
    let (sid, name) = (body.parsed("sid")?, body.needed("name")?);
    let size = body.whole("max_size")?.unwrap_or(DEFAULT_QUEUE_SIZE);
    body.end()?;
    let sid = shared.write(|world| {
        let now = world.time.now;
        if world.queues.named(account, &name).is_some() {
            return None;
        }
        match sid {
            Some(sid) => world.queues.open(sid, account, &name, size, now).then_some(sid),
            None => Some(world.queues.create(world.seed, account, &name, size, now)),
        }
    });
    let sid = sid.ok_or_else(|| Refusal::conflict("the name or the Sid of a queue is taken"))?;
    Ok(json!({ "account_sid": account.as_str(), "queue_sid": sid.as_str() }))
}

/// Creates a TwiML App, or changes it.
pub(super) fn app(shared: &Arc<Shared>, mut body: Fields) -> Result<Value, Refusal> {
    let sid = account_of(shared, &mut body)?;
    let (app, voice) = (body.parsed("sid")?, voice(&mut body)?);
    body.end()?;
    let account = Account::new(Arc::clone(shared), sid);
    let app = match app {
        Some(app) => {
            account.app_with(app, voice);
            app
        }
        None => account.app(voice),
    };
    Ok(json!({ "account_sid": sid.as_str(), "app_sid": app.as_str() }))
}

/// Creates an API key.
pub(super) fn key(shared: &Arc<Shared>, mut body: Fields) -> Result<Value, Refusal> {
    let sid = account_of(shared, &mut body)?;
    let (key, secret) = (body.parsed("sid")?, body.text("secret")?);
    body.end()?;
    let account = Account::new(Arc::clone(shared), sid);
    let (key, secret) = match (key, secret) {
        (None, None) => {
            let made = account.api_key().map_err(|error| wrong("secret", &error))?;
            (made.sid, made.secret)
        }
        (Some(key), Some(secret)) => {
            account.api_key_with(key, &secret).map_err(|error| wrong("secret", &error))?;
            (key, secret)
        }
        _ => return Err(Refusal::bad("`sid` and `secret` must both be given, or neither")),
    };
    Ok(json!({ "account_sid": sid.as_str(), "key_sid": key.as_str(), "secret": secret }))
}

/// The account that a body names. If there is only one account, the body need not name it.
pub(super) fn account_of(shared: &Shared, body: &mut Fields) -> Result<AccountSid, Refusal> {
    let named: Option<AccountSid> = body.parsed("account")?;
    shared.read(|world| {
        let mut sids = world.tables.accounts().map(|(sid, _)| sid);
        match named {
            Some(named) => sids.find(|sid| *sid == named).ok_or_else(|| {
                Refusal::bad("`account` is not an account of this emulator: create it first")
            }),
            None => match (sids.next(), sids.next()) {
                (Some(only), None) => Ok(only),
                (None, _) => Err(Refusal::bad("there is no account: create one first")),
                _ => Err(Refusal::bad("`account` is missing, and there are several")),
            },
        }
    })
}

fn voice(body: &mut Fields) -> Result<Voice, Refusal> {
    let mut voice = Voice::new(url(body, "voice_url")?.unwrap_or_default());
    voice.method = method(body, "voice_method")?;
    voice.fallback_url = url(body, "fallback_url")?;
    voice.fallback_method = method(body, "fallback_method")?;
    voice.status_callback = url(body, "status_callback")?;
    voice.status_callback_method = method(body, "status_callback_method")?;
    Ok(voice)
}

fn url(body: &mut Fields, name: &str) -> Result<Option<String>, Refusal> {
    let Some(url) = body.text(name)? else { return Ok(None) };
    if crate::url::is_absolute(&url) {
        return Ok(Some(url));
    }
    Err(wrong(name, &"not an absolute URL of http or https"))
}

fn method(body: &mut Fields, name: &str) -> Result<Method, Refusal> {
    match body.text(name)?.as_deref() {
        None | Some("POST") => Ok(Method::Post),
        Some("GET") => Ok(Method::Get),
        Some(_) => Err(wrong(name, &"neither GET nor POST")),
    }
}

fn described(world: &World, sid: AccountSid, auth_token: &str) -> Value {
    let tables = &world.tables;
    let numbers = tables.numbers.iter().filter(|(_, row)| row.account == sid);
    let numbers = numbers.map(|(number, row)| {
        let mut shown = with(&row.voice, "number", number.as_str());
        shown["voice_application_sid"] = json!(row.app.map(|app| app.to_string()));
        shown
    });
    let caller_ids = tables.caller_ids_of(sid);
    let caller_ids = caller_ids.map(
        |(number, row)| json!({ "number": number.as_str(), "name": row.name, "sid": row.sid }),
    );
    let apps = tables.apps.iter().filter(|(_, row)| row.account == sid);
    let apps = apps.map(|(app, row)| with(&row.voice, "sid", app.as_str()));
    let queues = world.queues.values().filter(|it| it.account == sid);
    let queues = queues.map(|it| json!({ "sid": it.sid.as_str(), "name": it.name }));
    let keys = tables.keys.iter().filter(|(_, row)| row.account == sid);
    let keys = keys.map(|(key, row)| json!({ "sid": key.as_str(), "secret": row.secret.reveal() }));
    json!({
        "sid": sid.as_str(),
        "auth_token": auth_token,
        "parent_sid": tables.parent(sid).map(|parent| parent.to_string()),
        "numbers": numbers.collect::<Vec<_>>(),
        "caller_ids": caller_ids.collect::<Vec<_>>(),
        "queues": queues.collect::<Vec<_>>(),
        "apps": apps.collect::<Vec<_>>(),
        "keys": keys.collect::<Vec<_>>(),
    })
}

fn with(voice: &Voice, name: &str, value: &str) -> Value {
    let mut all = json!({
        "voice_url": voice.url,
        "voice_method": voice.method.to_string(),
        "fallback_url": voice.fallback_url,
        "status_callback": voice.status_callback,
    });
    all[name] = value.into();
    all
}
