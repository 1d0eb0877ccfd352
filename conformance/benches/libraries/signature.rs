//! The signature of a request with 25 fields.

use std::hint::black_box;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha1::Sha1;
use twilio_sig::{AuthToken, Form, Request, Verifier};

use crate::inputs::Inputs;
use crate::meter::Work;

/// A verifier, made once as in a server, and the request.
pub(crate) struct Ours<'a> {
    verifier: Verifier,
    url: &'a str,
    body: &'a [u8],
    header: &'a str,
}

impl<'a> Ours<'a> {
    pub(crate) fn new(inputs: &'a Inputs) -> Self {
        let token = AuthToken::new(inputs.text("auth_token")).expect("a token");
        Self {
            verifier: Verifier::new(token),
            url: inputs.text("url"),
            body: inputs.text("body").as_bytes(),
            header: inputs.text("signature"),
        }
    }

    pub(crate) fn parse(&self) -> Form<'a> {
        Form::parse(black_box(self.body)).expect("a form")
    }

    pub(crate) fn check(&self, form: &Form<'_>) -> bool {
        let request = Request::form(black_box(self.url), black_box(form));
        self.verifier.verify(&request, black_box(self.header)).is_ok()
    }
}

/// The HMAC of the request, and nothing else.
pub(crate) fn bare(inputs: &Inputs) -> Work<'_> {
    let signed = signed(inputs);
    let token = inputs.text("auth_token").as_bytes();
    Work::new(Value::Null, move || {
        let mut mac = Hmac::<Sha1>::new_from_slice(black_box(token)).expect("any length");
        mac.update(black_box(signed.as_bytes()));
        mac.finalize().into_bytes()
    })
}

/// As [`bare`], with the key hashed in beforehand.
pub(crate) fn keyed<'a>(inputs: &Inputs) -> Work<'a> {
    let signed = signed(inputs);
    let token = inputs.text("auth_token").as_bytes();
    let keyed = Hmac::<Sha1>::new_from_slice(token).expect("any length");
    Work::new(Value::Null, move || {
        let mut mac = black_box(&keyed).clone();
        mac.update(black_box(signed.as_bytes()));
        mac.finalize().into_bytes()
    })
}

/// The URL with the sorted fields.
fn signed(inputs: &Inputs) -> String {
    let form = Form::parse(inputs.text("body").as_bytes()).expect("a form");
    let mut pairs: Vec<_> = form.iter().collect();
    assert_eq!(pairs.len(), 25, "a real request");
    pairs.sort_unstable();
    let fields: String = pairs.iter().flat_map(|(name, value)| [*name, *value]).collect();
    inputs.text("url").to_owned() + &fields
}
