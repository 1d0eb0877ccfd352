//! A pull parser for the part of XML 1.0 that TwiML needs: no document types, no processing
//! instructions, no entities but the five of XML itself.
//!
//! It reads the input once, from front to back, and borrows from it where nothing is escaped.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::attribute::Attribute;
use crate::scan::{self, Class};
use crate::text::{Comment, Joined, Text};
use crate::{ParseError, ParseErrorKind};

/// The next part inside an element.
pub(crate) enum Event<'a> {
    /// Character data, references resolved; never empty.
    Text(Text<'a>),
    /// A start tag, up to its name; [`Reader::attributes`] must follow.
    Start(&'a str),
    /// A comment.
    Comment(Comment<'a>),
    /// The end tag of the innermost element.
    End,
}

pub(crate) struct Reader<'a> {
    input: &'a str,
    at: usize,
    /// The names of the open elements.
    open: Vec<&'a str>,
    /// The names of the attributes of the tag being read.
    seen: Vec<&'a str>,
    /// The start tag just read was `<like-this/>`: its end comes next.
    closed: bool,
}

type Result<T> = core::result::Result<T, ParseError>;

impl<'a> Reader<'a> {
    /// Starts at the root: skips the declaration, hands over the comments before the root and
    /// answers with the root's name.
    pub(crate) fn start(
        input: &'a str,
        before: &mut dyn FnMut(Comment<'a>),
    ) -> Result<(Self, &'a str)> {
        let mut reader = Self { input, at: 0, open: Vec::new(), seen: Vec::new(), closed: false };
        if input.len() > MAX_BYTES {
            let what = ParseErrorKind::Limit { what: "bytes", max: MAX_BYTES };
            return Err(ParseError::new(what, "", 0));
        }
        reader.eat("\u{feff}");
        reader.declaration()?;
        loop {
            let gap = reader.blanks();
            if gap && reader.before_declaration() {
                return Err(reader.error(LATE_DECLARATION));
            }
            if reader.eat("<!--") {
                before(reader.comment()?);
            } else if reader.rest().starts_with('<') {
                reader.eat("<");
                let name = reader.start_tag()?;
                return Ok((reader, name));
            } else {
                return Err(reader.error(ParseErrorKind::Root));
            }
        }
    }

    /// Reads everything after the root, which must be comments and blanks.
    pub(crate) fn finish(&mut self, after: &mut dyn FnMut(Comment<'a>)) -> Result<()> {
        loop {
            self.blanks();
            if self.rest().is_empty() {
                return Ok(());
            }
            if self.eat("<!--") {
                after(self.comment()?);
            } else if self.rest().starts_with("<?") {
                return Err(self.error(PROCESSING));
            } else {
                return Err(self.error(ParseErrorKind::Root));
            }
        }
    }

    /// Reads the attributes of the start tag whose name was read, in their order.
    pub(crate) fn attributes(&mut self, set: &mut dyn FnMut(Attribute<'a>)) -> Result<()> {
        self.seen.clear();
        loop {
            let gap = self.blanks();
            if self.eat(">") {
                return Ok(());
            }
            if self.eat("/>") {
                self.closed = true;
                return Ok(());
            }
            if !gap {
                return Err(self.expected("a blank or the end of the tag"));
            }
            let start = self.at;
            let name = self.name("the name of an attribute")?;
            if self.seen.contains(&name) {
                self.at = start;
                return Err(self.error(ParseErrorKind::DuplicateAttribute));
            }
            if self.seen.len() == MAX_ATTRIBUTES {
                let what = "attributes in one tag";
                return Err(self.error(ParseErrorKind::Limit { what, max: MAX_ATTRIBUTES }));
            }
            self.seen.push(name);
            let value = self.value()?;
            set(Attribute::trusted(Text::trusted(Cow::Borrowed(name), true), value));
        }
    }

    /// The next part inside the innermost element.
    pub(crate) fn next(&mut self) -> Result<Event<'a>> {
        if self.closed {
            self.closed = false;
            self.open.pop();
            return Ok(Event::End);
        }
        if self.eat("<!--") {
            return self.comment().map(Event::Comment);
        }
        if self.eat("</") {
            let start = self.at;
            let name = self.name("the name of an element")?;
            let open = self.open.pop();
            if open != Some(name) {
                self.at = start - 2;
                let kind =
                    ParseErrorKind::EndTag { open: open.map(shortened), found: shortened(name) };
                return Err(self.error(kind));
            }
            self.blanks();
            return if self.eat(">") { Ok(Event::End) } else { Err(self.expected("`>`")) };
        }
        let rest = self.rest();
        if rest.is_empty() {
            return Err(self.expected("the end tag of an open element"));
        }
        if rest.starts_with("<![CDATA[") || !rest.starts_with('<') {
            let text = self.text()?;
            // An empty CDATA section says nothing.
            return if text.as_str().is_empty() { self.next() } else { Ok(Event::Text(text)) };
        }
        self.eat("<");
        self.start_tag().map(Event::Start)
    }

    fn start_tag(&mut self) -> Result<&'a str> {
        if self.rest().starts_with('?') {
            self.at -= 1;
            return Err(self.error(PROCESSING));
        }
        if self.rest().starts_with('!') {
            self.at -= 1;
            return Err(self.error(ParseErrorKind::Refused { what: "a document type" }));
        }
        let name = self.name("the name of an element")?;
        if self.open.len() == MAX_DEPTH {
            let what = "elements inside each other";
            return Err(self.error(ParseErrorKind::Limit { what, max: MAX_DEPTH }));
        }
        self.open.push(name);
        Ok(name)
    }

    /// Whether a declaration begins here.
    fn before_declaration(&self) -> bool {
        self.rest().strip_prefix("<?xml").is_some_and(|rest| rest.starts_with(is_blank))
    }

    /// `<?xml version="1.0" encoding="UTF-8"?>`, or nothing.
    fn declaration(&mut self) -> Result<()> {
        if !self.before_declaration() {
            return Ok(());
        }
        self.at += 5;
        for (name, required) in [("version", true), ("encoding", false), ("standalone", false)] {
            let start = self.at;
            let gap = self.blanks();
            if gap && self.eat(name) {
                self.value()?;
            } else if required {
                return Err(self.expected("`version`"));
            } else {
                self.at = start;
            }
        }
        self.blanks();
        if self.eat("?>") { Ok(()) } else { Err(self.expected("`?>`")) }
    }

    /// A comment whose `<!--` was read.
    fn comment(&mut self) -> Result<Comment<'a>> {
        let Some(length) = self.rest().find("--") else {
            return Err(self.expected("the end of a comment"));
        };
        let text = self.plain(length, false)?;
        if self.eat("-->") {
            Ok(Comment::trusted(text))
        } else {
            Err(self.expected("`-->`: a comment has no two hyphens inside"))
        }
    }

    /// Character data and CDATA sections up to the next tag, comment or the end.
    fn text(&mut self) -> Result<Text<'a>> {
        let mut text = Joined::Nothing;
        loop {
            if self.eat("<![CDATA[") {
                let Some(length) = self.rest().find("]]>") else {
                    return Err(self.expected("`]]>`"));
                };
                text.push(self.plain(length, false)?);
                self.at += 3;
            } else if self.eat("&") {
                text.push(self.reference()?);
            } else {
                let rest = self.rest();
                let length = find(rest, |byte| matches!(byte, b'<' | b'&')).unwrap_or(rest.len());
                if length == 0 {
                    return Ok(text.finish());
                }
                if let Some(wrong) = rest[..length].find("]]>") {
                    self.at += wrong;
                    return Err(self.expected("no `]]>` outside of a CDATA section"));
                }
                text.push(self.plain(length, false)?);
            }
        }
    }

    /// `= "value"`, in either quotes.
    fn value(&mut self) -> Result<Text<'a>> {
        self.blanks();
        if !self.eat("=") {
            return Err(self.expected("`=`"));
        }
        self.blanks();
        let quote = match self.rest().as_bytes().first() {
            Some(quote @ (b'"' | b'\'')) => *quote,
            _ => return Err(self.expected("a quoted value")),
        };
        self.at += 1;
        let mut value = Joined::Nothing;
        loop {
            let rest = self.rest();
            let special = |byte| byte == quote || matches!(byte, b'<' | b'&');
            let Some(length) = find(rest, special) else {
                return Err(self.expected("the closing quote"));
            };
            let end = rest.as_bytes()[length];
            if length > 0 {
                value.push(self.plain(length, true)?);
            }
            match end {
                b'&' => {
                    self.at += 1;
                    value.push(self.reference()?);
                }
                b'<' => return Err(self.expected("no `<` inside a value")),
                _ => {
                    self.at += 1;
                    return Ok(value.finish());
                }
            }
        }
    }

    /// A reference whose `&` was read.
    fn reference(&mut self) -> Result<Text<'a>> {
        let start = self.at - 1;
        // The longest useful reference is `&#x10FFFF;`; leading zeros may make it longer.
        let length = self.rest().bytes().take(MAX_REFERENCE).position(|byte| byte == b';');
        let Some(name) = length.and_then(|length| self.rest().get(..length)) else {
            self.at = start;
            return Err(self.error(ParseErrorKind::Reference));
        };
        self.at += name.len() + 1;
        let known = match name {
            "amp" => "&",
            "lt" => "<",
            "gt" => ">",
            "quot" => "\"",
            "apos" => "'",
            _ => return self.number(name, start),
        };
        Ok(Text::trusted(Cow::Borrowed(known), false))
    }

    /// `#10` or `#xA`, as a character.
    fn number(&mut self, name: &str, start: usize) -> Result<Text<'a>> {
        let (digits, radix) = match name.strip_prefix("#x") {
            Some(digits) => (digits, 16),
            None => (name.strip_prefix('#').unwrap_or_default(), 10),
        };
        // The parser of the standard library takes a plus.
        let code = if digits.starts_with('+') { None } else { parse(digits, radix) };
        let Some(code) = code else {
            self.at = start;
            return Err(self.error(ParseErrorKind::Reference));
        };
        if let Some(c) = char::from_u32(code).filter(|c| scan::is_writable(*c)) {
            return Ok(Text::trusted(Cow::Owned(String::from(c)), false));
        }
        self.at = start;
        Err(self.error(ParseErrorKind::Character))
    }

    /// The next `length` bytes, with line ends as XML reads them: `\r\n` and `\r` as `\n`, and
    /// inside a value every white space as a blank.
    fn plain(&mut self, length: usize, in_value: bool) -> Result<Text<'a>> {
        let text = &self.rest()[..length];
        let class = scan::classify(text);
        if let Class::Unwritable(at, _) = class {
            self.at += at;
            return Err(self.error(ParseErrorKind::Character));
        }
        self.at += length;
        if class == Class::Plain {
            return Ok(Text::trusted(Cow::Borrowed(text), true));
        }
        let blank = |byte| matches!(byte, b'\t' | b'\n' | b'\r');
        let changes = |byte| if in_value { blank(byte) } else { byte == b'\r' };
        if !text.bytes().any(changes) {
            return Ok(Text::trusted(Cow::Borrowed(text), false));
        }
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let text = if in_value { text.replace(['\n', '\t'], " ") } else { text };
        Ok(Text::trusted(Cow::Owned(text), false))
    }

    fn name(&mut self, what: &'static str) -> Result<&'a str> {
        let rest = self.rest();
        if !rest.starts_with(scan::is_name_start) {
            return Err(self.expected(what));
        }
        let ascii =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b':' | b'.');
        let mut length = find(rest, |byte| !ascii(byte)).unwrap_or(rest.len());
        if rest.as_bytes().get(length).is_some_and(|byte| !byte.is_ascii()) {
            let end = |c| !scan::is_name_start(c) && !scan::is_name_more(c);
            length = rest.find(end).unwrap_or(rest.len());
        }
        let name = &rest[..length];
        self.at += name.len();
        Ok(name)
    }

    /// Skips blanks and says whether there were any.
    fn blanks(&mut self) -> bool {
        let start = self.at;
        while self.input.as_bytes().get(self.at).copied().is_some_and(scan::is_blank) {
            self.at += 1;
        }
        self.at > start
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    fn rest(&self) -> &'a str {
        &self.input[self.at..]
    }

    /// How many bytes were read.
    pub(crate) const fn offset(&self) -> usize {
        self.at
    }

    /// An error at the place reached.
    pub(crate) fn error(&self, kind: ParseErrorKind) -> ParseError {
        ParseError::new(kind, self.input, self.at)
    }

    fn expected(&self, what: &'static str) -> ParseError {
        self.error(ParseErrorKind::Expected { what })
    }
}

/// The offset of the first such byte, which must be ASCII or the first of a character.
fn find(text: &str, wanted: impl Fn(u8) -> bool + Copy) -> Option<usize> {
    scan::position(text.as_bytes(), wanted)
}

/// The beginning of a name, for an error.
fn shortened(name: &str) -> Box<str> {
    name.chars().take(SHORTENED).collect::<String>().into()
}

fn parse(digits: &str, radix: u32) -> Option<u32> {
    u32::from_str_radix(digits, radix).ok()
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// An XML declaration stands at the very beginning (XML 1.0, 2.8). A template's blank line before it is the usual
/// reason why Twilio reports error 12100.
const LATE_DECLARATION: ParseErrorKind =
    ParseErrorKind::Refused { what: "a blank or an empty line before `<?xml`" };

const PROCESSING: ParseErrorKind = ParseErrorKind::Refused { what: "a processing instruction" };

/// Twilio's limit of 64 kB (error 11750), in the smaller reading of the unit.
pub(crate) const MAX_BYTES: usize = 64_000;

/// Deeper than any useful TwiML, but shallow enough for the stack of any thread.
pub(crate) const MAX_DEPTH: usize = 32;

/// Three times the longest list of the grammar. Keeps the search for duplicates in bounds.
pub(crate) const MAX_ATTRIBUTES: usize = 128;

/// Characters of a name that an error keeps; the longest name of the grammar has 24.
const SHORTENED: usize = 40;

/// Characters of a reference that are looked at.
const MAX_REFERENCE: usize = 16;
