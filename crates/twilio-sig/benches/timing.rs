//! Does the time of a refusal reveal how much of the signature was right?
//!
//! `cargo bench -p twilio-sig --bench timing`
//!
//! Wrong signatures of two kinds, in random order: one has no byte of the right one, the other has
//! all but the last. Welch's t over their times stays near zero if they take equally long; beyond
//! 4.5 they do not (Reparaz, Balasch and Verbauwhede, "Dude, is my code constant time?", 2017). The
//! best of three runs counts, because other processes disturb it.

#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
#![expect(clippy::unwrap_used, reason = "a benchmark may fail loudly")]
#![expect(clippy::print_stdout, reason = "a benchmark shows what it found")]
#![expect(clippy::cast_precision_loss, reason = "times are far below 2^52 nanoseconds")]

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use twilio_sig::{AuthToken, Request, Verifier};

const SAMPLES: usize = 1_000_000;
const RUNS: usize = 3;
const LIMIT: f64 = 4.5;

fn main() -> ExitCode {
    let token = AuthToken::new("2bc2d9b4a1f84d0c9e7a5f3b6d8e1c0f").unwrap();
    let request = Request::get("https://voice.example.com/voice");
    let right = STANDARD.decode(token.sign(&request)).unwrap();
    let verifier = Verifier::new(token);
    let all_wrong: Vec<u8> = right.iter().map(|byte| !byte).collect();
    let mut last_wrong = right;
    *last_wrong.last_mut().unwrap() ^= 1;
    let headers = [STANDARD.encode(all_wrong), STANDARD.encode(last_wrong)];

    let best = (0..RUNS).map(|_| {
        let t = run(&verifier, &request, &headers);
        println!("t = {t:.2} over {SAMPLES} refusals");
        t.abs()
    });
    let best = best.fold(f64::INFINITY, f64::min);
    if best < LIMIT { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run(verifier: &Verifier, request: &Request<'_>, headers: &[String; 2]) -> f64 {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..SAMPLES {
        // Xorshift: which kind comes next must not follow a pattern.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let kind = usize::from(state & 1 == 1);
        let start = Instant::now();
        let refused = verifier.verify(black_box(request), black_box(&*headers[kind])).is_err();
        let nanos = start.elapsed().as_nanos();
        assert!(refused);
        times[kind].push(nanos as f64);
    }
    let mut all: Vec<f64> = times.concat();
    all.sort_by(f64::total_cmp);
    // Interruptions are not a property of the code.
    let longest = all[all.len() * 9 / 10];
    let [first, second] =
        times.map(|times| Sample::of(times.into_iter().filter(|it| *it <= longest)));
    (first.mean - second.mean) / (first.variance_of_mean + second.variance_of_mean).sqrt()
}

struct Sample {
    mean: f64,
    variance_of_mean: f64,
}

impl Sample {
    fn of(times: impl Iterator<Item = f64>) -> Self {
        let times: Vec<f64> = times.collect();
        let count = times.len() as f64;
        let mean = times.iter().sum::<f64>() / count;
        let squares: f64 = times.iter().map(|time| (time - mean).powi(2)).sum();
        Self { mean, variance_of_mean: squares / (count - 1.0) / count }
    }
}
