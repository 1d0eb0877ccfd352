//! What may be dialled.

use identity::PhoneNumber;

use crate::country::Country;
use crate::emergency::is_emergency;
use crate::error::Fault;
use crate::kind::{Kind, kind, kind_if};
use crate::plan;
use crate::read::{Number, read_and_look};
use crate::scan::scan;

/// Why something is not dialled.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Forbidden {
    /// It is no number.
    NotANumber,
    /// It calls for help, which must not depend on a browser.
    Emergency,
    /// It is a short number of a network, such as directory enquiries.
    Short,
    /// The caller would pay the called party.
    Premium,
    /// Caller and called party would share a price that nobody knows beforehand.
    SharedCost,
    /// It follows a person or is a pager, at the price of a premium number.
    Personal,
    /// It is a satellite or another network outside of countries.
    Satellite,
    /// It is in no range that is in use.
    NotInUse,
    /// It is in another country.
    Abroad,
}

identity::codes!(Forbidden, "reason not to dial", {
    NotANumber => "not_a_number",
    Emergency => "emergency_number",
    Short => "short_number",
    Premium => "premium_number",
    SharedCost => "shared_cost_number",
    Personal => "personal_number",
    Satellite => "satellite_number",
    NotInUse => "number_not_in_use",
    Abroad => "abroad",
});

impl Forbidden {
    /// The reason in one or two sentences, for whom wanted to dial.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::NotANumber => "This is not a whole phone number.",
            Self::Emergency => {
                "This is an emergency number. Emergency calls cannot be placed from here: dial it on a mobile or \
                 a fixed telephone."
            }
            Self::Short => {
                "This is a short number, such as directory enquiries. Short numbers cannot be called from here: \
                 dial it on a telephone."
            }
            Self::Premium => "This is a premium number. Premium numbers cannot be called.",
            Self::SharedCost => {
                "This is a shared-cost number. Shared-cost numbers cannot be called."
            }
            Self::Personal => {
                "This is a personal number or a pager. They cost as much as premium numbers and cannot be called."
            }
            Self::Satellite => {
                "This is a satellite telephone or a network outside of countries. They cannot be called."
            }
            Self::NotInUse => {
                "No telephone has this number: its country does not use numbers like it."
            }
            Self::Abroad => "This number is in another country, which may not be called.",
        }
    }
}

/// Reads what somebody in `home` wants to dial, and refuses what must not be dialled whatever the country.
///
/// Whether the number is abroad is not asked: see [`may_dial`].
///
/// # Errors
///
/// [`Forbidden`] with the reason, never [`Forbidden::Abroad`].
///
/// # Examples
///
/// ```
/// use dialling::{Country, Forbidden, dial};
///
/// let london: Country = "GB".parse()?;
/// assert_eq!(dial("020 7183 8750", london).unwrap().e164.as_str(), "+442071838750");
/// assert_eq!(dial("070 1234 5678", london), Err(Forbidden::Personal));
/// assert_eq!(dial("118 500", london), Err(Forbidden::Short));
/// assert_eq!(dial("999", london), Err(Forbidden::Emergency));
/// # Ok::<(), dialling::UnknownCountry>(())
/// ```
pub fn dial(text: &str, home: Country) -> Result<Number, Forbidden> {
    if let Some(reason) = short(text, home) {
        return Err(reason);
    }
    let (number, is_valid) = read_and_look(text, home).map_err(|_| Forbidden::NotANumber)?;
    forbidden(kind_if(is_valid, &number.e164)).map_or(Ok(number), Err)
}

/// Whether a number may be dialled from `home`: it is of no forbidden kind, in use, and of the own country.
///
/// # Errors
///
/// [`Forbidden`] with the reason.
pub fn may_dial(number: &PhoneNumber, home: Country) -> Result<(), Forbidden> {
    match forbidden_kind(number) {
        Some(reason) => Err(reason),
        None if home.has(number) => Ok(()),
        None => Err(Forbidden::Abroad),
    }
}

/// Why a number is never dialled, wherever it is; `None` if nothing speaks against it.
pub fn forbidden_kind(number: &PhoneNumber) -> Option<Forbidden> {
    forbidden(kind(number))
}

const fn forbidden(kind: Kind) -> Option<Forbidden> {
    match kind {
        Kind::Premium => Some(Forbidden::Premium),
        Kind::SharedCost => Some(Forbidden::SharedCost),
        Kind::Personal | Kind::Pager => Some(Forbidden::Personal),
        Kind::Satellite => Some(Forbidden::Satellite),
        Kind::Unknown => Some(Forbidden::NotInUse),
        Kind::Fixed
        | Kind::Mobile
        | Kind::FixedOrMobile
        | Kind::TollFree
        | Kind::Voip
        | Kind::Company
        | Kind::Voicemail => None,
    }
}

/// Whether a text is an emergency number or another short number of `home`, with or without a calling code.
fn short(text: &str, home: Country) -> Option<Forbidden> {
    let scan = scan(text).ok()?;
    let parsed = plan::parse(&scan.digits, home.region());
    let whole = parsed.as_ref().map_or_else(|fault| Err(*fault), plan::length);
    let (typed, national) =
        (scan.digits.trim_start_matches('+'), parsed.as_ref().map(plan::national_digits));
    let national = national.unwrap_or_default();
    let is_help = |digits: &str| !digits.is_empty() && is_emergency(digits, home);
    // To ask for it costs more than all the rest, and long numbers are neither.
    let is_valid = || parsed.as_ref().is_ok_and(plan::is_valid);
    if (is_help(typed) || is_help(&national)) && !is_valid() {
        return Some(Forbidden::Emergency);
    }
    let length = if national.is_empty() { typed.len() } else { national.len() };
    let is_too_short = || {
        matches!(whole, Err(Fault::TooShort | Fault::NoAreaCode)) || whole.is_ok() && !is_valid()
    };
    ((2..=LONGEST_SHORT).contains(&length) && is_too_short()).then_some(Forbidden::Short)
}

/// The longest short numbers, such as `118 500` in the United Kingdom and `116 117` in Europe.
const LONGEST_SHORT: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_not_be_dialled_has_its_reason() {
        let cases = [
            ("US", "911", Err(Forbidden::Emergency)),
            ("US", "112", Err(Forbidden::Emergency)),
            ("US", "+1911", Err(Forbidden::Emergency)),
            ("US", "+911", Err(Forbidden::Emergency)),
            ("US", "933", Err(Forbidden::Short)),
            ("US", "411", Err(Forbidden::Short)),
            ("US", "+1411", Err(Forbidden::Short)),
            ("US", "12345", Err(Forbidden::Short)),
            ("DE", "110", Err(Forbidden::Emergency)),
            ("DE", "11833", Err(Forbidden::Short)),
            ("DE", "116117", Err(Forbidden::Short)),
            ("GB", "118500", Err(Forbidden::Short)),
            ("GB", "+44 118 500", Err(Forbidden::Short)),
            ("GB", "0118 123 4567", Ok("+441181234567")),
            ("GB", "+447012345678", Err(Forbidden::Personal)),
            ("US", "900 555 0100", Err(Forbidden::Premium)),
            ("US", "522 555 0100", Err(Forbidden::Personal)),
            ("US", "500 234 0100", Err(Forbidden::Personal)),
            ("US", "700 555 0100", Err(Forbidden::NotInUse)),
            ("US", "(500) 555-7777", Ok("+15005557777")),
            ("US", "+881612345678", Err(Forbidden::Satellite)),
            ("DE", "0180 1234567", Err(Forbidden::SharedCost)),
            ("US", "anonymous", Err(Forbidden::NotANumber)),
            ("US", "555-1234", Err(Forbidden::NotANumber)),
            ("US", "", Err(Forbidden::NotANumber)),
            ("NU", "4002", Ok("+6834002")),
        ];
        for (home, text, want) in cases {
            let got = dial(text, home.parse().unwrap());
            let got = got.as_ref().map(|number| number.e164.as_str()).map_err(|reason| *reason);
            assert_eq!(got, want, "{home} {text}");
        }
    }

    #[test]
    fn the_own_country_may_be_dialled() {
        let cases = [
            ("DO", "+18295550100", Ok(())),
            ("DO", "+12125550100", Err(Forbidden::Abroad)),
            ("US", "+19005550100", Err(Forbidden::Premium)),
            ("US", "+10005550100", Err(Forbidden::NotInUse)),
        ];
        for (home, number, want) in cases {
            assert_eq!(
                may_dial(&number.parse().unwrap(), home.parse().unwrap()),
                want,
                "{home} {number}"
            );
        }
    }
}
