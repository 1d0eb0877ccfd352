//! Checks one webhook, then the same webhook as a misconfigured server would see it.
//!
//! `cargo run -p twilio-sig --example verify`

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use twilio_sig::{AuthToken, Clues, Form, PublicUrl, Request, Verifier};

/// What Twilio posts when a call comes in, shortened.
const BODY: &[u8] = b"AccountSid=AC00000000000000000000000000000001\
    &CallSid=CA00000000000000000000000000000002&From=%2B14155550100&To=%2B15005550006";

fn main() -> Result<(), Box<dyn Error>> {
    // From your configuration. Twilio holds the same token and signs with it.
    let base: PublicUrl = "https://voice.example.com".parse()?;
    let token = AuthToken::new("2bc2d9b4a1f84d0c9e7a5f3b6d8e1c0f")?;
    let form = Form::parse(BODY)?;
    let url = base.join("/voice");
    let header = token.sign(&Request::form(&url, &form));
    println!("X-Twilio-Signature: {header}");

    let verifier = Verifier::new(token);
    let request = Request::form(&url, &form);
    let passed = verifier.verify(&request, &*header)?;
    println!("{url}: signed with key {}", passed.key);
    println!("the call comes from {}", form.get("From").unwrap_or("nowhere"));

    // The server took its inner address for the public one.
    let inner = Request::form("http://10.0.0.7:3000/voice", &form);
    if let Err(error) = verifier.verify(&inner, &*header) {
        println!("http://10.0.0.7:3000/voice: {error} (metric class `{}`)", error.class());
        let clues = Clues { hosts: &["voice.example.com"], ..Clues::default() };
        println!("why: {}", verifier.explain(&inner, &*header, &clues));
    }
    Ok(())
}
