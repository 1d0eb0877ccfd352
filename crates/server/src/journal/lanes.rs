//! All lanes, and whose turn it is.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use identity::WorkspaceId;

use super::lane::{Held, Lane, Turn};

/// The lanes of all workspaces and two lines of them, each in the order of waiting: one for those that
/// are well, and one for those whose last attempt failed or was slow. Each line has connections of its
/// own.
#[derive(Default)]
pub(super) struct Lanes {
    by_workspace: BTreeMap<WorkspaceId, Lane>,
    well: Line,
    aside: Line,
    /// How many attempts of any lane succeeded.
    succeeded: u64,
    /// The lanes that hold more than their share of the memory.
    full: BTreeSet<WorkspaceId>,
    bytes: u64,
}

#[derive(Default)]
struct Line {
    waiting: VecDeque<WorkspaceId>,
    running: usize,
}

impl Lanes {
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

    pub(super) const fn count_success(&mut self) {
        self.succeeded += 1;
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

    /// The lanes that should be parked: they hold too much although records are being applied, or are in
    /// trouble while there is no room to read those of others.
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
            let in_trouble = self.by_workspace.iter().filter(|(_, lane)| lane.trouble.is_some());
            let largest = in_trouble.max_by_key(|(_, lane)| lane.bytes());
            too_full.extend(largest.filter(|(_, lane)| !lane.is_empty()).map(|(id, _)| id.clone()));
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

    /// Puts a lane at the end of its line, unless it stands there, runs or pauses.
    pub(super) fn stand_in_line(&mut self, workspace: &WorkspaceId) {
        let lane = self.lane(workspace);
        if lane.turn != Turn::Resting {
            return;
        }
        lane.turn = Turn::Waiting;
        let is_aside = lane.is_aside();
        let line = if is_aside { &mut self.aside } else { &mut self.well };
        line.waiting.push_back(workspace.clone());
    }

    /// The next lane that may begin an attempt, and whether it is one of those aside.
    pub(super) fn begin(&mut self) -> Option<(WorkspaceId, bool)> {
        for is_aside in [false, true] {
            let line = if is_aside { &mut self.aside } else { &mut self.well };
            let most = if is_aside { MOST_ASIDE } else { MOST_WELL };
            if line.running < most
                && let Some(workspace) = line.waiting.pop_front()
            {
                line.running += 1;
                self.lane(&workspace).turn = Turn::Running;
                return Some((workspace, is_aside));
            }
        }
        None
    }

    /// An attempt is over.
    pub(super) fn end(&mut self, workspace: &WorkspaceId, was_aside: bool) {
        let line = if was_aside { &mut self.aside } else { &mut self.well };
        line.running -= 1;
        self.lane(workspace).turn = Turn::Resting;
    }
}

/// Attempts at the same time: one for each connection.
const MOST_WELL: usize = 4;
const MOST_ASIDE: usize = 2;

/// Records in memory, of all workspaces together.
const MOST_BYTES: u64 = 16 << 20;

/// What one workspace may hold of them.
const SHARE: u64 = 2 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn workspace(id: &str) -> WorkspaceId {
        id.parse().expect("an id")
    }

    #[test]
    fn those_in_trouble_take_no_turn_of_those_that_are_well() {
        let mut lanes = Lanes::default();
        let clock = crate::clock::Clock::system();
        for number in 0..50_u8 {
            let ill = workspace(&format!("ill-{number}"));
            lanes.lane(&ill).failed(clock.instant(), 0);
            lanes.stand_in_line(&ill);
        }
        lanes.stand_in_line(&workspace("well"));
        lanes.stand_in_line(&workspace("well"));
        let mut begun = Vec::new();
        while let Some((workspace, is_aside)) = lanes.begin() {
            begun.push((workspace.to_string(), is_aside));
        }
        let want = [("well", false), ("ill-0", true), ("ill-1", true)];
        assert_eq!(begun, want.map(|(id, aside)| (id.to_owned(), aside)));
        lanes.end(&workspace("ill-0"), true);
        lanes.lane(&workspace("ill-0")).succeeded(Duration::ZERO);
        lanes.stand_in_line(&workspace("ill-0"));
        assert_eq!(lanes.begin(), Some((workspace("ill-0"), false)));
        assert_eq!(lanes.begin(), Some((workspace("ill-2"), true)));
        assert_eq!(lanes.begin(), None);
    }
}
