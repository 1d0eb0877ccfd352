//! What virtual people say.

use std::fmt;
use std::sync::Arc;

/// What a virtual person says on a call, for as long as it lasts.
#[derive(Clone, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Sound {
    /// Nothing.
    #[default]
    Silence,
    /// A tone of this many hertz.
    Tone(u16),
    /// A recording in PCMU, 8000 bytes a second: once, from the beginning of the call on.
    Wave(Arc<[u8]>),
}

impl fmt::Debug for Sound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Silence => f.write_str("Silence"),
            Self::Tone(hz) => write!(f, "Tone({hz})"),
            Self::Wave(bytes) => write!(f, "Wave({} bytes)", bytes.len()),
        }
    }
}
