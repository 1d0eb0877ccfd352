//! Verifying never panics, and accepts no token that was changed.

use std::sync::LazyLock;

use proptest::prelude::*;
use session::{JwkSet, Verifier};

use crate::signer::{Signer, claims, encode, now, public, verifier};

static VERIFIER: LazyLock<Verifier> = LazyLock::new(verifier);
static TOKENS: LazyLock<Vec<String>> =
    LazyLock::new(|| Signer::ALL.map(|signer| signer.sign(&signer.header(), &claims())).to_vec());

#[test]
fn every_flipped_bit_is_refused() {
    let mut tried = 0;
    for token in &*TOKENS {
        for bit in 0..token.len() * 8 {
            let mut bytes = token.clone().into_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            assert!(VERIFIER.verify(&changed, now()).is_err(), "bit {bit} of {token}");
            tried += 1;
        }
    }
    assert!(tried > 5000, "{tried}");
}

#[test]
fn every_truncation_is_refused() {
    for token in &*TOKENS {
        for length in 0..token.len() {
            assert!(VERIFIER.verify(&token[..length], now()).is_err(), "{length} of {token}");
        }
    }
}

proptest! {
    #[test]
    fn a_changed_token_is_refused(
        index in 0_usize..3,
        at in any::<prop::sample::Index>(),
        removed in 0_usize..4,
        inserted in "[A-Za-z0-9_.-]{0,4}",
    ) {
        let token = &TOKENS[index];
        let at = at.index(token.len());
        let end = (at + removed).min(token.len());
        let changed = format!("{}{inserted}{}", &token[..at], &token[end..]);
        let accepted = VERIFIER.verify(&changed, now()).is_ok();
        prop_assert_eq!(accepted, changed == *token);
    }

    #[test]
    fn any_text_is_refused(text in "\\PC{0,200}") {
        prop_assert!(VERIFIER.verify(&text, now()).is_err());
    }

    #[test]
    fn any_parts_are_refused(header in ".{0,60}", claims in ".{0,60}", signature in ".{0,60}") {
        let token = format!("{}.{}.{}", encode(&header), encode(&claims), encode(&signature));
        prop_assert!(VERIFIER.verify(&token, now()).is_err());
    }

    /// Signed claims of any JSON are read or refused, and never panic.
    #[test]
    fn no_signed_claims_cause_a_panic(
        name in "exp|sub|aud|nbf|iat|role|is_anonymous|iss",
        value in "-?[0-9]{1,30}(\\.[0-9]{1,5})?(e-?[0-9]{1,3})?|\"\\PC{0,20}\"|\\[.{0,20}\\]|\\{.{0,20}\\}",
    ) {
        let text = format!("{{\"{name}\":{value}}}");
        let token = Signer::Secret.sign_text(&Signer::Secret.header().to_string(), &text);
        prop_assert!(VERIFIER.verify(&token, now()).is_err());
    }

    #[test]
    fn no_key_set_causes_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(JwkSet::parse(&bytes).is_err());
    }

    /// A set with one changed letter has the key, does not have it, or is refused.
    #[test]
    fn no_changed_key_set_causes_a_panic(at in any::<prop::sample::Index>(), letter in "\\PC") {
        let text = format!("{{\"keys\":[{}]}}", public("es-1"));
        let at = at.index(text.len());
        let changed = format!("{}{letter}{}", &text[..at], &text[at + 1..]);
        if let Ok(set) = JwkSet::parse(changed.as_bytes()) {
            prop_assert!(set.len() + set.ignored().len() <= 1);
        }
    }
}
