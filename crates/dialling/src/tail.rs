//! Under which last digits a contact is found.

use identity::PhoneNumber;

use crate::kind::{Kind, kind};
use crate::plan;

/// The last eight digits of a number as people write it, all digits if there are fewer, `None` if there are
/// none.
///
/// An extension or another remark behind a number, the domain of an address and the 0 in brackets are no part of it.
/// This is the SQL function `voice.tail` again, by which the database finds contacts: a test of `store-pg` compares the two.
///
/// # Examples
///
/// ```
/// assert_eq!(dialling::tail("+49 (0)30 123456 ext. 22").as_deref(), Some("30123456"));
/// assert_eq!(dialling::tail("none"), None);
/// ```
pub fn tail(text: &str) -> Option<String> {
    let text = first_part(text).replace("(0)", "");
    let digits: Vec<char> = text.chars().filter_map(digit).collect();
    let last = digits.get(digits.len().saturating_sub(LENGTH)..).unwrap_or_default();
    (!last.is_empty()).then(|| last.iter().collect())
}

/// The last digits under which a contact with this number may be stored.
///
/// One for most numbers. A short number has other last digits with a trunk prefix, an access prefix or its
/// calling code before it, and the mobile numbers of Argentina with their national `15`.
pub fn tails(number: &PhoneNumber) -> Vec<String> {
    let Some(parsed) = plan::of(number) else {
        return last_digits(number.as_str()).into_iter().collect();
    };
    let national = plan::national_digits(&parsed);
    let code = parsed.country_code.to_string();
    let mut found = Vec::new();
    let mut add = |text: &str| {
        if let Some(tail) = last_digits(text)
            && !found.contains(&tail)
        {
            found.push(tail);
        }
    };
    add(&national);
    if national.len() < LENGTH {
        add(&plan::national(&parsed));
        for prefix in ["0", "8", "1", &code] {
            add(&format!("{prefix}{national}"));
        }
        for access in ["00", "011", "0"] {
            add(&format!("{access}{code}{national}"));
        }
        add(&format!("{code}0{national}"));
    }
    if kind(number) == Kind::TollFree && code == "1" {
        // The digits before a name: 1-800-FLOWERS.
        let (area, _) = national.split_at_checked(3).unwrap_or_default();
        add(area);
        add(&format!("1{area}"));
    }
    if code == "54" {
        // An area code has two to four digits, and 15 stands behind it: 0221 15 123-4567.
        for local in [7, 6] {
            if let Some((_, local)) =
                national.split_at_checked(national.len().saturating_sub(local))
            {
                add(&format!("15{local}"));
            }
        }
    }
    found
}

/// By which contacts with this number are found: its last digits ([`tails`]), and longer endings of its spellings.
///
/// Where more contacts have the last digits than are read, those with a longer ending are read. Every spelling of the
/// number that is longer than its last digits ends in one of the longer ones.
///
/// # Examples
///
/// ```
/// let endings = dialling::endings(&"+15005551001".parse()?);
/// assert_eq!(endings, ["05551001", "5005551001", "15005551001"]);
/// # Ok::<(), identity::ParseError>(())
/// ```
pub fn endings(number: &PhoneNumber) -> Vec<String> {
    let mut found = tails(number);
    let Some(parsed) = plan::of(number) else { return found };
    let national = plan::national_digits(&parsed);
    let code = parsed.country_code.to_string();
    let mut add = |text: String| {
        if text.len() > LENGTH && !found.contains(&text) {
            found.push(text);
        }
    };
    match &*code {
        "52" | "54" => {
            // Without the digit that is a matter of form, and with the national 15 behind the area code.
            let form = if code == "52" { '1' } else { '9' };
            let bare = national.strip_prefix(form).filter(|rest| rest.len() == 10);
            let bare = bare.unwrap_or(&national);
            for local in if code == "54" { 6..9 } else { 0..0 } {
                if let Some((area, local)) = bare.split_at_checked(bare.len().saturating_sub(local))
                {
                    add(format!("{area}15{local}"));
                }
            }
            add(bare.to_owned());
        }
        "55" => {
            if let Some((area, local)) = national.split_at_checked(2) {
                match (local.len(), local.strip_prefix('9')) {
                    (9, Some(old)) => add(format!("{area}{old}")),
                    (8, _) => add(format!("{area}9{local}")),
                    _ => {}
                }
            }
        }
        _ => {}
    }
    add(national.clone());
    add(format!("{code}{national}"));
    found
}

/// Up to the first character behind a digit at which an extension, a remark or a domain begins.
fn first_part(text: &str) -> &str {
    let Some(first) = text.find(|c: char| c.is_ascii_digit()) else { return text };
    let behind = &text[first + 1..];
    let end = behind.find(|c| {
        matches!(c, ';' | ',' | '#' | '@' | 'A'..='Z' | 'a'..='z' | 'À'..='ԯ' | 'ぁ'..='ヺ' | '一'..='鿿' | '가'..='힣')
    });
    end.map_or(text, |end| &text[..=first + end])
}

/// The digit of the scripts that the SQL function knows.
fn digit(c: char) -> Option<char> {
    const ZEROS: [u32; 5] = ['0' as u32, 0xff10, 0x660, 0x6f0, 0x966];
    ZEROS.iter().find_map(|zero| {
        let value = u32::from(c).checked_sub(*zero)?;
        char::from_digit(value, 10)
    })
}

fn last_digits(text: &str) -> Option<String> {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let last = digits.get(digits.len().saturating_sub(LENGTH)..)?;
    (!last.is_empty()).then(|| last.to_owned())
}

/// As many digits as tell most numbers of a country apart, and as few as all its spellings share.
const LENGTH: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_digits_are_those_of_the_number_alone() {
        let cases = [
            ("+15005551001", Some("05551001")),
            ("(500) 555-1001", Some("05551001")),
            ("+1 500 555 1001 x22", Some("05551001")),
            ("+1 500 555 1001;ext=22", Some("05551001")),
            ("+1 500 555 1001, 22", Some("05551001")),
            ("sip:+15005551001@10.0.0.1:5060", Some("05551001")),
            ("+49 (0)89 1234", Some("49891234")),
            ("０３０－１２３４５６", Some("30123456")),
            ("٠٣٠ ١٢٣٤٥٦", Some("30123456")),
            ("४९", Some("49")),
            ("x12", Some("12")),
            ("030 123456 DW 22", Some("30123456")),
            ("030 123456 App. 3", Some("30123456")),
            ("8 (495) 123-45-67 доб. 22", Some("51234567")),
            ("03-1234-5678 内線22", Some("12345678")),
            ("02-123-4567 내선 22", Some("21234567")),
            ("+1 500 555 1001 (mobile 2)", Some("05551001")),
            ("1-800-FLOWERS", Some("1800")),
            ("112", Some("112")),
            ("", None),
            ("anonymous", None),
            ("+", None),
        ];
        for (text, want) in cases {
            assert_eq!(tail(text).as_deref(), want, "{text}");
        }
    }

    #[test]
    fn each_spelling_of_a_number_has_one_of_its_tails() {
        let cases = [
            ("+15005551001", "(500) 555-1001"),
            ("+4930123456", "030 123456"),
            ("+49891234", "089 1234"),
            ("+49891234", "+49 (0)89 1234"),
            ("+49891234", "0049 89 1234"),
            ("+49891234", "0049 (0)89 1234"),
            ("+6834002", "4002"),
            ("+6834002", "011 683 4002"),
            ("+6834002", "00683 4002"),
            ("+5492211234567", "0221 15 123-4567"),
            ("+5492211234567", "+54 221 123-4567"),
            ("+5492966123456", "02966 15-123456"),
            ("+5511987654321", "(11) 8765-4321"),
            ("+525512345678", "+52 1 55 1234 5678"),
            ("+999123456", "999123456"),
            ("+18003569377", "1-800-FLOWERS"),
            ("+18003569377", "800 FLOWERS"),
        ];
        for (number, text) in cases {
            let tails = tails(&number.parse().unwrap());
            assert!(tails.contains(&tail(text).unwrap()), "{number} {text}: {tails:?}");
        }
        assert_eq!(tails(&"+15005551001".parse().unwrap()), ["05551001"]);
    }
}
