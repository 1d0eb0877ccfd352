//! Where fuzzing begins: the recorded vectors, in the form that each target reads.

use harness::Failure;
use serde_json::Value;

use crate::workspace::Workspace;

/// The seeds of a target.
///
/// # Errors
///
/// If the vectors are not where they belong, or are no JSON.
pub(crate) fn of(workspace: &Workspace, target: &str) -> Result<Vec<Vec<u8>>, Failure> {
    let load = |path: &str| {
        serde_json::from_str::<Value>(&workspace.read(path)?)
            .map_err(|error| Failure::new(format!("{path}: {error}"), "restore the file"))
    };
    let texts = match target {
        "twiml" => {
            let mut documents = documents(&load("crates/twiml/tests/vectors/twiml-voice.json")?);
            let messaging = load("crates/twiml/tests/vectors/twiml-messaging.json")?;
            documents.extend(self::documents(&messaging));
            documents
        }
        "signature_form" => {
            requests(&load("crates/twilio-sig/tests/vectors/signature-vectors.json")?)
        }
        "access_token" => {
            tokens(&load("crates/voice-token/tests/vectors/access-token-vectors.json")?)
        }
        "session_jwt" => {
            let mut texts = strings(&load("crates/session/tests/vectors/tokens.json")?);
            texts.push(load("crates/session/tests/vectors/keys.json")?.to_string());
            texts
        }
        "dialled_text" => {
            let table = workspace.read("crates/dialling/tests/vectors/reports.tsv")?;
            let rows = table.lines().filter(|line| !line.starts_with('#'));
            let texts = rows.filter_map(|row| row.split('\t').nth(1));
            texts.filter(|text| !text.is_empty()).map(str::to_owned).collect()
        }
        "phone_number" => NUMBERS.iter().map(|text| (*text).to_owned()).collect(),
        _ => IDENTITIES.iter().map(|text| (*text).to_owned()).collect(),
    };
    Ok(texts.into_iter().map(String::into_bytes).collect())
}

const NUMBERS: &[&str] = &["+15005550006", "+4915112345678", "+353861234567", "+12", "00491"];
const IDENTITIES: &[&str] = &[
    "7f3c2d1e-0000-4000-8000-00000000000a",
    "7F3C2D1E0000400080000000000000A0",
    "agent_7f3c2d1e00004000800000000000000a",
    "client:agent_7f3c2d1e00004000800000000000000a",
    "client:jane@example.com",
    "workspace_1",
    "CA00000000000000000000000000000001",
    "2026-01-01T00:00:00Z",
    "Thu, 01 Jan 2026 00:00:00 +0000",
];

/// A document for each element of the grammar, with all its attributes.
fn documents(grammar: &Value) -> Vec<String> {
    let elements = grammar["elements"].as_object().into_iter().flatten();
    elements.map(|(id, _)| wrapped(grammar, id, "", 0)).collect()
}

/// The element with this inside, in its first parent, and so on up to the root.
fn wrapped(grammar: &Value, id: &str, inside: &str, depth: usize) -> String {
    if id == "Response" || depth > DEEPEST {
        return format!("<Response>{inside}</Response>");
    }
    let element = &grammar["elements"][id];
    let name = element["element"].as_str().unwrap_or("Unknown");
    let mut tag = format!("<{name}");
    for (attribute, kind) in element["attributes"].as_object().into_iter().flatten() {
        let listed = kind["enum"].as_str().map_or(&kind["values"], |of| &grammar["enums"][of]);
        let value = match kind["type"].as_str() {
            Some("int" | "duration" | "list-of-int") => "5",
            Some("bool") => "true",
            _ => listed[0].as_str().unwrap_or("a &amp; &#x1f98a;"),
        };
        for part in [" ", attribute, "=\"", value, "\""] {
            tag.push_str(part);
        }
    }
    let text = if element["text"]["allowed"] == true { "text" } else { "" };
    let parent = element["parents"][0].as_str().unwrap_or("Response");
    wrapped(grammar, parent, &format!("{tag}>{text}{inside}</{name}>"), depth + 1)
}

/// More levels than the grammar has without coming round.
const DEEPEST: usize = 8;

/// URL and body of each recorded request.
fn requests(file: &Value) -> Vec<String> {
    let vectors = file["vectors"].as_array().into_iter().flatten();
    let pair = |pair: &Value| {
        let text = |index: usize| escaped(pair[index].as_str().unwrap_or_default());
        format!("{}={}", text(0), text(1))
    };
    let request = |vector: &Value| {
        let pairs = vector["params"].as_array().into_iter().flatten().map(pair);
        let form = pairs.collect::<Vec<_>>().join("&");
        let body = vector["body"].as_str().unwrap_or(&form);
        format!("{}\n{body}", vector["url"].as_str().unwrap_or_default())
    };
    vectors.map(request).collect()
}

/// A text in a form: everything but letters and digits is escaped.
fn escaped(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// Each recorded token, and its payload alone: the target signs one itself.
fn tokens(file: &Value) -> Vec<String> {
    let vectors = file["vectors"].as_array().into_iter().flatten();
    let both = |vector: &Value| {
        let jwt = vector["jwt"].as_str().unwrap_or_default().to_owned();
        [jwt, vector["payload"].to_string()]
    };
    vectors.flat_map(both).collect()
}

/// Every text in the value that looks like a token, and every object: one may be a payload.
fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) if text.matches('.').count() == 2 => vec![text.clone()],
        Value::Array(all) => all.iter().flat_map(strings).collect(),
        Value::Object(all) => {
            let inside = all.values().flat_map(strings);
            inside.chain([value.to_string()]).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::TARGETS;

    #[test]
    fn every_target_has_seeds() {
        let workspace = Workspace::here().unwrap();
        for target in TARGETS {
            let seeds = of(&workspace, target).unwrap();
            assert!(seeds.len() >= 5, "{target} has {}", seeds.len());
            assert!(seeds.iter().all(|seed| !seed.is_empty()), "{target}");
        }
    }

    #[test]
    fn documents_have_every_attribute_of_their_element() {
        let grammar = serde_json::json!({
            "enums": { "Event": ["start", "end"] },
            "elements": {
                "Dial": { "element": "Dial", "parents": ["Response"], "text": { "allowed": true },
                          "attributes": { "timeout": { "type": "duration" } } },
                "Room": { "element": "Room", "parents": ["Dial"], "text": { "allowed": false },
                          "attributes": { "events": { "type": "list-of-enum", "enum": "Event" } } },
            },
        });
        let want = [
            "<Response><Dial timeout=\"5\">text</Dial></Response>",
            "<Response><Dial timeout=\"5\">text<Room events=\"start\"></Room></Dial></Response>",
        ];
        assert_eq!(documents(&grammar), want);
    }

    #[test]
    fn requests_are_a_url_and_a_body() {
        let file = serde_json::json!({ "vectors": [
            { "url": "https://a.example", "params": [["a", "1 2"], ["ü", ""]], "body": null },
            { "url": "https://b.example", "params": [], "body": "{}" },
        ]});
        assert_eq!(
            requests(&file),
            ["https://a.example\na=1%202&%C3%BC=", "https://b.example\n{}"]
        );
    }
}
