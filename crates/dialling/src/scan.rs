//! The digits of a text, before any plan is asked.

use crate::error::{Fault, NotANumber};

/// What a text says: a plus perhaps, digits, an extension perhaps.
#[derive(Debug)]
pub(crate) struct Scan {
    /// Digits in ASCII, behind a `+` if there was one.
    pub(crate) digits: String,
    /// Digits behind the number.
    pub(crate) extension: Option<String>,
    /// The place of the first digit.
    pub(crate) first: usize,
    /// The length of the text.
    pub(crate) end: usize,
    /// Letters among the digits, which are keys of a telephone.
    pub(crate) letters: Option<Letters>,
}

/// Letters that stand for digits, as in `1-800-FLOWERS`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Letters {
    /// The first of them, and its place.
    pub(crate) first: (char, usize),
    /// The length of the digits before it.
    pub(crate) before: usize,
    pub(crate) count: usize,
}

/// The user of a SIP address or the number of a `tel:` one, else the whole text; the second is the place
/// where it begins.
pub(crate) fn without_scheme(text: &str) -> (&str, usize, Form) {
    let begin = text.find(|c| !is_ignored(c)).unwrap_or(text.len());
    let (before, rest) = text.split_at(begin);
    let place = before.chars().count();
    for (scheme, form) in SCHEMES {
        if let Some(head) = rest.get(..scheme.len())
            && head.eq_ignore_ascii_case(scheme)
        {
            let rest = &rest[scheme.len()..];
            let end = if form == Form::Sip { rest.find(['@', '?', ':']) } else { rest.find('?') };
            return (&rest[..end.unwrap_or(rest.len())], place + scheme.len(), form);
        }
    }
    (rest, place, Form::Plain)
}

/// How a text is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Form {
    Plain,
    Tel,
    Sip,
}

const SCHEMES: [(&str, Form); 4] =
    [("tel:", Form::Tel), ("callto:", Form::Tel), ("sip:", Form::Sip), ("sips:", Form::Sip)];

/// Reads a text of at most [`MOST_CHARACTERS`].
pub(crate) fn scan(text: &str) -> Result<Scan, NotANumber> {
    if text.len() > MOST_CHARACTERS && text.chars().nth(MOST_CHARACTERS).is_some() {
        return Err(NotANumber { fault: Fault::TooLong, at: MOST_CHARACTERS });
    }
    let (rest, begin, form) = without_scheme(text);
    let mut scanner = Scanner {
        chars: rest.chars().collect(),
        next: 0,
        begin,
        form,
        found: Scan { digits: String::new(), extension: None, first: begin, end: 0, letters: None },
        in_brackets: false,
    };
    scanner.run()?;
    let mut found = scanner.found;
    found.end = text.chars().count();
    Ok(found)
}

/// A number with all its parameters is far shorter.
pub(crate) const MOST_CHARACTERS: usize = 250;

struct Scanner {
    chars: Vec<char>,
    next: usize,
    /// The place of the first character in the whole text.
    begin: usize,
    form: Form,
    found: Scan,
    /// Whether a bracket is open, with nothing in it yet.
    in_brackets: bool,
}

impl Scanner {
    fn run(&mut self) -> Result<(), NotANumber> {
        while let Some((c, at)) = self.take() {
            if let Some(digit) = digit(c) {
                self.push(digit, at);
            } else if matches!(c, '+' | '\u{ff0b}') && self.found.digits.is_empty() {
                self.found.digits.push('+');
            } else if c.is_alphabetic() {
                if !(self.in_brackets && self.note()) && self.word(c, at)? {
                    break;
                }
            } else if matches!(c, ',' | ';' | '#') && self.has_digits() {
                self.behind(c, at)?;
                break;
            } else if !is_ignored(c) && !is_punctuation(c) {
                return Err(fault(c, at));
            }
            self.in_brackets = matches!(c, '(' | '[') || self.in_brackets && is_ignored(c);
        }
        if !self.has_digits() {
            return Err(NotANumber { fault: Fault::Empty, at: 0 });
        }
        // One or two letters are a mistake, not the name of a number.
        match self.found.letters {
            Some(Letters { first: (c, at), count, .. }) if count < FEWEST_LETTERS => {
                Err(fault(c, at))
            }
            _ => Ok(()),
        }
    }

    /// Reads over a remark in brackets behind a number, `(mobile)`. False if it is none.
    fn note(&mut self) -> bool {
        let rest = &self.chars[self.next..];
        let end = rest.iter().position(|c| matches!(c, ')' | ']') || digit(*c).is_some());
        let is_note = self.found.digits.len() >= FEWEST_BEFORE_NOTE
            && end.is_some_and(|end| matches!(rest[end], ')' | ']'));
        if is_note {
            self.next += end.unwrap_or_default();
        }
        is_note
    }

    /// The next character with its place in the whole text. In an address `%2B` is a plus.
    fn take(&mut self) -> Option<(char, usize)> {
        let at = self.next;
        let c = *self.chars.get(at)?;
        self.next += 1;
        let hex = |at: usize| self.chars.get(at).and_then(|c| c.to_digit(16));
        if c == '%'
            && self.form != Form::Plain
            && let (Some(high), Some(low)) = (hex(at + 1), hex(at + 2))
            && let Some(decoded) = char::from_u32(high * 16 + low).filter(char::is_ascii)
        {
            self.next += 2;
            return Some((decoded, self.begin + at));
        }
        Some((c, self.begin + at))
    }

    fn has_digits(&self) -> bool {
        self.found.digits.len() > usize::from(self.found.digits.starts_with('+'))
    }

    fn push(&mut self, digit: char, at: usize) {
        if !self.has_digits() {
            self.found.first = at;
        }
        self.found.digits.push(digit);
    }

    /// A word behind digits: the name of an extension, or letters of the keypad (1-800-FLOWERS). True if
    /// nothing is left to read.
    fn word(&mut self, first: char, at: usize) -> Result<bool, NotANumber> {
        if !self.has_digits() {
            return Err(fault(first, at));
        }
        let word = self.letters(first);
        if is_extension(&word) {
            self.extension(first, at)?;
            return Ok(true);
        }
        for (index, c) in word.into_iter().enumerate() {
            let key = key(c).ok_or_else(|| fault(c, at + index))?;
            let before = self.found.digits.len();
            let new = Letters { first: (c, at + index), before, count: 0 };
            self.found.letters.get_or_insert(new).count += 1;
            self.found.digits.push(key);
        }
        Ok(false)
    }

    /// The rest of a word.
    fn letters(&mut self, first: char) -> Vec<char> {
        let mut word = vec![first];
        while let Some(c) = self.chars.get(self.next).filter(|c| c.is_alphabetic()) {
            word.push(*c);
            self.next += 1;
        }
        word
    }

    /// What stands behind `,`, `;` or `#`: parameters or an extension.
    fn behind(&mut self, first: char, at: usize) -> Result<(), NotANumber> {
        if first != ';' {
            return self.extension(first, at);
        }
        let (from, rest) = (self.next, self.chars[self.next..].iter().collect::<String>());
        self.next = self.chars.len();
        let mut place = from;
        for parameter in rest.split(';') {
            let length = parameter.chars().count();
            let text = parameter.trim();
            let (name, value) = text.split_once('=').unwrap_or(("", text));
            if name.eq_ignore_ascii_case("phone-context") {
                self.context(value);
            } else if name.eq_ignore_ascii_case("ext") || name.is_empty() && is_digits(value) {
                let digits: String = value.chars().filter_map(digit).collect();
                if digits.is_empty() || digits.len() > LONGEST_EXTENSION {
                    return Err(fault(first, at));
                }
                self.found.extension = Some(digits);
            } else if self.form == Form::Plain && !text.is_empty() {
                return Err(fault(text.chars().next().unwrap_or(first), self.begin + place));
            }
            place += length + 1;
        }
        Ok(())
    }

    /// The place in the world that a local number is in (RFC 3966, 5.1.5).
    fn context(&mut self, value: &str) {
        if let Some(digits) = value.strip_prefix('+')
            && !self.found.digits.starts_with('+')
        {
            let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
            self.found.digits = format!("+{digits}{}", self.found.digits);
        }
    }

    /// The digits of an extension, up to the end. Its name may stand before them: `, App. 3`.
    fn extension(&mut self, first: char, at: usize) -> Result<(), NotANumber> {
        let mut digits = String::new();
        while let Some((c, place)) = self.take() {
            let is_last = self.next == self.chars.len();
            if let Some(digit) = digit(c) {
                digits.push(digit);
            } else if matches!(c, '#' | ')' | ']') && !digits.is_empty() && is_last {
                break;
            } else if c.is_alphabetic() && first == ',' && digits.is_empty() {
                if !is_extension(&self.letters(c)) {
                    return Err(fault(c, place));
                }
            } else if !(is_ignored(c) || digits.is_empty() && is_before_extension(c)) {
                return Err(fault(c, place));
            }
        }
        if digits.is_empty() || digits.len() > LONGEST_EXTENSION {
            return Err(fault(first, at));
        }
        self.found.extension = Some(digits);
        Ok(())
    }
}

/// Whether a word is the name of an extension.
fn is_extension(word: &[char]) -> bool {
    if word.len() > LONGEST_NAME {
        return false;
    }
    let name: String = word.iter().flat_map(|c| c.to_lowercase()).collect();
    EXTENSIONS.contains(&name.as_str())
}

const fn fault(c: char, at: usize) -> NotANumber {
    NotANumber { fault: Fault::Character(c), at }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| digit(c).is_some())
}

/// The value of a decimal digit of any script, in ASCII.
fn digit(c: char) -> Option<char> {
    if c.is_ascii() {
        return c.is_ascii_digit().then_some(c);
    }
    let code = u32::from(c);
    let next = ZEROS.partition_point(|zero| *zero <= code);
    let value = code - ZEROS.get(next.checked_sub(1)?)?;
    char::from_digit(value, 10)
}

/// What is written between digits, or is not seen at all: blanks and the marks that copying from a page
/// brings along, such as U+202A to U+202C around a number.
pub(crate) fn is_ignored(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{fe0e}' | '\u{fe0f}' | '\u{feff}')
}

/// What groups digits.
fn is_punctuation(c: char) -> bool {
    matches!(c, '-' | '.' | '(' | ')' | '[' | ']' | '/' | '~' | '\u{b7}' | '\u{2010}'..='\u{2015}' | '\u{2053}'
        | '\u{2212}' | '\u{223c}' | '\u{30fb}' | '\u{30fc}' | '\u{ff08}' | '\u{ff09}' | '\u{ff0d}'..='\u{ff0f}'
        | '\u{ff3b}' | '\u{ff3d}' | '\u{ff5e}')
}

fn is_before_extension(c: char) -> bool {
    matches!(c, '.' | ':' | '=' | ',' | ';' | '-' | '#' | '\u{ff0e}' | '\u{ff1a}')
}

/// The key of a telephone with this letter (ITU-T E.161).
pub(crate) fn key(c: char) -> Option<char> {
    Some(match c.to_ascii_lowercase() {
        'a'..='c' => '2',
        'd'..='f' => '3',
        'g'..='i' => '4',
        'j'..='l' => '5',
        'm'..='o' => '6',
        'p'..='s' => '7',
        't'..='v' => '8',
        'w'..='z' => '9',
        _ => return None,
    })
}

/// Words before an extension, in the languages whose people write one. `w` and `p` are the pauses that
/// telephones write.
const EXTENSIONS: [&str; 40] = [
    "x",
    "ext",
    "extn",
    "xtn",
    "extension",
    "extensión",
    "extensao",
    "extensão",
    "anexo",
    "int",
    "interno",
    "ramal",
    "poste",
    "dw",
    "durchwahl",
    "app",
    "apparat",
    "nst",
    "nebenstelle",
    "kl",
    "klappe",
    "toestel",
    "tst",
    "ankn",
    "anknytning",
    "lok",
    "lokal",
    "wew",
    "wewn",
    "linka",
    "mellék",
    "доб",
    "внутр",
    "вн",
    "內線",
    "内線",
    "分机",
    "내선",
    "w",
    "p",
];

/// Letters of the longest of them.
const LONGEST_NAME: usize = 11;

/// As RFC 3966 and libphonenumber allow.
const LONGEST_EXTENSION: usize = 20;

/// Fewer letters than this are no name.
const FEWEST_LETTERS: usize = 3;

/// Behind fewer digits, letters in brackets are a part of the number: `1-800-(FLOWERS)`.
const FEWEST_BEFORE_NOTE: usize = 7;

/// The zeros of all scripts whose digits are decimal (Unicode 16, general category Nd), in order: nine more
/// digits follow each of them.
const ZEROS: [u32; 74] = [
    0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6,
    0xe50, 0xed0, 0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50,
    0x1bb0, 0x1c40, 0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10,
    0x104a0, 0x10d30, 0x10d40, 0x11066, 0x110f0, 0x11136, 0x111d0, 0x112f0, 0x11450, 0x114d0,
    0x11650, 0x116c0, 0x116d0, 0x116da, 0x11730, 0x118e0, 0x11950, 0x11bf0, 0x11c50, 0x11d50,
    0x11da0, 0x11de0, 0x11f50, 0x16a60, 0x16ac0, 0x16b50, 0x1ccf0, 0x1d7ce, 0x1d7d8, 0x1d7e2,
    0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e4f0, 0x1e5f1, 0x1e950, 0x1fbf0,
];
