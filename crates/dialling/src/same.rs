//! Whether two numbers are one.

use identity::PhoneNumber;

use crate::country::Country;
use crate::read::read;

/// Whether two numbers reach the same telephone.
///
/// Mobile numbers of three countries have two forms that carriers and people mix. Mexico's had a 1 behind the
/// calling code until 2019. Argentina's have a 9 there in calls from abroad. Brazil's got a ninth digit, a 9
/// behind the area code, until 2016.
///
/// # Examples
///
/// ```
/// use dialling::same;
///
/// assert!(same(&"+5215512345678".parse()?, &"+525512345678".parse()?));
/// assert!(same(&"+551187654321".parse()?, &"+5511987654321".parse()?));
/// assert!(!same(&"+4930123456".parse()?, &"+4930123457".parse()?));
/// # Ok::<(), identity::ParseError>(())
/// ```
pub fn same(a: &PhoneNumber, b: &PhoneNumber) -> bool {
    a == b || parts(a) == parts(b)
}

/// Whether a contact's number, as people wrote it in `home`, is the caller's.
pub fn is_caller(contact: &str, caller: &PhoneNumber, home: Country) -> bool {
    read(contact, home).is_ok_and(|number| same(&number.e164, caller))
}

/// A number in two parts, without the digit between them that is a matter of form.
fn parts(number: &PhoneNumber) -> (&str, &str) {
    let text = number.as_str();
    let without = |at: usize| (&text[..at], &text[at + 1..]);
    let digit = |at: usize| text.as_bytes().get(at).copied().unwrap_or_default();
    match (&text[..3], text.len()) {
        ("+52", MEXICO) if digit(3) == b'1' => without(3),
        ("+54", ARGENTINA) if digit(3) == b'9' => without(3),
        ("+52" | "+54", _) => text.split_at(3),
        ("+55", BRAZIL) if digit(5) == b'9' && matches!(digit(6), b'6'..=b'9') => without(5),
        ("+55", 13) => text.split_at(5),
        _ => (text, ""),
    }
}

/// The length of the longer form: plus, calling code, the digit, and ten digits; in Brazil plus, calling
/// code, area code, the digit, and eight digits.
const MEXICO: usize = 14;
const ARGENTINA: usize = 14;
const BRAZIL: usize = 14;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_forms_of_a_mobile_number_are_one_number() {
        let cases = [
            ("+5215512345678", "+525512345678", true),
            ("+5215512345678", "+525512345679", false),
            ("+5491112345678", "+541112345678", true),
            ("+5491112345678", "+541112345679", false),
            ("+5511987654321", "+551187654321", true),
            ("+5511932654321", "+551132654321", false),
            ("+5511987654321", "+552187654321", false),
            ("+15005550006", "+15005550006", true),
            ("+12", "+13", false),
            ("+55", "+552", false),
        ];
        for (a, b, want) in cases {
            let (a, b) = (a.parse().unwrap(), b.parse().unwrap());
            assert_eq!(same(&a, &b), want, "{a} {b}");
            assert_eq!(same(&b, &a), want, "{b} {a}");
        }
    }
}
