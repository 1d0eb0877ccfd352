//! What each call guarantees.

use std::fs;
use std::path::Path;
use std::thread;

use proptest::prelude::*;
use spool::{AppendError, Config, ConsumeError, OpenError, Recovery, Spool};

use crate::Scratch;

const SMALL: Config = Config { segment_bytes: 4096, limit_bytes: 16 << 10, waiting_bytes: 1 << 20 };

fn payloads(spool: &Spool) -> Vec<String> {
    let batch = spool.next_batch(1000).expect("read");
    batch.into_iter().map(|record| String::from_utf8(record.payload).expect("text")).collect()
}

fn files(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("a directory");
    let name = |entry: std::io::Result<fs::DirEntry>| {
        entry.expect("an entry").file_name().into_string().expect("Unicode")
    };
    let mut names: Vec<_> = entries.map(name).collect();
    names.sort();
    names
}

#[test]
fn records_survive_a_restart_until_they_are_passed() {
    let scratch = Scratch::new();
    let dir = scratch.path("spool");
    let spool = Spool::open(&dir, SMALL).expect("opened");
    let nothing = Recovery { pending_records: 0, set_aside: 0, damage: vec![] };
    assert_eq!(spool.recovery(), &nothing);
    for text in ["one", "two", "three"] {
        spool.append(text).wait().expect("durable");
    }
    // The same come again until they are passed.
    assert_eq!(payloads(&spool), ["one", "two", "three"]);
    assert_eq!(payloads(&spool), ["one", "two", "three"]);
    let first = spool.next_batch(1).expect("read")[0].sequence;
    assert_eq!(spool.advance(first), Ok(()));
    assert_eq!(payloads(&spool), ["two", "three"]);
    let stats = spool.stats();
    assert_eq!((stats.pending_records, stats.pending_bytes), (2, 2 * 16 + 8));
    assert_eq!(stats.oldest.map(spool::Sequence::as_u64), Some(first.as_u64() + 1));
    spool.close();

    let spool = Spool::open(&dir, SMALL).expect("opened again");
    assert_eq!(spool.recovery(), &Recovery { pending_records: 2, ..nothing });
    let batch = spool.next_batch(10).expect("read");
    assert_eq!(batch.len(), 2);
    assert!(batch[0].sequence > first);
    assert_eq!(spool.advance(batch[1].sequence), Ok(()));
    // A sequence is not given out twice, even when no record is left.
    drop(spool);
    let spool = Spool::open(&dir, SMALL).expect("opened a third time");
    let next = spool.append("four").wait().expect("durable");
    assert!(next > batch[1].sequence, "{next}");
    assert_eq!(payloads(&spool), ["four"]);
}

#[test]
fn a_record_is_passed_before_those_in_front_of_it() {
    let scratch = Scratch::new();
    let dir = scratch.path("spool");
    let spool = Spool::open(&dir, SMALL).expect("opened");
    for text in ["one", "two", "three", "four"] {
        spool.append(text).wait().expect("durable");
    }
    let sequences = |records: Vec<spool::Record>| -> Vec<spool::Sequence> {
        records.into_iter().map(|record| record.sequence).collect()
    };
    let first = sequences(spool.read_on(3).expect("read"));
    let rest = sequences(spool.read_on(3).expect("read"));
    assert_eq!((first.len(), rest.len()), (3, 1));
    assert_eq!(spool.read_on(3), Ok(vec![]));
    assert_eq!(spool.pass(&[rest[0], first[1]]), Ok(()));
    assert_eq!(spool.stats().pending_records, 2);
    assert_eq!(spool.stats().oldest, Some(first[0]));
    // A restart brings back what is behind the first that is not passed.
    spool.close();
    let spool = Spool::open(&dir, SMALL).expect("opened again");
    assert_eq!(payloads(&spool), ["one", "two", "three", "four"]);
    assert_eq!(spool.pass(&[first[1], first[0]]), Ok(()));
    assert_eq!(payloads(&spool), ["three", "four"]);
    assert_eq!(spool.pass(&[first[0]]), Err(ConsumeError::NotDelivered));
    assert_eq!(spool.set_aside(rest[0], "poison"), Ok(()));
    assert_eq!(spool.pass(&[first[2]]), Ok(()));
    assert_eq!(spool.stats().pending_records, 0);
    spool.close();
    let spool = Spool::open(&dir, SMALL).expect("opened a third time");
    assert_eq!(payloads(&spool), [""; 0]);
}

#[test]
fn one_owner_at_a_time() {
    let scratch = Scratch::new();
    let dir = scratch.path("spool");
    let spool = Spool::open(&dir, SMALL).expect("opened");
    let second = Spool::open(&dir, SMALL).map(drop);
    assert_eq!(second, Err(OpenError::InUse { owner: Some(std::process::id()) }));
    spool.close();
    assert!(Spool::open(&dir, SMALL).is_ok());
}

#[test]
fn a_contradictory_configuration_is_named() {
    let scratch = Scratch::new();
    let config = Config { limit_bytes: 1, ..SMALL };
    let opened = Spool::open(scratch.path("spool"), config).map(drop);
    assert_eq!(opened, Err(OpenError::Config { rule: "limit_bytes must hold one segment" }));
    assert!(!scratch.path("spool").exists());
}

#[cfg(unix)]
#[test]
fn nobody_else_can_read_it() {
    use std::os::unix::fs::PermissionsExt;

    let scratch = Scratch::new();
    let dir = scratch.path("spool");
    // One that was made with other rights is taken over.
    fs::create_dir(&dir).expect("made");
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).expect("set");
    let spool = Spool::open(&dir, SMALL).expect("opened");
    spool.append("poison").wait().expect("durable");
    let sequence = spool.next_batch(1).expect("read")[0].sequence;
    spool.set_aside(sequence, "no such agent").expect("set aside");
    spool.append("pending").wait().expect("durable");
    let mut seen = 0;
    for parent in [dir.clone(), dir.join("dead"), dir.join("damaged")] {
        let mode = |path: &Path| fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode(&parent), 0o700, "{}", parent.display());
        for name in files(&parent) {
            let path = parent.join(&name);
            assert_eq!(mode(&path), if path.is_dir() { 0o700 } else { 0o600 }, "{name}");
            seen += 1;
        }
    }
    assert!(seen >= 6, "{seen} entries");
}

#[test]
fn a_bad_record_is_set_aside_and_blocks_no_other() {
    let scratch = Scratch::new();
    let dir = scratch.path("spool");
    let spool = Spool::open(&dir, SMALL).expect("opened");
    for text in ["a", "poison", "b"] {
        spool.append(text).wait().expect("durable");
    }
    let batch = spool.next_batch(10).expect("read");
    assert_eq!(spool.set_aside(batch[1].sequence, "U+0000\nin a name"), Ok(()));
    assert_eq!(payloads(&spool), ["a", "b"]);
    assert_eq!((spool.stats().pending_records, spool.stats().set_aside), (2, 1));
    let name = files(&dir.join("dead")).remove(0);
    let grave = fs::read_to_string(dir.join("dead").join(&name)).expect("text");
    assert_eq!(grave, "sequence: 2\nreason: U+0000 in a name\n\npoison");
    drop(spool);

    // It stays there over a restart, and the others come.
    let spool = Spool::open(&dir, SMALL).expect("opened again");
    assert_eq!((spool.recovery().pending_records, spool.recovery().set_aside), (2, 1));
    let batch = spool.next_batch(10).expect("read");
    assert_eq!(spool.advance(batch[1].sequence), Ok(()));
    assert_eq!(spool.stats().pending_records, 0);

    // Set aside as the only one, it is passed at once.
    spool.append("more poison").wait().expect("durable");
    let batch = spool.next_batch(10).expect("read");
    assert_eq!(spool.set_aside(batch[0].sequence, "again"), Ok(()));
    assert_eq!(payloads(&spool), Vec::<String>::new());
    assert_eq!(spool.set_aside(batch[0].sequence, "twice"), Err(ConsumeError::NotDelivered));
}

#[test]
fn only_what_was_delivered_can_be_passed() {
    let scratch = Scratch::new();
    let spool = Spool::open(scratch.path("spool"), SMALL).expect("opened");
    let first = spool.append("a").wait().expect("durable");
    let second = spool.append("b").wait().expect("durable");
    assert_eq!(spool.advance(first), Err(ConsumeError::NotDelivered));
    assert_eq!(spool.next_batch(1).expect("read").len(), 1);
    assert_eq!(spool.advance(second), Err(ConsumeError::NotDelivered));
    assert_eq!(spool.advance(first), Ok(()));
    // Passing twice changes nothing.
    assert_eq!(spool.advance(first), Ok(()));
    assert_eq!(payloads(&spool), ["b"]);
}

#[test]
fn a_full_spool_refuses_and_keeps_what_it_has() {
    let scratch = Scratch::new();
    let spool = Spool::open(scratch.path("spool"), SMALL).expect("opened");
    let mut stored = 0_usize;
    let refusal = loop {
        match spool.append(vec![b'x'; 1000]).wait() {
            Ok(_) => stored += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(refusal, AppendError::Full { limit: 16 << 10 });
    // Four segments of four records.
    assert_eq!(stored, 16);
    // A smaller one still fits behind.
    assert!(spool.append("small").wait().is_ok());
    let batch = spool.next_batch(100).expect("read");
    assert_eq!(batch.len(), 17);
    assert_eq!(spool.advance(batch[3].sequence), Ok(()));
    assert_eq!(spool.stats().segments, 3);
    assert!(spool.append(vec![b'x'; 1000]).wait().is_ok());
    assert_eq!(spool.next_batch(100).expect("read").len(), 14);
}

#[test]
fn limits_are_named() {
    let scratch = Scratch::new();
    let config = Config { waiting_bytes: 2000, ..SMALL };
    let spool = Spool::open(scratch.path("spool"), config).expect("opened");
    let large = spool.append(vec![0; 4081]).wait();
    assert_eq!(large, Err(AppendError::TooLarge { limit: 4080, found: 4081 }));
    let crowd = spool.append(vec![0; 2001]).wait();
    assert_eq!(crowd, Err(AppendError::Overloaded { limit: 2000 }));
    assert!(spool.append(vec![0; 1999]).wait().is_ok());
    // What was committed does not count any more.
    assert!(spool.append(vec![0; 1999]).wait().is_ok());
    assert!(spool.append(Vec::new()).wait().is_ok());
    assert_eq!(spool.next_batch(10).expect("read")[2].payload, b"");
}

#[test]
fn applied_segments_are_deleted() {
    let scratch = Scratch::new();
    let dir = scratch.path("spool");
    let segments = || files(&dir).into_iter().filter(|name| name.ends_with(".spool1")).count();
    let spool = Spool::open(&dir, SMALL).expect("opened");
    for _ in 0..6 {
        spool.append(vec![1; 1500]).wait().expect("durable");
    }
    assert_eq!(segments(), 3);
    let batch = spool.next_batch(10).expect("read");
    assert_eq!(spool.advance(batch[5].sequence), Ok(()));
    // The one in use stays, until it is taken out of use.
    assert_eq!(segments(), 1);
    spool.rotate();
    spool.append("last").wait().expect("durable");
    let last = spool.next_batch(10).expect("read").remove(0);
    assert_eq!(spool.advance(last.sequence), Ok(()));
    assert_eq!(segments(), 1);
    spool.close();
    assert_eq!(files(&dir), ["cursor-00000000000000000001", "damaged", "dead", "owner.lock"]);
}

#[test]
fn closing_commits_what_waits_and_refuses_the_rest() {
    let scratch = Scratch::new();
    let dir = scratch.path("spool");
    let spool = Spool::open(&dir, SMALL).expect("opened");
    let tickets: Vec<_> = (0..50).map(|n| spool.append(format!("{n}"))).collect();
    let other = spool.clone();
    spool.close();
    for ticket in tickets {
        assert!(ticket.wait().is_ok());
    }
    assert_eq!(other.append("late").wait(), Err(AppendError::Closed));
    assert_eq!(other.next_batch(1), Err(ConsumeError::Closed));
    assert_eq!(other.ready().wait(), Err(ConsumeError::Closed));
    other.close();
    let spool = Spool::open(&dir, SMALL).expect("opened again");
    assert_eq!(payloads(&spool), (0..50).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[test]
fn records_of_many_threads_come_in_sequence_order() {
    let scratch = Scratch::new();
    let config = Config { segment_bytes: 64 << 10, limit_bytes: 1 << 20, ..SMALL };
    let spool = Spool::open(scratch.path("spool"), config).expect("opened");
    let threads: Vec<_> = (0..8)
        .map(|thread| {
            let spool = spool.clone();
            let append = move |n| {
                let text = format!("{thread}:{n}");
                (spool.append(text.clone()).wait().expect("durable"), text)
            };
            thread::spawn(move || (0..100).map(append).collect::<Vec<_>>())
        })
        .collect();
    let mut appended: Vec<_> =
        threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect();
    appended.sort();
    let batch = spool.next_batch(1000).expect("read");
    let text =
        |record: spool::Record| (record.sequence, String::from_utf8(record.payload).expect("text"));
    assert_eq!(batch.into_iter().map(text).collect::<Vec<_>>(), appended);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn appends_and_the_reader_are_awaited() {
    let scratch = Scratch::new();
    let spool = Spool::open(scratch.path("spool"), SMALL).expect("opened");
    let reader = tokio::spawn({
        let spool = spool.clone();
        async move {
            let mut got = Vec::new();
            while got.len() < 200 {
                spool.ready().await.expect("open");
                let spool = spool.clone();
                let batch = tokio::task::spawn_blocking(move || {
                    let batch = spool.next_batch(16).expect("read");
                    spool.advance(batch.last().expect("ready says so").sequence).expect("passed");
                    batch
                });
                got.extend(batch.await.expect("no panic").into_iter().map(|r| r.payload));
            }
            got
        }
    });
    let appenders: Vec<_> = (0..4_u8)
        .map(|task| {
            let spool = spool.clone();
            tokio::spawn(async move {
                for n in 0..50 {
                    spool.append(vec![task, n]).await.expect("durable");
                }
            })
        })
        .collect();
    for appender in appenders {
        appender.await.expect("no panic");
    }
    let mut got = reader.await.expect("no panic");
    got.sort();
    let want: Vec<_> = (0..4_u8).flat_map(|task| (0..50).map(move |n| vec![task, n])).collect();
    assert_eq!(got, want);
}

#[tokio::test]
async fn a_dropped_receipt_does_not_drop_the_record() {
    let scratch = Scratch::new();
    let spool = Spool::open(scratch.path("spool"), SMALL).expect("opened");
    drop(spool.append("kept"));
    spool.ready().await.expect("open");
    assert_eq!(payloads(&spool), ["kept"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whatever is appended comes back, byte for byte, over any number of restarts.
    #[test]
    fn payloads_come_back_as_they_were(
        runs in proptest::collection::vec(
            proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..600), 0..8),
            1..4,
        ),
    ) {
        let scratch = Scratch::new();
        let config = Config { limit_bytes: 1 << 20, ..SMALL };
        let mut want = Vec::new();
        for run in runs {
            let spool = Spool::open(scratch.path("spool"), config).expect("opened");
            for payload in run {
                spool.append(payload.clone()).wait().expect("durable");
                want.push(payload);
            }
        }
        let spool = Spool::open(scratch.path("spool"), config).expect("opened");
        let batch = spool.next_batch(1000).expect("read");
        prop_assert_eq!(batch.into_iter().map(|r| r.payload).collect::<Vec<_>>(), want);
    }

    /// A segment of any bytes stops neither the start nor what comes after it.
    #[test]
    fn a_segment_of_any_bytes_does_not_stop_the_spool(bytes in proptest::collection::vec(any::<u8>(), 0..5000)) {
        let scratch = Scratch::new();
        let dir = scratch.path("spool");
        fs::create_dir(&dir).expect("made");
        fs::write(dir.join("00000000000000000007.spool1"), &bytes).expect("written");
        fs::write(dir.join("cursor-00000000000000000001"), &bytes).expect("written");
        fs::write(dir.join("something else"), &bytes).expect("written");
        let spool = Spool::open(&dir, SMALL).expect("opened");
        prop_assert_eq!(spool.recovery().pending_records, 0);
        let is_blank = bytes.iter().all(|byte| *byte == 0);
        prop_assert_eq!(spool.recovery().damage.len(), if is_blank { 1 } else { 2 });
        prop_assert!(spool.append("after").wait().is_ok());
        prop_assert_eq!(payloads(&spool), ["after"]);
    }
}
