//! Layout for people.

use alloc::string::String;
use alloc::vec::Vec;

use crate::ParseError;
use crate::reader::{Event, Reader};

/// A document with each element on a line of its own, two blanks deeper than the one around it.
///
/// Only between elements where blanks mean nothing; what is spoken or sent stays as it is.
pub(crate) fn pretty(text: &str) -> Result<String, ParseError> {
    let (mut reader, root) = Reader::start(text, &mut |_| {})?;
    let start = reader.offset() - root.len() - "<".len();
    let root = Part::read(text, start, root, &mut reader)?;
    let mut out = String::with_capacity(2 * text.len());
    out.push_str(text[..start].trim_end());
    out.push('\n');
    root.write(0, &mut out);
    out.push_str(&text[reader.offset()..]);
    Ok(out)
}

/// An element, or anything else, as it stands in the text.
struct Part<'a> {
    whole: &'a str,
    /// Start tag, content and end tag, if it may be broken into lines.
    broken: Option<(&'a str, Vec<Part<'a>>, &'a str)>,
}

impl<'a> Part<'a> {
    /// Reads an element that begins at `start` and whose name was read.
    fn read(
        text: &'a str,
        start: usize,
        name: &str,
        reader: &mut Reader<'a>,
    ) -> Result<Self, ParseError> {
        reader.attributes(&mut |_| {})?;
        let open = &text[start..reader.offset()];
        let (mut parts, mut breaks) = (Vec::new(), CONTAINERS.contains(&name));
        loop {
            let at = reader.offset();
            match reader.next()? {
                Event::Start(child) => parts.push(Self::read(text, at, child, reader)?),
                Event::End => {
                    let (close, whole) =
                        (&text[at..reader.offset()], &text[start..reader.offset()]);
                    let broken = (breaks && !parts.is_empty()).then_some((open, parts, close));
                    return Ok(Self { whole, broken });
                }
                Event::Text(_) | Event::Comment(_) => {
                    let whole = &text[at..reader.offset()];
                    breaks &= whole.starts_with("<!--");
                    parts.push(Self { whole, broken: None });
                }
            }
        }
    }

    fn write(&self, depth: usize, out: &mut String) {
        let Some((open, parts, close)) = &self.broken else { return out.push_str(self.whole) };
        out.push_str(open);
        for part in parts {
            new_line(depth + 1, out);
            part.write(depth + 1, out);
        }
        new_line(depth, out);
        out.push_str(close);
    }
}

fn new_line(depth: usize, out: &mut String) {
    out.push('\n');
    out.extend(core::iter::repeat_n("  ", depth));
}

/// Elements with nothing but elements in them, so that blanks between these are layout.
const CONTAINERS: [&str; 11] = [
    "Application",
    "Client",
    "Connect",
    "Dial",
    "Gather",
    "Pay",
    "Prompt",
    "Refer",
    "Response",
    "Start",
    "Stop",
];
