//! Who calls, as a carrier says it.

use crate::country::Country;
use crate::read::{Number, read};
use crate::scan::{is_ignored, key, without_scheme};

/// Who calls.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Caller {
    /// Somebody with this number.
    Number(Number),
    /// Somebody whose number is withheld, in whichever of the ways carriers say so.
    Withheld,
    /// An address that is no number, such as `sip:reception@pbx.example.com`.
    Other,
}

impl Caller {
    /// The number, if it is known.
    pub const fn number(&self) -> Option<&Number> {
        if let Self::Number(number) = self { Some(number) } else { None }
    }
}

/// Reads a caller.
///
/// A caller is withheld if there is no text, or nothing to see in it, a word such as `Anonymous`, `Restricted` or
/// `Private number`, a plus before such a word, its letters on a keypad (`+266696687`, as Twilio sends them), or
/// nothing but zeros. In a SIP address the user counts.
///
/// # Examples
///
/// ```
/// use dialling::{Caller, Country, caller};
///
/// let home: Country = "US".parse()?;
/// assert_eq!(caller(Some("+7378742833"), home), Caller::Withheld);
/// assert_eq!(caller(None, home), Caller::Withheld);
/// let Caller::Number(number) = caller(Some("sip:+15005551000@pbx.example.com"), home) else { panic!() };
/// assert_eq!(number.e164.as_str(), "+15005551000");
/// # Ok::<(), dialling::UnknownCountry>(())
/// ```
pub fn caller(from: Option<&str>, home: Country) -> Caller {
    let Some(text) = from else { return Caller::Withheld };
    if is_withheld(text) {
        return Caller::Withheld;
    }
    read(text, home).map_or(Caller::Other, Caller::Number)
}

fn is_withheld(text: &str) -> bool {
    let user = without_scheme(text).0;
    let user = user.split('@').next().unwrap_or_default();
    let seen = || user.chars().filter(|c| !is_ignored(*c));
    if seen().all(|c| matches!(c, '+' | '0' | '-')) {
        return true;
    }
    if let Some(digits) = user.trim_matches(is_ignored).strip_prefix('+')
        && digits.bytes().all(|byte| byte.is_ascii_digit())
    {
        return ON_KEYPAD.iter().any(|word| digits == on_keypad(word));
    }
    if seen().any(char::is_numeric) {
        return false;
    }
    let letters: String =
        seen().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect();
    let without = |suffix: &&str| letters.strip_suffix(*suffix);
    WORDS.contains(&letters.as_str())
        || SUFFIXES.iter().filter_map(without).any(|word| WORDS.contains(&word))
}

fn on_keypad(word: &str) -> String {
    word.chars().filter_map(key).collect()
}

/// Words of carriers.
const WORDS: [&str; 14] = [
    "anonymous",
    "restricted",
    "blocked",
    "unknown",
    "unavailable",
    "private",
    "withheld",
    "hidden",
    "undisclosed",
    "unidentified",
    "notavailable",
    "nocallerid",
    "callerid",
    "outofarea",
];

/// Those that come as the keys of a telephone, of which Twilio documents the first five. Of `unidentified` the
/// keys would be a number in China.
const ON_KEYPAD: [&str; 7] =
    ["anonymous", "restricted", "blocked", "unknown", "unavailable", "private", "withheld"];

const SUFFIXES: [&str; 4] = ["callerid", "caller", "number", "name"];

#[cfg(test)]
mod tests {
    use super::*;

    fn home(code: &str) -> Country {
        code.parse().unwrap()
    }

    #[test]
    fn withheld_is_one_thing() {
        let texts = [
            "",
            " ",
            "\u{200b}",
            "+",
            "0",
            "+0",
            "0000000000",
            "anonymous",
            "Anonymous",
            " ANONYMOUS ",
            "Restricted",
            "+anonymous",
            "+Restricted",
            "Private Number",
            "private",
            "Unknown",
            "unknown caller",
            "Unavailable",
            "BLOCKED",
            "Withheld",
            "No Caller ID",
            "No CallerID",
            "Out of Area",
            "+266696687",
            "+7378742833",
            "+2562533",
            "+8656696",
            "+86282452253",
            "+7748283",
            "sip:anonymous@anonymous.invalid",
            "sip:Anonymous@10.0.0.1:5060",
            "sip:+266696687@pbx.example.com",
            "anonymous@anonymous.invalid",
        ];
        for text in texts {
            assert_eq!(caller(Some(text), home("US")), Caller::Withheld, "{text:?}");
        }
        assert_eq!(caller(None, home("US")), Caller::Withheld);
    }

    #[test]
    fn no_number_in_use_is_a_word_on_a_keypad() {
        for word in ON_KEYPAD {
            let number = format!("+{}", on_keypad(word));
            let valid = crate::plan::parse(&number, None)
                .is_ok_and(|parsed| crate::plan::is_valid(&parsed));
            assert!(!valid, "{word} {number}");
        }
    }

    #[test]
    fn a_number_is_a_number_however_it_is_sent() {
        let texts = [
            "+15005551000",
            "15005551000",
            "0015005551000",
            " 15005551000",
            "5005551000",
            "sip:+15005551000@pbx.example.com",
            "sip:%2B15005551000@pbx.example.com:5060;transport=tcp",
            "sips:15005551000@pbx.example.com",
            "tel:+15005551000",
        ];
        for text in texts {
            let Caller::Number(number) = caller(Some(text), home("US")) else { panic!("{text:?}") };
            assert_eq!(number.e164.as_str(), "+15005551000", "{text:?}");
        }
        for text in
            ["sip:reception@pbx.example.com", "client:someone", "sip:1001@pbx.example.com", "Alice"]
        {
            assert_eq!(caller(Some(text), home("US")), Caller::Other, "{text:?}");
        }
    }
}
