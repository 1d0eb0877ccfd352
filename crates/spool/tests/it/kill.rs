//! Kills a process that appends and applies with kill -9: its acknowledged records are applied exactly once.
//! Half of the appenders wait for the sync, half for the write alone, which is as good against a kill.
//!
//! The test runs itself as the child. It is killed at least `SPOOL_KILLS` times, and as often as it
//! takes to have `SPOOL_RECORDS` acknowledged.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use spool::{Config, Record, Spool};

use crate::Scratch;

const CONFIG: Config =
    Config { segment_bytes: 64 << 10, limit_bytes: 64 << 20, waiting_bytes: 1 << 20 };
/// Lives of one spool.
const ROUND: u64 = 40;
/// They share syncs, so that many records are acknowledged in a short life.
const APPENDERS: u32 = 16;
const DIR: &str = "SPOOL_TEST_CHILD_DIR";
const LIFE: &str = "SPOOL_TEST_CHILD_LIFE";

#[test]
fn killed_at_any_moment_nothing_is_lost_or_doubled() {
    if let (Some(dir), Ok(life)) = (std::env::var_os(DIR), std::env::var(LIFE)) {
        be_child(Path::new(&dir), &life);
    }
    let given = |name, or: u64| std::env::var(name).map_or(or, |n| n.parse().expect("a number"));
    let (kills, records) = (given("SPOOL_KILLS", ROUND), given("SPOOL_RECORDS", ROUND));
    let (mut killed, mut acknowledged) = (0, 0);
    while killed < kills || acknowledged < records {
        acknowledged += round(killed);
        killed += ROUND;
    }
    println!("figures: {killed} kills, {acknowledged} acknowledged: 0 lost, 0 doubled");
}

/// So many lives of one spool; how many records were acknowledged.
fn round(first_life: u64) -> u64 {
    let scratch = Scratch::new();
    let mut acknowledged = BTreeSet::new();
    for life in first_life..first_life + ROUND {
        acknowledged.extend(run_and_kill(&scratch.0, life));
    }

    // The last life applies the rest undisturbed.
    let spool = Spool::open(scratch.path("spool"), CONFIG).expect("opened");
    assert!(spool.recovery().damage.len() <= 1, "{:?}", spool.recovery());
    Applier::open(&scratch.path("applied")).apply_all(&spool);
    let mut sequences = BTreeMap::new();
    for (sequence, payload) in read_applied(&scratch.path("applied")) {
        let before = sequences.insert(payload.clone(), sequence);
        assert_eq!(before, None, "{payload} was applied twice, as {sequence} too");
    }
    for payload in &acknowledged {
        assert!(sequences.contains_key(payload), "{payload} was acknowledged and is lost");
    }
    let count = acknowledged.len() as u64;
    assert!(count > ROUND, "{count} acknowledged");
    count
}

/// Starts a child, kills it after a while, and gives the payloads that it acknowledged.
fn run_and_kill(dir: &Path, life: u64) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "kill::killed_at_any_moment_nothing_is_lost_or_doubled", "--nocapture"])
        .env(DIR, dir)
        .env(LIFE, life.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a child");
    let output = BufReader::new(child.stdout.take().expect("piped"));
    let listener = thread::spawn(move || {
        let whole = |line: std::io::Result<Vec<u8>>| {
            let text = String::from_utf8(line.ok()?).ok()?;
            // A line that was cut has no end mark.
            Some(text.strip_prefix("ack ")?.strip_suffix(';')?.to_owned())
        };
        output.split(b'\n').filter_map(whole).collect::<Vec<_>>()
    });
    // 20 to 220 ms, different each time.
    thread::sleep(Duration::from_millis(20 + life * 67 % 200));
    child.kill().expect("killed");
    child.wait().expect("gone");
    listener.join().expect("no panic")
}

/// Appends from many threads and applies on another, until it is killed.
fn be_child(dir: &Path, life: &str) -> ! {
    let spool = Spool::open(dir.join("spool"), CONFIG).expect("opened");
    for thread in 0..APPENDERS {
        let (spool, life) = (spool.clone(), life.to_owned());
        thread::spawn(move || {
            for n in 0_usize.. {
                let payload = format!("{life}-{thread}-{n}-{}", "x".repeat(n % 256));
                let append = spool.append(payload.as_str());
                let kept = if thread % 2 == 0 { append.wait() } else { append.written().wait() };
                if kept.is_ok() {
                    let told = writeln!(std::io::stdout().lock(), "ack {payload};");
                    if told.is_err() {
                        // Nobody listens any more.
                        std::process::exit(1);
                    }
                }
            }
        });
    }
    let mut applier = Applier::open(&dir.join("applied"));
    loop {
        spool.ready().wait().expect("open");
        applier.apply_all(&spool);
    }
}

/// Writes each record once, as a database with a unique key would.
struct Applier {
    file: fs::File,
    known: BTreeSet<u64>,
}

impl Applier {
    fn open(path: &Path) -> Self {
        // A line that was cut is not there: the record comes again.
        let known: Vec<_> = read_applied(path);
        let whole: Vec<_> = known.iter().map(|(s, p)| format!("{s} {p}\n")).collect();
        let unfinished = path.with_extension("new");
        fs::write(&unfinished, whole.concat()).expect("written");
        fs::rename(&unfinished, path).expect("renamed");
        let file = OpenOptions::new().append(true).open(path).expect("opened");
        Self { file, known: known.into_iter().map(|(sequence, _)| sequence).collect() }
    }

    fn apply_all(&mut self, spool: &Spool) {
        loop {
            let batch = spool.next_batch(64).expect("read");
            let Some(last) = batch.last() else { return };
            let lines: String = batch.iter().filter_map(|record| self.line(record)).collect();
            self.file.write_all(lines.as_bytes()).expect("applied");
            spool.advance(last.sequence).expect("passed");
        }
    }

    fn line(&mut self, record: &Record) -> Option<String> {
        let sequence = record.sequence.as_u64();
        let payload = std::str::from_utf8(&record.payload).expect("text");
        self.known.insert(sequence).then(|| format!("{sequence} {payload}\n"))
    }
}

fn read_applied(path: &Path) -> Vec<(u64, String)> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let parse = |line: &str| {
        let (sequence, payload) = line.split_once(' ').expect("two words");
        (sequence.parse().expect("a number"), payload.to_owned())
    };
    whole.lines().map(parse).collect()
}
