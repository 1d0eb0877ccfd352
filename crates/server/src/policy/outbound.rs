//! Which numbers agents may dial.

use calls::Refusal;
use identity::PhoneNumber;
use serde::{Deserialize, Serialize};

use super::premium::is_premium;

/// The numbers that agents may dial. Toll fraud is the risk: everything that is not allowed is refused.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Outbound {
    /// Prefixes that may be dialled; an empty list means the country of the workspace's own number.
    pub prefixes: Vec<Prefix>,
    /// Calls that one agent may place within an hour.
    pub calls_per_hour: u32,
    /// Calls that all agents together may place within a day.
    pub calls_per_day: u32,
}

impl Default for Outbound {
    fn default() -> Self {
        Self { prefixes: Vec::new(), calls_per_hour: 30, calls_per_day: 1_000 }
    }
}

/// The beginning of numbers, such as `+1` or `+4930`: a plus and at least one digit.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Prefix(String);

impl TryFrom<String> for Prefix {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let digits = text.strip_prefix('+').ok_or("a prefix starts with `+`")?;
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err("a prefix is `+` and at least one digit");
        }
        Ok(Self(text))
    }
}

impl From<Prefix> for String {
    fn from(prefix: Prefix) -> Self {
        prefix.0
    }
}

impl Outbound {
    /// The number that an agent may dial, read from what the agent's page sent, else the reason as
    /// the log keeps it: nothing but a whole number in E.164 gets further, so that no short code, no
    /// address and no digits behind the number do.
    pub(crate) fn destination(
        &self,
        text: &str,
        own: &PhoneNumber,
    ) -> Result<PhoneNumber, Refusal> {
        let number: PhoneNumber = text.parse().map_err(|_| Refusal::NotANumber)?;
        let digits = number.as_str().len() - 1;
        let is_whole =
            if number.country_code() == "+1" { digits == 11 } else { digits >= FEWEST_DIGITS };
        if !is_whole {
            Err(Refusal::NotANumber)
        } else if is_premium(&number) {
            Err(Refusal::PremiumNumber)
        } else if self.allows(&number, own) {
            Ok(number)
        } else {
            Err(Refusal::PrefixNotAllowed)
        }
    }

    /// Whether a number may be dialled from `own`, unless it is a premium one, which never may.
    ///
    /// For an own number in North America, the own country means all area codes with the same price. The
    /// area codes of islands with international prices and of premium numbers must be listed in `prefixes`.
    pub fn allows(&self, number: &PhoneNumber, own: &PhoneNumber) -> bool {
        if !self.prefixes.is_empty() {
            return self.prefixes.iter().any(|prefix| number.as_str().starts_with(&prefix.0));
        }
        if number.country_code() != own.country_code() {
            return false;
        }
        let area = |number: &PhoneNumber| number.as_str().get(2..5).map(str::to_owned);
        number.country_code() != "+1"
            || area(number) == area(own)
            || area(number).is_some_and(|code| !ABROAD.contains(&code.as_str()))
    }
}

/// Area codes of `+1` with another price than calls within the United States and Canada (NANPA, geographic
/// area codes): the Caribbean, the Pacific, and 900, premium rate.
const ABROAD: [&str; 28] = [
    "242", "246", "264", "268", "284", "340", "345", "441", "473", "649", "658", "664", "670",
    "671", "684", "721", "758", "767", "784", "787", "809", "829", "849", "868", "869", "876",
    "900", "939",
];

/// The length of the shortest numbers, such as Niue's: `+683` and four digits. Emergency numbers with a
/// plus are shorter.
const FEWEST_DIGITS: usize = 7;

#[cfg(test)]
mod tests {
    use super::super::Policy;
    use super::*;

    /// A text that is no number, or a number that costs a fortune, in any disguise.
    fn hostile(seed: u32) -> String {
        let mut state = seed.wrapping_mul(0x9e37_79b9) | 1;
        let mut dice = |below: usize| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            usize::try_from(state).unwrap() % below
        };
        let mut pick = |list: &[&str]| list[dice(list.len())].to_owned();
        let zeros = ["\u{660}", "\u{6f0}", "\u{966}", "\u{ff10}", "\u{1d7ce}"];
        let kind = pick(&["premium", "abroad", "disguised", "longer", "script", "short"]);
        let length: usize = pick(&["7", "8", "9"]).parse().unwrap();
        let digits: String = (0..length)
            .map(|_| pick(&["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]))
            .collect();
        match kind.as_str() {
            "premium" => pick(&["+1900", "+44909", "+49900", "+3389", "+881", "+979"]) + &digits,
            "abroad" => pick(&["+53", "+252", "+675", "+9609", "+37160", "+1876"]) + &digits,
            "disguised" => {
                let disguise = pick(&[
                    "00",
                    "011",
                    "+00",
                    "++",
                    "+ ",
                    "tel:",
                    "sip:",
                    "sips:",
                    "client:",
                    "\u{ff0b}",
                    "*67",
                    "#31#",
                    "whatsapp:",
                    "+1(",
                    "sip:+",
                    "\u{202e}+",
                    "\u{200b}+",
                    "%2B",
                    "0",
                    "",
                    "+1 ",
                    "\0+",
                    "+\0",
                ]);
                format!("{disguise}1500{}", &digits[..7])
            }
            "longer" => {
                let tail = pick(&[
                    ";ext=9",
                    ",,9",
                    "#",
                    "w9",
                    "@evil.example",
                    " ",
                    "\n",
                    "x1",
                    "\0",
                    "9",
                    "*",
                ]);
                format!("+1500{}{tail}", &digits[..7])
            }
            // A careless check takes them for digits.
            "script" => {
                let zero = u32::from(pick(&zeros).chars().next().unwrap());
                let foreign = digits.bytes().map(|digit| zero + u32::from(digit - b'0'));
                let foreign: String = foreign.filter_map(char::from_u32).collect();
                format!("+1500{foreign}")
            }
            _ => pick(&[
                "911",
                "112",
                "999",
                "110",
                "+911",
                "+112",
                "+110",
                "+1911",
                "+1",
                "+",
                "933",
                "anonymous",
                "",
                "+1411",
                "+15005550",
                "12345",
            ]),
        }
    }

    #[test]
    fn no_hostile_destination_is_dialled() {
        let own: PhoneNumber = "+15005550001".parse().unwrap();
        let everything = Outbound {
            prefixes: (1..=9).map(|n| Prefix::try_from(format!("+{n}")).unwrap()).collect(),
            ..Outbound::default()
        };
        let (mut refused, mut abroad) = (0, 0);
        for seed in 0..10_000 {
            let text = hostile(seed);
            let answer = Outbound::default().destination(&text, &own);
            assert!(answer.is_err(), "{text:?} would be dialled");
            refused += 1;
            // Only where it is allowed is another country dialled, and premium numbers nowhere.
            match everything.destination(&text, &own) {
                Ok(number) => {
                    assert_eq!(answer, Err(Refusal::PrefixNotAllowed), "{text:?}");
                    assert_eq!(number.as_str(), text);
                    abroad += 1;
                }
                Err(reason) => assert_ne!(reason, Refusal::PrefixNotAllowed, "{text:?}"),
            }
        }
        assert_eq!(refused, 10_000);
        assert!(abroad > 500, "{abroad}");
        assert!(Outbound::default().destination("+15005550006", &own).is_ok());
    }

    #[test]
    fn only_listed_prefixes_or_the_own_country_may_be_dialled() {
        let own: PhoneNumber = "+4930123456".parse().unwrap();
        let own_country = Outbound::default();
        let prefix = |text: &str| Prefix::try_from(text.to_owned()).unwrap();
        let listed =
            Outbound { prefixes: vec![prefix("+1"), prefix("+4930")], ..own_country.clone() };
        let cases = [
            ("+4989123456", true, false),
            ("+4930999999", true, true),
            ("+15005550006", false, true),
            ("+881612345678", false, false),
        ];
        for (number, by_country, by_list) in cases {
            let number: PhoneNumber = number.parse().unwrap();
            assert_eq!(own_country.allows(&number, &own), by_country, "{number}");
            assert_eq!(listed.allows(&number, &own), by_list, "{number}");
        }
    }

    #[test]
    fn one_country_code_is_not_one_price() {
        let own: PhoneNumber = "+12125550100".parse().unwrap();
        let cases = [
            ("+14165550100", true),
            ("+13105550100", true),
            ("+18765550100", false),
            ("+18095550100", false),
            ("+19005550100", false),
        ];
        for (number, allowed) in cases {
            let number: PhoneNumber = number.parse().unwrap();
            assert_eq!(Outbound::default().allows(&number, &own), allowed, "{number}");
        }
        let island: PhoneNumber = "+18765550199".parse().unwrap();
        let neighbour: PhoneNumber = "+18765550100".parse().unwrap();
        assert!(Outbound::default().allows(&neighbour, &island));
    }

    #[test]
    fn a_prefix_that_allows_everything_is_refused() {
        for wrong in ["", "+", "49", "+4x", "++49", "*"] {
            let text = format!(r#"{{"outbound":{{"prefixes":["{wrong}"]}}}}"#);
            let error = serde_json::from_str::<Policy>(&text).unwrap_err();
            assert!(error.to_string().starts_with("a prefix "), "{wrong}: {error}");
        }
    }
}
