//! Which numbers agents may dial.

use calls::Refusal;
use dialling::{Country, Forbidden};
use identity::PhoneNumber;
use serde::{Deserialize, Serialize};

/// The numbers that agents may dial. Toll fraud is the risk: everything that is not allowed is refused.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Outbound {
    /// Prefixes that may be dialled; an empty list means the country of the workspace's first number.
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
    /// The number that an agent at home in `home` may dial, read from what the agent's page sent, else
    /// the reason.
    ///
    /// Digits behind the number are not dialled.
    pub(crate) fn destination(&self, text: &str, home: Country) -> Result<PhoneNumber, Forbidden> {
        let number = dialling::dial(text, home)?.e164;
        if self.allows(&number, home) { Ok(number) } else { Err(Forbidden::Abroad) }
    }

    /// Whether a number begins as one of the prefixes does or, if there are none, is of the own country.
    pub fn allows(&self, number: &PhoneNumber, home: Country) -> bool {
        if self.prefixes.is_empty() {
            return home.has(number);
        }
        self.prefixes.iter().any(|prefix| number.as_str().starts_with(&prefix.0))
    }
}

/// The reason as the log keeps it.
pub(crate) const fn refusal(reason: Forbidden) -> Refusal {
    match reason {
        Forbidden::NotANumber => Refusal::NotANumber,
        Forbidden::Emergency => Refusal::EmergencyNumber,
        Forbidden::Short => Refusal::ShortNumber,
        Forbidden::Premium => Refusal::PremiumNumber,
        Forbidden::SharedCost => Refusal::SharedCostNumber,
        Forbidden::Personal => Refusal::PersonalNumber,
        Forbidden::Satellite => Refusal::SatelliteNumber,
        Forbidden::NotInUse => Refusal::NumberNotInUse,
        Forbidden::Abroad => Refusal::PrefixNotAllowed,
    }
}

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
                format!("{disguise}1212{}", &digits[..7])
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
                format!("+1212{}{tail}", &digits[..7])
            }
            // A careless check takes them for digits.
            "script" => {
                let zero = u32::from(pick(&zeros).chars().next().unwrap());
                let foreign = digits.bytes().map(|digit| zero + u32::from(digit - b'0'));
                let foreign: String = foreign.filter_map(char::from_u32).collect();
                format!("+1212{foreign}")
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
        let home: Country = "US".parse().unwrap();
        let everything = Outbound {
            prefixes: (1..=9).map(|n| Prefix::try_from(format!("+{n}")).unwrap()).collect(),
            ..Outbound::default()
        };
        let (mut refused, mut dialled, mut abroad) = (0, 0, 0);
        for seed in 0..10_000 {
            let text = hostile(seed);
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            match Outbound::default().destination(&text, home) {
                // Whatever its disguise, it is a plain number of the own country.
                Ok(number) => {
                    assert!(number.as_str().starts_with("+1212"), "{text:?} {number}");
                    assert!(home.has(&number) && digits.len() > 3, "{text:?} {number}");
                    dialled += 1;
                }
                Err(_) => refused += 1,
            }
            // Only where it is allowed is another country dialled, and premium numbers nowhere.
            if let Ok(number) = everything.destination(&text, home) {
                assert_eq!(dialling::forbidden_kind(&number), None, "{text:?} {number}");
                abroad += usize::from(!home.has(&number));
            }
        }
        assert!(refused > 6_000 && dialled > 500 && abroad > 50, "{refused} {dialled} {abroad}");
    }

    #[test]
    fn only_listed_prefixes_or_the_own_country_may_be_dialled() {
        let home: Country = "DE".parse().unwrap();
        let own_country = Outbound::default();
        let prefix = |text: &str| Prefix::try_from(text.to_owned()).unwrap();
        let listed =
            Outbound { prefixes: vec![prefix("+1"), prefix("+4930")], ..own_country.clone() };
        let abroad = Err(Forbidden::Abroad);
        let cases = [
            ("+4989123456", Ok("+4989123456"), abroad),
            ("030 999999", Ok("+4930999999"), Ok("+4930999999")),
            ("+49 (0)30 123456", Ok("+4930123456"), Ok("+4930123456")),
            ("001 500 555 0006", abroad, Ok("+15005550006")),
            ("+881612345678", Err(Forbidden::Satellite), Err(Forbidden::Satellite)),
            ("+1 900 555 0100", Err(Forbidden::Premium), Err(Forbidden::Premium)),
            ("110", Err(Forbidden::Emergency), Err(Forbidden::Emergency)),
        ];
        for (text, by_country, by_list) in cases {
            for (policy, want) in [(&own_country, by_country), (&listed, by_list)] {
                let got = policy.destination(text, home);
                assert_eq!(
                    got.as_ref().map(PhoneNumber::as_str).map_err(|why| *why),
                    want,
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn a_country_is_not_its_calling_code() {
        let cases = [
            ("US", "+13105550100", true),
            ("US", "+14165550100", false),
            ("US", "+18765550100", false),
            ("US", "+18095550100", false),
            ("DO", "+18295550100", true),
            ("DO", "+18495550100", true),
            ("DO", "+12125550100", false),
        ];
        for (home, number, allowed) in cases {
            let got = Outbound::default().destination(number, home.parse().unwrap());
            assert_eq!(got.is_ok(), allowed, "{home} {number}: {got:?}");
        }
    }

    #[test]
    fn each_reason_not_to_dial_has_its_word_in_the_log() {
        for reason in Forbidden::ALL {
            let word =
                if *reason == Forbidden::Abroad { "prefix_not_allowed" } else { reason.code() };
            assert_eq!(refusal(*reason).code(), word);
        }
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
