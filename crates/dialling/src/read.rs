//! A text in, a number out.

use identity::PhoneNumber;
use rlibphonenumber::PhoneNumber as Parsed;

use crate::country::Country;
use crate::error::{Fault, NotANumber};
use crate::plan;
use crate::scan::{Letters, Scan, scan};

/// A number that was read.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Number {
    /// The number.
    pub e164: PhoneNumber,
    /// The digits to dial behind it, 1 to 20 of them.
    pub extension: Option<String>,
}

/// Reads a number as people write it in `home`, or in any country if it is international.
///
/// It reads national and international forms with any trunk and access prefix, `tel:` and `sip:` addresses,
/// letters of the keypad behind digits, digits of all scripts, and whatever groups them. It says nothing about
/// whether the number is in use: only its length must be right.
///
/// Without a plus and without an access prefix a text is first a number of `home`; if it is none there, it may be
/// an international number whose plus was lost.
///
/// # Errors
///
/// [`NotANumber`] with what is wrong and where.
///
/// # Examples
///
/// ```
/// use dialling::{Country, read};
///
/// let germany: Country = "DE".parse()?;
/// for text in ["030 123456", "+49 (0)30 123456", "0049 30 12 34 56", "tel:+49-30-123456"] {
///     assert_eq!(read(text, germany)?.e164.as_str(), "+4930123456");
/// }
/// assert_eq!(read("030 123456 ext. 22", germany)?.extension.as_deref(), Some("22"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read(text: &str, home: Country) -> Result<Number, NotANumber> {
    read_and_look(text, home).map(|(number, _)| number)
}

/// The same, and whether the number lies in a range that is in use.
pub(crate) fn read_and_look(text: &str, home: Country) -> Result<(Number, bool), NotANumber> {
    let mut scan = scan(text)?;
    if let Some(letters) = scan.letters {
        name(&mut scan, letters, home)?;
    }
    let whole = resolve(&scan.digits, home).map_err(|fault| at(&scan, fault))?;
    let e164 = plan::e164(&whole.number).ok_or_else(|| at(&scan, Fault::TooLong))?;
    Ok((Number { e164, extension: scan.extension }, whole.is_valid))
}

fn at(scan: &Scan, fault: Fault) -> NotANumber {
    let at = if fault == Fault::TooShort { scan.end } else { scan.first };
    NotANumber { fault, at }
}

/// Looks at a number with letters. Behind a number that is whole without them they are a remark (`030 1234 home`),
/// which nobody must dial. In North America a name may be longer than the number, and what is too much is not
/// dialled (`1-800-CONTACTS`).
fn name(scan: &mut Scan, letters: Letters, home: Country) -> Result<(), NotANumber> {
    let before = &scan.digits[..letters.before];
    if resolve(before, home).is_ok_and(|whole| whole.is_valid) {
        let (c, at) = letters.first;
        return Err(NotANumber { fault: Fault::Character(c), at });
    }
    let digits = scan.digits.trim_start_matches('+');
    let plus = scan.digits.len() - digits.len();
    let is_of_code = digits.starts_with('1');
    if is_of_code || plus == 0 && home.has_code_1() {
        let most = plus + usize::from(is_of_code) + NORTH_AMERICA;
        if scan.digits.len() <= most + MOST_LETTERS_LEFT_OUT && letters.before < most {
            scan.digits.truncate(most);
        }
    }
    Ok(())
}

/// The number that digits mean.
fn resolve(digits: &str, home: Country) -> Result<Whole, Fault> {
    if digits.len() > MOST_DIGITS {
        return Err(Fault::TooLong);
    }
    if digits.starts_with('+') {
        return whole(digits, home);
    }
    let at_home = match whole(digits, home) {
        Ok(whole) if whole.is_valid => return Ok(whole),
        other => other,
    };
    let international = |rest: &str| whole(&format!("+{rest}"), home);
    let dialled = ["00", "011"].iter().find_map(|prefix| {
        let rest = digits.strip_prefix(prefix)?;
        international(rest).ok()
    });
    let is_the_same =
        |number: &Parsed| plan::e164(number).is_some_and(|e164| &e164.as_str()[1..] == digits);
    let plus_was_lost = || match &at_home {
        // At home `1 500 …` is read with its calling code already.
        Ok(whole) if is_the_same(&whole.number) => None,
        _ => international(digits).ok().filter(|whole| whole.is_valid),
    };
    dialled.or_else(plus_was_lost).map_or(at_home, Ok)
}

/// A number with as many digits as its country's have.
struct Whole {
    number: Parsed,
    /// Whether it lies in a range that is in use. To ask costs more than to read.
    is_valid: bool,
}

fn whole(digits: &str, home: Country) -> Result<Whole, Fault> {
    let mut number = plan::parse(digits, home.region())?;
    if number.country_code == MEXICO {
        without_old_prefix(&mut number);
    }
    plan::length(&number)?;
    settled(number)
}

/// The number whose digits mean itself. Zeros that are in no plan may be prefixes of each other.
fn settled(number: Parsed) -> Result<Whole, Fault> {
    if plan::is_valid(&number) {
        return Ok(Whole { number, is_valid: true });
    }
    let digits = plan::e164(&number).ok_or(Fault::TooLong)?;
    let again = plan::of(&digits).ok_or(Fault::UnknownCode)?;
    if again == number { Ok(Whole { number, is_valid: false }) } else { Err(Fault::TooShort) }
}

/// Mexico's mobile numbers had a 1 behind the calling code until 2019, and 044 or 045 within the country. No
/// number has them any more, but lists of contacts and carriers do.
fn without_old_prefix(number: &mut Parsed) {
    let digits = number.national_number;
    let zeros = if number.italian_leading_zero() { number.number_of_leading_zeros() } else { 0 };
    let prefix = digits / TEN_DIGITS;
    if matches!((zeros, prefix), (0 | 1, 1) | (1, 44 | 45)) {
        number.national_number = digits % TEN_DIGITS;
        number.italian_leading_zero = None;
        number.number_of_leading_zeros = None;
    }
}

const MEXICO: i32 = 52;

/// Digits behind the calling code 1.
const NORTH_AMERICA: usize = 10;

/// More letters than this behind a whole number are no name.
const MOST_LETTERS_LEFT_OUT: usize = 4;

/// All numbers of Mexico have ten digits.
const TEN_DIGITS: u64 = 10_000_000_000;

/// With a plus, the longest number, prefixes and a carrier's code, there are fewer.
const MOST_DIGITS: usize = 30;
