//! The numbering plans: the only module that speaks to the library.

use identity::PhoneNumber;
use rlibphonenumber::{
    NumberLengthType, PHONE_NUMBER_UTIL, PhoneNumber as Parsed, PhoneNumberFormat, PhoneNumberType,
    Region, ValidationError,
};

use crate::error::Fault;

/// The version of the numbering plans, and the month of its release, as `switchroom --version` shows it.
pub const METADATA: &str = "libphonenumber 9.0.42 (2026-10)";

/// Loads the numbering plans, about 5 ms, unless they are loaded. The first use does it otherwise.
pub fn load() {
    std::sync::LazyLock::force(&PHONE_NUMBER_UTIL);
}

/// Reads `+` and digits, or digits as they are dialled in `home`.
pub(crate) fn parse(digits: &str, home: Option<Region>) -> Result<Parsed, Fault> {
    use rlibphonenumber::ParseError;
    let home = if digits.starts_with('+') { None } else { home };
    PHONE_NUMBER_UTIL.parse(digits, home).map_err(|error| match error {
        ParseError::InvalidCountryCode => Fault::UnknownCode,
        ParseError::TooLongNsn => Fault::TooLong,
        _ => Fault::TooShort,
    })
}

/// A number that was read before. `None` if its calling code is nobody's.
pub(crate) fn of(number: &PhoneNumber) -> Option<Parsed> {
    parse(number.as_str(), None).ok()
}

/// Whether the number has as many digits as a number of its country.
pub(crate) fn length(number: &Parsed) -> Result<(), Fault> {
    match number.is_possible_with_reason() {
        Ok(NumberLengthType::IsPossible) => Ok(()),
        Ok(NumberLengthType::IsPossibleLocalOnly) => Err(Fault::NoAreaCode),
        Err(ValidationError::TooLong) => Err(Fault::TooLong),
        Err(ValidationError::InvalidCountryCode) => Err(Fault::UnknownCode),
        Err(_) => Err(Fault::TooShort),
    }
}

/// Whether the number lies in a range that is in use.
pub(crate) fn is_valid(number: &Parsed) -> bool {
    number.is_valid()
}

/// The same, and in the plan of this country.
pub(crate) fn is_valid_in(number: &Parsed, country: Region) -> bool {
    number.is_valid_for_region(country)
}

/// The country, if the number lies in a range of it, or no other country has its calling code.
pub(crate) fn country(number: &Parsed) -> Option<Region> {
    number.get_region_code()
}

/// The first of the countries with this number's calling code.
pub(crate) fn main_country(number: &Parsed) -> Option<Region> {
    PHONE_NUMBER_UTIL.get_region_for_country_code(number.country_code)
}

/// The calling code of a country.
pub(crate) fn code(country: Region) -> Option<i32> {
    PHONE_NUMBER_UTIL.get_country_code_for_region(country)
}

/// Whether the plans have this country.
pub(crate) fn has(country: Region) -> bool {
    code(country).is_some()
}

/// All countries of the plans.
pub(crate) fn countries() -> Vec<Region> {
    PHONE_NUMBER_UTIL.get_supported_regions().collect()
}

pub(crate) fn kind(number: &Parsed) -> PhoneNumberType {
    number.get_type()
}

pub(crate) fn e164(number: &Parsed) -> Option<PhoneNumber> {
    number.format_as(PhoneNumberFormat::E164).parse().ok()
}

pub(crate) fn national(number: &Parsed) -> String {
    number.format_as(PhoneNumberFormat::National).into_owned()
}

pub(crate) fn international(number: &Parsed) -> String {
    number.format_as(PhoneNumberFormat::International).into_owned()
}

/// The digits behind the calling code.
pub(crate) fn national_digits(number: &Parsed) -> String {
    number.get_national_significant_number()
}
