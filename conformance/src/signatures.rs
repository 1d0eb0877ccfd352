//! `X-Twilio-Signature`: which library accepts which request.

mod generate;
mod known;
mod url;

use std::io;

use serde_json::{Value, json};
use twilio_sig::{Algorithm, AuthToken, Form, Headers, Request, SharedKey, UrlForm, Verifier};

use self::generate::{Case, Kind, Plan};
use self::known::{FALLBACK, KNOWN, NODE, PYTHON, Rule};
use crate::judge::Judges;
use crate::random::Random;
use crate::tally::Tally;

/// Signs every request with all three libraries, passes one signature on, and compares the verdicts.
pub(crate) fn run(judges: &mut Judges, random: &mut Random, count: usize) -> io::Result<Tally> {
    let mut tally = Tally::new("signatures");
    let plans: Vec<Plan> = (0..count).map(|_| Plan::draw(random)).collect();
    let signed = sign(judges, &plans, &mut tally)?;
    let spelled = spell(judges, &plans)?;
    let cases: Vec<Case> = plans
        .iter()
        .zip(&signed)
        .zip(spelled)
        .map(|((plan, signatures), spelling)| plan.finish(random, signatures, &spelling))
        .collect();
    verify(judges, &cases, &mut tally)?;
    if count >= ENOUGH {
        for known in KNOWN {
            let seen = tally.seen(known.library, known.reason) > 0;
            tally.check(seen, || format!("never seen: {}: {}", known.library, known.reason));
        }
    }
    Ok(tally)
}

/// Our signature and those of the libraries; those that do not know the algorithm sign nothing.
fn sign(judges: &mut Judges, plans: &[Plan], tally: &mut Tally) -> io::Result<Vec<[String; 3]>> {
    let asked: Vec<Value> = plans.iter().map(|plan| plan.signed.json()).collect();
    let node = judges.node.texts("sign", &asked)?;
    let python = judges.python.texts("sign", &asked)?;
    let mut signed = Vec::with_capacity(plans.len());
    for ((plan, node), python) in plans.iter().zip(node).zip(python) {
        let case = &plan.signed;
        let ours = ours_signed(case);
        tally.check(ours == python, || format!("python signs {python}, ours {ours}: {case:?}"));
        if case.algorithm == Algorithm::HmacSha256 {
            signed.push([ours.clone(), ours, python]);
            continue;
        }
        match known::unlike_ours(case).filter(|_| node != ours) {
            Some(reason) => tally.known(NODE, reason),
            None => {
                tally.check(ours == node, || format!("node signs {node}, ours {ours}: {case:?}"));
            }
        }
        signed.push([ours, node, python]);
    }
    Ok(signed)
}

/// The spellings of each URL that Node's library would also accept.
fn spell(judges: &mut Judges, plans: &[Plan]) -> io::Result<Vec<Vec<String>>> {
    let urls: Vec<Value> = plans.iter().map(|plan| json!(plan.signed.url)).collect();
    let texts = |answer: Value| match answer {
        Value::Array(texts) => {
            Ok(texts.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        }
        other => Err(io::Error::other(format!("`spell` answered {other}"))),
    };
    judges.node.ask("spell", &urls)?.into_iter().map(texts).collect()
}

fn verify(judges: &mut Judges, cases: &[Case], tally: &mut Tally) -> io::Result<()> {
    let asked: Vec<Value> = cases.iter().map(Case::json).collect();
    let rules = judges.python.ask("rule", &asked)?;
    let node = judges.node.texts("verify", &asked)?;
    let python = judges.python.texts("verify", &asked)?;
    let mut valid_cases = 0;
    for (index, case) in cases.iter().enumerate() {
        let valid = rules[index].as_bool().unwrap_or_default();
        valid_cases += usize::from(valid);
        let ours = ours_verified(case, false);
        tally.check(ours.is_ok() == valid, || format!("ours is {ours:?}, valid {valid}: {case:?}"));
        let rule = Rule { valid, form: ours.ok() };
        let asked = [(PYTHON, &python[index]), (NODE, &node[index])];
        // Node's library does not support shared keys.
        let asked = asked.iter().take(if case.algorithm == Algorithm::HmacSha1 { 2 } else { 1 });
        for (library, verdict) in asked {
            match known::reason(library, case, &rule, verdict) {
                Some(FALLBACK) if ours_verified(case, true).is_err() => {
                    tally.check(false, || format!("not among our legacy encodings: {case:?}"));
                }
                Some(reason) => tally.known(library, reason),
                None => tally.check((*verdict == "yes") == valid, || {
                    format!("{library} says {verdict}, valid {valid}: {case:?}")
                }),
            }
        }
    }
    // Neither verdict may be rare, or the comparison would prove little.
    let share = valid_cases * 100 / cases.len().max(1);
    tally.check((20..=80).contains(&share), || format!("{share} % of the cases are valid"));
    Ok(())
}

/// A request as our library takes it, handed to `use_it`.
fn with_request<T>(case: &Case, use_it: impl FnOnce(&Request<'_>) -> T) -> Option<T> {
    let body = case.body.as_deref().unwrap_or_default();
    Some(match case.kind {
        Kind::Get => use_it(&Request::get(&case.url)),
        Kind::WebSocket => use_it(&Request::websocket(&case.url)),
        Kind::Json => use_it(&Request::json(&case.url, body.as_bytes())),
        Kind::Form => {
            let form = Form::parse(body.as_bytes()).ok()?;
            use_it(&Request::form(&case.url, &form))
        }
    })
}

fn ours_signed(case: &Case) -> String {
    let signed = match case.algorithm {
        Algorithm::HmacSha1 => {
            let token = AuthToken::new(&case.token).ok();
            token.and_then(|token| with_request(case, |request| token.sign(request)))
        }
        Algorithm::HmacSha256 => {
            let key = SharedKey::new(KEY, &case.token, Algorithm::HmacSha256).ok();
            key.and_then(|key| with_request(case, |request| key.sign(request)))
        }
    };
    signed.unwrap_or_else(|| "nothing".to_owned())
}

/// The form of the signed URL, or the class of the refusal.
fn ours_verified(case: &Case, legacy: bool) -> Result<UrlForm, &'static str> {
    let (verifier, settings) = match case.algorithm {
        Algorithm::HmacSha1 => (AuthToken::new(&case.token).map(Verifier::new), None),
        Algorithm::HmacSha256 => (
            SharedKey::new(KEY, &case.token, Algorithm::HmacSha256).map(Verifier::new),
            Some("key=webhooks_sharedkey_01,algorithm=HMAC_SHA256"),
        ),
    };
    let mut verifier = verifier.map_err(|_| "secret")?;
    if legacy {
        verifier = verifier.legacy_encodings();
    }
    let headers = Headers { signature: Some(&case.signature), settings };
    let verdict = with_request(case, |request| verifier.verify(request, headers));
    let verdict = verdict.ok_or("not a form")?.map_err(twilio_sig::SignatureError::class)?;
    Ok(verdict.url)
}

const KEY: &str = "webhooks_sharedkey_01";

/// Cases from which on every documented difference shows.
const ENOUGH: usize = 2000;
