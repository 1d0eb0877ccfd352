//! Files that are made from the types: the schemas in `openapi.json`, the console's
//! `lib/words.js`, and the table of words in `docs/http-api.md`.
//!
//! The tests compare the files with the types. After a change of a type, write the files again:
//!
//! ```text
//! UPDATE_GENERATED=1 cargo test --package server --lib generated
//! ```

use std::fmt::Write as _;
use std::path::Path;

use calls::{CallResult, Direction, EndReason, LegEnd, LegStatus, Outcome, Refusal, RingEnd};
use identity::Code;
use routing::{AgentStatus, Because, Presence, ReasonCode, Whom};
use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema, json_schema};
use serde_json::{Map, Value};

use super::{agent, call, number, ring};
use crate::error::{ErrorBody, ErrorCode};
use crate::feed::ResetReason;

const OPENAPI: &str = "openapi.json";
const WORDS: &str = "../console/assets/lib/words.js";
const PAGE: &str = "../../docs/http-api.md";

/// What an agent can set by hand, or null.
pub(super) fn set_by_hand(_: &mut SchemaGenerator) -> Schema {
    let words = Presence::ALL.iter().filter(|presence| **presence != Presence::Unknown);
    let words = words.map(|presence| Some(presence.code()));
    json_schema!({ "enum": words.chain([None]).collect::<Vec<_>>() })
}

/// The schemas of the records and of their words, by name.
fn schemas() -> Map<String, Value> {
    let mut settings = SchemaSettings::draft2020_12().for_serialize();
    settings.definitions_path = "/components/schemas".into();
    let mut generator = settings.into_generator();
    add::<agent::Agent>(&mut generator);
    add::<call::Call<'_>>(&mut generator);
    add::<ring::RingEnded<'_>>(&mut generator);
    add::<number::ReadNumber>(&mut generator);
    add::<ErrorBody>(&mut generator);
    let mut schemas = generator.take_definitions(true);
    schemas.values_mut().for_each(in_words_of_json);
    schemas
}

fn add<T: JsonSchema>(generator: &mut SchemaGenerator) {
    generator.subschema_for::<T>();
}

/// Descriptions come from the documentation of the types. `None` there is null in JSON, and links
/// have no target.
fn in_words_of_json(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if let Some(Value::String(text)) = object.get_mut("description") {
                let first = text.split("\n\n").next().unwrap_or_default();
                let links = first.replace('\n', " ").replace("`None`", "null");
                *text = without_links(&links);
                let end = text.trim_end_matches('.').len();
                text.truncate(end);
            }
            // A property that is left out when it is absent is never null.
            let required = object.get("required").cloned().unwrap_or_default();
            for (name, schema) in
                object.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten()
            {
                let is_required =
                    required.as_array().is_some_and(|all| all.iter().any(|one| one == name));
                if let (false, Some(kinds)) = (is_required, schema["type"].as_array())
                    && let [kind, _] = &kinds[..]
                {
                    schema["type"] = kind.clone();
                }
            }
            // The sizes of Rust's numbers mean nothing to a client.
            if object.get("type").is_some_and(|kind| kind.to_string().contains("integer")) {
                object.retain(|keyword, _| keyword != "format" && keyword != "maximum");
            }
            object.values_mut().for_each(in_words_of_json);
        }
        Value::Array(items) => items.iter_mut().for_each(in_words_of_json),
        _ => {}
    }
}

/// ``[`Call::x`](path)`` and ``[`x`]`` become `` `x` ``.
fn without_links(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once("[`") {
        let (name, after) = link.split_once("`]").unwrap_or((link, ""));
        let after = match after.strip_prefix('(') {
            Some(path) => path.split_once(')').map_or("", |(_, after)| after),
            None => after,
        };
        let name = name.rsplit("::").next().unwrap_or(name);
        let _ = write!(plain, "{before}`{name}`");
        rest = after;
    }
    plain + rest
}

/// The description of the API with the schemas of the types in it.
fn openapi(old: &str) -> String {
    let schemas = schemas();
    let (head, rest) = old.split_once("  \"schemas\": {\n").expect("schemas");
    let (body, tail) = rest.split_once("\n  }\n").expect("the end of the schemas");
    let by_hand = body.split("\n   },\n").map(|block| block.trim_end_matches("\n   }"));
    let by_hand = by_hand.filter(|block| {
        let name = block.split('"').nth(1).unwrap_or_default();
        !schemas.contains_key(name)
    });
    let made = schemas.iter().map(|(name, schema)| {
        let text = pretty(schema).replace('\n', "\n   ");
        format!("   \"{name}\": {}", text.trim_end_matches("\n   }"))
    });
    let blocks: Vec<String> = by_hand.map(str::to_owned).chain(made).collect();
    format!("{head}  \"schemas\": {{\n{}\n   }}\n  }}\n{tail}", blocks.join("\n   },\n"))
}

/// JSON with one blank for each level, as the file is written.
fn pretty(value: &Value) -> String {
    let mut text = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b" ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, formatter);
    serde::Serialize::serialize(value, &mut serializer).expect("JSON");
    String::from_utf8(text).expect("UTF-8")
}

/// The module of the console with the words of the record and what they mean.
fn words() -> String {
    let mut text = String::from(
        "// Made from the types of the server, which compares it with them. To write it again:\n\
         // UPDATE_GENERATED=1 cargo test --package server --lib generated\n",
    );
    // `Error` would hide JavaScript's own.
    for (name, schema) in schemas().iter().filter(|(name, _)| *name != "Error") {
        text.push('\n');
        text.push_str(&declaration(name, schema));
    }
    for (name, codes) in
        [("Whom", codes::<Whom>(|_| true)), ("Because", codes::<Because>(|_| true))]
    {
        let _ = write!(text, "\n/** @typedef {{{}}} {name} */\n", codes.join(" | "));
    }
    list(&mut text, "OUTCOMES", "Outcome", &codes::<Outcome>(|_| true));
    list(&mut text, "LIVE", "Outcome", &codes(Outcome::is_open));
    list(&mut text, "ANSWERED", "Outcome", &codes(Outcome::is_answered));
    list(&mut text, "MISSED", "Outcome", &codes(Outcome::is_missed));
    list(&mut text, "LEG_STATUSES", "LegStatus", &codes::<LegStatus>(|_| true));
    list(&mut text, "LEG_ENDS", "LegEnd", &codes::<LegEnd>(|_| true));
    list(&mut text, "RING_ENDS", "RingEnd", &codes::<RingEnd>(|_| true));
    list(&mut text, "REFUSALS", "Refusal", &codes::<Refusal>(|_| true));
    list(&mut text, "AGENT_STATUSES", "AgentStatus", &codes::<AgentStatus>(|_| true));
    list(&mut text, "REASONS", "ReasonCode", &codes::<ReasonCode>(|_| true));
    list(&mut text, "WHOM", "Whom", &codes::<Whom>(|_| true));
    list(&mut text, "BECAUSE", "Because", &codes::<Because>(|_| true));
    text
}

/// A constant with codes.
fn list(text: &mut String, name: &str, kind: &str, codes: &[String]) {
    let codes = codes.join(", ");
    let _ = write!(text, "\n/** @type {{{kind}[]}} */\nexport const {name} = [{codes}];\n");
}

/// The codes of which a question is true, in quotes.
fn codes<T: Code>(holds: fn(T) -> bool) -> Vec<String> {
    let held = T::ALL.iter().filter(|value| holds(**value));
    held.map(|value| Value::from(value.code()).to_string()).collect()
}

/// A schema as a type in a comment of JavaScript.
fn declaration(name: &str, schema: &Value) -> String {
    let Some(properties) = schema["properties"].as_object() else {
        return format!("/** @typedef {{{}}} {name} */\n", kind(schema));
    };
    let about = schema["description"].as_str().unwrap_or_default();
    let mut text = format!("/**\n * {about}.\n *\n * @typedef {{object}} {name}\n");
    let required: Vec<&str> =
        schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let place = |field: &str| required.iter().position(|one| *one == field).unwrap_or(usize::MAX);
    let mut properties: Vec<_> = properties.iter().collect();
    properties.sort_by_key(|(field, _)| place(field));
    for (field, schema) in properties {
        let field =
            if required.contains(&&**field) { field.to_owned() } else { format!("[{field}]") };
        let about = schema["description"].as_str().unwrap_or_default();
        let _ = writeln!(
            text,
            "{}",
            format!(" * @property {{{}}} {field} {about}", kind(schema)).trim_end()
        );
    }
    text.push_str(" */\n");
    text
}

/// The type of a value.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str() {
        return name.rsplit('/').next().unwrap_or(name).to_owned();
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        return choices.iter().map(kind).collect::<Vec<_>>().join(" | ");
    }
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().map(Value::to_string).collect::<Vec<_>>().join(" | ");
    }
    let one = |kind: &str| match kind {
        "integer" => "number".to_owned(),
        "array" => format!("{}[]", self::kind(&schema["items"])),
        _ => kind.to_owned(),
    };
    match &schema["type"] {
        Value::String(kind) => one(kind),
        Value::Array(kinds) => {
            kinds.iter().filter_map(Value::as_str).map(one).collect::<Vec<_>>().join(" | ")
        }
        other => panic!("no type for {other}: {schema}"),
    }
}

/// Compares a file with what it should be, or writes it.
fn check(file: &str, made: impl FnOnce(&str) -> String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let old = std::fs::read_to_string(&path).unwrap_or_default();
    let made = made(&old);
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(&path, made).expect("a file that can be written");
        return;
    }
    let differs = (old != made).then(|| {
        let mut lines = made.lines().zip(old.lines()).enumerate();
        let first = lines.find(|(_, (made, old))| made != old);
        first.map_or((0, "(its length)"), |(number, (made, _))| (number + 1, made))
    });
    if let Some((line, text)) = differs {
        panic!(
            "line {line} of {file} should be `{text}`; write it again with \
             UPDATE_GENERATED=1 cargo test --package server --lib generated"
        );
    }
}

#[test]
fn the_description_of_the_api_is_made_from_the_types() {
    check(OPENAPI, openapi);
}

#[test]
fn the_console_has_the_words_of_the_types() {
    check(WORDS, |_| words());
}

/// Lists of words in the description that are not in the schemas of the types.
#[test]
fn words_that_are_written_by_hand_are_those_of_the_types() {
    let text = include_str!("../../openapi.json");
    let api: Value = serde_json::from_str(text).expect("JSON");
    let codes = |words: &Value| -> Vec<String> {
        let words = words.as_array().into_iter().flatten();
        words.map(|word| word.as_str().unwrap_or("null").to_owned()).collect()
    };
    let paths = &api["paths"];
    let calls = &paths["/api/workspaces/{workspace}/calls"]["get"]["parameters"];
    let filter = |name: &str| {
        let parameters = calls.as_array().expect("parameters").iter();
        let found = parameters.clone().find(|one| one["name"] == name).expect(name);
        codes(&found["schema"]["enum"])
    };
    assert_eq!(filter("direction"), texts::<Direction>());
    assert_eq!(filter("outcome"), texts::<CallResult>());
    let set = &paths["/api/workspaces/{workspace}/agents/me/status"]["put"]["requestBody"];
    let set = &set["content"]["application/json"]["schema"]["properties"]["status"]["enum"];
    let reset = &api["components"]["schemas"]["Events"]["properties"]["reset"]["properties"];
    assert_eq!(codes(&reset["reason"]["enum"]), texts::<ResetReason>());
    let by_hand = Presence::ALL.iter().filter(|presence| **presence != Presence::Unknown);
    assert_eq!(codes(set), by_hand.map(|presence| presence.code()).collect::<Vec<_>>());
}

#[test]
fn the_page_of_the_api_lists_every_word() {
    check(PAGE, page);
}

/// The page for people with all words in its table.
fn page(old: &str) -> String {
    let (head, rest) = old.split_once(WORDS_BEGIN).expect("the mark before the table");
    let (_, tail) = rest.split_once(WORDS_END).expect("the mark behind the table");
    let rows = [
        ("`outcome` of a call", texts::<Outcome>()),
        ("`end_reason` of a call", texts::<EndReason>()),
        ("`refusal` of an outbound call", texts::<Refusal>()),
        ("`scope` of a wave", texts::<routing::Scope>()),
        ("`reason` of a candidate", texts::<ReasonCode>()),
        ("`status` of a leg", texts::<LegStatus>()),
        ("`end_reason` of a leg", texts::<LegEnd>()),
        ("`reason` in `ring_ended`", texts::<RingEnd>()),
        ("`reason` in `reset`", texts::<ResetReason>()),
        ("`status` of an agent", texts::<AgentStatus>()),
        ("`code` of an error", texts::<ErrorCode>()),
    ];
    let mut table = String::from("| Field | Words |\n| --- | --- |\n");
    for (field, words) in rows {
        let _ = writeln!(table, "| {field} | `{}` |", words.join("`, `"));
    }
    format!("{head}{WORDS_BEGIN}\n\n{table}\n{WORDS_END}{tail}")
}

const WORDS_BEGIN: &str = "<!-- Words, made from the types: -->";
const WORDS_END: &str = "<!-- End of the words. -->";

fn texts<T: Code>() -> Vec<&'static str> {
    T::ALL.iter().map(|value| value.code()).collect()
}

#[test]
fn descriptions_have_no_links() {
    let text = "an answer; [`Call::handled_by`](crate::Call::handled_by) says whose, [`Leg`] too";
    assert_eq!(without_links(text), "an answer; `handled_by` says whose, `Leg` too");
}
