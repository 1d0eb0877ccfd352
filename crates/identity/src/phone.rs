//! Phone numbers.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use crate::ParseError;
use crate::text::text_forms;

/// A phone number in E.164 form, for example `+15005550006`.
///
/// A plus, a digit from 1 to 9, then 1 to 14 more digits (ITU-T E.164, 6). ASCII digits only.
/// A number with blanks, brackets or an extension is refused.
///
/// `Debug` shows at most the country digits: logs must not contain numbers.
///
/// # Examples
///
/// ```
/// use identity::{ParseError, PhoneNumber};
///
/// let number: PhoneNumber = "+15005550006".parse()?;
/// assert_eq!(number.as_str(), "+15005550006");
/// assert_eq!(format!("{number:?}"), "PhoneNumber(+15…)");
///
/// let withheld = "anonymous".parse::<PhoneNumber>();
/// assert_eq!(withheld, Err(ParseError::Prefix { what: "phone number", prefix: "+" }));
/// # Ok::<(), ParseError>(())
/// ```
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// The number with its plus.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The country calling code with its plus, one to three digits (ITU-T E.164, annex to the
    /// Operational Bulletin): `+1` for North America, `+49` for Germany, `+353` for Ireland.
    ///
    /// A code that is not assigned counts as one of three digits.
    pub fn country_code(&self) -> &str {
        let digits = self.0.as_bytes();
        let length = match (digits[1], digits[2]) {
            (b'1' | b'7', _) => 1,
            (b'2', b'0' | b'7')
            | (b'3', b'0'..=b'4' | b'6' | b'9')
            | (b'4', b'0' | b'1' | b'3'..=b'9')
            | (b'5', b'1'..=b'8')
            | (b'6', b'0'..=b'6')
            | (b'8', b'1' | b'2' | b'4' | b'6')
            | (b'9', b'0'..=b'5' | b'8') => 2,
            _ => 3,
        };
        self.0.get(..=length).unwrap_or(&self.0)
    }
}

impl FromStr for PhoneNumber {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let what = "phone number";
        if text.is_empty() {
            return Err(ParseError::Empty { what });
        }
        let Some(digits) = text.strip_prefix('+') else {
            return Err(ParseError::Prefix { what, prefix: "+" });
        };
        for (at, byte) in digits.bytes().enumerate() {
            if !byte.is_ascii_digit() {
                return Err(ParseError::Character { what, at: at + 1, expected: "a digit" });
            }
            if at == 0 && byte == b'0' {
                let expected = "a digit from 1 to 9";
                return Err(ParseError::Character { what, at: 1, expected });
            }
        }
        if !(MIN_DIGITS..=MAX_DIGITS).contains(&digits.len()) {
            return Err(ParseError::Length {
                what,
                min: MIN_DIGITS + 1,
                max: MAX_DIGITS + 1,
                found: text.len(),
            });
        }
        Ok(Self(text.into()))
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhoneNumber({}…)", &self.0[..3])
    }
}

text_forms!(PhoneNumber, { "pattern": "^[+][1-9][0-9]{0,14}$" });

/// A country code has at least one digit, and something follows it.
const MIN_DIGITS: usize = 2;

/// ITU-T E.164, 6.2.1.
const MAX_DIGITS: usize = 15;

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn reads_e164_and_nothing_else() {
        let what = "phone number";
        let prefix = Err(ParseError::Prefix { what, prefix: "+" });
        let digit = |at| Err(ParseError::Character { what, at, expected: "a digit" });
        let length = |found| Err(ParseError::Length { what, min: 3, max: 16, found });
        let cases = [
            ("the shortest", "+12", Ok("+12")),
            ("the longest", "+123456789012345", Ok("+123456789012345")),
            ("one digit more", "+1234567890123456", length(17)),
            ("country alone", "+1", length(2)),
            ("plus alone", "+", length(1)),
            ("nothing", "", Err(ParseError::Empty { what })),
            ("national", "5005550006", prefix),
            ("international prefix", "0015005550006", prefix),
            ("two plus", "++15005550006", digit(1)),
            ("extension", "+15005550006;ext=1", digit(12)),
            ("blank", "+1 5005550006", digit(2)),
            ("Arabic digits", "+١٢٣٤٥٦", digit(1)),
            (
                "leading zero",
                "+05005550006",
                Err(ParseError::Character { what, at: 1, expected: "a digit from 1 to 9" }),
            ),
            ("withheld", "anonymous", prefix),
            ("SIP", "sip:a@b", prefix),
        ];
        for (name, text, want) in cases {
            let got = text.parse::<PhoneNumber>();
            assert_eq!(got.as_ref().map(PhoneNumber::as_str), want.as_ref().copied(), "{name}");
        }
    }

    #[test]
    fn country_codes_have_one_to_three_digits() {
        let cases = [
            ("+15005550006", "+1"),
            ("+79161234567", "+7"),
            ("+4930123456", "+49"),
            ("+442071838750", "+44"),
            ("+353112345", "+353"),
            ("+38344123456", "+383"),
            ("+42012345678", "+420"),
            ("+21", "+21"),
        ];
        for (number, code) in cases {
            assert_eq!(number.parse::<PhoneNumber>().unwrap().country_code(), code, "{number}");
        }
    }

    #[test]
    fn error_texts_name_the_rule() {
        let error = "500".parse::<PhoneNumber>().unwrap_err();
        assert_eq!(error.to_string(), "phone number does not start with `+`");
    }
}
