//! All lanes, and whose turn it is.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use identity::WorkspaceId;
use store_pg::Limit;

use super::lane::{BATCH, BATCH_BYTES, Held, Lane, Trouble, Turn};
use super::limits::Limits;

/// The lanes of all workspaces and the lines in which they wait.
pub(super) struct Lanes {
    connections: usize,
    by_workspace: BTreeMap<WorkspaceId, Lane>,
    lines: [Waiting; 5],
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
    /// Those that are well: one attempt is for many of them.
    Well,
    /// Those that are well as far as they alone show: an attempt together with others failed.
    Apart,
    /// Those that are well and have many records.
    Long,
    /// Those that need more time, because an attempt failed or was slow.
    Slow,
    /// Those that need much more time: they may hang.
    Aside,
}

impl Line {
    const ALL: [Self; 5] = [Self::Well, Self::Apart, Self::Long, Self::Slow, Self::Aside];

    /// How many attempts of this line and the later ones may run at the same time on so many connections.
    fn most(self, connections: usize) -> usize {
        match self {
            Self::Well => connections,
            Self::Apart => connections - 1,
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

    /// Whose turn is next.
    fn first(&self) -> Option<&WorkspaceId> {
        self.lanes.first_key_value().map(|(_, workspace)| workspace)
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
    /// More than one only of those that are well.
    pub(super) workspaces: Vec<WorkspaceId>,
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
            0 if lane.is_apart => Line::Apart,
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
        if line == Line::Well
            && self.lines[line as usize].running >= MOST_TOGETHER
            && !self.fills_an_attempt()
        {
            return None;
        }
        let first = self.lines[line as usize].next()?;
        let step = self.lane(&first).step();
        let mut workspaces = vec![first];
        if line == Line::Well {
            self.gather(&mut workspaces);
        }
        for workspace in &workspaces {
            self.lane(workspace).turn = Turn::Running;
        }
        self.lines[line as usize].running += 1;
        Some(Begun { workspaces, line, limit: self.limits.at(step) })
    }

    /// Whether the next of those that are well has so many records that little would be shared.
    fn fills_an_attempt(&self) -> bool {
        let first = self.lines[Line::Well as usize].first();
        let lane = first.and_then(|workspace| self.by_workspace.get(workspace));
        lane.is_some_and(|lane| lane.records() > BATCH / 4 || lane.bytes() > BATCH_BYTES / 4)
    }

    /// Adds those that are well and next in line, as many as one attempt can take.
    fn gather(&mut self, workspaces: &mut Vec<WorkspaceId>) {
        let Self { by_workspace: lanes, lines, .. } = self;
        let size = |workspace: &WorkspaceId| {
            lanes.get(workspace).map_or((0, 0), |lane| (lane.records(), lane.bytes()))
        };
        let (mut records, mut bytes) = workspaces.first().map_or((0, 0), size);
        let waiting = &mut lines[Line::Well as usize];
        while workspaces.len() < TOGETHER {
            let Some((more_records, more_bytes)) = waiting.first().map(size) else { return };
            (records, bytes) = (records + more_records, bytes + more_bytes);
            if records > BATCH || bytes > BATCH_BYTES {
                return;
            }
            workspaces.extend(waiting.next());
        }
    }

    /// An attempt is over.
    pub(super) fn end<'a>(
        &mut self,
        workspaces: impl IntoIterator<Item = &'a WorkspaceId>,
        line: Line,
    ) {
        self.lines[line as usize].running -= 1;
        for workspace in workspaces {
            self.lane(workspace).turn = Turn::Resting;
        }
    }

    /// An attempt succeeded, of which `took` is this workspace's part. Gives the trouble that is over.
    pub(super) fn succeed(
        &mut self,
        workspace: &WorkspaceId,
        line: Line,
        took: Duration,
    ) -> Option<Trouble> {
        self.succeeded += 1;
        if line <= Line::Apart {
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

/// Attempts for those that are well: while so many run, those with few records wait, and have the next one
/// together. A few at a time take less of the database's time than one for each.
const MOST_TOGETHER: usize = 2;

/// Workspaces that one attempt is for. If it fails, so many others are tried by themselves.
const TOGETHER: usize = 16;

/// Attempts of those that may hang, over all spools of a process.
pub(super) const MOST_ASIDE: usize = 2;

/// Records in memory, of all workspaces together.
const MOST_BYTES: u64 = 16 << 20;

/// What one workspace may hold of them.
const SHARE: u64 = 2 << 20;

#[cfg(test)]
mod tests;
