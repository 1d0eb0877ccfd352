//! Random requests, signed and then changed or not.

use serde_json::{Value, json};
use twilio_sig::{Algorithm, body_hash_url};

use super::url::Url;
use crate::random::Random;

/// How a request is made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    Form,
    Get,
    Json,
    WebSocket,
}

/// A request with its signature, as a signer or a validator has it.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) kind: Kind,
    pub(crate) url: String,
    /// As it is sent: a form is still encoded.
    pub(crate) body: Option<String>,
    pub(crate) token: String,
    pub(crate) algorithm: Algorithm,
    pub(crate) signature: String,
}

impl Case {
    /// The case in the judges' words.
    pub(crate) fn json(&self) -> Value {
        let kind = match self.kind {
            Kind::Form => "form",
            Kind::Get => "get",
            Kind::Json => "json",
            Kind::WebSocket => "websocket",
        };
        let algorithm = match self.algorithm {
            Algorithm::HmacSha1 => "HMAC_SHA1",
            Algorithm::HmacSha256 => "HMAC_SHA256",
        };
        json!({ "kind": kind, "url": self.url, "body": self.body, "token": self.token,
                "algorithm": algorithm, "signature": self.signature })
    }
}

/// A request that is to be signed, and what a validator will have of it.
pub(crate) struct Plan {
    /// What Twilio signs: no user info, no fragment, and a body only if it is a form.
    pub(crate) signed: Case,
    kind: Kind,
    url: String,
    body: Option<String>,
}

impl Plan {
    pub(crate) fn draw(random: &mut Random) -> Self {
        let kinds = [Kind::Form, Kind::Form, Kind::Form, Kind::Get, Kind::Json, Kind::WebSocket];
        let kind = random.pick(&kinds);
        let (body, hashed) = match kind {
            Kind::Form => (Some(form(random)), random.percent(15)),
            Kind::Json => (Some(object(random)), random.percent(90)),
            Kind::Get | Kind::WebSocket => (None, false),
        };
        // Sometimes the hash that is signed is that of another body.
        let lie = if random.percent(15) { "another" } else { "" };
        let hash = |url: String| match &body {
            Some(body) if hashed => body_hash_url(&url, (lie.to_owned() + body).as_bytes()),
            _ => url,
        };
        let parts = Url::draw(random, kind == Kind::WebSocket);
        let is_form = kind == Kind::Form;
        let shared = random.percent(8);
        let signed = Case {
            kind: if is_form { Kind::Form } else { Kind::Get },
            url: hash(parts.signed(random)),
            body: body.clone().filter(|_| is_form),
            token: random.secret(32),
            algorithm: if shared { Algorithm::HmacSha256 } else { Algorithm::HmacSha1 },
            signature: String::new(),
        };
        Self { signed, kind, url: hash(parts.given()), body }
    }

    /// The validator's case, with the signature of one of the three signers or over one of the
    /// other spellings of its URL, and changed in a third of all cases.
    pub(crate) fn finish(
        &self,
        random: &mut Random,
        signatures: &[String; 3],
        spellings: &[String],
    ) -> Case {
        let mut signature = signatures[random.below(signatures.len())].clone();
        if !spellings.is_empty() && random.percent(8) {
            let url = spellings[random.below(spellings.len())].clone();
            signature = super::ours_signed(&Case { url, ..self.signed.clone() });
        }
        let mut case = Case {
            kind: self.kind,
            url: self.url.clone(),
            body: self.body.clone(),
            signature,
            ..self.signed.clone()
        };
        if random.percent(33) {
            change(&mut case, random);
        }
        case
    }
}

/// One change; some of them, by luck, change nothing that counts.
fn change(case: &mut Case, random: &mut Random) {
    match random.below(8) {
        0 => case.token = random.secret(32),
        1 => case.signature.clear(),
        2 => drop(case.signature.pop()),
        3 => case.signature = flipped(&case.signature, 0, random),
        4 => {
            let authority = case.url.find("://").map_or(0, |at| at + "://".len());
            let path = case.url[authority..].find(['/', '?']).map(|at| authority + at);
            case.url = flipped(&case.url, path.unwrap_or(case.url.len()), random);
        }
        5 => case.url = case.url.replacen("/voice", "/Voice", 1),
        6 => case.body = case.body.take().map(|body| body + "&Extra=1"),
        _ => case.body = case.body.take().map(|body| body.replacen('1', "2", 1)),
    }
}

/// The text with one letter or digit from `start` on replaced, if there is one.
fn flipped(text: &str, start: usize, random: &mut Random) -> String {
    let letters = text.char_indices().filter(|(at, c)| *at >= start && c.is_ascii_alphanumeric());
    let places: Vec<usize> = letters.map(|(at, _)| at).collect();
    if places.is_empty() {
        return text.to_owned();
    }
    let at = random.pick(&places);
    let other = if &text[at..=at] == "x" { "y" } else { "x" };
    format!("{}{other}{}", &text[..at], &text[at + 1..])
}

const NAMES: &[&str] = &[
    "CallSid",
    "From",
    "To",
    "Body",
    "body",
    "a",
    "A",
    "b",
    "a b",
    "a=b",
    "x&y",
    "",
    "ü",
    "\u{fb01}",
    "\u{1f98a}",
    "\u{10ffff}",
    "z\u{0}",
];

const VALUES: &[&str] = &[
    "1",
    "12",
    "",
    " ",
    " padded ",
    "+15005550006",
    "CA00000000000000000000000000000001",
    "O'Brien",
    "a&b=c",
    "100%",
    "%41",
    "über 🦊",
    "\u{202e}left",
    "line\r\nend",
    "\u{fb01}",
    "\"<>\"",
];

/// A form as it is sent: repeated names, empty values, every way of escaping.
fn form(random: &mut Random) -> String {
    let mut body = String::new();
    for _ in 0..random.below(9) {
        if !body.is_empty() {
            body.push_str(if random.percent(4) { "&&" } else { "&" });
        }
        let name = random.pick(NAMES);
        let value = random.pick(VALUES);
        escape(&mut body, name, random);
        // A name alone is a field too, unless there is nothing of it.
        if !value.is_empty() || name.is_empty() || random.percent(70) {
            body.push('=');
            escape(&mut body, value, random);
        }
    }
    body
}

fn escape(out: &mut String, text: &str, random: &mut Random) {
    for c in text.chars() {
        let plain = c.is_ascii_alphanumeric() || "-_.*".contains(c);
        if c == ' ' && random.percent(60) {
            out.push('+');
        } else if (plain && random.percent(97)) || (c.is_alphabetic() && random.percent(10)) {
            out.push(c);
        } else {
            let lower = random.percent(30);
            for byte in c.to_string().bytes() {
                let escaped = format!("%{byte:02X}");
                *out += &if lower { escaped.to_lowercase() } else { escaped };
            }
        }
    }
}

fn object(random: &mut Random) -> String {
    let value = json!({ "CallSid": random.sid("CA"), "note": random.text(VALUES, 4), "n": 1 });
    if random.percent(5) { String::new() } else { value.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use twilio_sig::Form;

    #[test]
    fn forms_decode_to_the_names_and_values_they_are_made_of() {
        let mut random = Random::new(3, "forms");
        for _ in 0..500 {
            let body = form(&mut random);
            let decoded = Form::parse(body.as_bytes()).unwrap();
            for (name, value) in decoded.iter() {
                assert!(NAMES.contains(&name) && VALUES.contains(&value), "{body}");
            }
        }
    }

    #[test]
    fn flipping_changes_one_letter_from_a_place_on() {
        let mut random = Random::new(3, "flips");
        for _ in 0..100 {
            let text = flipped("https://a.example/üb", 17, &mut random);
            assert!(text == "https://a.example/üx" || text == "https://a.example/üy", "{text}");
        }
        assert_eq!(flipped("", 0, &mut random), "");
    }
}
