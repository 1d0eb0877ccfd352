//! A caller, contacts in several spellings, and what is judged and shown.

use dialling::{Country, caller, dial, is_caller, read, shown, tails};
use divan::black_box;
use identity::PhoneNumber;

fn main() {
    dialling::load();
    divan::main();
}

fn germany() -> Country {
    "DE".parse().unwrap_or(Country::NONE)
}

fn number(bencher: divan::Bencher<'_, '_>, run: impl Fn(&PhoneNumber) + Sync) {
    if let Ok(number) = "+4930123456".parse() {
        bencher.bench(|| run(black_box(&number)));
    }
}

#[divan::bench(args = ["+4930123456", "030 123456", "+49 (0)30 123456", "15005551000", "no number"])]
fn read_text(text: &str) {
    let _ = black_box(read(black_box(text), germany()));
}

#[divan::bench]
fn a_caller() {
    let _ = black_box(caller(black_box(Some("+4930123456")), germany()));
}

#[divan::bench]
fn a_withheld_caller() {
    let _ = black_box(caller(black_box(Some("+266696687")), germany()));
}

#[divan::bench]
fn is_the_contact(bencher: divan::Bencher<'_, '_>) {
    number(bencher, |number| {
        black_box(is_caller("030 123456", number, germany()));
    });
}

#[divan::bench]
fn last_digits(bencher: divan::Bencher<'_, '_>) {
    number(bencher, |number| {
        black_box(tails(number));
    });
}

#[divan::bench]
fn shown_at_home(bencher: divan::Bencher<'_, '_>) {
    number(bencher, |number| {
        black_box(shown(number, germany()));
    });
}

#[divan::bench]
fn may_be_dialled() {
    let _ = black_box(dial(black_box("030 123456"), germany()));
}
