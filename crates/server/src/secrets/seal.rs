//! Secrets at rest: encrypted, and bound to their workspace.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use identity::WorkspaceId;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::secrets::{SecretsKey, SecretsKeys};

/// The secrets of a workspace's Twilio account, in the clear.
#[derive(Deserialize, Serialize)]
pub struct Credentials {
    /// The auth tokens that may have signed a webhook: the primary one, and during a rotation the other one
    /// after it.
    pub auth_tokens: Vec<String>,
    /// The secret of the API key that signs access tokens.
    pub api_secret: String,
}

impl Drop for Credentials {
    fn drop(&mut self) {
        use zeroize::Zeroize;
        self.auth_tokens.zeroize();
        self.api_secret.zeroize();
    }
}

/// The text was not sealed with this key for this workspace.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the credentials were sealed with another key or for another workspace")]
pub struct SealError;

/// Encrypts a workspace's credentials: a version byte, a nonce of 24 bytes, then the ciphertext.
/// The workspace id is authenticated, so that a copied row opens nowhere else.
///
/// # Errors
///
/// [`SealError`] only if the cipher refuses, which it does for texts of gigabytes.
pub fn seal(
    key: &SecretsKey,
    workspace: &WorkspaceId,
    credentials: &Credentials,
    nonce: [u8; NONCE],
) -> Result<Vec<u8>, SealError> {
    let clear = Zeroizing::new(serde_json::to_vec(credentials).map_err(|_| SealError)?);
    encrypt(key, workspace.as_str().as_bytes(), &clear, nonce)
}

/// Decrypts a workspace's credentials, and says which key did it.
///
/// # Errors
///
/// [`SealError`] if the text was sealed with another key, for another workspace, or changed since.
pub(crate) fn open(
    keys: &SecretsKeys,
    workspace: &WorkspaceId,
    sealed: &[u8],
) -> Result<(Credentials, OpenedBy), SealError> {
    let (clear, by) = decrypt(keys, workspace.as_str().as_bytes(), sealed)?;
    Ok((serde_json::from_slice(&clear).map_err(|_| SealError)?, by))
}

/// The key that opened a sealed text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum OpenedBy {
    /// The one that seals.
    Current,
    /// The one before it: the text should be sealed again.
    Previous,
}

/// Encrypts bytes and binds them to `bound`, which says what they are and to whom they belong. They open
/// only with the same `bound`. Texts of different kinds must be bound differently, so that none can be taken
/// for another.
pub(crate) fn encrypt(
    key: &SecretsKey,
    bound: &[u8],
    clear: &[u8],
    nonce: [u8; NONCE],
) -> Result<Vec<u8>, SealError> {
    let payload = Payload { msg: clear, aad: bound };
    let sealed = cipher(key).encrypt(&XNonce::from(nonce), payload).map_err(|_| SealError)?;
    Ok([&[VERSION][..], &nonce, &sealed].concat())
}

/// Decrypts bytes that [`encrypt`] has encrypted, and says which key did it.
pub(crate) fn decrypt(
    keys: &SecretsKeys,
    bound: &[u8],
    sealed: &[u8],
) -> Result<(Zeroizing<Vec<u8>>, OpenedBy), SealError> {
    match (decrypt_with(&keys.current, bound, sealed), &keys.previous) {
        (Ok(clear), _) => Ok((clear, OpenedBy::Current)),
        (Err(_), Some(previous)) => {
            Ok((decrypt_with(previous, bound, sealed)?, OpenedBy::Previous))
        }
        (Err(error), None) => Err(error),
    }
}

fn decrypt_with(
    key: &SecretsKey,
    bound: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let (version, rest) = sealed.split_first().ok_or(SealError)?;
    let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>().ok_or(SealError)?;
    if *version != VERSION {
        return Err(SealError);
    }
    let payload = Payload { msg: ciphertext, aad: bound };
    let clear = cipher(key).decrypt(&XNonce::from(*nonce), payload).map_err(|_| SealError)?;
    Ok(Zeroizing::new(clear))
}

/// A nonce, drawn at random.
pub(crate) fn nonce() -> [u8; NONCE] {
    let mut nonce = [0; NONCE];
    let random = [Uuid::new_v4(), Uuid::new_v4()];
    let bytes = random.iter().flat_map(Uuid::as_bytes);
    nonce.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    nonce
}

fn cipher(key: &SecretsKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.as_bytes().into())
}

/// The length of a nonce: long enough to be drawn at random.
pub const NONCE: usize = 24;

/// The first byte of the sealed form. A later form will have another one.
const VERSION: u8 = 1;

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn opens_only_with_its_key_and_for_its_workspace() {
        let key = SecretsKey::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
        let other = SecretsKey::parse("AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
        let (acme, bolt) = ("acme".parse().unwrap(), "bolt".parse().unwrap());
        let credentials =
            Credentials { auth_tokens: vec!["token".into()], api_secret: "secret".into() };
        let sealed = seal(&key, &acme, &credentials, [7; NONCE]).unwrap();

        let with = |key: &SecretsKey| SecretsKeys::from(key.clone());
        let (opened, by) = open(&with(&key), &acme, &sealed).unwrap();
        assert_eq!((&*opened.auth_tokens, by), (&["token".to_owned()][..], OpenedBy::Current));
        let rotating = SecretsKeys { current: other.clone(), previous: Some(key.clone()) };
        let (opened, by) = open(&rotating, &acme, &sealed).unwrap();
        assert_eq!((&*opened.api_secret, by), ("secret", OpenedBy::Previous));
        assert!(open(&rotating, &bolt, &sealed).is_err(), "another workspace, with two keys");
        let text = String::from_utf8_lossy(&sealed);
        assert!(!text.contains("token") && !text.contains("secret"), "{text}");

        let mut flipped = sealed.clone();
        flipped[30] ^= 1;
        let cases = [
            ("another workspace", &key, &bolt, sealed.as_slice()),
            ("another key", &other, &acme, sealed.as_slice()),
            ("one bit flipped", &key, &acme, flipped.as_slice()),
            ("cut short", &key, &acme, &sealed[..20]),
            ("nothing", &key, &acme, &[]),
        ];
        for (name, key, workspace, sealed) in cases {
            let opened = open(&with(key), workspace, sealed);
            assert_eq!(opened.err(), Some(SealError), "{name}");
        }
    }

    /// Sealed by the version before two keys were possible.
    #[test]
    fn what_an_earlier_version_sealed_opens() {
        let key = SecretsKey::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
        let sealed = STANDARD.decode(EARLIER).unwrap();
        let (opened, _) = open(&key.into(), &"acme".parse().unwrap(), &sealed).unwrap();
        assert_eq!(opened.auth_tokens, ["token"]);
        assert_eq!(opened.api_secret, "secret");
    }

    const EARLIER: &str = "AQcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHB52dOq0qAZvgE/EQSTMFQ3u6t6laD4/hYhcfBGdDd/svhrCQIADKRW+uPLUUKZjxWrNpGa3a+dSzBFgLHrjUTQ==";
}
