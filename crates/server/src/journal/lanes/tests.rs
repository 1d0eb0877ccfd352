use std::sync::OnceLock;

use spool::{Sequence, Spool};

use super::super::Entry;
use super::*;

fn workspace(id: &str) -> WorkspaceId {
    id.parse().expect("an id")
}

/// Begins whatever may begin, and gives the lines in which it waited.
fn begun(lanes: &mut Lanes) -> Vec<(String, Line)> {
    let begun = std::iter::from_fn(|| lanes.begin());
    let name = |one: Begun| {
        let names: Vec<&str> = one.workspaces.iter().map(WorkspaceId::as_str).collect();
        (names.join(" "), one.line)
    };
    begun.map(name).collect()
}

#[test]
fn those_in_trouble_take_no_turn_of_those_that_are_well() {
    let mut lanes = Lanes::new(6);
    let clock = crate::clock::Clock::system();
    for number in 0..50_u8 {
        let ill = workspace(&format!("ill-{number}"));
        for _ in 0..=number % 3 {
            lanes.lane(&ill).failed(clock.instant(), 0);
        }
        lanes.stand_in_line(&ill);
    }
    lanes.stand_in_line(&workspace("well"));
    lanes.stand_in_line(&workspace("well"));
    let want = [
        // Each line has a turn, and those that failed once go before those that failed twice.
        ("ill-2", Line::Aside),
        ("ill-0", Line::Slow),
        ("well", Line::Well),
        ("ill-3", Line::Slow),
    ];
    assert_eq!(begun(&mut lanes), want.map(|(id, line)| (id.to_owned(), line)));
    lanes.end([&workspace("ill-0")], Line::Slow);
    lanes.succeed(&workspace("ill-0"), Line::Slow, Duration::ZERO);
    lanes.stand_in_line(&workspace("ill-0"));
    let want = [("ill-0", Line::Well), ("ill-6", Line::Slow)];
    assert_eq!(begun(&mut lanes), want.map(|(id, line)| (id.to_owned(), line)));
}

/// What happens next, in milliseconds since the start.
type Agenda = BTreeMap<(u64, usize), Next>;

enum Next {
    Ends(Begun),
    GoesOn(WorkspaceId),
}

/// How long a workspace that is well waits for the end of its attempt, in milliseconds, if it comes at
/// this moment. Fifty others hang from the start, one call after the other or all at once.
fn waits(comes: u64, one_by_one: bool) -> u64 {
    let mut lanes = Lanes::new(6);
    let start = crate::clock::Clock::system().instant();
    let well = workspace("well");
    let mut agenda = Agenda::new();
    for number in 0..50 {
        let at = if one_by_one { number * 20 } else { 0 };
        let ill = workspace(&format!("ill-{number}"));
        agenda.insert((at, agenda.len()), Next::GoesOn(ill));
    }
    agenda.insert((comes, agenda.len()), Next::GoesOn(well.clone()));
    let mut count = agenda.len();
    loop {
        let ((at, _), next) = agenda.pop_first().expect("it ends with the one that is well");
        match next {
            Next::GoesOn(id) => {
                lanes.lane(&id).turn = Turn::Resting;
                lanes.stand_in_line(&id);
            }
            Next::Ends(Begun { workspaces, line, .. }) => {
                lanes.end(&workspaces, line);
                if workspaces == [well.clone()] {
                    return at - comes;
                }
                for id in workspaces.iter().filter(|_| workspaces.len() > 1) {
                    lanes.lane(id).is_apart = true;
                    lanes.stand_in_line(id);
                }
                if let [id] = &workspaces[..] {
                    let (pause, _) = lanes.lane(id).failed(start, 0);
                    lanes.lane(id).turn = Turn::Paused;
                    let at = at + u64::try_from(pause.as_millis()).expect("short");
                    agenda.insert((at, count), Next::GoesOn(id.clone()));
                    count += 1;
                }
            }
        }
        while let Some(begun) = lanes.begin() {
            let is_well = begun.workspaces == [well.clone()];
            let lasts = if is_well { 10 } else { begun.limit.statement.as_millis() };
            let at = at + u64::try_from(lasts).expect("short");
            agenda.insert((at, count), Next::Ends(begun));
            count += 1;
        }
    }
}

#[test]
fn those_that_are_well_always_have_a_connection() {
    for connections in 4..20 {
        let most = Line::ALL.map(|line| line.most(connections));
        assert!(most.is_sorted_by(|a, b| a >= b) && most[1] < most[0] && most[4] > 0, "{most:?}");
    }
}

#[test]
fn whatever_fifty_others_do_one_that_is_well_waits_less_than_a_second() {
    let longest = |one_by_one| (0..400).map(|n| waits(25 * n, one_by_one)).max();
    let (all_at_once, one_by_one) = (longest(false), longest(true));
    // An attempt together with some of them, and one behind theirs.
    assert_eq!((all_at_once, one_by_one), (Some(110), Some(160)), "ms");
}

#[test]
fn a_backlog_waits_behind_a_few_records() {
    let mut lanes = Lanes::new(6);
    for lane in ["large-0", "large-1", "large-2", "large-3", "large-4", "large-5"] {
        for _ in 0..5 {
            lanes.lane(&workspace(lane)).push(record(60_000));
        }
        lanes.stand_in_line(&workspace(lane));
    }
    for lane in ["small-0", "small-1", "small-2"] {
        lanes.push(&workspace(lane), record(1_000));
    }
    let want = [
        ("large-0", Line::Long),
        ("small-0 small-1 small-2", Line::Well),
        ("large-1", Line::Long),
        ("large-2", Line::Long),
        ("large-3", Line::Long),
    ];
    assert_eq!(begun(&mut lanes), want.map(|(id, line)| (id.to_owned(), line)));
}

#[test]
fn who_had_less_time_goes_first() {
    let mut lanes = Lanes::new(4);
    let floods: Vec<WorkspaceId> = (0..50).map(|n| workspace(&format!("flood-{n}"))).collect();
    for flood in &floods {
        lanes.lane(flood).is_apart = true;
        lanes.stand_in_line(flood);
    }
    let turn = |lanes: &mut Lanes, millis| {
        let Begun { workspaces, line, .. } = lanes.begin().expect("somebody waits");
        lanes.end(&workspaces, line);
        let [workspace] = &workspaces[..] else { panic!("{workspaces:?}") };
        // At the same step.
        lanes.succeed(workspace, line, Duration::from_millis(millis));
        lanes.lane(workspace).succeeded(0);
        lanes.lane(workspace).is_apart = true;
        lanes.stand_in_line(workspace);
        workspace.to_string()
    };
    let rounds: Vec<String> = (0..105).map(|_| turn(&mut lanes, 300)).collect();
    // They take turns.
    assert_eq!(rounds[..50], rounds[50..100]);
    // One that comes waits for those only that have had as little as whoever began last, and has the
    // next turns too, as long as they are short.
    lanes.lane(&workspace("well")).is_apart = true;
    lanes.stand_in_line(&workspace("well"));
    let before: Vec<String> = (0..45).map(|_| turn(&mut lanes, 300)).collect();
    assert_eq!(before, rounds[5..50]);
    let next: Vec<String> = (0..30).map(|_| turn(&mut lanes, 10)).collect();
    assert_eq!(next, ["well"; 30]);
    assert_ne!(turn(&mut lanes, 10), "well");
}

#[test]
fn those_that_are_well_share_attempts_until_one_fails() {
    let mut lanes = Lanes::new(6);
    let names: Vec<String> = (10..50).map(|n| format!("well-{n}")).collect();
    for name in &names {
        lanes.push(&workspace(name), record(1_000));
    }
    let group = |range: std::ops::Range<usize>| (names[range].join(" "), Line::Well);
    assert_eq!(begun(&mut lanes), [group(0..16), group(16..32)], "two at a time");
    let ended: Vec<WorkspaceId> = names[..16].iter().map(|name| workspace(name)).collect();
    lanes.end(&ended, Line::Well);
    for id in &ended {
        lanes.lane(id).is_apart = true;
        lanes.stand_in_line(id);
    }
    let want: Vec<(String, Line)> =
        [("well-10", Line::Apart)].map(|(id, line)| (id.to_owned(), line)).into();
    let rest = [group(32..40)];
    let more = (11..14).map(|n| (format!("well-{n}"), Line::Apart));
    let want: Vec<_> = want.into_iter().chain(rest).chain(more).collect();
    assert_eq!(begun(&mut lanes), want);
    lanes.end([&ended[0]], Line::Apart);
    lanes.succeed(&ended[0], Line::Apart, Duration::ZERO);
    lanes.stand_in_line(&ended[0]);
    assert_eq!(begun(&mut lanes), [("well-14".to_owned(), Line::Apart)], "it is well again");
}

#[test]
fn in_a_backlog_each_workspace_has_its_own_attempt_on_every_connection() {
    let mut lanes = Lanes::new(6);
    for name in ["a", "b", "c", "d", "e", "f"] {
        for _ in 0..200 {
            lanes.push(&workspace(name), record(1_000));
        }
    }
    let want = ["a", "b", "c", "d", "e", "f"].map(|name| (name.to_owned(), Line::Well));
    assert_eq!(begun(&mut lanes), want);
}

#[test]
fn an_attempt_for_many_is_no_larger_than_one_for_one() {
    let mut lanes = Lanes::new(6);
    for name in ["a", "b", "c", "d"] {
        lanes.push(&workspace(name), record(100_000));
    }
    let want = [("a b", Line::Well), ("c d", Line::Well)];
    assert_eq!(begun(&mut lanes), want.map(|(id, line)| (id.to_owned(), line)));
}

fn record(bytes: usize) -> Held {
    let text =
        r#"{"workspace":"w","call":"CA00000000000000000000000000000001","events":[],"params":[]}"#;
    let entry = Entry::read(text.as_bytes()).expect("an entry");
    Held { sequence: sequence(), payload: vec![0; bytes], entry }
}

/// Only a spool makes them.
fn sequence() -> Sequence {
    static ONE: OnceLock<Sequence> = OnceLock::new();
    *ONE.get_or_init(|| {
        let name = format!("switchroom-lanes-{}", uuid::Uuid::new_v4());
        let dir = std::env::temp_dir().join(name);
        let spool = Spool::open(&dir, spool::Config::default()).expect("a spool");
        let sequence = spool.append(*b"a record").wait().expect("written");
        spool.close();
        std::fs::remove_dir_all(&dir).expect("removed");
        sequence
    })
}
