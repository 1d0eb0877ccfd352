//! Rows of the log that cannot be read: the others are shown, and an operator hears of these.

use identity::WorkspaceId;
use tracing::warn;

/// Says what of a workspace's log was left out: how much, and the first column.
pub(crate) fn note(workspace: &WorkspaceId, damaged: &[String]) {
    if let Some(first) = damaged.first() {
        let count = damaged.len();
        warn!(workspace.id = %workspace, count, "{count} rows of the log of workspace {workspace} cannot be read and are left out, the first because: {first}");
    }
}
