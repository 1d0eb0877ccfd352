//! Cuts files at every byte and flips every bit: only intact records may come back.

use std::sync::Arc;

use crate::campaign::Engine;
use crate::file;
use crate::record::{HEADER_BYTES, Record, encode};
use crate::recovery::{Recovery, recover};
use crate::simulated::{Dice, Simulated};
use crate::storage::Storage;

/// Two segments: the records 1 to 20 and then 21 to 23, with zeroes behind.
fn intact() -> (Simulated, Vec<Record>) {
    let disk = Simulated::new(1);
    let mut records = Vec::new();
    for (first, last, blank) in [(1, 20, 100), (21, 23, 50)] {
        let mut bytes = Vec::new();
        for sequence in first..=last {
            let payload = format!("CallSid=CA{sequence:032}&CallStatus=completed").into_bytes();
            encode(sequence, &payload, &mut bytes);
            records.push(Record { sequence: crate::Sequence(sequence), payload });
        }
        bytes.resize(bytes.len() + blank, 0);
        let file = disk.create(&file::segment(first)).expect("made");
        file.write(0, &bytes).expect("written");
        file.sync().expect("synced");
    }
    disk.sync_dir("").expect("synced");
    (disk, records)
}

/// Where each record of the first segment ends.
fn ends(records: &[Record]) -> Vec<u64> {
    let mut end = 0;
    let add = |record: &Record| {
        end += HEADER_BYTES + record.payload.len() as u64;
        end
    };
    records[..20].iter().map(add).collect()
}

fn read_all(disk: &Simulated) -> (Vec<Record>, Recovery, u64) {
    let storage: Arc<dyn Storage> = Arc::new(disk.clone());
    let mut start = recover(&storage).expect("damage does not stop the start");
    let records = start.consumer.next_batch(1000).expect("read");
    assert_eq!(records.len() as u64, start.report.pending_records);
    (records, start.report, start.next)
}

#[test]
fn cut_off_at_every_byte() {
    let (disk, records) = intact();
    let ends = ends(&records);
    let name = file::segment(1);
    let size = disk.contents(&name).expect("there").len() as u64;
    println!("figures: {} truncations, every one", size + 1);
    for cut in 0..=size {
        let disk = disk.copy();
        disk.damage(&name, |bytes| bytes.truncate(usize::try_from(cut).expect("small")));
        let (got, report, next) = read_all(&disk);
        let whole = ends.iter().filter(|end| **end <= cut).count();
        let want: Vec<_> = records[..whole].iter().chain(&records[20..]).cloned().collect();
        assert_eq!(got, want, "cut at {cut}");
        assert!(next >= 24, "cut at {cut}");
        // A cut between records cannot be seen in the file itself.
        let at = ends[..whole].last().copied().unwrap_or(0);
        let saved = report.damage.iter().map(|d| (d.at_byte, d.bytes)).collect::<Vec<_>>();
        let is_inside = cut > at && whole < 20;
        assert_eq!(saved, if is_inside { vec![(at, cut - at)] } else { vec![] }, "cut at {cut}");
    }
}

#[test]
fn every_bit_flipped() {
    let (disk, records) = intact();
    let ends = ends(&records);
    let name = file::segment(1);
    let whole = disk.contents(&name).expect("there");
    for bit in 0..whole.len() * 8 {
        let disk = disk.copy();
        disk.damage(&name, |bytes| bytes[bit / 8] ^= 1 << (bit % 8));
        let (got, report, next) = read_all(&disk);
        let kept = ends.iter().filter(|end| **end <= (bit / 8) as u64).count();
        let want: Vec<_> = records[..kept].iter().chain(&records[20..]).cloned().collect();
        assert_eq!(got, want, "bit {bit}");
        assert!(next >= 24, "bit {bit}");
        // The rest is kept for inspection, byte for byte.
        let at = ends[..kept].last().copied().unwrap_or(0);
        let [damage] = &report.damage[..] else { panic!("bit {bit}: {report:?}") };
        assert_eq!((damage.file.as_str(), damage.at_byte), (name.as_str(), at), "bit {bit}");
        let saved = damage.saved_as.as_deref().and_then(|name| disk.contents(name));
        let mut rest = whole.clone();
        rest[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(saved.as_deref(), rest.get(usize::try_from(at).expect("small")..));
        // The second start finds nothing wrong any more.
        let (again, report, _) = read_all(&disk);
        assert_eq!((again, report.damage), (want, vec![]), "bit {bit}");
    }
}

/// A spool that was in use: several segments, a cursor inside one of them, all that was appended.
fn used() -> (Simulated, Vec<Record>, u64) {
    let disk = Simulated::new(1);
    let mut engine = Engine::open(&disk).expect("opened");
    let mut records = Vec::new();
    for number in 0..120_u32 {
        let payload = format!("{number}:").repeat(20 + number as usize % 40).into_bytes();
        let sequence = engine.append(&payload).expect("durable");
        records.push(Record { sequence, payload });
    }
    let batch = engine.consumer.next_batch(30).expect("read");
    let passed = batch.last().expect("records").sequence;
    engine.consumer.advance(passed).expect("passed");
    (disk, records, passed.0)
}

/// One to three bits anywhere, the cursor included. `SPOOL_FLIPS` says how often.
#[test]
fn any_bits_of_any_file_flipped() {
    let flips =
        std::env::var("SPOOL_FLIPS").map_or(2_000, |flips| flips.parse().expect("a number"));
    let (disk, records, passed) = used();
    let names = disk.list("").expect("names");
    let segments = names.iter().filter(|name| file::parse_segment(name).is_some()).count();
    assert!(segments >= 3 && names.len() > segments, "{names:?}");
    let mut dice = Dice::new(7);
    let (mut flipped, mut damaged, mut again) = (0, 0, 0);
    while flipped < flips {
        let disk = disk.copy();
        let name = &names[usize::try_from(dice.below(names.len() as u64)).expect("few")];
        disk.damage(name, |bytes| {
            let bits: Vec<u64> =
                (0..=dice.below(3)).map(|_| dice.below(bytes.len() as u64 * 8)).collect();
            for bit in &bits {
                bytes[usize::try_from(bit / 8).expect("small")] ^= 1 << (bit % 8);
            }
            flipped += bits.len();
        });
        let (got, report, next) = read_all(&disk);
        assert!(next > records.len() as u64, "a sequence is given out again");
        // The records come as they were appended, each once and in order.
        let mut last = 0;
        for record in &got {
            assert!(record.sequence.0 > last, "{name}: out of order");
            last = record.sequence.0;
            let index = usize::try_from(last - 1).expect("small");
            assert_eq!(Some(record), records.get(index), "{name}");
        }
        // Only the damaged records are missing.
        let hurt = file::parse_segment(name);
        let after = names.iter().filter_map(|name| file::parse_segment(name));
        let after = hurt.and_then(|hurt| after.filter(|first| *first > hurt).min());
        let is_hurt = |sequence: u64| {
            hurt.is_some_and(|hurt| sequence >= hurt && after.is_none_or(|after| sequence < after))
        };
        let came: Vec<u64> = got.iter().map(|record| record.sequence.0).collect();
        let due = records.iter().map(|record| record.sequence.0).filter(|one| *one > passed);
        let missing: Vec<u64> = due.filter(|one| !is_hurt(*one) && !came.contains(one)).collect();
        assert_eq!(missing, Vec::<u64>::new(), "{name}");
        damaged += u32::from(!report.damage.is_empty());
        again += u32::from(came.first().is_some_and(|first| *first <= passed));
    }
    println!(
        "figures: {flipped} bits flipped, noticed in {damaged} files, records came again {again} \
         times: 0 garbage, 0 lost elsewhere"
    );
}

#[test]
fn a_sequence_that_damage_may_hide_is_not_given_out_again() {
    let (disk, records) = intact();
    disk.damage(&file::segment(21), |bytes| bytes[0] ^= 1);
    let (got, _, next) = read_all(&disk);
    assert_eq!(got, records[..20]);
    assert!(next > 23, "{next}");
}

#[test]
fn damage_while_running_costs_the_rest_of_one_segment() {
    let (disk, records) = intact();
    let storage: Arc<dyn Storage> = Arc::new(disk.clone());
    let mut start = recover(&storage).expect("started");
    let end = usize::try_from(ends(&records)[4]).expect("small");
    disk.damage(&file::segment(1), |bytes| bytes[end + 20] ^= 4);
    let got = start.consumer.next_batch(1000).expect("read");
    let want: Vec<_> = records[..5].iter().chain(&records[20..]).cloned().collect();
    assert_eq!(got, want);
    let saved = disk.contents(&file::damaged(&file::segment(1), end as u64));
    assert_eq!(
        saved.map(|bytes| bytes.len()),
        Some(usize::try_from(ends(&records)[19]).expect("small") - end)
    );
    let entries = start.catalogue.lock();
    assert_eq!((entries.left().records, entries.damaged), (8, 1));
    drop(entries);
    let last = got[7].sequence;
    assert_eq!(start.consumer.advance(last), Ok(()));
    assert!(start.catalogue.lock().is_idle());
}

#[test]
fn a_segment_found_damaged_is_not_written_to() {
    let disk = Simulated::new(1);
    let mut engine = Engine::open(&disk).expect("opened");
    for text in ["one", "two", "three"] {
        engine.append(text.as_bytes()).expect("durable");
    }
    disk.damage(&file::segment(1), |bytes| bytes[19 + 17] ^= 1);
    let batch = engine.consumer.next_batch(10).expect("read");
    assert_eq!(batch.iter().map(|r| &r.payload[..]).collect::<Vec<_>>(), [b"one"]);
    let four = engine.append(b"four").expect("durable, in another segment");
    assert!(disk.contents(&file::segment(four.as_u64())).is_some());

    // The next start finds the same records.
    let (records, report, _) = read_all(&disk);
    let payloads: Vec<_> = records.iter().map(|record| &record.payload[..]).collect();
    assert_eq!(payloads, [&b"one"[..], b"four"]);
    assert_eq!(report.damage.len(), 1);
}
