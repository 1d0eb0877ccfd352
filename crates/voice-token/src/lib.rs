#![doc = include_str!("../README.md")]

mod claims;
mod error;
mod grant;
mod identity;
mod issue;
mod json;
mod key;
mod part;
mod render;
mod verify;

pub use ::identity::{
    ConfigurationProfileSid, CredentialSid, RoleSid, ServiceSid, WorkerSid, WorkspaceSid,
};
pub use error::{TokenError, VerifyError};
pub use grant::{
    ChatGrant, Grants, Outgoing, PlaybackGrant, RtcGrant, SyncGrant, TaskRouterGrant, VideoGrant,
    VoiceGrant,
};
pub use identity::Identity;
pub use issue::Issuer;
pub use json::JsonObject;
pub use key::{ApiKey, ApiKeySecret};
pub use part::{Region, Ttl};
pub use verify::{AccessToken, unverified_key};
