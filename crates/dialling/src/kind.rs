//! What sort of number one is.

use identity::PhoneNumber;
use rlibphonenumber::PhoneNumberType;

use crate::plan;

/// What sort of number one is, as its country's plan says.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Kind {
    /// A fixed line.
    Fixed,
    /// A mobile telephone.
    Mobile,
    /// A fixed line or a mobile telephone: the country does not tell them apart.
    FixedOrMobile,
    /// The called party pays.
    TollFree,
    /// The caller pays the called party.
    Premium,
    /// Caller and called party share the price.
    SharedCost,
    /// A telephone on the internet.
    Voip,
    /// A number that follows a person, at a price of its own: UK `070`, US `500`.
    Personal,
    /// A pager.
    Pager,
    /// One number for all offices of a company.
    Company,
    /// Access to a mailbox.
    Voicemail,
    /// A satellite or another network outside of countries (`+870`, `+881` to `+883`, `+888`).
    Satellite,
    /// In no range that is in use.
    Unknown,
}

identity::codes!(Kind, "kind of number", {
    Fixed => "fixed",
    Mobile => "mobile",
    FixedOrMobile => "fixed_or_mobile",
    TollFree => "toll_free",
    Premium => "premium",
    SharedCost => "shared_cost",
    Voip => "voip",
    Personal => "personal",
    Pager => "pager",
    Company => "company",
    Voicemail => "voicemail",
    Satellite => "satellite",
    Unknown => "unknown",
});

/// The sort of a number.
///
/// # Examples
///
/// ```
/// use dialling::{Kind, kind};
///
/// assert_eq!(kind(&"+447012345678".parse()?), Kind::Personal);
/// assert_eq!(kind(&"+4930123456".parse()?), Kind::Fixed);
/// # Ok::<(), identity::ParseError>(())
/// ```
pub fn kind(number: &PhoneNumber) -> Kind {
    special(number).unwrap_or_else(|| of_plan(number))
}

/// The sort of a number that lies in a range that is in use, or in none.
pub(crate) fn kind_if(is_valid: bool, number: &PhoneNumber) -> Kind {
    special(number).unwrap_or_else(|| if is_valid { of_plan(number) } else { Kind::Unknown })
}

/// What the plans do not say.
fn special(number: &PhoneNumber) -> Option<Kind> {
    let text = number.as_str();
    if SATELLITES.iter().any(|code| text.starts_with(code)) {
        return Some(Kind::Satellite);
    }
    // Twilio's numbers for tests. They reach nobody and cost nothing.
    if text.starts_with("+1500555") {
        return Some(Kind::FixedOrMobile);
    }
    // In each area of North America the exchange 976 is premium, which the library does not say.
    if text.starts_with("+1") && text.get(5..8) == Some("976") {
        return Some(Kind::Premium);
    }
    None
}

fn of_plan(number: &PhoneNumber) -> Kind {
    let Some(parsed) = plan::of(number) else { return Kind::Unknown };
    match plan::kind(&parsed) {
        PhoneNumberType::FixedLine => Kind::Fixed,
        PhoneNumberType::Mobile => Kind::Mobile,
        PhoneNumberType::FixedLineOrMobile => Kind::FixedOrMobile,
        PhoneNumberType::TollFree => Kind::TollFree,
        PhoneNumberType::PremiumRate => Kind::Premium,
        PhoneNumberType::SharedCost => Kind::SharedCost,
        PhoneNumberType::VoIP => Kind::Voip,
        PhoneNumberType::PersonalNumber => Kind::Personal,
        PhoneNumberType::Pager => Kind::Pager,
        PhoneNumberType::UAN => Kind::Company,
        PhoneNumberType::VoiceMail => Kind::Voicemail,
        PhoneNumberType::Unknown => Kind::Unknown,
    }
}

/// Calling codes that are no country's (ITU-T E.164, list of assigned country codes). The library calls
/// some of them mobile or internet telephones, and some of their ranges are in no plan.
const SATELLITES: [&str; 5] = ["+870", "+881", "+882", "+883", "+888"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_cost_more_are_known() {
        let cases = [
            ("+19005550100", Kind::Premium),
            ("+12129765550", Kind::Premium),
            ("+19765550100", Kind::Unknown),
            ("+12125559760", Kind::FixedOrMobile),
            ("+449012345678", Kind::Premium),
            ("+33899123456", Kind::Premium),
            ("+979123456789", Kind::Premium),
            ("+491801234567", Kind::SharedCost),
            ("+808123456789", Kind::Unknown),
            ("+447012345678", Kind::Personal),
            ("+15225550100", Kind::Personal),
            ("+447640123456", Kind::Pager),
            ("+881612345678", Kind::Satellite),
            ("+88212345678", Kind::Satellite),
            ("+442071838750", Kind::Fixed),
            ("+447911123456", Kind::Mobile),
            ("+12125550100", Kind::FixedOrMobile),
            ("+15005550006", Kind::FixedOrMobile),
            ("+18005550199", Kind::TollFree),
            ("+443001234567", Kind::Company),
            ("+44118500", Kind::Unknown),
            ("+999123456", Kind::Unknown),
        ];
        for (number, want) in cases {
            assert_eq!(kind(&number.parse().unwrap()), want, "{number}");
        }
    }
}
