//! The files of a spool are deleted, moved or replaced while it runs.

use std::fs;
use std::io;
use std::path::Path;

use spool::{Config, Spool};

use crate::Scratch;

const SMALL: Config = Config { segment_bytes: 4096, limit_bytes: 16 << 10, waiting_bytes: 1 << 20 };

/// The only segment.
fn segment(dir: &Path) -> std::path::PathBuf {
    let names =
        fs::read_dir(dir).expect("a directory").map(|entry| entry.expect("an entry").path());
    let mut segments = names.filter(|path| path.extension().is_some_and(|end| end == "spool1"));
    segments.next().expect("a segment")
}

fn payloads(spool: &Spool) -> Vec<String> {
    let batch = spool.next_batch(1000).expect("read");
    batch.into_iter().map(|record| String::from_utf8(record.payload).expect("text")).collect()
}

/// Deletes a spool, which may make new files meanwhile.
fn delete(dir: &Path) {
    while dir.exists() {
        match fs::remove_dir_all(dir) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {}
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::NotFound, "{error}"),
        }
    }
}

/// Appends until one record is acknowledged, and gives its text.
fn acknowledged(spool: &Spool) -> String {
    let mut texts = (1..).map(|number| format!("after {number}"));
    texts.find(|text| spool.append(text.clone()).wait().is_ok()).expect("endless")
}

#[test]
fn what_is_acknowledged_is_found_by_the_next_start_whatever_is_deleted() {
    type Breaks = fn(&Path);
    let cases: [(&str, Breaks, bool); 6] = [
        ("the directory", delete, true),
        ("its place", |dir| fs::rename(dir, dir.with_extension("old")).expect("moved"), true),
        (
            "another in its place",
            |dir| {
                fs::rename(dir, dir.with_extension("old")).expect("moved");
                fs::create_dir(dir).expect("made");
            },
            true,
        ),
        ("the segment", |dir| fs::remove_file(segment(dir)).expect("deleted"), true),
        ("its name", |dir| fs::rename(segment(dir), dir.join("elsewhere")).expect("moved"), true),
        ("the lock", |dir| fs::remove_file(dir.join("owner.lock")).expect("deleted"), false),
    ];
    for (what, breaks, is_lost) in cases {
        let scratch = Scratch::new();
        let dir = scratch.path("spool");
        let spool = Spool::open(&dir, SMALL).expect("opened");
        spool.append("before").wait().expect("durable");
        breaks(&dir);
        let first = acknowledged(&spool);
        let second = acknowledged(&spool);
        let stats = spool.stats();
        assert!(stats.faults > 0 && stats.refusal.is_none(), "{what}: {stats:?}");
        // What was deleted with the directory does not hold up the rest, and is counted.
        let read = payloads(&spool);
        assert_eq!(read.contains(&"before".to_owned()), !is_lost, "{what}: {read:?}");
        assert!(read.ends_with(&[first.clone(), second.clone()]), "{what}: {read:?}");
        assert_eq!(spool.stats().damaged, u64::from(is_lost), "{what}");
        assert!(Spool::open(&dir, SMALL).is_err(), "{what}: it is owned");
        drop(spool);

        let spool = Spool::open(&dir, SMALL).expect("opened again");
        let read = payloads(&spool);
        assert!(read.contains(&first) && read.contains(&second), "{what}: {read:?}");
        let last = spool.next_batch(1000).expect("read").last().expect("records").sequence;
        assert_eq!(spool.advance(last), Ok(()), "{what}");
    }
}

#[test]
fn a_cursor_that_was_deleted_is_written_again() {
    let scratch = Scratch::new();
    let dir = scratch.path("spool");
    let spool = Spool::open(&dir, SMALL).expect("opened");
    delete(&dir);
    acknowledged(&spool);
    let last = spool.next_batch(10).expect("read").last().expect("a record").sequence;
    assert_eq!(spool.advance(last), Ok(()));
    acknowledged(&spool);
    drop(spool);
    let spool = Spool::open(&dir, SMALL).expect("opened again");
    assert_eq!(payloads(&spool).len(), 1, "the first one was passed");
}
