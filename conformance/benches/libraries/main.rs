//! Measures our libraries and their lower bounds: one command a line, one JSON answer a line.
//!
//! `cargo xtask bench --libraries` runs this beside `measure.js` and `measure.py`, which take the
//! same commands: `show CASE` returns the output, `measure CASE MILLISECONDS` the time of one run in
//! nanoseconds, and, only here, `accept JWT` whether a token is valid and has the grants of ours.
//!
//! The argument chooses the program: `ours`, or one of two that do the least possible work. `floor`
//! pushes texts that need no escaping into a buffer that is long enough, and computes the
//! bare HMAC. `second` escapes every value into a string that grows, as careful code by hand does,
//! and computes the HMAC with the key hashed in beforehand.

#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
#![expect(clippy::expect_used, reason = "a benchmark may fail loudly")]
#![expect(clippy::print_stdout, reason = "the answers are printed")]

mod dial;
mod inputs;
mod meter;
mod signature;
mod token;

use std::collections::BTreeMap;
use std::io;

use serde_json::{Value, json};

use crate::inputs::Inputs;
use crate::meter::Work;

type Cases<'a> = BTreeMap<&'static str, Work<'a>>;

fn main() {
    let contender = std::env::args().nth(1).unwrap_or_default();
    let inputs = Inputs::read();
    let token = token::Ours::new(&inputs);
    let signature = signature::Ours::new(&inputs);
    let form = signature.parse();
    let mut cases = match &*contender {
        "ours" => {
            let mut cases = dials(&inputs, dial::ours, dial::ours_full);
            cases.insert("token", Work::new(json!(token.issue()), || token.issue()));
            let good = json!(signature.check(&form));
            let request = || signature.check(&signature.parse());
            cases.insert("request", Work::new(good.clone(), request));
            cases.insert("check", Work::new(good, || signature.check(&form)));
            cases
        }
        "floor" => {
            let mut cases = dials(&inputs, dial::floor, dial::floor_full);
            cases.insert("token", token::bare(&inputs, &token.issue()));
            cases.insert("request", signature::bare(&inputs));
            cases.insert("check", signature::bare(&inputs));
            cases
        }
        "second" => {
            let mut cases = dials(&inputs, dial::second, dial::second_full);
            cases.insert("token", token::keyed(&inputs, &token.issue()));
            cases.insert("request", signature::keyed(&inputs));
            cases.insert("check", signature::keyed(&inputs));
            cases
        }
        // `cargo bench` without the xtask; measuring needs its commands.
        _ => return println!("measured by `cargo xtask bench --libraries`"),
    };
    println!("{}", json!(contender));
    for line in io::stdin().lines() {
        let line = line.expect("a command");
        println!("{}", answer(&line, &mut cases, &token));
    }
}

fn dials<'a>(
    inputs: &'a Inputs,
    plain: impl Fn(&Inputs, &[String]) -> String + Copy + 'a,
    full: impl Fn(&Inputs, &[String]) -> String + Copy + 'a,
) -> Cases<'a> {
    BTreeMap::from([
        ("dial-2", dial::waves(inputs, 2, plain)),
        ("dial-10", dial::waves(inputs, 10, plain)),
        ("dial-50", dial::waves(inputs, 50, plain)),
        ("dial-10-full", dial::waves(inputs, 10, full)),
    ])
}

fn answer(line: &str, cases: &mut Cases<'_>, token: &token::Ours<'_>) -> Value {
    let words: Vec<&str> = line.split(' ').collect();
    match words[..] {
        ["accept", jwt] => json!(token.accepts(jwt)),
        ["show", case] => cases[case].shown.clone(),
        ["measure", case, milliseconds] => {
            let milliseconds = milliseconds.parse().expect("a number");
            json!(cases.get_mut(case).expect("a case").measure(milliseconds))
        }
        _ => json!(null),
    }
}
