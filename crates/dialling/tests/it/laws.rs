//! Laws that hold for every text and every number.

use dialling::{
    Caller, Country, caller, dial, endings, is_caller, may_dial, read, same, shown, tail, tails,
};
use identity::PhoneNumber;
use proptest::prelude::*;
use proptest::sample::select;

fn any_home() -> impl Strategy<Value = Country> {
    let all: Vec<Country> = Country::all().collect();
    prop_oneof![9 => select(all), 1 => Just(Country::NONE)]
}

/// Texts that are nearly numbers.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => "[0-9]{1,4}",
        2 => select(&["+", "00", "011", "(0)", " ", "-", "(", ")", "/", ".", "x", ";ext=", ";", ",", "#", "%2B", "%",
            "tel:", "sip:", "@", "+49", "+52", "+1", "ext. ", "\u{200b}", "\u{202e}", "\u{a0}", "\u{ff11}", "٣",
            "\u{1d7ff}", "FLOWERS", "é", "😀", "\0", ";phone-context=+", "="][..]).prop_map(str::to_owned),
        1 => ".{0,3}",
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

fn any_number() -> impl Strategy<Value = PhoneNumber> {
    prop_oneof![
        "[+][1-9][0-9]{1,14}",
        "[+]1[2-9][0-9]{9}",
        "[+](49|44|52|54|55|39|7|81)[0-9]{9,11}"
    ]
    .prop_map(|text| text.parse().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics_and_what_is_read_is_stable(text in any_text(), home in any_home()) {
        let _ = (dial(&text, home), caller(Some(&text), home), tail(&text));
        match read(&text, home) {
            Ok(number) => {
                let again = read(number.e164.as_str(), home).unwrap();
                prop_assert_eq!(&again.e164, &number.e164);
                let _ = may_dial(&number.e164, home);
                prop_assert!(is_caller(&text, &number.e164, home));
                prop_assert_ne!(caller(Some(&text), home), Caller::Other);
            }
            Err(error) => {
                prop_assert!(error.at <= text.chars().count(), "{error:?}");
                prop_assert!(!error.to_string().is_empty());
            }
        }
    }

    #[test]
    fn what_is_shown_reads_back(number in any_number(), home in any_home()) {
        let text = shown(&number, home);
        if let Ok(read_number) = read(number.as_str(), home) {
            let again = read(&text, home).unwrap();
            prop_assert_eq!(&again.e164, &read_number.e164, "{} in {}", text, home);
        }
        let tails = tails(&number);
        prop_assert!(!tails.is_empty() && tails.iter().all(|tail| tail.len() <= 8));
    }

    /// The database finds a contact that is written in any of the usual ways.
    #[test]
    fn each_usual_spelling_has_one_of_the_tails(number in any_number(), home in any_home()) {
        let Ok(number) = read(number.as_str(), home).map(|number| number.e164) else { return Ok(()) };
        let text = number.as_str();
        let forms = [
            shown(&number, home),
            dialling::national(&number),
            dialling::international(&number),
            text.to_owned(),
            format!("00{}", &text[1..]),
            format!("011{}", &text[1..]),
        ];
        let (tails, endings) = (tails(&number), endings(&number));
        prop_assert_eq!(&endings[..tails.len()], &tails[..]);
        for form in forms {
            prop_assert!(tails.contains(&tail(&form).unwrap()), "{form} of {text}: {tails:?}");
            let digits: String = form.chars().filter(char::is_ascii_digit).collect();
            let is_near = endings.iter().any(|ending| {
                digits.ends_with(ending) && (ending.len() > 8 || digits.len() < ending.len() + 6)
            });
            prop_assert!(is_near, "{form} of {text}: {endings:?}");
        }
    }

    #[test]
    fn sameness_goes_both_ways(a in any_number(), b in any_number()) {
        prop_assert!(same(&a, &a));
        prop_assert_eq!(same(&a, &b), same(&b, &a));
    }
}

/// More of them, without shrinking.
#[test]
fn random_texts_do_no_harm() {
    let alphabet: Vec<char> =
        "0123456789+0123456789 -().;x@#*,/abcTEL:é３\u{200b}\0%".chars().collect();
    let homes: Vec<Country> = Country::all().collect();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut dice = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    let (mut read_ones, total) = (0, 100_000);
    for _ in 0..total {
        let length = dice(20);
        let text: String = (0..length).map(|_| alphabet[dice(alphabet.len())]).collect();
        let home = homes[dice(homes.len())];
        let _ = (dial(&text, home), caller(Some(&text), home));
        read_ones += usize::from(read(&text, home).is_ok());
    }
    assert!(read_ones > total / 1_000 && read_ones < total, "{read_ones}");
}
