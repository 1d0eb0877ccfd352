#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod address;
mod code;
mod error;
mod id;
mod phone;
mod sid;
mod text;
mod time;
mod workspace;

pub use address::{AgentIdentity, ClientAddress};
#[doc(hidden)]
pub use code::made;
pub use code::{Code, UnknownCode, Word};
pub use error::ParseError;
pub use id::{ContactId, UserId};
pub use phone::PhoneNumber;
pub use sid::{
    AccountSid, ApiKeySid, AppSid, CallSid, ConferenceSid, ConfigurationProfileSid, CredentialSid,
    QueueSid, RecordingSid, RoleSid, ServiceSid, WorkerSid, WorkspaceSid,
};
pub use time::Timestamp;
pub use workspace::WorkspaceId;
