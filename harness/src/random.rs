//! Random bytes, for secrets and unique names.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;

/// `N` random bytes from the system.
pub fn bytes<const N: usize>() -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    let read = File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut bytes));
    read.map_err(|error| format!("/dev/urandom: {error}"))?;
    Ok(bytes)
}

/// `N` random bytes as hex digits.
pub fn hex<const N: usize>() -> Result<String, String> {
    Ok(bytes::<N>()?.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        write!(text, "{byte:02x}").unwrap_or_default();
        text
    }))
}
