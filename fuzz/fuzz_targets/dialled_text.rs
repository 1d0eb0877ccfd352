//! What is read as a number reads back to itself, however it is shown, and is found by its last digits.
#![no_main]

use dialling::{Country, caller, dial, endings, is_caller, may_dial, read, shown, tail};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    // Each text has one country, so that a seed is the text alone.
    let country = text.bytes().map(usize::from).sum::<usize>() % 256;
    let home = Country::all().nth(country).unwrap_or(Country::NONE);
    let _ = (dial(text, home), caller(Some(text), home), tail(text));
    if let Ok(number) = read(text, home) {
        let e164 = number.e164;
        assert!(is_caller(text, &e164, home));
        assert_eq!(read(e164.as_str(), home).map(|number| number.e164), Ok(e164.clone()));
        assert_eq!(read(&shown(&e164, home), home).map(|number| number.e164), Ok(e164.clone()));
        let _ = may_dial(&e164, home);
        assert!(endings(&e164).contains(&tail(e164.as_str()).expect("digits")));
    }
});
