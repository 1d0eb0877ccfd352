//! Emergency numbers.

use std::sync::LazyLock;

use crate::country::Country;

/// Whether these digits call for help in `home`, or nearly everywhere.
pub(crate) fn is_emergency(digits: &str, home: Country) -> bool {
    let home = home.to_string();
    EVERYWHERE.contains(&digits)
        || TABLE.iter().any(|(numbers, countries)| {
            numbers.contains(&digits) && countries.contains(&home.as_str())
        })
}

/// Mobile telephones take the first two in most countries.
const EVERYWHERE: [&str; 3] = ["112", "911", "999"];

type Row = (Vec<&'static str>, Vec<&'static str>);

static TABLE: LazyLock<Vec<Row>> = LazyLock::new(|| {
    let words = |text: &'static str| text.split(' ').collect();
    let rows = include_str!("emergency.tsv").lines().filter_map(|line| line.split_once('\t'));
    rows.map(|(numbers, countries)| (words(numbers), words(countries))).collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_country_has_its_numbers() {
        let cases = [
            ("110", "DE", true),
            ("110", "US", false),
            ("112", "US", true),
            ("999", "GB", true),
            ("000", "AU", true),
            ("190", "BR", true),
            ("118", "GB", false),
            ("11", "DE", false),
        ];
        for (digits, home, want) in cases {
            assert_eq!(is_emergency(digits, home.parse().unwrap()), want, "{digits} {home}");
        }
        let known: usize = TABLE.iter().map(|(_, countries)| countries.len()).sum();
        assert!(known > 230, "{known}");
    }
}
