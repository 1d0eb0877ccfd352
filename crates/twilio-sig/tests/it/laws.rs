//! Laws: one changed bit breaks a signature, the order of fields changes nothing, and no input
//! makes anything panic. They are the twins of the fuzz targets.

use proptest::collection::vec;
use proptest::prelude::*;
use twilio_sig::{AuthToken, Clues, Form, Params, Request, SignatureError, Verifier};

use crate::{TOKEN, token};

type Pairs = Vec<(String, String)>;

/// Fields with names that are often alike.
fn pairs() -> impl Strategy<Value = Pairs> {
    vec(("(Call|Called|[a-zA-Z]{1,9}|.{0,3})", "(\\+1[0-9]{0,10}|[ -~]{0,12}|.{0,4})"), 0..12)
}

fn url() -> impl Strategy<Value = String> {
    "(https?|wss?)://([a-z]{1,8}\\.example|\\[2001:db8::[0-9]\\])(:[1-9][0-9]{0,3})?(/[a-z0-9%']{0,6}){0,3}(\\?[a-zA-Z0-9=&%+',]{0,12})?"
}

/// How a browser writes a form: the judge's encoder, not ours.
fn encode(pairs: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// What is signed, by the letter of the rule.
fn signed_text(url: &str, pairs: &Pairs) -> String {
    let mut pairs = pairs.clone();
    pairs.sort_by(|left, right| {
        left.0.as_bytes().cmp(right.0.as_bytes()).then(left.1.as_bytes().cmp(right.1.as_bytes()))
    });
    pairs.dedup();
    pairs.into_iter().fold(url.to_owned(), |text, (name, value)| text + &name + &value)
}

/// Flips one bit of a text where that gives a text.
fn flip(text: &str, at: prop::sample::Index, bit: u8) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    let at = (!bytes.is_empty()).then(|| at.index(bytes.len()))?;
    bytes[at] ^= 1 << bit;
    String::from_utf8(bytes).ok()
}

proptest! {
    #[test]
    fn the_rule_is_kept_to_the_letter(url in url(), pairs in pairs()) {
        // One text without any parameter is signed like the same text with them.
        let text = signed_text(&url, &pairs);
        // (`@` and `#` would be taken for user info and a fragment.)
        prop_assume!(!text.contains(['#', '@']));
        let by_rule = token().sign(&Request::get(&text));
        prop_assert_eq!(token().sign(&Request::form(&url, &pairs)), by_rule);
    }

    #[test]
    fn the_order_of_fields_changes_nothing(
        url in url(),
        (sorted, shuffled) in pairs().prop_flat_map(|pairs| (Just(pairs.clone()), Just(pairs).prop_shuffle())),
    ) {
        let header = token().sign(&Request::form(&url, &sorted));
        prop_assert_eq!(&header, &token().sign(&Request::form(&url, &shuffled)));
        let repeated = [&sorted[..], &shuffled[..]].concat();
        prop_assert_eq!(&header, &token().sign(&Request::form(&url, &repeated)));
        // Pairs or bytes, in any order: the same.
        let body = encode(&shuffled);
        let form = Form::parse(body.as_bytes()).expect("a form");
        let verifier = Verifier::new(token());
        prop_assert!(verifier.verify(&Request::form(&url, &form), &*header).is_ok());
        let borrowed: Params<'_> = shuffled.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        prop_assert!(verifier.verify(&Request::form(&url, borrowed), &*header).is_ok());
    }

    #[test]
    fn one_flipped_bit_breaks_the_signature(
        url in url(),
        pairs in pairs(),
        at in any::<prop::sample::Index>(),
        field in any::<prop::sample::Index>(),
        bit in 0_u8..8,
    ) {
        let header = token().sign(&Request::form(&url, &pairs));
        let verifier = Verifier::new(token());
        let mismatch = Err(SignatureError::Mismatch);
        let text = signed_text(&url, &pairs);

        if let Some(header) = flip(&header, at, bit) {
            let got = verifier.verify(&Request::form(&url, &pairs), &*header);
            prop_assert!(got.is_err(), "header {}: {:?}", header, got);
        }
        if let Some(key) = flip(TOKEN, at, bit).and_then(|key| AuthToken::new(&key).ok()) {
            let got = Verifier::new(key).verify(&Request::form(&url, &pairs), &*header);
            prop_assert_eq!(got, mismatch);
        }
        // A changed URL may be another form of the same one, such as `@` or `#` put in.
        if let Some(url) = flip(&url, at, bit).filter(|url| !url.contains(['#', '@']))
            && signed_text(&url, &pairs) != text
        {
            let got = verifier.verify(&Request::form(&url, &pairs), &*header);
            prop_assert_eq!(got, mismatch, "url {}", url);
        }
        if !pairs.is_empty() {
            let field = field.index(pairs.len());
            let mut names = pairs.clone();
            let mut values = pairs.clone();
            for (changed, text_of) in [(&mut names, 0), (&mut values, 1)] {
                let (name, value) = &mut changed[field];
                let part = if text_of == 0 { name } else { value };
                let Some(flipped) = flip(part, at, bit) else { continue };
                *part = flipped;
                if signed_text(&url, changed) != text {
                    let got = verifier.verify(&Request::form(&url, &*changed), &*header);
                    prop_assert_eq!(got, mismatch, "field {}", field);
                }
            }
        }
    }

    #[test]
    fn forms_are_read_as_another_library_reads_them(body in vec(prop_oneof![
        Just(b'%'), Just(b'&'), Just(b'='), Just(b'+'), Just(b'a'), Just(b'F'), Just(b'4'),
        Just(b'c'), Just(b'3'), any::<u8>(),
    ], 0..80)) {
        let whole: Vec<_> = form_urlencoded::parse(&body).into_owned().collect();
        if let Ok(form) = Form::parse(&body) {
            let ours: Pairs = form.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
            prop_assert_eq!(ours, whole);
        } else {
            // The other one puts U+FFFD in place of what is not UTF-8.
            let text: String = whole.into_iter().flat_map(|(n, v)| [n, v]).collect();
            prop_assert!(text.contains(char::REPLACEMENT_CHARACTER));
        }
    }

    #[test]
    fn what_is_encoded_is_decoded(pairs in pairs()) {
        let body = encode(&pairs);
        let form = Form::parse(body.as_bytes()).expect("a form");
        let ours: Pairs = form.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
        prop_assert_eq!(ours, pairs);
    }

    #[test]
    fn nothing_panics(url in ".{0,40}", body in vec(any::<u8>(), 0..60), header in ".{0,40}", settings in ".{0,40}") {
        let verifier = Verifier::new(token()).legacy_encodings();
        let headers = twilio_sig::Headers { signature: Some(&header), settings: Some(&settings) };
        let json = Request::json(&url, &body);
        prop_assert!(verifier.verify(&json, headers).is_err());
        prop_assert!(verifier.verify(&Request::websocket(&url), &*header).is_err());
        if let Ok(form) = Form::parse(&body) {
            let request = Request::form(&url, &form);
            prop_assert!(verifier.verify(&request, &*header).is_err());
            prop_assert!(verifier.verify(&request, &*token().sign(&request)).is_ok());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn explaining_never_panics(url in ".{0,30}", pairs in pairs(), host in ".{0,9}", prefix in ".{0,9}") {
        let clues = Clues { hosts: &[&host], prefixes: &[&prefix], ..Clues::default() };
        let header = "AAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let request = Request::form(&url, &pairs);
        let got = Verifier::new(token()).explain(&request, header, &clues);
        prop_assert_eq!(got, twilio_sig::Explanation::Unknown);
    }
}
