#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod address;
#[cfg(feature = "std")]
mod clock;
mod code;
mod error;
mod id;
#[cfg(feature = "jiff")]
mod jiff;
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
