#![doc = include_str!("../README.md")]

mod file;
mod policy;
mod signalling;

pub use file::{Encoding, File, file, files, is_current};
pub use policy::{PERMISSIONS_POLICY, config, content_security_policy};
pub use signalling::{Signalling, SignallingError};

/// The Voice SDK that the console is written for and tested with, as npm names it.
pub const VOICE_SDK: &str = "@twilio/voice-sdk@2.18.5";

/// The one file of the SDK that the page loads.
pub const VOICE_SDK_FILE: &str = "twilio.min.js";

/// The SHA-256 of that file, in hex.
pub const VOICE_SDK_SHA256: &str =
    "35d3cb1b22e309f9884724a89250aecd2de4f1556ad7b67a7bc5e06c73dcb74a";
