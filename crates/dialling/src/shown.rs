//! Numbers as people read them.

use identity::PhoneNumber;

use crate::country::Country;
use crate::plan;
use crate::read::read;

/// The number with its country's grouping and calling code: `+353 1 234 5678`.
///
/// A number whose calling code is nobody's comes as it is.
pub fn international(number: &PhoneNumber) -> String {
    plan::of(number).map_or_else(|| number.to_string(), |parsed| plan::international(&parsed))
}

/// The number as it is written in its own country: `(01) 234 5678`.
pub fn national(number: &PhoneNumber) -> String {
    plan::of(number).map_or_else(|| number.to_string(), |parsed| plan::national(&parsed))
}

/// The number as somebody in `home` writes it: national at home, international abroad.
///
/// [`read`] gives the same number back, in the same country. Where the national form would not, the
/// international one is shown, and where that would not, the digits.
///
/// # Examples
///
/// ```
/// use dialling::{Country, shown};
///
/// let number = "+442071838750".parse()?;
/// assert_eq!(shown(&number, "GB".parse::<Country>()?), "020 7183 8750");
/// assert_eq!(shown(&number, "US".parse::<Country>()?), "+44 20 7183 8750");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn shown(number: &PhoneNumber, home: Country) -> String {
    let Some(parsed) = plan::of(number) else { return number.to_string() };
    let reads_back = |text: &String| read(text, home).is_ok_and(|read| read.e164 == *number);
    let at_home = home != Country::NONE && plan::country(&parsed) == home.region();
    at_home
        .then(|| plan::national(&parsed))
        .filter(reads_back)
        .or_else(|| Some(plan::international(&parsed)).filter(reads_back))
        .unwrap_or_else(|| number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No country's calling code is taken for one of two digits.
    #[test]
    fn each_country_has_its_own_groups() {
        let cases = [
            ("+35312345678", "+353 1 234 5678"),
            ("+353861234567", "+353 86 123 4567"),
            ("+88212345678", "+882 12345678"),
            ("+4930123456", "+49 30 123456"),
            ("+12125550100", "+1 212-555-0100"),
            ("+999123456", "+999123456"),
        ];
        for (number, want) in cases {
            assert_eq!(international(&number.parse().unwrap()), want);
        }
    }
}
