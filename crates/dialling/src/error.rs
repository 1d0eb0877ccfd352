//! Why a text is no number.

use std::fmt;

/// A text is no number: what is wrong, and where.
///
/// # Examples
///
/// ```
/// use dialling::{Country, Fault, NotANumber, read};
///
/// let home: Country = "US".parse()?;
/// let error = read("500-555-77@7", home).unwrap_err();
/// assert_eq!(error, NotANumber { fault: Fault::Character('@'), at: 10 });
/// assert_eq!(error.to_string(), "character 11 is `@`, which is no part of a number");
/// # Ok::<(), dialling::UnknownCountry>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NotANumber {
    /// What is wrong.
    pub fault: Fault,
    /// Where, in characters (not bytes) from the beginning of the text, counted from 0. For a number that
    /// is too short this is the length of the text.
    pub at: usize,
}

/// What is wrong with a text that is no number.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fault {
    /// There is no digit.
    Empty,
    /// This character is no part of a number, or not at this place.
    Character(char),
    /// No country has this calling code.
    UnknownCode,
    /// The number has too few digits.
    TooShort,
    /// The number has too many digits, or the text too many characters.
    TooLong,
    /// The number is complete only within its area.
    NoAreaCode,
}

impl fmt::Display for NotANumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.at + 1;
        match self.fault {
            Fault::Empty => f.write_str("there is no digit"),
            Fault::Character(c) => {
                let c = c.escape_debug();
                write!(f, "character {place} is `{c}`, which is no part of a number")
            }
            Fault::UnknownCode => {
                write!(f, "the digits from character {place} are no calling code of a country")
            }
            Fault::TooShort => f.write_str("the number is too short"),
            Fault::TooLong => f.write_str("the number is too long"),
            Fault::NoAreaCode => f.write_str("the area code is missing"),
        }
    }
}

impl std::error::Error for NotANumber {}
