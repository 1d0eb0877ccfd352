//! A phone number is a plus, a digit from 1 to 9 and 1 to 14 more digits, and nothing else.
#![no_main]

use identity::PhoneNumber;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let digits = text.strip_prefix('+').unwrap_or_default();
    let grammar = (2..=15).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0');
    let number = text.parse::<PhoneNumber>();
    assert_eq!(number.is_ok(), grammar);
    if let Ok(number) = number {
        assert_eq!(number.as_str(), text);
        assert_eq!(number.to_string().parse(), Ok(number));
    }
});
