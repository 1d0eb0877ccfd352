//! Cycles among modules.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;

use super::tree::Crate;
use super::uses::Edges;

/// The cycles that lead from one concept into another and back, the shortest first. Every use
/// between concepts that is part of a cycle is in at least one of them.
pub(crate) fn between_concepts<C: PartialEq>(
    edges: &Edges,
    concept: impl Fn(usize) -> C,
) -> Vec<Vec<usize>> {
    let mut next: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (from, to) in edges.keys() {
        next.entry(*from).or_default().push(*to);
    }
    let crossing = edges.keys().filter(|(from, to)| concept(*from) != concept(*to));
    let mut cycles: Vec<Vec<usize>> = crossing
        .filter_map(|&(from, to)| Some([vec![from], way(&next, to, from)?].concat()))
        .collect();
    cycles.sort_by_key(Vec::len);
    let mut shown = BTreeSet::new();
    cycles.retain(|cycle| {
        let new = !shown.contains(&(cycle[0], cycle[1]));
        shown.extend(cycle.windows(2).map(|pair| (pair[0], pair[1])));
        new
    });
    cycles
}

/// The shortest way, both ends included.
fn way(next: &BTreeMap<usize, Vec<usize>>, start: usize, end: usize) -> Option<Vec<usize>> {
    let mut before = BTreeMap::from([(start, start)]);
    let mut queue = VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        if at == end {
            let mut way = vec![end];
            while *way.last()? != start {
                way.push(before[way.last()?]);
            }
            way.reverse();
            return Some(way);
        }
        for &to in next.get(&at).into_iter().flatten() {
            before.entry(to).or_insert_with(|| {
                queue.push_back(to);
                at
            });
        }
    }
    None
}

/// `crate: a -> b -> a (file:line, file:line)`, with one line of each use.
pub(crate) fn shown(source: &Crate, edges: &Edges, cycle: &[usize]) -> String {
    let names: Vec<String> = cycle.iter().map(|at| source.modules[*at].shown()).collect();
    let sites = cycle.windows(2).map(|pair| {
        let file = source.modules[pair[0]].file.display();
        format!("{file}:{}", edges.get(&(pair[0], pair[1])).copied().unwrap_or_default())
    });
    let mut text = format!("{}: {}", source.name, names.join(" -> "));
    // Writing to a string cannot fail.
    write!(text, " ({})", sites.collect::<Vec<_>>().join(", ")).unwrap_or_default();
    text
}
