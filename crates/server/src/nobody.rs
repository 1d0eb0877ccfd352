//! Workspaces in which nobody takes calls: their phones are silent although everything works.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use identity::WorkspaceId;
use tokio::time::Instant;

/// Of which workspaces the log said that nobody takes calls there, and when.
#[derive(Debug, Default)]
pub(crate) struct Nobody(Mutex<BTreeMap<WorkspaceId, Instant>>);

impl Nobody {
    /// Whether it is to be said now: once a minute for each workspace.
    pub(crate) fn is_news(&self, workspace: &WorkspaceId, now: Instant) -> bool {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if said.get(workspace).is_some_and(|at| now.duration_since(*at) < AGAIN) {
            return false;
        }
        if said.len() >= MOST {
            said.retain(|_, at| now.duration_since(*at) < AGAIN);
        }
        if said.len() >= MOST {
            return false;
        }
        said.insert(workspace.clone(), now);
        true
    }
}

const AGAIN: Duration = Duration::from_secs(60);

/// Workspaces that are remembered; a log with more lines in a minute helps nobody.
const MOST: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_once_a_minute_for_each_workspace() {
        let (nobody, start) = (Nobody::default(), crate::clock::Clock::system().instant());
        let (acme, other): (WorkspaceId, WorkspaceId) =
            ("acme".parse().unwrap(), "other".parse().unwrap());
        assert!(nobody.is_news(&acme, start) && nobody.is_news(&other, start));
        assert!(!nobody.is_news(&acme, start + Duration::from_secs(59)));
        assert!(nobody.is_news(&acme, start + AGAIN));
    }
}
