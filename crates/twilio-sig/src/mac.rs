//! The keyed hash over a request, streamed piece by piece.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _};
use sha1::Sha1;
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq as _};

use crate::url::Candidate;
use crate::{Params, Request};

/// The hash under a signature.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Algorithm {
    /// HMAC-SHA1: auth tokens, and shared keys that ask for it.
    HmacSha1,
    /// HMAC-SHA256: shared keys.
    HmacSha256,
}

/// An HMAC whose key is already hashed: this costs two blocks once, not for each request.
#[derive(Clone)]
pub(crate) enum Mac {
    Sha1(Hmac<Sha1>),
    Sha256(Hmac<Sha256>),
}

impl Mac {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length (RFC 2104, 3)")]
    pub(crate) fn new(algorithm: Algorithm, key: &[u8]) -> Self {
        match algorithm {
            Algorithm::HmacSha1 => Self::Sha1(Hmac::new_from_slice(key).expect("any length")),
            Algorithm::HmacSha256 => Self::Sha256(Hmac::new_from_slice(key).expect("any length")),
        }
    }

    /// Whether `claim` signs this URL and these parameters.
    pub(crate) fn matches(
        &self,
        url: &Candidate<'_>,
        params: &Params<'_>,
        claim: &Claim,
    ) -> Choice {
        match self {
            Self::Sha1(mac) => claim.matches(&digest(mac, url, params)),
            Self::Sha256(mac) => claim.matches(&digest(mac, url, params)),
        }
    }

    pub(crate) fn sign(&self, request: &Request<'_>) -> String {
        let url = request.url.as_given();
        match self {
            Self::Sha1(mac) => STANDARD.encode(digest(mac, &url, &request.params)),
            Self::Sha256(mac) => STANDARD.encode(digest(mac, &url, &request.params)),
        }
    }
}

/// The signature that a request carries, decoded.
pub(crate) struct Claim {
    bytes: [u8; LONGEST],
    length: usize,
    well_formed: bool,
}

impl Claim {
    /// Reads the header. An unreadable header becomes a claim that never matches, so it takes
    /// the same code path as any other wrong one.
    pub(crate) fn read(header: &str, algorithm: Algorithm) -> Self {
        let length = match algorithm {
            Algorithm::HmacSha1 => 20,
            Algorithm::HmacSha256 => 32,
        };
        let mut bytes = [0; LONGEST];
        let found = STANDARD.decode_slice(header, &mut bytes);
        Self { bytes, length, well_formed: found == Ok(length) }
    }

    /// Whether a header could be a signature by HMAC-SHA256.
    pub(crate) fn is_sha256(header: &str) -> bool {
        Self::read(header, Algorithm::HmacSha256).well_formed
    }

    pub(crate) fn is_well_formed(&self) -> bool {
        self.well_formed
    }

    fn matches(&self, digest: &[u8]) -> Choice {
        self.bytes[..self.length].ct_eq(digest) & Choice::from(u8::from(self.well_formed))
    }
}

/// Bytes of the longest header, 32 of HMAC-SHA256, as base64 decodes them: three for four.
const LONGEST: usize = 33;

fn digest<M: hmac::Mac + Clone>(
    keyed: &M,
    url: &Candidate<'_>,
    params: &Params<'_>,
) -> hmac::digest::Output<M> {
    if let (Some(url), Some(params)) = (url.in_one_piece(), params.in_one_piece()) {
        return keyed.clone().chain_update(url).chain_update(params).finalize().into_bytes();
    }
    let mut pieces = Pieces { mac: keyed.clone(), chunk: [0; CHUNK], filled: 0 };
    url.pieces(|piece| pieces.push(piece));
    params.pieces(|piece| pieces.push(piece));
    pieces.finish()
}

/// Gathers small pieces on the stack, because a hash takes a few large ones faster than many small.
struct Pieces<M> {
    mac: M,
    chunk: [u8; CHUNK],
    filled: usize,
}

impl<M: hmac::Mac> Pieces<M> {
    #[inline]
    fn push(&mut self, piece: &str) {
        let piece = piece.as_bytes();
        if piece.len() > CHUNK - self.filled {
            self.mac.update(&self.chunk[..self.filled]);
            self.filled = 0;
            if piece.len() > CHUNK {
                self.mac.update(piece);
                return;
            }
        }
        copy(&mut self.chunk[self.filled..self.filled + piece.len()], piece);
        self.filled += piece.len();
    }

    fn finish(mut self) -> hmac::digest::Output<M> {
        self.mac.update(&self.chunk[..self.filled]);
        self.mac.finalize().into_bytes()
    }
}

/// Copies a piece. Most are short, and two words that may overlap are cheaper than a call.
#[inline]
fn copy(to: &mut [u8], from: &[u8]) {
    fn words<const BYTES: usize>(to: &mut [u8], from: &[u8]) -> Option<()> {
        let (first, last) = (from.first_chunk::<BYTES>()?, from.last_chunk::<BYTES>()?);
        *to.first_chunk_mut()? = *first;
        *to.last_chunk_mut()? = *last;
        Some(())
    }
    let copied = match from.len() {
        16..=32 => words::<16>(to, from),
        8..=15 => words::<8>(to, from),
        4..=7 => words::<4>(to, from),
        2..=3 => words::<2>(to, from),
        _ => None,
    };
    if copied.is_none() {
        to.copy_from_slice(from);
    }
}

/// A multiple of the 64 bytes that both hashes take at a time.
const CHUNK: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_wiped_when_dropped() {
        // The hashes do nothing when dropped, unless their feature `zeroize` wipes them.
        assert!(std::mem::needs_drop::<Hmac<Sha1>>());
        assert!(std::mem::needs_drop::<Hmac<Sha256>>());
    }
}
