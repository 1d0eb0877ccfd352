//! For any input, the parser returns a document or an error, in linear time.

use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::Index;
use twiml::{Lint, ParseErrorKind, Response, messaging};

/// The twin of the fuzz target: parsing does not panic, and what it reads it renders.
fn fuzz(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if let Ok(response) = Response::parse(&text) {
        let rendered = response.render();
        assert_eq!(Response::parse(&rendered).as_ref(), Ok(&response), "{rendered}");
        assert_eq!(response.size_bytes(), rendered.len());
        if response.unknown().is_empty() && rendered.len() < Response::MAX_BYTES / 2 {
            let pretty = response.pretty();
            assert_eq!(Response::parse(&pretty).as_ref(), Ok(&response), "{pretty}");
        }
    }
    let judged = Lint::of(&text).map(drop);
    assert_eq!(judged, Response::parse(&text).map(drop), "what is read is judged");
    if let Ok(response) = messaging::Response::parse(&text) {
        assert_eq!(messaging::Response::parse(&response.render()), Ok(response.clone()));
    }
}

/// A document with some of everything.
const SEED: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><!-- before --><Response>\n\
    <Say voice='Polly.Amy-Neural' language=\"en-GB\">Hello &amp; <break time=\"250ms\"/>\
    <emphasis level=\"strong\">you&#x21;</emphasis><![CDATA[ <raw> ]]></Say>\r\n\
    <Dial action=\"/next?a=1&amp;b=2\" timeout=\"20\" answerOnBridge=\"true\" odd=\"1\">\
    <Client statusCallbackEvent=\"initiated ringing\"><Identity>agent_1</Identity>\
    <Parameter name=\"k\" value=\"v\"/></Client><Number>+15005550006</Number></Dial>\
    <Gather input=\"dtmf speech\" numDigits=\"1\"><Pause length=\"2\"/><Play>/a.mp3</Play></Gather>\
    <Future x=\"1\">text<Inner/></Future><Hangup/></Response><!-- after -->";

/// Pieces that mean something to a parser.
const PIECES: &[&str] = &[
    "<",
    ">",
    "/>",
    "</",
    "&",
    ";",
    "&#",
    "&#x",
    "&lt;",
    "\"",
    "'",
    "=",
    " ",
    "\r",
    "\n",
    "\t",
    "<!--",
    "-->",
    "--",
    "<![CDATA[",
    "]]>",
    "<?xml ",
    "?>",
    "<?php",
    "<!DOCTYPE ",
    "<!ENTITY a \"b\">",
    "<Response>",
    "</Response>",
    "<Response/>",
    "<Say>",
    "</Say>",
    "<Dial",
    "timeout=\"",
    "xml:lang",
    "\0",
    "\u{1}",
    "\u{fffe}",
    "\u{ffff}",
    "\u{feff}",
    "é",
    "🦊",
    "&#0;",
    "&#55296;",
    "&#x110000;",
];

fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let change = prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| (at, 1, vec![byte])),
        (any::<Index>(), 0..9_usize).prop_map(|(at, length)| (at, length, Vec::new())),
        (any::<Index>(), 0..PIECES.len()).prop_map(|(at, piece)| (
            at,
            0,
            PIECES[piece].as_bytes().to_vec()
        )),
        (any::<Index>(), Just(())).prop_map(|(at, ())| (at, usize::MAX, Vec::new())),
    ];
    vec(change, 1..6).prop_map(|changes| {
        let mut bytes = SEED.as_bytes().to_vec();
        for (at, length, replacement) in changes {
            let start = at.index(bytes.len() + 1);
            let end = start.saturating_add(length).min(bytes.len());
            bytes.splice(start..end, replacement);
        }
        bytes
    })
}

proptest! {
    #[test]
    fn arbitrary_bytes_do_not_panic(bytes in vec(any::<u8>(), 0..300)) {
        fuzz(&bytes);
    }

    #[test]
    fn arbitrary_markup_does_not_panic(pieces in vec(0..PIECES.len(), 0..40)) {
        let text: String = pieces.into_iter().map(|piece| PIECES[piece]).collect();
        fuzz(text.as_bytes());
        fuzz(format!("<Response>{text}</Response>").as_bytes());
        fuzz(format!("<Response><Say voice=\"{text}\">{text}</Say></Response>").as_bytes());
    }

    #[test]
    fn documents_with_changes_do_not_panic(bytes in mutated()) {
        fuzz(&bytes);
    }

    #[test]
    fn errors_point_into_the_text(bytes in mutated()) {
        let text = String::from_utf8_lossy(&bytes);
        if let Err(error) = Response::parse(&text) {
            let line = text.split('\n').nth(error.line() - 1);
            prop_assert!(line.is_some());
            prop_assert!(error.column() <= line.unwrap_or_default().chars().count() + 1);
            let shown = error.to_string();
            let place = format!("line {}, column {}: {}", error.line(), error.column(), error.kind());
            prop_assert_eq!(shown, place);
        }
    }
}

#[test]
fn every_prefix_of_a_document_is_an_error() {
    let end = SEED.len() - "<!-- after -->".len();
    for (length, _) in SEED.char_indices().filter(|(length, _)| *length < end) {
        assert!(Response::parse(&SEED[..length]).is_err(), "{length} bytes");
    }
    assert!(Response::parse(&SEED[..end]).is_ok());
}

#[test]
fn limits_are_exact() {
    let nested = |depth: usize| {
        format!("<Response>{}{}</Response>", "<a>".repeat(depth), "</a>".repeat(depth))
    };
    let attributes = |count: usize| {
        let list: Vec<String> = (0..count).map(|each| format!("a{each}='1'")).collect();
        let list = list.join(" ");
        format!("<Response><Hangup {list}/></Response>")
    };
    let sized = |bytes: usize| {
        let frame = "<Response><Say></Say></Response>".len();
        format!("<Response><Say>{}</Say></Response>", "x".repeat(bytes - frame))
    };
    let cases = [
        ("depth", nested(Response::MAX_DEPTH - 1), None),
        ("too deep", nested(Response::MAX_DEPTH), Some("elements inside each other")),
        ("attributes", attributes(Response::MAX_ATTRIBUTES), None),
        (
            "too many attributes",
            attributes(Response::MAX_ATTRIBUTES + 1),
            Some("attributes in one tag"),
        ),
        ("size", sized(Response::MAX_BYTES), None),
        ("too large", sized(Response::MAX_BYTES + 1), Some("bytes")),
    ];
    for (name, text, want) in cases {
        let found = match Response::parse(&text).map_err(|error| error.kind().clone()) {
            Err(ParseErrorKind::Limit { what, .. }) => Some(what),
            Err(other) => panic!("{name}: {other}"),
            Ok(_) => None,
        };
        assert_eq!(found, want, "{name}");
    }
}

/// Documents of one thing over and over, small and of the largest size.
///
/// Time is linear if sixteen times the text takes sixteen times as long, and quadratic if it takes
/// 256 times; the bound is 64. The best of many runs counts, so that a busy machine does not
/// matter.
#[test]
fn the_largest_documents_take_linear_time() {
    const SMALL: usize = 3_500;
    const TIMES: usize = 16;
    let pieces = [
        "<a/>",
        "<a b='c'/>",
        "&amp;",
        "&#x10FFFF;",
        "<!---->",
        "<![CDATA[]]>",
        "]",
        "\r",
        "x<!--y-->",
        "<Dial><Client>a</Client></Dial>",
        "<Say>a<break/></Say>",
        "&",
        "<",
        "<a ",
        "<!--",
        "<![CDATA[",
        "<Say voice='Polly.Amy'/>",
        "<Say loop='x'/>",
        "<Prompt attempt='1 1 1 1 1'/>",
    ];
    for piece in pieces {
        let document =
            |bytes: usize| format!("<Response>{}</Response>", piece.repeat(bytes / piece.len()));
        let time = |text: &str, best: &mut Duration| {
            let start = Instant::now();
            let _ = Response::parse(text);
            *best = start.elapsed().min(*best);
        };
        let texts = (document(SMALL), document(SMALL * TIMES));
        let (mut small, mut large) = (Duration::MAX, Duration::MAX);
        let linear = (0..200).any(|_| {
            time(&texts.0, &mut small);
            time(&texts.1, &mut large);
            large < small.max(Duration::from_micros(50)) * 64
        });
        assert!(linear, "{piece}: {small:?} grew to {large:?} for {TIMES} times the text");
    }
}
