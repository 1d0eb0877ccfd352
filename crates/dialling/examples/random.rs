//! Reads random texts, and says which of them take longer than they may.
//!
//! `cargo xtask fuzz --numbers 100000000`, or `cargo run --release -p dialling --example random -- COUNT [SEED [SECONDS]]`.
//! After so many seconds it ends early, and says how many texts it read.
//! A text that takes longer is measured again, alone and several times, so that what another program did on
//! the same core does not count. A panic ends the run; the seed and the ordinal before it find the text again.

#![expect(clippy::disallowed_methods, reason = "it measures real time")]
#![expect(clippy::print_stdout, reason = "it reports on its output")]

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use dialling::{Country, Number, caller, dial, may_dial, read, shown, tail, tails};
use identity::PhoneNumber;

/// What one function may take for one text.
const MOST: Duration = Duration::from_micros(20);

/// A slow text is measured so often; the fastest counts.
const REPEATS: usize = 9;

/// Slow texts that are printed.
const MOST_SHOWN: usize = 20;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>().ok());
    let count = arguments.next().flatten().unwrap_or(1_000_000);
    let seed = arguments.next().flatten().unwrap_or(1);
    let most = arguments.next().flatten().map(Duration::from_secs);
    dialling::load();
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let homes: Vec<Country> = Country::all().chain([Country::NONE]).collect();
    let mut report = Report::default();
    let mut text = String::new();
    let started = Instant::now();
    for ordinal in 0..count {
        if ordinal % 4_096 == 0 && most.is_some_and(|most| started.elapsed() > most) {
            break;
        }
        any_text(&mut dice, &mut text);
        let home = homes[dice.below(homes.len())];
        let before = Instant::now();
        report.numbers += u64::from(all(&text, home));
        report.texts += 1;
        let took = before.elapsed();
        report.note(took);
        if took > MOST {
            report.look_again(ordinal, &text, home);
        }
        if (ordinal + 1) % 10_000_000 == 0 {
            println!(
                "{} texts after {:.0} s, {} of them slow",
                report.texts,
                started.elapsed().as_secs_f64(),
                report.slow
            );
        }
    }
    report.print(seed, started.elapsed());
    if report.slow == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Everything that is done with a text; whether it is a number.
fn all(text: &str, home: Country) -> bool {
    for (_, function) in &OF_TEXTS {
        function(text, home);
    }
    let Ok(Number { e164, .. }) = read(text, home) else { return false };
    for (_, function) in &OF_NUMBERS {
        function(&e164, home);
    }
    true
}

type OfText = fn(&str, Country);
type OfNumber = fn(&PhoneNumber, Country);

/// What the server does with a text that somebody wrote or a carrier sent. `is_caller` is `read`, and a comparison.
const OF_TEXTS: [(&str, OfText); 3] = [
    ("dial", |text, home| _ = black_box(dial(text, home))),
    ("caller", |text, home| _ = black_box(caller(Some(text), home))),
    ("tail", |text, _| _ = black_box(tail(text))),
];

/// What it does with the number.
const OF_NUMBERS: [(&str, OfNumber); 3] = [
    ("shown", |number, home| _ = black_box(shown(number, home))),
    ("tails", |number, _| _ = black_box(tails(number))),
    ("may_dial", |number, home| _ = black_box(may_dial(number, home))),
];

/// Writes a text: random characters, pieces of numbers, a number that somebody mistyped, or a long one.
fn any_text(dice: &mut Dice, text: &mut String) {
    text.clear();
    match dice.below(8) {
        0 | 1 => {
            for _ in 0..dice.below(24) {
                text.push(ALPHABET[dice.below(ALPHABET.len())]);
            }
        }
        2 | 3 => {
            for _ in 0..dice.below(8) {
                push_piece(dice, text);
            }
        }
        4 | 5 => {
            let known = NUMBERS[dice.below(NUMBERS.len())];
            let (at, how) = (dice.below(known.len()), dice.below(3));
            for (index, c) in known.chars().enumerate() {
                match (index == at, how) {
                    (true, 0) => {}
                    (true, 1) => text.push(ALPHABET[dice.below(ALPHABET.len())]),
                    (true, _) => text.extend([c, ALPHABET[dice.below(ALPHABET.len())]]),
                    _ => text.push(c),
                }
            }
        }
        6 => {
            if dice.below(2) == 0 {
                text.push('+');
            }
            for _ in 0..dice.below(32) {
                text.push(char::from(b'0' + u8::try_from(dice.below(10)).unwrap_or_default()));
            }
        }
        _ => {
            let (most, pieces) = (dice.below(400), dice.below(2) == 0);
            while text.len() < most {
                if pieces {
                    push_piece(dice, text);
                } else {
                    text.push(any_character(dice));
                }
            }
        }
    }
}

fn push_piece(dice: &mut Dice, text: &mut String) {
    if dice.below(2) == 0 {
        for _ in 0..=dice.below(4) {
            text.push(char::from(b'0' + u8::try_from(dice.below(10)).unwrap_or_default()));
        }
    } else {
        text.push_str(PIECES[dice.below(PIECES.len())]);
    }
}

/// Any character, those of ASCII as often as all others.
fn any_character(dice: &mut Dice) -> char {
    let most = if dice.below(2) == 0 { 0x80 } else { 0x11_0000 };
    u32::try_from(dice.below(most)).ok().and_then(char::from_u32).unwrap_or('\u{fffd}')
}

const ALPHABET: [char; 42] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '0', '1', '2', '3', '4', '5', '6', '7', '8',
    '9', '+', ' ', '-', '(', ')', '.', ';', 'x', '@', '#', '*', ',', '/', 'a', 'T', ':', 'é', '３',
    '\u{200b}', '\0', '%', '٣',
];

const PIECES: [&str; 40] = [
    "+",
    "00",
    "011",
    "(0)",
    " ",
    "-",
    "(",
    ")",
    "/",
    ".",
    "x",
    ";ext=",
    ";",
    ",",
    "#",
    "%2B",
    "%",
    "tel:",
    "sip:",
    "sips:",
    "@",
    "+49",
    "+52",
    "+1",
    "+54 9",
    "ext. ",
    " DW ",
    " App. ",
    "\u{200b}",
    "\u{202e}",
    "\u{a0}",
    "\u{ff11}",
    "\u{1d7ff}",
    "FLOWERS",
    "anonymous",
    "é",
    "😀",
    ";phone-context=+",
    "=",
    "İ",
];

const NUMBERS: [&str; 16] = [
    "(500) 555-1001",
    "+1 500 555 1006",
    "tel:+1-500-555-1011;ext=22",
    "sip:+15005551013@pbx.example.com:5061;transport=tcp",
    "1-800-FLOWERS",
    "+49 (0)30 123456",
    "030 123456 DW 22",
    "0049 30 123456",
    "+44 (0)20 7183 8750",
    "+39 06 1234 5678",
    "+52 1 55 1234 5678",
    "0221 15 123-4567",
    "+55 11 8765-4321",
    "8 (812) 123-45-67",
    "+81 3-1234-5678",
    "+266696687",
];

/// Xorshift, so that a run can be repeated.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let most = u64::try_from(most).unwrap_or(1).max(1);
        usize::try_from((self.0 >> 11) % most).unwrap_or_default()
    }
}

fn fastest(function: impl Fn()) -> Duration {
    let once = |_| {
        let before = Instant::now();
        function();
        before.elapsed()
    };
    (0..REPEATS).map(once).min().unwrap_or_default()
}

#[derive(Default)]
struct Report {
    texts: u64,
    numbers: u64,
    slow: u64,
    disturbed: u64,
    slowest: Option<(Duration, &'static str, String)>,
    /// How many texts took up to 1, 2, 4 … µs for all functions together.
    histogram: [u64; 16],
}

impl Report {
    fn note(&mut self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let class = usize::try_from(u64::BITS - micros.leading_zeros()).unwrap_or_default();
        self.histogram[class.min(15)] += 1;
    }

    /// Measures a text again, each function for itself.
    fn look_again(&mut self, ordinal: u64, text: &str, home: Country) {
        let mut times = vec![(fastest(|| _ = black_box(read(text, home))), "read")];
        times.extend(OF_TEXTS.map(|(name, function)| (fastest(|| function(text, home)), name)));
        if let Ok(Number { e164, .. }) = read(text, home) {
            times.extend(
                OF_NUMBERS.map(|(name, function)| (fastest(|| function(&e164, home)), name)),
            );
        }
        let Some((took, name)) = times.into_iter().max() else { return };
        if self.slowest.as_ref().is_none_or(|(slowest, ..)| *slowest < took) {
            self.slowest = Some((took, name, format!("{text:?} in {home}")));
        }
        if took <= MOST {
            self.disturbed += 1;
            return;
        }
        self.slow += 1;
        if self.slow <= MOST_SHOWN as u64 {
            println!("text {ordinal} takes `{name}` {took:?} in {home}: {text:?}");
        }
    }

    fn print(&self, seed: u64, took: Duration) {
        let count = self.texts;
        println!(
            "{count} texts from seed {seed} in {:.0} s, {} of them numbers",
            took.as_secs_f64(),
            self.numbers
        );
        let mut sum = 0;
        for (class, texts) in self.histogram.iter().enumerate().filter(|(_, texts)| **texts > 0) {
            sum += texts;
            println!("all functions within {:>6} µs: {sum}", 1_u64 << class);
        }
        println!(
            "{} took all functions more than {MOST:?} and each of them less, when measured alone",
            self.disturbed
        );
        if let Some((took, name, text)) = &self.slowest {
            println!("the slowest of these is `{name}`, {took:?}: {text}");
        }
        println!("{} texts take a function more than {MOST:?}", self.slow);
    }
}
