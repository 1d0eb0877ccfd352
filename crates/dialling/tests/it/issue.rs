//! A team's contacts, in all spellings in which they were found wanting.

use dialling::{Country, is_caller, tail, tails};

/// Each contact is the caller's, and its last digits are among those that the database is asked for.
#[test]
fn each_spelling_of_a_contact_is_the_caller() {
    let cases = [
        ("US", "(500) 555-1001", "+15005551001"),
        ("US", "500.555.1003", "+15005551003"),
        ("US", "5005551004", "+15005551004"),
        ("US", "15005551005", "+15005551005"),
        ("US", "+1 500 555 1006", "+15005551006"),
        ("US", "+15005551008 ", "+15005551008"),
        ("US", "+1\u{a0}500\u{a0}555\u{a0}1009", "+15005551009"),
        ("US", "500\u{202f}555\u{202f}1009", "+15005551009"),
        ("US", "\u{202a}+15005551010\u{202c}", "+15005551010"),
        ("US", "\u{202d}(500) 555-1010\u{202c}", "+15005551010"),
        ("US", "tel:+1-500-555-1011", "+15005551011"),
        ("US", "+15005551012;ext=22", "+15005551012"),
        ("US", "+1 500 555 1012 x22", "+15005551012"),
        ("US", "+1 500 555 1012 ext. 22", "+15005551012"),
        ("US", "sip:+15005551013@pbx.example.com", "+15005551013"),
        ("DE", "004930123456", "+4930123456"),
        ("DE", "030 123457", "+4930123457"),
        ("DE", "030/12 34 57", "+4930123457"),
        ("DE", "+49 (0)30 123458", "+4930123458"),
        ("DE", "0049 (0)30 123458", "+4930123458"),
        ("DE", "０３０ １２３４５９", "+4930123459"),
        ("DE", "089 1234", "+49891234"),
        ("MX", "044 55 1234 5678", "+5215512345678"),
        ("MX", "55 1234 5678", "+5215512345678"),
        ("AR", "011 15-2345-6789", "+541123456789"),
        ("AR", "0221 15 123-4567", "+5492211234567"),
        ("BR", "(11) 8765-4321", "+5511987654321"),
    ];
    for (home, text, caller) in cases {
        let home: Country = home.parse().unwrap();
        let caller = caller.parse().unwrap();
        assert!(is_caller(text, &caller, home), "{text:?} {caller}");
        assert!(tails(&caller).contains(&tail(text).unwrap()), "{text:?} {caller}");
    }
}

/// Numbers that share their last digits are told apart.
#[test]
fn the_last_digits_alone_are_nobody() {
    let cases = [
        ("US", "(512) 555-1001", "+15005551001"),
        ("DE", "040 123456", "+4930123456"),
        ("DE", "+1 305 512 3456", "+4955123456"),
        ("US", "+49 500 555 1001", "+15005551001"),
    ];
    for (home, text, caller) in cases {
        let home: Country = home.parse().unwrap();
        assert!(!is_caller(text, &caller.parse().unwrap(), home), "{text:?} {caller}");
    }
}
