//! Countries.

use std::fmt;
use std::str::FromStr;

use identity::PhoneNumber;
use rlibphonenumber::Region;

use crate::plan;

/// A country with numbers of its own, by its ISO 3166 code: `DE`, `US`.
///
/// Several countries may share a calling code (the United States, Canada and Jamaica `+1`), and one country
/// may have several area codes of it (the Dominican Republic `+1 809`, `+1 829`, `+1 849`).
///
/// # Examples
///
/// ```
/// use dialling::Country;
///
/// let santo_domingo = "+18095550100".parse()?;
/// assert_eq!(Country::of(&santo_domingo), Some("DO".parse()?));
/// assert!("ZZ".parse::<Country>().is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Country(pub(crate) Region);

/// A text is no code of a country that has numbers.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct UnknownCountry;

impl Country {
    /// No country. Here only international forms can be read, and everything is abroad.
    pub const NONE: Self = Self(Region::World);

    /// The country of a number; `None` if it has none or cannot be told.
    pub fn of(number: &PhoneNumber) -> Option<Self> {
        let country = plan::country(&plan::of(number)?)?;
        (country != Region::World).then_some(Self(country))
    }

    /// The country in which somebody with this number is at home: that of the number, else the
    /// first with its calling code, else [`Country::NONE`].
    pub fn home(number: &PhoneNumber) -> Self {
        let main = || Some(Self(plan::main_country(&plan::of(number)?)?));
        Self::of(number).or_else(main).unwrap_or(Self::NONE)
    }

    /// All countries.
    pub fn all() -> impl Iterator<Item = Self> {
        plan::countries().into_iter().map(Self)
    }

    /// Whether a number is one of this country: a call to it is no call abroad.
    ///
    /// A country is one with its islands that have a code of their own in ISO 3166 and the same numbers, such as
    /// Norway and Svalbard. A number without a country that is reached from several, such as a toll-free one of
    /// `+1`, is of each of them.
    pub fn has(self, number: &PhoneNumber) -> bool {
        let Some(number) = plan::of(number) else { return false };
        let is_home = |country| Self(country).mainland() == self.mainland();
        self != Self::NONE
            && (plan::country(&number).is_some_and(is_home) || plan::is_valid_in(&number, self.0))
    }

    /// The country whose numbers and prices this one shares.
    fn mainland(self) -> Region {
        match self.0 {
            Region::AX => Region::FI,
            Region::BL | Region::MF => Region::GP,
            Region::CC | Region::CX => Region::AU,
            Region::EH => Region::MA,
            Region::SJ => Region::NO,
            Region::TA => Region::SH,
            Region::VA => Region::IT,
            country => country,
        }
    }

    /// Whether the calling code is `+1`.
    pub(crate) fn has_code_1(self) -> bool {
        plan::code(self.0) == Some(1)
    }

    /// What the library reads national forms by.
    pub(crate) fn region(self) -> Option<Region> {
        (self != Self::NONE).then_some(self.0)
    }
}

impl FromStr for Country {
    type Err = UnknownCountry;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let region = Region::from_code(text).map_err(|_| UnknownCountry)?;
        if region == Region::World || !plan::has(region) {
            Err(UnknownCountry)
        } else {
            Ok(Self(region))
        }
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.as_region_str())
    }
}

impl fmt::Display for UnknownCountry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("country is no ISO 3166 code of a country with telephone numbers")
    }
}

impl std::error::Error for UnknownCountry {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_not_its_calling_code() {
        let cases = [
            ("DO", "+18295550100", true),
            ("DO", "+18495550100", true),
            ("DO", "+12125550100", false),
            ("US", "+12125550100", true),
            ("US", "+14165550100", false),
            ("US", "+18765550100", false),
            ("US", "+18005550199", true),
            ("CA", "+18005550199", true),
            ("CA", "+14165550100", true),
            ("GB", "+441481256789", false),
            ("RU", "+77710009998", false),
            ("KZ", "+77710009998", true),
            ("NO", "+4779123456", true),
            ("FI", "+358181234567", true),
            ("DE", "+4930123456", true),
            ("DE", "+80012345678", false),
        ];
        for (home, number, want) in cases {
            let country: Country = home.parse().unwrap();
            assert_eq!(country.has(&number.parse().unwrap()), want, "{home} {number}");
        }
        assert!(!Country::NONE.has(&"+80012345678".parse().unwrap()));
    }

    #[test]
    fn everybody_is_at_home_somewhere() {
        let cases = [
            ("+4930123456", "DE"),
            ("+18095550100", "DO"),
            ("+15005550006", "US"),
            ("+10005550006", "US"),
            ("+80012345678", "001"),
            ("+999123456", "001"),
        ];
        for (number, want) in cases {
            assert_eq!(Country::home(&number.parse().unwrap()).to_string(), want, "{number}");
        }
        assert!(Country::all().count() > 200);
        assert_eq!("001".parse::<Country>(), Err(UnknownCountry));
    }
}
