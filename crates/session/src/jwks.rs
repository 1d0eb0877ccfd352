//! Key sets (RFC 7517).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::algorithm::{Algorithm, PublicKey};
use crate::error::JwksError;
use crate::json::object;

/// The usable keys of a key set: ES256 and RS256, with a key id, for signatures.
///
/// Unusable keys are ignored, as RFC 7517, 5, requires, and listed by [`Self::ignored`]. A set
/// without a usable key is valid: a project that signs with a secret publishes an empty set.
///
/// # Examples
///
/// ```
/// use session::{IgnoredReason, JwkSet};
///
/// let set = JwkSet::parse(br#"{"keys":[{"kty":"oct","kid":"a","alg":"HS256","k":"c2VjcmV0"}]}"#)?;
/// assert_eq!(set.len(), 0);
/// assert_eq!(set.ignored()[0].reason, IgnoredReason::Algorithm);
/// # Ok::<(), session::JwksError>(())
/// ```
#[derive(Clone)]
pub struct JwkSet {
    pub(crate) keys: Vec<PublicKey>,
    ignored: Vec<Ignored>,
}

/// A key of the set that is not used.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ignored {
    /// Its place in the array, from 0.
    pub index: usize,
    /// Its key id, if it has one.
    pub key_id: Option<String>,
    /// Why it is not used.
    pub reason: IgnoredReason,
}

/// Why a key is not used.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum IgnoredReason {
    /// It is not an object with the members of its type, or one of them has the wrong size:
    /// 32 bytes for each coordinate and for the key of Ed25519, 2048 to 8192 bits for a modulus.
    Malformed,
    /// It has no key id, so no token can name it.
    NoKeyId,
    /// Its type, curve or algorithm is not that of ES256, RS256 or `EdDSA` with Ed25519. A secret in a
    /// public document is not secret.
    Algorithm,
    /// Its `use` is not `sig`, or its `key_ops` lack `verify`.
    Purpose,
    /// It was published with its private part, so anyone can sign with it.
    Private,
    /// Another key has the same id and algorithm, so that the id does not say which is meant. None of
    /// them is used.
    Duplicate,
}

impl fmt::Display for IgnoredReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "key is malformed",
            Self::NoKeyId => "key has no id",
            Self::Algorithm => "key is not for ES256, RS256 or EdDSA",
            Self::Purpose => "key is not for verifying signatures",
            Self::Private => "key is published with its private part",
            Self::Duplicate => "key has the id of another one",
        })
    }
}

impl JwkSet {
    /// Reads a key set.
    ///
    /// At most 64 KiB and 64 keys, so that a wrong address cannot fill the memory.
    ///
    /// # Errors
    ///
    /// A [`JwksError`] if the document is not a key set; a single bad key is ignored.
    pub fn parse(json: &[u8]) -> Result<Self, JwksError> {
        if json.len() > SET_BYTES {
            return Err(JwksError::TooLarge { limit: SET_BYTES });
        }
        let set: Set<'_> = object(json).ok_or(JwksError::Malformed)?;
        if set.keys.len() > SET_KEYS {
            return Err(JwksError::TooMany { limit: SET_KEYS });
        }
        let (mut keys, mut ignored) = (Vec::<(usize, PublicKey)>::new(), Vec::new());
        for (index, raw) in set.keys.into_iter().enumerate() {
            let jwk = object::<Jwk>(raw.get().as_bytes());
            let key_id = jwk.as_ref().and_then(|jwk| jwk.kid.clone());
            let key = jwk.ok_or(IgnoredReason::Malformed).and_then(Jwk::into_key);
            match key {
                Ok(key) => keys.push((index, key)),
                Err(reason) => ignored.push(Ignored { index, key_id, reason }),
            }
        }
        let names = |key: &PublicKey| (key.id.clone(), key.algorithm);
        let all: Vec<_> = keys.iter().map(|(_, key)| names(key)).collect();
        let is_alone =
            |key: &PublicKey| all.iter().filter(|name| **name == names(key)).count() == 1;
        let (keys, doubled): (Vec<_>, Vec<_>) =
            keys.into_iter().partition(|(_, key)| is_alone(key));
        ignored.extend(doubled.into_iter().map(|(index, key)| {
            let key_id = Some(key.id);
            Ignored { index, key_id, reason: IgnoredReason::Duplicate }
        }));
        ignored.sort_by_key(|ignored| ignored.index);
        Ok(Self { keys: keys.into_iter().map(|(_, key)| key).collect(), ignored })
    }

    /// How many keys can be used.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether no key can be used.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The ids of the usable keys, in their order.
    pub fn key_ids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| key.id.as_str())
    }

    /// The keys that are not used, with the reason for each.
    pub fn ignored(&self) -> &[Ignored] {
        &self.ignored
    }
}

impl fmt::Debug for JwkSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<_> = self.key_ids().collect();
        f.debug_struct("JwkSet")
            .field("key_ids", &ids)
            .field("ignored", &self.ignored)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Set<'a> {
    #[serde(borrow)]
    keys: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    d: Option<IgnoredAny>,
}

impl Jwk {
    fn into_key(self) -> Result<PublicKey, IgnoredReason> {
        let algorithm = self.algorithm().ok_or(IgnoredReason::Algorithm)?;
        let is_for_signatures = self.usage.as_ref().is_none_or(|usage| usage == "sig")
            && self.key_ops.as_ref().is_none_or(|ops| ops.iter().any(|op| op == "verify"));
        if !is_for_signatures {
            return Err(IgnoredReason::Purpose);
        }
        if self.d.is_some() {
            return Err(IgnoredReason::Private);
        }
        let key = self.material(algorithm).ok_or(IgnoredReason::Malformed)?;
        let id = self.kid.filter(|id| !id.is_empty()).ok_or(IgnoredReason::NoKeyId)?;
        Ok(PublicKey { id, algorithm, key })
    }

    /// The algorithm of the key: its type decides, and its `alg` must agree.
    fn algorithm(&self) -> Option<Algorithm> {
        let (algorithm, name) = match (self.kty.as_str(), self.crv.as_deref()) {
            ("EC", Some("P-256")) => (Algorithm::Es256, "ES256"),
            ("RSA", _) => (Algorithm::Rs256, "RS256"),
            ("OKP", Some("Ed25519")) => (Algorithm::EdDsa, "EdDSA"),
            _ => return None,
        };
        self.alg.as_ref().is_none_or(|alg| alg == name).then_some(algorithm)
    }

    fn material(&self, algorithm: Algorithm) -> Option<DecodingKey> {
        let bytes = |part: &Option<String>| URL_SAFE_NO_PAD.decode(part.as_ref()?).ok();
        match algorithm {
            Algorithm::Hs256 => None,
            Algorithm::Es256 => {
                let (x, y) = (bytes(&self.x)?, bytes(&self.y)?);
                // The uncompressed point (SEC 1, 2.3.3).
                let point = [&[4], x.as_slice(), y.as_slice()].concat();
                let has_size = x.len() == COORDINATE_BYTES && y.len() == COORDINATE_BYTES;
                has_size.then(|| DecodingKey::from_ec_der(&point))
            }
            Algorithm::EdDsa => {
                let x = bytes(&self.x)?;
                (x.len() == COORDINATE_BYTES).then(|| DecodingKey::from_ed_der(&x))
            }
            Algorithm::Rs256 => {
                let (n, e) = (bytes(&self.n)?, bytes(&self.e)?);
                let has_size = MODULUS_BYTES.contains(&significant(&n))
                    && EXPONENT_BYTES.contains(&significant(&e));
                has_size.then(|| DecodingKey::from_rsa_raw_components(&n, &e))
            }
        }
    }
}

/// The length of a number without leading zeroes.
fn significant(number: &[u8]) -> usize {
    number.iter().skip_while(|byte| **byte == 0).count()
}

const SET_BYTES: usize = 64 << 10;
const SET_KEYS: usize = 64;
const COORDINATE_BYTES: usize = 32;
/// 2048 bits are the least for RS256 (RFC 7518, 3.3), 8192 the most that is verified.
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;
/// Larger exponents only cost time.
const EXPONENT_BYTES: std::ops::RangeInclusive<usize> = 1..=4;
