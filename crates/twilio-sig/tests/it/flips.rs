//! Every single bit of every recorded request counts.

use serde_json::Value;
use twilio_sig::{AuthToken, Params, Request, Verifier};

use crate::vectors::VECTORS;

/// Requests of every shape that pass.
const RECORDED: [&str; 9] = [
    "docs-example",
    "inbound-voice",
    "outbound-from-voice-sdk",
    "query-and-body-same-name",
    "sort-is-bytewise",
    "empty-values",
    "whitespace-kept",
    "duplicate-names",
    "duplicate-name-and-value",
];

/// A recorded form request.
struct Recorded {
    token: String,
    url: String,
    pairs: Vec<(String, String)>,
    header: String,
}

impl Recorded {
    fn read(vector: &Value) -> Self {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let pairs = vector["params"].as_array().expect("a list");
        Self {
            token: text(&vector["auth_token"]),
            url: text(&vector["url"]),
            pairs: pairs.iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect(),
            header: text(&vector["signature"]),
        }
    }

    /// What is signed: two requests with the same text are the same to Twilio.
    fn signed(&self) -> String {
        let params = Params::from(&self.pairs);
        params.iter().fold(self.url.clone(), |text, (name, value)| text + name + value)
    }

    fn passes(&self) -> bool {
        let Ok(token) = AuthToken::new(&self.token) else { return false };
        let request = Request::form(&self.url, &self.pairs);
        Verifier::new(token).verify(&request, &*self.header).is_ok()
    }

    /// Every text of the request in turn.
    fn texts(&mut self) -> impl Iterator<Item = &mut String> {
        let pairs = self.pairs.iter_mut().flat_map(|(name, value)| [name, value]);
        [&mut self.token, &mut self.header, &mut self.url].into_iter().chain(pairs)
    }
}

#[test]
fn no_flipped_bit_is_accepted() {
    let file: Value = serde_json::from_str(VECTORS).expect("JSON");
    let mut flips = 0;
    for id in RECORDED {
        let vectors = file["vectors"].as_array().expect("a list");
        let vector = vectors.iter().find(|vector| vector["id"] == id).expect("a vector");
        let mut recorded = Recorded::read(vector);
        assert!(recorded.passes(), "{id}");
        let signed = recorded.signed();
        for number in 0..recorded.texts().count() {
            let text = recorded.texts().nth(number).expect("a text").clone();
            for (at, bit) in (0..text.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                let Ok(flipped) = String::from_utf8(bytes) else { continue };
                // `@` and `#` would set off what is not signed.
                if number == 2 && flipped.contains(['@', '#']) {
                    continue;
                }
                *recorded.texts().nth(number).expect("a text") = flipped;
                let changed = number < 2 || recorded.signed() != signed;
                assert!(
                    !changed || !recorded.passes(),
                    "{id}: text {number}, byte {at}, bit {bit}"
                );
                flips += usize::from(changed);
            }
            *recorded.texts().nth(number).expect("a text") = text;
        }
    }
    assert!(flips > 10_000, "{flips} flips");
}
