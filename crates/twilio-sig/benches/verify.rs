//! A voice webhook with 25 fields, in the order and encoding in which Twilio sends them, against
//! the bare HMAC over the text that is signed.
//!
//! `cargo bench -p twilio-sig`

#![expect(clippy::unwrap_used, reason = "a benchmark may fail loudly")]

use divan::{Bencher, black_box};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use twilio_sig::{AuthToken, Form, Request, Verifier};

fn main() {
    divan::main();
}

const TOKEN: &str = "2bc2d9b4a1f84d0c9e7a5f3b6d8e1c0f";
const OLD_TOKEN: &str = "9f1c5a7e3b2d4068a7c9e1f30b5d7284";
const URL: &str = "https://voice.example.com/api/workspaces/acme/voice";
const BODY: &str = "AccountSid=AC00000000000000000000000000000001&ApiVersion=2010-04-01\
    &CallSid=CA00000000000000000000000000000002&CallStatus=ringing\
    &CallToken=%257B%2522parentCallInfoToken%2522%253A%2522eyJhbGciOiJFUzI1NiJ9%2522%257D\
    &Called=%2B15005550006&CalledCity=&CalledCountry=US&CalledState=CA&CalledZip=\
    &Caller=%2B14155550100&CallerCity=SAN+FRANCISCO&CallerCountry=US&CallerState=CA\
    &CallerZip=94103&Direction=inbound&From=%2B14155550100&FromCity=SAN+FRANCISCO\
    &FromCountry=US&FromState=CA&FromZip=94103&To=%2B15005550006&ToCity=&ToCountry=US&ToState=CA";

/// What is signed: the baseline hashes this and does nothing else.
fn signed_text() -> String {
    let form = form();
    let mut pairs: Vec<_> = form.iter().collect();
    assert_eq!(pairs.len(), 25);
    pairs.sort_unstable();
    let params: String = pairs.iter().flat_map(|(name, value)| [*name, *value]).collect();
    URL.to_owned() + &params
}

fn form() -> Form<'static> {
    Form::parse(BODY.as_bytes()).unwrap()
}

fn token(text: &str) -> AuthToken {
    AuthToken::new(text).unwrap()
}

fn header(token: &AuthToken) -> String {
    token.sign(&Request::form(URL, &form()))
}

#[divan::bench(sample_size = 500)]
fn a_bare_hmac(bencher: Bencher<'_, '_>) {
    let text = signed_text();
    bencher.bench_local(|| {
        let mut mac = Hmac::<Sha1>::new_from_slice(black_box(TOKEN.as_bytes())).unwrap();
        mac.update(black_box(text.as_bytes()));
        mac.finalize().into_bytes()
    });
}

#[divan::bench(sample_size = 500)]
fn a_bare_hmac_with_the_key_hashed_in(bencher: Bencher<'_, '_>) {
    let text = signed_text();
    let keyed = Hmac::<Sha1>::new_from_slice(TOKEN.as_bytes()).unwrap();
    bencher.bench_local(|| {
        let mut mac = keyed.clone();
        mac.update(black_box(text.as_bytes()));
        mac.finalize().into_bytes()
    });
}

#[divan::bench(sample_size = 500)]
fn b_verify_decoded_pairs(bencher: Bencher<'_, '_>) {
    let (form, header) = (form(), header(&token(TOKEN)));
    let pairs: Vec<_> = form.iter().collect();
    let verifier = Verifier::new(token(TOKEN));
    bencher.bench_local(|| {
        let request = Request::form(black_box(URL), black_box(&pairs));
        verifier.verify(&request, black_box(&*header)).unwrap()
    });
}

#[divan::bench(sample_size = 500)]
fn b_verify_form(bencher: Bencher<'_, '_>) {
    let (form, header) = (form(), header(&token(TOKEN)));
    let verifier = Verifier::new(token(TOKEN));
    bencher.bench_local(|| {
        let request = Request::form(black_box(URL), black_box(&form));
        verifier.verify(&request, black_box(&*header)).unwrap()
    });
}

#[divan::bench(sample_size = 500)]
fn c_parse_and_verify(bencher: Bencher<'_, '_>) {
    let header = header(&token(TOKEN));
    let verifier = Verifier::new(token(TOKEN));
    bencher.bench_local(|| {
        let form = Form::parse(black_box(BODY.as_bytes())).unwrap();
        let request = Request::form(black_box(URL), &form);
        verifier.verify(&request, black_box(&*header)).unwrap()
    });
}

#[divan::bench(sample_size = 500)]
fn d_parse_and_verify_during_rotation(bencher: Bencher<'_, '_>) {
    let header = header(&token(TOKEN));
    let verifier = Verifier::new(token(TOKEN)).also(token(OLD_TOKEN));
    bencher.bench_local(|| {
        let form = Form::parse(black_box(BODY.as_bytes())).unwrap();
        let request = Request::form(black_box(URL), &form);
        verifier.verify(&request, black_box(&*header)).unwrap()
    });
}

#[divan::bench(sample_size = 500)]
fn e_parse_and_refuse_during_rotation(bencher: Bencher<'_, '_>) {
    let header = header(&token("12345"));
    let verifier = Verifier::new(token(TOKEN)).also(token(OLD_TOKEN));
    bencher.bench_local(|| {
        let form = Form::parse(black_box(BODY.as_bytes())).unwrap();
        let request = Request::form(black_box(URL), &form);
        verifier.verify(&request, black_box(&*header)).unwrap_err()
    });
}

#[divan::bench(sample_size = 500)]
fn f_parse_only(bencher: Bencher<'_, '_>) {
    bencher.bench_local(|| Form::parse(black_box(BODY.as_bytes())).unwrap().len());
}

#[divan::bench(sample_size = 500)]
fn g_form_urlencoded_only(bencher: Bencher<'_, '_>) {
    bencher.bench_local(|| form_urlencoded::parse(black_box(BODY.as_bytes())).collect::<Vec<_>>());
}
