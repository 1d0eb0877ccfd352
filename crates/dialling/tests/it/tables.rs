//! The tables in `tests/vectors`.

use dialling::{Country, Fault, NotANumber, Number, international, kind, national, read, shown};

/// The rows of a table, without its comments. `\u{…}` and `\n`, `\t` stand for characters.
fn rows(table: &str) -> Vec<Vec<String>> {
    let lines = table.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split('\t').map(unescaped).collect()).collect()
}

fn unescaped(text: &str) -> String {
    let text = text.replace("\\n", "\n").replace("\\t", "\t");
    let mut parts = text.split("\\u{");
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (code, rest) = part.split_once('}').unwrap();
        whole.push(char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap());
        whole.push_str(rest);
    }
    whole
}

/// A result as the tables write it.
fn written(result: &Result<Number, NotANumber>) -> String {
    match result {
        Ok(Number { e164, extension: None }) => e164.to_string(),
        Ok(Number { e164, extension: Some(extension) }) => format!("{e164};ext={extension}"),
        Err(NotANumber { fault, at }) => {
            let word = match fault {
                Fault::Empty => "empty",
                Fault::Character(_) => "character",
                Fault::UnknownCode => "unknown_code",
                Fault::TooShort => "too_short",
                Fault::TooLong => "too_long",
                Fault::NoAreaCode => "no_area_code",
                _ => "new",
            };
            format!("{word} {at}")
        }
    }
}

/// Reads each row, and gives the rows that were read otherwise.
fn misread(table: &str) -> (usize, Vec<String>) {
    let rows = rows(table);
    let wrong = rows.iter().filter_map(|row| {
        let [home, text, want] = &row[..] else { panic!("{row:?}") };
        let home: Country = home.parse().unwrap();
        let got = written(&read(text, home));
        (got != *want).then(|| format!("{home} {text:?}: {got}, not {want}"))
    });
    (rows.len(), wrong.collect())
}

#[test]
fn what_people_write_is_read() {
    let (rows, wrong) = misread(include_str!("../vectors/reports.tsv"));
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(rows > 200, "{rows}");
}

#[test]
fn the_numbers_of_all_countries_are_read() {
    let (rows, wrong) = misread(include_str!("../vectors/countries.tsv"));
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(rows > 1_000, "{rows}");
}

#[test]
fn the_numbers_of_all_countries_have_their_kind_and_form() {
    let rows = rows(include_str!("../vectors/kinds.tsv"));
    assert!(rows.len() > 700, "{}", rows.len());
    for row in rows {
        let [text, country, of_kind, at_home, abroad] = &row[..] else { panic!("{row:?}") };
        let number = text.parse().unwrap();
        assert_eq!(kind(&number).code(), of_kind, "{text}");
        assert_eq!(national(&number), *at_home, "{text}");
        assert_eq!(international(&number), *abroad, "{text}");
        let home: Country = country.parse().unwrap();
        assert_eq!(Country::of(&number), Some(home), "{text}");
        // What is shown is one of the two, and reads back.
        for reader in [home, "US".parse().unwrap(), "DE".parse().unwrap()] {
            let shown = shown(&number, reader);
            assert_eq!(read(&shown, reader).unwrap().e164, number, "{text} {shown} in {reader}");
        }
    }
}
