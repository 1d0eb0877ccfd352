//! Measures durable appends and the disk's own syncs in turns, in one run.
//!
//! `cargo bench -p spool`; the directory of the files is `SPOOL_BENCH_DIR`, else the target
//! directory's.

#![expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
#![expect(clippy::print_stdout, reason = "a benchmark reports on its output")]
#![expect(clippy::expect_used, reason = "a benchmark may fail loudly")]

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use spool::{Config, Spool};

/// A callback has about this many bytes.
const PAYLOAD_BYTES: usize = 600;
const ROUNDS: usize = 9;
const ROUND: Duration = Duration::from_millis(400);

fn main() {
    let dir = std::env::var_os("SPOOL_BENCH_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from)
        .join(format!("spool-bench-{}", std::process::id()));
    fs::create_dir_all(&dir).expect("a directory");
    let spool = Spool::open(dir.join("spool"), Config::default()).expect("a spool");
    let mut bare = bare_file(&dir);

    let mut figures = [const { Vec::new() }; 5];
    for _ in 0..ROUNDS {
        figures[0].push(syncs(&mut bare));
        figures[1].push(appends(&spool, 1));
        figures[2].push(appends(&spool, 64));
        figures[3].push(writes(&spool));
        figures[4].push(consume(&spool));
    }
    let [disk, one, many, written, applied] = figures.map(median);
    println!("median of {ROUNDS} rounds of {ROUND:?}, {PAYLOAD_BYTES} bytes each");
    println!("write and sync of a bare file  {:>9.0} /s  {:>6.2}", disk.rate, 1.0);
    for (name, figure) in [("1 appender", one), ("64 appenders", many)] {
        let ratio = figure.rate / disk.rate;
        println!(
            "durable appends, {name:<13} {:>9.0} /s  {ratio:>6.2}  p50 {:?}  p99 {:?}",
            figure.rate, figure.p50, figure.p99
        );
    }
    println!(
        "written, 1 appender            {:>9.0} /s          p50 {:?}  p99 {:?}",
        written.rate, written.p50, written.p99
    );
    println!("read and passed in batches     {:>9.0} /s", applied.rate);
    spool.close();
    fs::remove_dir_all(&dir).expect("removed");
}

#[derive(Clone, Copy)]
struct Figure {
    rate: f64,
    p50: Duration,
    p99: Duration,
}

/// What the disk does by itself: one record, one sync, in a file of its final length.
fn syncs(file: &mut File) -> Figure {
    let mut times = Vec::new();
    let start = Instant::now();
    let mut at = 0;
    while start.elapsed() < ROUND {
        let before = Instant::now();
        file.seek(SeekFrom::Start(at)).expect("sought");
        file.write_all(&[1; PAYLOAD_BYTES]).expect("written");
        file.sync_data().expect("synced");
        times.push(before.elapsed());
        at = (at + PAYLOAD_BYTES as u64) % (16 << 20);
    }
    figure(times, start.elapsed())
}

/// Appends with this many appenders at once.
fn appends(spool: &Spool, at_once: usize) -> Figure {
    let mut times = Vec::new();
    let mut on_their_way = VecDeque::new();
    let start = Instant::now();
    while start.elapsed() < ROUND {
        while on_their_way.len() < at_once {
            on_their_way.push_back((Instant::now(), spool.append(vec![1; PAYLOAD_BYTES])));
        }
        let (before, append) = on_their_way.pop_front().expect("one is on its way");
        append.wait().expect("durable");
        times.push(before.elapsed());
    }
    for (before, append) in on_their_way {
        append.wait().expect("durable");
        times.push(before.elapsed());
    }
    figure(times, start.elapsed())
}

/// One appender that waits for the write alone; the syncs go on beside it.
fn writes(spool: &Spool) -> Figure {
    let mut times = Vec::new();
    let mut last = None;
    let start = Instant::now();
    while start.elapsed() < ROUND {
        let before = Instant::now();
        let append = spool.append(vec![1; PAYLOAD_BYTES]);
        append.written().wait().expect("written");
        times.push(before.elapsed());
        last = Some(append);
    }
    let figure = figure(times, start.elapsed());
    last.map(|append| append.wait().expect("durable"));
    figure
}

/// Empties the spool in batches of 256.
fn consume(spool: &Spool) -> Figure {
    let mut times = Vec::new();
    let start = Instant::now();
    loop {
        let before = Instant::now();
        let batch = spool.next_batch(256).expect("read");
        let Some(last) = batch.last() else { break };
        spool.advance(last.sequence).expect("passed");
        times.extend(batch.iter().map(|_| before.elapsed()));
    }
    figure(times, start.elapsed())
}

fn figure(mut times: Vec<Duration>, taken: Duration) -> Figure {
    times.sort_unstable();
    let count = u32::try_from(times.len()).expect("a count");
    let part = |percent| times.get(times.len() * percent / 100).copied().unwrap_or_default();
    Figure { rate: f64::from(count) / taken.as_secs_f64(), p50: part(50), p99: part(99) }
}

fn median(mut figures: Vec<Figure>) -> Figure {
    figures.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    figures[figures.len() / 2]
}

fn bare_file(dir: &Path) -> File {
    let mut file = File::create(dir.join("bare")).expect("a file");
    file.write_all(&vec![0; 16 << 20]).expect("filled");
    file.sync_all().expect("synced");
    file
}
