//! All lanes, and whose turn it is.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use identity::WorkspaceId;
use store_pg::Limit;

use super::lane::{BATCH_BYTES, Held, Lane, Trouble, Turn};
use super::limits::Limits;

/// The lanes of all workspaces and the lines in which they wait.
pub(super) struct Lanes {
    connections: usize,
    by_workspace: BTreeMap<WorkspaceId, Lane>,
    lines: [Waiting; 4],
    limits: Limits,
    /// How many attempts of any lane succeeded.
    succeeded: u64,
    /// The lanes that hold more than their share of the memory.
    full: BTreeSet<WorkspaceId>,
    bytes: u64,
}

/// Where a lane waits. Each line has at least one connection while somebody waits in it, and the first
/// ones have the others.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Line {
    /// Those that are well.
    Well,
    /// Those that are well and have many records.
    Long,
    /// Those that need more time, because an attempt failed or was slow.
    Slow,
    /// Those that need much more time: they may hang.
    Aside,
}

impl Line {
    const ALL: [Self; 4] = [Self::Well, Self::Long, Self::Slow, Self::Aside];

    /// How many attempts of this line and the later ones may run at the same time on so many connections.
    fn most(self, connections: usize) -> usize {
        match self {
            Self::Well => connections,
            Self::Long => connections - 2,
            Self::Slow => connections / 2,
            Self::Aside => (connections / 3).min(MOST_ASIDE),
        }
    }
}

#[derive(Default)]
struct Waiting {
    /// Those with the least need of time first; of those, who had the least time lately, in the order of
    /// waiting.
    lanes: BTreeMap<(u32, Duration, u64), WorkspaceId>,
    running: usize,
    /// How many have stood in it.
    count: u64,
    /// The time that whoever began last had had.
    had: Duration,
}

impl Waiting {
    fn add(&mut self, workspace: &WorkspaceId, lane: &mut Lane) {
        // Nobody saves time up, or pays for long ago.
        lane.had = lane.had.clamp(self.had, self.had + LONGEST_DEBT);
        self.lanes.insert((lane.step(), lane.had, self.count), workspace.clone());
        self.count += 1;
    }

    fn next(&mut self) -> Option<WorkspaceId> {
        let ((_, had, _), workspace) = self.lanes.pop_first()?;
        self.had = self.had.max(had);
        Some(workspace)
    }
}

/// An attempt that may begin.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Begun {
    pub(super) workspace: WorkspaceId,
    pub(super) line: Line,
    pub(super) limit: Limit,
}

impl Lanes {
    /// Lanes that share so many connections, four or more.
    pub(super) fn new(connections: usize) -> Self {
        Self {
            connections: connections.max(4),
            by_workspace: BTreeMap::new(),
            lines: Default::default(),
            limits: Limits::default(),
            succeeded: 0,
            full: BTreeSet::new(),
            bytes: 0,
        }
    }

    pub(super) fn lane(&mut self, workspace: &WorkspaceId) -> &mut Lane {
        self.by_workspace.entry(workspace.clone()).or_insert_with(Lane::new)
    }

    /// Whether more may be read.
    pub(super) const fn has_room(&self) -> bool {
        self.bytes < MOST_BYTES
    }

    pub(super) const fn succeeded(&self) -> u64 {
        self.succeeded
    }

    pub(super) fn push(&mut self, workspace: &WorkspaceId, record: Held) {
        self.bytes += record.bytes();
        self.lane(workspace).push(record);
        self.note_full(workspace);
        self.stand_in_line(workspace);
    }

    pub(super) fn put_back(&mut self, workspace: &WorkspaceId, records: Vec<Held>) {
        self.bytes += records.iter().map(Held::bytes).sum::<u64>();
        self.lane(workspace).put_back(records);
        self.note_full(workspace);
    }

    fn note_full(&mut self, workspace: &WorkspaceId) {
        let succeeded = self.succeeded;
        let lane = self.lane(workspace);
        if lane.bytes() > SHARE && lane.full_since.is_none() {
            lane.full_since = Some(succeeded);
            self.full.insert(workspace.clone());
        }
    }

    /// The lanes that should be parked: they hold too much although records are being applied, or there is
    /// no room to read those of others.
    pub(super) fn too_full(&mut self) -> Vec<WorkspaceId> {
        let Self { by_workspace: lanes, full, succeeded, .. } = self;
        full.retain(|workspace| {
            lanes.get_mut(workspace).is_some_and(|lane| {
                if lane.bytes() <= SHARE {
                    lane.full_since = None;
                }
                lane.full_since.is_some()
            })
        });
        let applied_since = |workspace: &&WorkspaceId| {
            let full_since = lanes.get(*workspace).and_then(|lane| lane.full_since);
            full_since.is_some_and(|before| before < *succeeded)
        };
        let mut too_full: Vec<WorkspaceId> = full.iter().filter(applied_since).cloned().collect();
        if too_full.is_empty() && self.bytes >= MOST_BYTES {
            // Nobody is parked for what one attempt can take, unless it fails.
            let may_be = |lane: &Lane| {
                !lane.is_empty() && (lane.trouble.is_some() || lane.bytes() > BATCH_BYTES)
            };
            let lanes = self.by_workspace.iter().filter(|(_, lane)| may_be(lane));
            too_full.extend(lanes.map(|(id, _)| id.clone()));
        }
        too_full
    }

    pub(super) fn take_all(&mut self, workspace: &WorkspaceId) -> Vec<Held> {
        let records = self.lane(workspace).take_all();
        self.bytes -= records.iter().map(Held::bytes).sum::<u64>();
        records
    }

    /// The records of an attempt.
    pub(super) fn take(&mut self, workspace: &WorkspaceId) -> Vec<Held> {
        let records = self.lane(workspace).take();
        self.bytes -= records.iter().map(Held::bytes).sum::<u64>();
        records
    }

    /// Puts a lane into the line where it belongs, unless it stands in one, runs or pauses.
    pub(super) fn stand_in_line(&mut self, workspace: &WorkspaceId) {
        let Self { by_workspace, lines, .. } = self;
        let lane = by_workspace.entry(workspace.clone()).or_insert_with(Lane::new);
        if lane.turn != Turn::Resting {
            return;
        }
        lane.turn = Turn::Waiting;
        let line = match lane.step() {
            0 if lane.has_backlog() => Line::Long,
            0 => Line::Well,
            1..MAY_HANG => Line::Slow,
            _ => Line::Aside,
        };
        lines[line as usize].add(workspace, lane);
    }

    /// The next attempt that may begin.
    pub(super) fn begin(&mut self) -> Option<Begun> {
        let idle = |line: &Line| self.lines[*line as usize].running == 0;
        let idle: Vec<Line> = Line::ALL.into_iter().rev().filter(idle).collect();
        idle.into_iter().chain(Line::ALL).find_map(|line| self.begin_in(line))
    }

    fn begin_in(&mut self, line: Line) -> Option<Begun> {
        let running = |from: Line| -> usize {
            self.lines[from as usize..].iter().map(|line| line.running).sum()
        };
        let has_room = |from: &Line| running(*from) < from.most(self.connections);
        if !Line::ALL.iter().filter(|from| **from <= line).all(has_room) {
            return None;
        }
        let waiting = &mut self.lines[line as usize];
        let workspace = waiting.next()?;
        waiting.running += 1;
        let lane = self.lane(&workspace);
        lane.turn = Turn::Running;
        let step = lane.step();
        Some(Begun { workspace, line, limit: self.limits.at(step) })
    }

    /// An attempt is over.
    pub(super) fn end(&mut self, workspace: &WorkspaceId, line: Line) {
        self.lines[line as usize].running -= 1;
        self.lane(workspace).turn = Turn::Resting;
    }

    /// An attempt succeeded. Gives the trouble that is over.
    pub(super) fn succeed(
        &mut self,
        workspace: &WorkspaceId,
        line: Line,
        took: Duration,
    ) -> Option<Trouble> {
        self.succeeded += 1;
        if line == Line::Well {
            self.limits.note(took);
        }
        let step = self.limits.step_for(took);
        let lane = self.lane(workspace);
        lane.had += took;
        lane.succeeded(step)
    }
}

/// For so much time that it had more than others, a lane waits behind them.
const LONGEST_DEBT: Duration = Duration::from_secs(1);

/// The first step of those that may hang.
const MAY_HANG: u32 = 3;

/// Attempts of those that may hang, over all spools of a process.
pub(super) const MOST_ASIDE: usize = 2;

/// Records in memory, of all workspaces together.
const MOST_BYTES: u64 = 16 << 20;

/// What one workspace may hold of them.
const SHARE: u64 = 2 << 20;

#[cfg(test)]
mod tests {
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
        begun.map(|one| (one.workspace.to_string(), one.line)).collect()
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
        lanes.end(&workspace("ill-0"), Line::Slow);
        lanes.succeed(&workspace("ill-0"), Line::Slow, Duration::ZERO);
        lanes.stand_in_line(&workspace("ill-0"));
        let want = [("ill-0", Line::Well), ("ill-6", Line::Slow)];
        assert_eq!(begun(&mut lanes), want.map(|(id, line)| (id.to_owned(), line)));
    }

    /// What happens next, in milliseconds since the start.
    type Agenda = BTreeMap<(u64, usize), Next>;

    enum Next {
        Ends(WorkspaceId, Line, bool),
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
                Next::Ends(_, _, true) => return at - comes,
                Next::Ends(id, line, false) => {
                    lanes.end(&id, line);
                    let (pause, _) = lanes.lane(&id).failed(start, 0);
                    lanes.lane(&id).turn = Turn::Paused;
                    let at = at + u64::try_from(pause.as_millis()).expect("short");
                    agenda.insert((at, count), Next::GoesOn(id));
                    count += 1;
                }
            }
            while let Some(Begun { workspace, line, limit }) = lanes.begin() {
                let is_well = workspace == well;
                let lasts = if is_well { 10 } else { limit.statement.as_millis() };
                let at = at + u64::try_from(lasts).expect("short");
                agenda.insert((at, count), Next::Ends(workspace, line, is_well));
                count += 1;
            }
        }
    }

    #[test]
    fn those_that_are_well_always_have_a_connection() {
        for connections in 4..20 {
            let most = Line::ALL.map(|line| line.most(connections));
            assert!(
                most.is_sorted_by(|a, b| a >= b) && most[1] < most[0] && most[3] > 0,
                "{most:?}"
            );
        }
    }

    #[test]
    fn whatever_fifty_others_do_one_that_is_well_waits_less_than_a_second() {
        let longest = |one_by_one| (0..400).map(|n| waits(25 * n, one_by_one)).max();
        let (all_at_once, one_by_one) = (longest(false), longest(true));
        // 50 times 50 ms on the connections that those who failed leave.
        assert_eq!((all_at_once, one_by_one), (Some(460), Some(20)), "ms");
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
            ("small-0", Line::Well),
            ("small-1", Line::Well),
            ("small-2", Line::Well),
            ("large-1", Line::Long),
            ("large-2", Line::Long),
        ];
        assert_eq!(begun(&mut lanes), want.map(|(id, line)| (id.to_owned(), line)));
    }

    #[test]
    fn who_had_less_time_goes_first() {
        let mut lanes = Lanes::new(4);
        let floods: Vec<WorkspaceId> = (0..50).map(|n| workspace(&format!("flood-{n}"))).collect();
        for flood in &floods {
            lanes.stand_in_line(flood);
        }
        let turn = |lanes: &mut Lanes, millis| {
            let Begun { workspace, line, .. } = lanes.begin().expect("somebody waits");
            lanes.end(&workspace, line);
            // At the same step.
            lanes.succeed(&workspace, line, Duration::from_millis(millis));
            lanes.lane(&workspace).succeeded(0);
            lanes.stand_in_line(&workspace);
            workspace.to_string()
        };
        let rounds: Vec<String> = (0..105).map(|_| turn(&mut lanes, 300)).collect();
        // They take turns.
        assert_eq!(rounds[..50], rounds[50..100]);
        // One that comes waits for those only that have had as little as whoever began last, and has the
        // next turns too, as long as they are short.
        lanes.stand_in_line(&workspace("well"));
        let before: Vec<String> = (0..45).map(|_| turn(&mut lanes, 300)).collect();
        assert_eq!(before, rounds[5..50]);
        let next: Vec<String> = (0..30).map(|_| turn(&mut lanes, 10)).collect();
        assert_eq!(next, ["well"; 30]);
        assert_ne!(turn(&mut lanes, 10), "well");
    }

    fn record(bytes: usize) -> Held {
        let text = r#"{"workspace":"w","call":"CA00000000000000000000000000000001","events":[],"params":[]}"#;
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
}
