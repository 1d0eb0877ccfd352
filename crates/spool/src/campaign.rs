//! Fails every disk operation once and for ever, ends the process and cuts the power anywhere. Every
//! acknowledged record must be there, after the end of a process every written one too, and every record
//! must be as it was appended.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::config::Config;
use crate::consumer::Consumer;
use crate::error::{AppendError, ConsumeError};
use crate::file;
use crate::record::{Record, Sequence};
use crate::recovery::recover;
use crate::simulated::{Dice, Simulated};
use crate::spare::Spares;
use crate::storage::Storage;
use crate::syncer::{Syncer, Unsynced};
use crate::ticket::{Answer, Append};
use crate::writer::{Waiting, Writer};

/// A spool without threads, so the same seed gives the same run.
pub(crate) struct Engine {
    pub(crate) writer: Writer,
    pub(crate) syncer: Syncer,
    pub(crate) consumer: Consumer,
}

impl Engine {
    pub(crate) fn open(disk: &Simulated) -> Option<Self> {
        let storage: Arc<dyn Storage> = Arc::new(disk.clone());
        let start = recover(&storage).ok()?;
        let size = CONFIG.segment_bytes;
        let spares = Arc::new(Spares::new(Arc::clone(&storage), size, Duration::ZERO));
        let unsynced = Arc::new(Unsynced::new(CONFIG.waiting_bytes));
        let syncer = Syncer {
            storage: Arc::clone(&storage),
            catalogue: Arc::clone(&start.catalogue),
            unsynced: Arc::clone(&unsynced),
        };
        let writer = Writer::new(CONFIG, storage, start.catalogue, spares, unsynced, start.next);
        Some(Self { writer, syncer, consumer: start.consumer })
    }

    /// Appends one record by itself.
    pub(crate) fn append(&mut self, payload: &[u8]) -> Result<Sequence, AppendError> {
        let (answer, ticket) = Answer::new();
        self.writer.write([Waiting { payload: payload.to_vec(), answer }]);
        self.syncer.sync();
        ticket.wait()
    }
}

/// What a caller saw.
#[derive(Default)]
struct Witness {
    appended: u64,
    /// Payload numbers whose records wait for the sync.
    unsynced: Vec<(u64, Append)>,
    /// Payload numbers that were acknowledged, by their sequence.
    acknowledged: BTreeMap<u64, u64>,
    /// Payload numbers that came out of the spool, by their sequence.
    delivered: BTreeMap<u64, u64>,
    /// Sequences that were passed for good or set aside for good.
    finished: BTreeSet<u64>,
    /// Those that were set aside for good.
    set_aside: BTreeSet<u64>,
    /// Those that were passed for themselves since the last start.
    passed: BTreeSet<u64>,
}

impl Witness {
    /// Appends one group, which is written and not synced.
    fn append(&mut self, engine: &mut Engine, dice: &mut Dice) {
        let mut group = Vec::new();
        for _ in 0..=dice.below(6) {
            self.appended += 1;
            let (answer, ticket) = Answer::new();
            group.push(Waiting { payload: payload(self.appended), answer });
            self.unsynced.push((self.appended, ticket));
        }
        engine.writer.write(group);
    }

    /// Syncs, and notes which records were acknowledged.
    fn sync(&mut self, engine: &Engine) {
        engine.syncer.sync();
        for (number, ticket) in self.unsynced.drain(..) {
            if let Ok(sequence) = ticket.wait() {
                let before = self.acknowledged.insert(sequence.as_u64(), number);
                assert_eq!(before, None, "sequence {sequence} was given out twice");
            }
        }
    }

    /// Checks that a process which ends now loses nothing that is written.
    fn judge_a_kill(&self, name: &str, disk: &Simulated) {
        let copy = disk.copy();
        let mut engine = Engine::open(&copy).expect("a disk that is well");
        let mut left = BTreeMap::new();
        loop {
            let batch = engine.consumer.read_on(100).expect("a disk that is well");
            if batch.is_empty() {
                break;
            }
            left.extend(batch.into_iter().map(|one| (one.sequence.as_u64(), one.payload)));
        }
        for (number, ticket) in &self.unsynced {
            // The writer has answered already.
            if let Ok(sequence) = ticket.written().wait() {
                let found = left.get(&sequence.as_u64());
                assert_eq!(found, Some(&payload(*number)), "{name}: {sequence} was written");
            }
        }
    }

    /// Reads a batch and passes some of it.
    fn consume(&mut self, engine: &mut Engine, dice: &mut Dice) {
        let Ok(batch) = engine.consumer.next_batch(1 + dice_index(dice, 12)) else { return };
        self.receive(&batch);
        if batch.is_empty() {
            return;
        }
        let passed = &batch[..=dice_index(dice, batch.len() as u64)];
        let through = passed[passed.len() - 1].sequence;
        if dice.below(8) == 0 && engine.consumer.set_aside(through, "poison").is_ok() {
            self.finished.insert(through.as_u64());
            self.set_aside.insert(through.as_u64());
        }
        if engine.consumer.advance(through).is_ok() {
            self.finished.extend(passed.iter().map(|record| record.sequence.as_u64()));
        }
    }

    /// Reads on and passes some records in another order.
    fn read_on(&mut self, engine: &mut Engine, dice: &mut Dice) {
        let Ok(batch) = engine.consumer.read_on(1 + dice_index(dice, 12)) else { return };
        self.receive(&batch);
        let mut chosen: Vec<Sequence> = batch.iter().map(|record| record.sequence).collect();
        chosen.retain(|_| dice.flip());
        chosen.reverse();
        if engine.consumer.pass(&chosen).is_ok() {
            self.passed.extend(chosen.iter().map(|sequence| sequence.as_u64()));
        }
    }

    /// Checks a batch against all that is known.
    fn receive(&mut self, batch: &[Record]) {
        let mut last = 0;
        for record in batch {
            let sequence = record.sequence.as_u64();
            assert!(sequence > last, "out of order");
            last = sequence;
            assert!(!self.finished.contains(&sequence), "{sequence} came after it was passed");
            assert!(!self.passed.contains(&sequence), "{sequence} came again in one run");
            let number = number(&record.payload).expect("only what was appended comes out");
            let before = self.delivered.insert(sequence, number);
            assert!(before.is_none_or(|before| before == number), "{sequence} changed");
            if let Some(acknowledged) = self.acknowledged.get(&sequence) {
                assert_eq!(*acknowledged, number, "{sequence} is another record");
            }
        }
    }

    /// Checks after reading everything: no acknowledged and no set-aside record is missing.
    fn judge(&self, name: &str, disk: &Simulated) {
        for sequence in &self.set_aside {
            let grave = disk.contents(&file::dead(*sequence)).expect("a file in dead/");
            let number = self.delivered[sequence];
            assert!(grave.ends_with(&payload(number)), "{name}: set aside as {sequence}");
        }
        for (sequence, number) in &self.acknowledged {
            let delivered = self.delivered.get(sequence);
            assert_eq!(delivered, Some(number), "{name}: acknowledged record {sequence}");
        }
        let numbers: BTreeSet<u64> = self.delivered.values().copied().collect();
        assert_eq!(numbers.len(), self.delivered.len(), "{name}: a record has two sequences");
    }
}

/// One life of a spool, with `fault` set before it; then the disk is healed and all is read.
fn live(name: &str, seed: u64, power_cuts: bool, fault: impl FnOnce(&Simulated)) -> u64 {
    let disk = Simulated::new(seed);
    let mut dice = Dice::new(seed);
    let mut witness = Witness::default();
    fault(&disk);
    for _ in 0..4 {
        let Some(mut engine) = Engine::open(&disk) else { continue };
        witness.passed.clear();
        for _ in 0..8 {
            witness.append(&mut engine, &mut dice);
            witness.judge_a_kill(name, &disk);
            if dice.below(3) > 0 {
                witness.sync(&engine);
            }
            if dice.flip() {
                witness.consume(&mut engine, &mut dice);
            }
            if dice.flip() {
                witness.read_on(&mut engine, &mut dice);
            }
            if dice.below(16) == 0 {
                engine.writer.retire();
            }
        }
        drop(engine);
        // Nobody acknowledged what is not synced; a power cut may take it.
        witness.unsynced.clear();
        if power_cuts {
            disk.cut_power();
        }
    }
    let operations = disk.operations();
    disk.heal();
    let mut engine = Engine::open(&disk).expect("a healed disk");
    drain(&mut engine, &mut witness);
    witness.judge(name, &disk);
    operations
}

fn drain(engine: &mut Engine, witness: &mut Witness) {
    loop {
        let batch = engine.consumer.next_batch(100).expect("a healed disk");
        let Some(last) = batch.last() else { return };
        let through: Sequence = last.sequence;
        for record in &batch {
            let number = number(&record.payload).expect("only what was appended comes out");
            let sequence = record.sequence.as_u64();
            assert!(!witness.finished.contains(&sequence), "{sequence} came after it was passed");
            let before = witness.delivered.insert(sequence, number);
            assert!(before.is_none_or(|before| before == number), "{sequence} changed");
        }
        engine.consumer.advance(through).expect("a healed disk");
    }
}

#[test]
fn every_operation_refused_once() {
    let mut lives = 0;
    for power_cuts in [false, true] {
        for seed in 0..seeds() {
            let operations = live("healthy", seed, power_cuts, |_| ());
            assert!(operations > 100, "{operations} operations");
            for chosen in 0..operations {
                let name = format!("seed {seed}, operation {chosen} once, cuts {power_cuts}");
                live(&name, seed, power_cuts, |disk| disk.fail_once(chosen));
                lives += 1;
            }
        }
    }
    println!("figures: {lives} lives with one operation of the disk refused: 0 lost, 0 changed");
}

#[test]
fn every_operation_refused_from_then_on() {
    let mut lives = 0;
    for power_cuts in [false, true] {
        for seed in 0..seeds() {
            let operations = live("healthy", seed, power_cuts, |_| ());
            for chosen in 0..operations {
                let name = format!("seed {seed}, from operation {chosen}, cuts {power_cuts}");
                live(&name, seed, power_cuts, |disk| disk.fail_from(chosen));
                lives += 1;
            }
        }
    }
    println!("figures: {lives} lives with all refused from one on: 0 lost, 0 changed");
}

/// Four cuts in each life.
#[test]
fn power_cut_anywhere() {
    for seed in 0..300 * seeds() {
        live(&format!("seed {seed}"), seed, true, |_| ());
    }
    println!("figures: {} power cuts: 0 lost, 0 changed", 4 * 300 * seeds());
}

#[test]
fn a_written_record_survives_its_process_and_needs_a_sync_against_a_power_cut() {
    let mut lost = 0;
    for seed in 0..64 {
        let disk = Simulated::new(seed);
        let mut engine = Engine::open(&disk).expect("opened");
        let durable = engine.append(b"durable").expect("durable");
        let (answer, ticket) = Answer::new();
        engine.writer.write([Waiting { payload: vec![7; 700], answer }]);
        let written = ticket.written().wait().expect("written without a sync");
        let left = |disk: &Simulated| -> Vec<Sequence> {
            let mut engine = Engine::open(disk).expect("opened again");
            let batch = engine.consumer.next_batch(10).expect("read");
            batch.into_iter().map(|one| one.sequence).collect()
        };
        drop(engine);
        assert_eq!(left(&disk.copy()), [durable, written], "seed {seed}");
        disk.cut_power();
        let left = left(&disk);
        assert_eq!(left[0], durable, "seed {seed}");
        lost += usize::from(left.len() == 1);
    }
    assert!(lost > 16, "{lost} of 64: a power cut takes what is not synced");
}

#[test]
fn a_segment_outlives_every_cursor_into_it() {
    for seed in 0..16 {
        let disk = Simulated::new(seed);
        let mut engine = Engine::open(&disk).expect("opened");
        for _ in 0..3 {
            engine.append(&[7; 3000]).expect("durable");
        }
        let batch = engine.consumer.next_batch(10).expect("read");
        let segment = file::segment(batch[0].sequence.as_u64());
        // A refused deletion may have happened anyway.
        disk.fail_from(disk.operations());
        let passed = engine.consumer.advance(batch[2].sequence);
        assert!(matches!(passed, Err(ConsumeError::Storage(_))), "{passed:?}");
        assert!(disk.contents(&segment).is_some(), "seed {seed}");
        assert_eq!(engine.consumer.next_batch(10), Ok(vec![]));
        disk.heal();
        assert_eq!(engine.consumer.advance(batch[2].sequence), Ok(()));
        assert_eq!(disk.contents(&segment), None, "seed {seed}");
    }
}

/// A payload that holds its number and has only one form.
#[test]
fn files_that_are_gone_are_noticed_before_anything_is_acknowledged() {
    let disk = Simulated::new(1);
    let mut engine = Engine::open(&disk).expect("opened");
    engine.append(b"before").expect("durable");
    disk.lose_everything();
    engine.append(b"nowhere").expect_err("no name leads to its segment");
    engine.append(b"after").expect("durable, in another segment");
    disk.lose_everything();
    // Nothing is appended meanwhile.
    engine.writer.look();
    engine.append(b"later").expect("durable at once");
    disk.cut_power();
    let mut engine = Engine::open(&disk).expect("opened again");
    let batch = engine.consumer.next_batch(10).expect("read");
    assert_eq!(batch.iter().map(|r| &r.payload[..]).collect::<Vec<_>>(), [b"later"]);
}

fn payload(number: u64) -> Vec<u8> {
    let mut dice = Dice::new(number);
    let length = dice_index(&mut dice, 700);
    let mut bytes = number.to_le_bytes().to_vec();
    bytes.extend((0..length).map(|_| u8::try_from(dice.below(256)).expect("a byte")));
    bytes
}

fn number(bytes: &[u8]) -> Option<u64> {
    let number = u64::from_le_bytes(*bytes.first_chunk()?);
    (payload(number) == bytes).then_some(number)
}

fn dice_index(dice: &mut Dice, limit: u64) -> usize {
    usize::try_from(dice.below(limit)).expect("small")
}

const CONFIG: Config = Config { segment_bytes: 4096, limit_bytes: 1 << 20, waiting_bytes: 1 << 20 };

/// `SPOOL_SEEDS` makes the campaigns longer.
fn seeds() -> u64 {
    std::env::var("SPOOL_SEEDS").map_or(1, |seeds| seeds.parse().expect("a number"))
}
