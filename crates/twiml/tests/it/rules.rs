//! The rules, as tables.

use std::time::Duration;

use proptest::prelude::{any, prop_assert_eq, proptest};
use twiml::ssml::{Break, Emphasis, Sub};
use twiml::*;

/// The content of the root.
fn inside(response: &Response<'_>) -> String {
    let xml = response.render();
    let body = xml.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    let body = body.and_then(|body| body.strip_prefix("<Response>"));
    body.and_then(|body| body.strip_suffix("</Response>")).unwrap_or(&xml).into()
}

#[test]
fn texts_refuse_what_xml_cannot_carry() {
    let wrong = |at, found| Err(BuildError::Unwritable { at, found });
    let cases = [
        ("plain", "Ana", Ok("Ana")),
        ("blanks", "a\tb\nc\rd", Ok("a\tb\nc\rd")),
        ("markup", "<&\"'>", Ok("<&\"'>")),
        ("right to left", "\u{202e}שלום", Ok("\u{202e}שלום")),
        ("last before", "\u{fffd}\u{10ffff}\u{7f}\u{80}", Ok("\u{fffd}\u{10ffff}\u{7f}\u{80}")),
        ("nul", "a\0", wrong(1, '\0')),
        ("unit separator", "0123456789abcdef\u{1f}", wrong(16, '\u{1f}')),
        ("not a character", "é\u{fffe}", wrong(2, '\u{fffe}')),
        ("nor this", "0123456789abcdef\u{ffff}", wrong(16, '\u{ffff}')),
    ];
    for (name, text, want) in cases {
        assert_eq!(Text::new(text).as_ref().map(Text::as_str), want.as_ref().copied(), "{name}");
        assert_eq!(Say::new(text).map(|say| say.spoken()), want.map(String::from), "{name}");
    }
}

#[test]
fn identities_are_letters_digits_and_underscores() {
    let long = "a".repeat(122);
    let expected = "a letter, digit or underscore";
    let wrong = |at| Err(BuildError::Character { what: "client identity", at, expected });
    let cases = [
        ("agent", "agent_7F3c", Ok("agent_7F3c")),
        ("longest", &long[..121], Ok(&long[..121])),
        (
            "too long",
            &long,
            Err(BuildError::Length { what: "client identity", max: 121, found: 122 }),
        ),
        ("nothing", "", Err(BuildError::Empty { what: "client identity" })),
        ("hyphen", "agent-1", wrong(5)),
        ("blank", "agent 1", wrong(5)),
        ("umlaut", "agentä", wrong(5)),
        ("address", "client:a", wrong(6)),
        ("end of a long one", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.", wrong(31)),
    ];
    for (name, identity, want) in cases {
        let found = Client::new(identity);
        let found = found.as_ref().map(|client| client.identity().unwrap_or_default());
        assert_eq!(found, want.as_ref().copied(), "{name}");
    }
    // Documents of other programs are read anyway.
    let read = Response::parse("<Response><Dial><Client>agent-1.x</Client></Dial></Response>");
    let [Verb::Dial(dial)] = read.as_ref().map(Response::verbs).unwrap_or_default() else {
        panic!("{read:?}");
    };
    let [DialNoun::Client(client)] = dial.nouns() else { panic!("{dial:?}") };
    assert_eq!(client.identity(), Some("agent-1.x"));
}

#[test]
fn parameters_have_names_that_survive_the_browser() {
    let expected = "a letter, digit or underscore";
    let wrong = |at| Err(BuildError::Character { what: "parameter name", at, expected });
    let cases = [
        ("call_sid", "<&\">", Ok(("call_sid", "<&\">"))),
        ("k", "", Ok(("k", ""))),
        ("", "v", Err(BuildError::Empty { what: "parameter name" })),
        ("a=b", "v", wrong(1)),
        ("a b", "v", wrong(1)),
        ("k", "\u{8}", Err(BuildError::Unwritable { at: 0, found: '\u{8}' })),
    ];
    for (name, value, want) in cases {
        let found = Parameter::new(name, value);
        let found = found.as_ref().map(|parameter| parameter.pair().unwrap_or_default());
        assert_eq!(found, want.as_ref().copied(), "{name}");
    }
}

#[test]
fn a_dial_takes_ten_nouns() -> Result<(), BuildError> {
    let client = |index: usize| Client::new(format!("agent_{index}"));
    let ten = (0..10).map(client).collect::<Result<Vec<_>, _>>()?;
    let dial = Dial::new().ring(ten.clone())?;
    assert_eq!(dial.nouns().len(), Dial::MAX_NOUNS);
    assert_eq!(dial.clone().client(client(10)?), Err(BuildError::TooManyNouns));
    assert_eq!(dial.clone().number(Number::new("+15005550006")?), Err(BuildError::TooManyNouns));
    let eleven = (0..11).map(client).collect::<Result<Vec<_>, _>>()?;
    assert_eq!(Dial::new().ring(eleven), Err(BuildError::TooManyNouns));
    // Comments call nobody.
    let mut noted = Dial::new().noun(Comment::new("wave 1")?)?;
    noted = noted.ring(ten)?;
    assert_eq!(noted.clone().noun(Comment::new("full")?)?.nouns().len(), 12);
    assert_eq!(noted.client(client(10)?), Err(BuildError::TooManyNouns));
    Ok(())
}

#[test]
fn a_dial_has_a_number_or_nouns() -> Result<(), BuildError> {
    let dial = Dial::to("+15005550006")?.timeout(Duration::from_secs(20));
    let want = "<Dial timeout=\"20\">+15005550006</Dial>";
    assert_eq!(inside(&Response::new().dial(dial.clone())), want);
    assert_eq!(dial.number_text(), Some("+15005550006"));
    assert_eq!(dial.client(Client::new("a")?), Err(BuildError::NounBesideNumber));
    assert_eq!(Dial::to(" "), Err(BuildError::Empty { what: "number of a dial" }));
    Ok(())
}

#[test]
fn lengths_are_limited_where_twilio_limits_them() {
    let (fifty, more) = ("é".repeat(50), "é".repeat(51));
    let reason = CallReason::new(&fifty);
    assert_eq!(reason.as_ref().map(CallReason::as_str), Ok(fifty.as_str()));
    let length = |what, max, found| BuildError::Length { what, max, found };
    assert_eq!(CallReason::new(&more), Err(length("call reason", 50, 51)));
    let label = "x".repeat(129);
    assert_eq!(ParticipantLabel::new(&label), Err(length("participant label", 128, 129)));
    assert_eq!(Enqueue::new(&label[..65]), Err(length("queue name", 64, 65)));
    // A text that is too long is kept unchanged, as an untyped attribute.
    let xml = format!("<Response><Dial callReason=\"{more}\"/></Response>");
    let read = Response::parse(&xml).map(|read| read.render());
    assert!(read.is_ok_and(|read| read.ends_with(&xml)));
}

#[test]
fn a_document_of_more_than_64_kb_is_refused() -> Result<(), BuildError> {
    let say = |length: usize| Say::new("x".repeat(length)).map(|say| Response::new().say(say));
    let frame = say(1)?.size_bytes() - 1;
    let most = say(Response::MAX_BYTES - frame)?;
    assert_eq!(most.try_render()?.len(), Response::MAX_BYTES);
    let more = say(Response::MAX_BYTES - frame + 1)?;
    let size_bytes = Response::MAX_BYTES + 1;
    let want = BuildError::TooLarge { size_bytes, max_bytes: Response::MAX_BYTES };
    assert_eq!(more.try_render(), Err(want));
    assert_eq!(more.render().len(), size_bytes, "`render` asks nothing");
    Ok(())
}

#[test]
fn rendering_allocates_its_output_and_no_more() -> Result<(), BuildError> {
    let response = Response::new()
        .say(Say::new("a <&> b")?)
        .dial(Dial::new().action(text!("?a=\"1\"&b\n")).client(Client::new("ana")?)?);
    let xml = response.render();
    assert_eq!(xml.capacity(), xml.len());
    let read = Response::parse(&xml).map(|read| read.render());
    assert_eq!(read.as_ref().map(String::capacity), Ok(xml.len()));
    // Quotes in spoken text have room for an escape that they do not need there.
    let quoted = Response::new().say(Say::new("\"a\"")?).render();
    assert_eq!(quoted.capacity(), quoted.len() + 2 * "quot;".len());
    let mut buffer = String::from("kept: ");
    assert!(response.render_into(&mut buffer).is_ok());
    assert_eq!(buffer, format!("kept: {xml}"));
    assert_eq!(response.to_string(), xml);
    Ok(())
}

#[test]
fn durations_are_whole_seconds_rounded_up() {
    let cases = [(0, "0"), (1, "1"), (999, "1"), (1000, "1"), (1001, "2"), (20_000, "20")];
    for (millis, want) in cases {
        let pause = Pause::new().length(Duration::from_millis(millis));
        assert_eq!(inside(&Response::new().pause(pause)), format!("<Pause length=\"{want}\"/>"));
    }
    let cases = [(0, "0s"), (250, "250ms"), (2000, "2s"), (1500, "1500ms")];
    for (millis, want) in cases {
        let say = Say::from(text!("a")).pause(Break::new().time(Duration::from_millis(millis)));
        let want = format!("<Say>a<break time=\"{want}\"/></Say>");
        assert_eq!(inside(&Response::new().say(say)), want);
    }
    let read = "<Response><Say><break time=\"1.5s\"/></Say></Response>".parse::<Response<'_>>();
    assert!(read.is_ok_and(|read| read.render().contains("time=\"1500ms\"")));
}

#[test]
fn escapes_survive_any_parser() -> Result<(), BuildError> {
    let response = Response::new()
        .say(Say::new("a<b>&\"'\r\n]]>")?)
        .redirect(Redirect::new("/x?a=1&b=<\">")?)
        .dial(Dial::new().action(text!("\t\"&'<>\n\r")));
    assert_eq!(
        inside(&response),
        "<Say>a&lt;b&gt;&amp;\"'&#13;\n]]&gt;</Say>\
         <Redirect>/x?a=1&amp;b=&lt;\"&gt;</Redirect>\
         <Dial action=\"&#9;&quot;&amp;'&lt;&gt;&#10;&#13;\"/>"
    );
    Ok(())
}

#[test]
fn elements_and_attributes_of_the_future_can_be_written() -> Result<(), BuildError> {
    let response = Response::new()
        .comment(Comment::new(" tomorrow ")?)
        .say(
            Say::new("Hi")?
                .voice(Text::new("Polly.Tomorrow")?)
                .attribute(Attribute::new("x", "<")?),
        )
        .dial(Dial::new().noun(Element::new("Hologram")?.text(text!("a&b")))?)
        .other(Element::new("Beam")?.child(Element::new("Up")?));
    let want = "<!-- tomorrow --><Say voice=\"Polly.Tomorrow\" x=\"&lt;\">Hi</Say>\
        <Dial><Hologram>a&amp;b</Hologram></Dial><Beam><Up/></Beam>";
    assert_eq!(inside(&response), want);
    // A name the crate knows finds its field, and the field wins over what was there.
    let by_name = Dial::new().attribute(Attribute::new("timeout", "20")?);
    assert_eq!(by_name.timeout, Some(Duration::from_secs(20)));
    let unfit = by_name.attribute(Attribute::new("timeout", "soon")?);
    assert_eq!((unfit.timeout, unfit.other_attributes().len()), (None, 1));
    assert_eq!(unfit.timeout(Duration::from_secs(5)), Dial::new().timeout(Duration::from_secs(5)));
    for name in ["", "1a", "a b", "a\"", "<", "é\u{d7}"] {
        assert!(Attribute::new(name, "").is_err() && Element::new(name).is_err(), "{name}");
    }
    for comment in ["a--b", "a-", "-", "\0"] {
        assert!(Comment::new(comment).is_err(), "{comment}");
    }
    Ok(())
}

#[test]
fn a_value_that_is_listed_is_never_other() {
    assert_eq!(Voice::from(text!("Polly.Amy-Neural")), Voice::PollyAmyNeural);
    assert_eq!(Voice::from(text!("Polly.Mía-Generative")), Voice::PollyMiaGenerative);
    assert!(matches!(Voice::from(text!("Polly.Nobody")), Voice::Other(_)));
    for voice in Voice::ALL {
        assert_eq!(Text::new(voice.as_str()).map(Voice::from).as_ref(), Ok(voice));
    }
}

#[test]
fn layout_is_not_content() {
    let read = Response::parse(
        "\u{feff}<?xml version='1.0' ?>\n<Response>\n  <Dial>\n    <Client>\n      \
         <Identity>\n ana </Identity>\n    </Client>\n  </Dial>\n  \
         <Redirect>\n    /next\n  </Redirect>\n</Response>\n",
    );
    let verbs = read.as_ref().map(Response::verbs).unwrap_or_default();
    let [Verb::Dial(dial), Verb::Redirect(redirect)] = verbs else { panic!("{read:?}") };
    let [DialNoun::Client(client)] = dial.nouns() else { panic!("{dial:?}") };
    assert_eq!((client.identity(), redirect.url()), (Some("ana"), "/next"));
}

#[test]
fn refuses_anything_but_one_document() {
    use ParseErrorKind::{Character, DuplicateAttribute, Reference, Refused, Root};
    let doctype = || Refused { what: "a document type" };
    let processing = || Refused { what: "a processing instruction" };
    let late = || Refused { what: "a blank or an empty line before `<?xml`" };
    let cases = [
        ("", Root, 1, 1),
        ("  \n ", Root, 2, 2),
        ("hello", Root, 1, 1),
        ("x<Response/>", Root, 1, 1),
        ("<Say>a</Say>", Root, 1, 5),
        ("<response/>", Root, 1, 10),
        ("<Response/><Response/>", Root, 1, 12),
        ("<Response/>trailing", Root, 1, 12),
        ("<!DOCTYPE Response><Response/>", doctype(), 1, 1),
        ("<Response><!DOCTYPE a></Response>", doctype(), 1, 11),
        ("<?php echo ?><Response/>", processing(), 1, 1),
        ("<Response><?php?></Response>", processing(), 1, 11),
        ("<Response/><?php?>", processing(), 1, 12),
        ("\n<?xml version=\"1.0\"?><Response/>", late(), 2, 1),
        (" <?xml version=\"1.0\"?><Response/>", late(), 1, 2),
        ("<!--a-->\n<?xml version=\"1.0\"?><Response/>", late(), 2, 1),
        ("\n<?xmlish?><Response/>", processing(), 2, 1),
        ("<Response>\n<Dial a='1' a=\"2\"/></Response>", DuplicateAttribute, 2, 13),
        ("<Response>&nbsp;</Response>", Reference, 1, 11),
        ("<Response>&#+1;</Response>", Reference, 1, 11),
        ("<Response>a & b</Response>", Reference, 1, 13),
        ("<Response>&#0;</Response>", Character, 1, 11),
        ("<Response>&#xD800;</Response>", Character, 1, 11),
        ("<Response>éé\u{1}</Response>", Character, 1, 13),
        ("<Response a='\u{ffff}'/>", Character, 1, 14),
    ];
    for (text, kind, line, column) in cases {
        let error = Response::parse(text).map(|read| read.render()).unwrap_err();
        assert_eq!((error.kind(), error.line(), error.column()), (&kind, line, column), "{text}");
    }
    let malformed = [
        "<Response>",
        "<Response",
        "<Response/",
        "<Response a/>",
        "<Response a=1/>",
        "<Response a='1'b='2'/>",
        "<Response a='<'/>",
        "<Response a='1/>",
        "<Response>]]></Response>",
        "<Response><![CDATA[</Response>",
        "<Response><!-- a -- b --></Response>",
        "<Response><!-- a --->",
        "< Response/>",
        "<Response></Response a='1'>",
        "<?xml encoding='UTF-8'?><Response/>",
        "<?xml version='1.0'><Response/>",
        "<Response><1/></Response>",
    ];
    for text in malformed {
        let error = Response::parse(text).map(|read| read.render()).unwrap_err();
        assert!(matches!(error.kind(), ParseErrorKind::Expected { .. }), "{text}: {error}");
    }
}

#[test]
fn an_end_tag_that_does_not_match_names_both_tags() {
    let long = "x".repeat(50);
    let cases = [
        ("<Response></Respons>", 11, "end tag `Respons` closes no element: `Response` is open"),
        ("<Response><Say>a</Dial>", 17, "end tag `Dial` closes no element: `Say` is open"),
        (
            &format!("<Response></{long}>"),
            11,
            &format!("end tag `{}` closes no element: `Response` is open", &long[..40]),
        ),
    ];
    for (text, column, want) in cases {
        let error = Response::parse(text).map(|read| read.render()).unwrap_err();
        assert_eq!(error.to_string(), format!("line 1, column {column}: {want}"));
    }
}

#[test]
fn spoken_words_leave_markup_out() -> Result<(), BuildError> {
    let say = Say::new("one ")?
        .emphasis(Emphasis::new("two")?.substitute(Sub::new(" 3 ", " three ")?))
        .pause(Break::new())
        .text(text!("four"));
    assert_eq!(say.spoken(), "one two three four");
    Ok(())
}

proptest! {
    #[test]
    fn every_text_survives(text in any::<String>(), name in "[a-zA-Z0-9_]{1,20}") {
        let text = Text::lossy(text);
        let response = Response::new()
            .say(Say::from(text.clone()).text(text.clone()).voice(text.clone()))
            .other(Element::new("X").unwrap().text(text.clone()).text(text.clone()))
            .redirect(Redirect::from(text.clone()))
            .dial(
                Dial::new()
                    .action(&text)
                    .attribute(Attribute::new("unheard", text.as_str()).unwrap())
                    .client(
                        Client::new(&name)
                            .unwrap()
                            .parameter(Parameter::new(&name, &text).unwrap())
                            .parameter(Parameter::new(&name, &text).unwrap()),
                    )
                    .unwrap(),
            );
        let xml = response.render();
        prop_assert_eq!(Response::parse(&xml).unwrap(), response);
    }

    #[test]
    fn every_character_survives_or_is_refused(c in any::<char>()) {
        let text = format!("a{c}b");
        match Text::new(&text) {
            Ok(text) => {
                let response = Response::new().say(Say::from(text.clone())).dial(Dial::new().action(&text));
                let xml = response.render();
                prop_assert_eq!(Response::parse(&xml).unwrap(), response);
            }
            Err(error) => prop_assert_eq!(error, BuildError::Unwritable { at: 1, found: c }),
        }
    }

    #[test]
    fn durations_survive(nanos in any::<u64>()) {
        let length = Duration::from_nanos(nanos);
        let response = Response::new()
            .pause(Pause::new().length(length))
            .say(Say::from(text!("a")).pause(Break::new().time(length)));
        let xml = response.render();
        prop_assert_eq!(Response::parse(&xml).unwrap(), response);
    }
}

/// All of Unicode at once: characters that XML cannot carry are refused, all others come back.
#[test]
fn every_scalar_value_survives() {
    let all: Vec<char> = ('\0'..=char::MAX).collect();
    for chunk in all.chunks(4096) {
        let text = Text::lossy(chunk.iter().collect::<String>());
        let response =
            Response::new().say(Say::from(text.clone())).dial(Dial::new().caller_id(text.clone()));
        let xml = response.render();
        assert_eq!(Response::parse(&xml).as_ref(), Ok(&response), "from {:?}", chunk[0]);
        let dropped = chunk.len() - text.as_str().chars().count();
        let refused = chunk.iter().filter(|c| Text::new(c.to_string()).is_err()).count();
        assert_eq!(dropped, refused, "from {:?}", chunk[0]);
    }
}

#[test]
fn a_pretty_document_has_a_line_for_each_element() {
    let text = "<Response><!-- a --><Gather><Say>Press <emphasis>1</emphasis>, please</Say><Pause/></Gather>\
                <Dial><Client><Identity>ana</Identity></Client></Dial><Hangup/></Response>";
    let want = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
                <Response>\n  <!-- a -->\n  <Gather>\n    \
                <Say>Press <emphasis>1</emphasis>, please</Say>\n    <Pause/>\n  </Gather>\n  \
                <Dial>\n    <Client>\n      <Identity>ana</Identity>\n    </Client>\n  </Dial>\n  \
                <Hangup/>\n</Response>";
    assert_eq!(Response::parse(text).unwrap().pretty(), want);
    assert!(Response::new().pretty().ends_with("\n<Response/>"));
}

#[test]
fn unknown_parts_say_where_they_do_not_belong() {
    let text = "<Response><Say loop='secret'>a</Say><Dial><Agent/></Dial><Hangup>secret</Hangup></Response>";
    let response = Response::parse(text).unwrap();
    let shown: Vec<String> = response.unknown().iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "<Say> has no attribute `loop` with such a value",
            "<Agent> does not belong in <Dial>",
            "text does not belong in <Hangup>",
        ]
    );
}

#[test]
fn languages_and_voices_are_read_from_texts() {
    let cases = [("de-DE", Ok("de-DE")), ("xx-XX", Ok("xx-XX"))];
    for (text, want) in cases {
        assert_eq!(
            SayLanguage::try_from(text).as_ref().map(SayLanguage::as_str),
            want.as_ref().copied()
        );
    }
    assert_eq!(SayLanguage::try_from("de-DE"), Ok(SayLanguage::DeDE));
    let unwritable = Err(BuildError::Unwritable { at: 0, found: '\u{1}' });
    assert_eq!(Voice::try_from("\u{1}"), unwritable);
}
