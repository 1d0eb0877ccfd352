//! Reading a workspace once for everybody who asks for it at the same moment.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use identity::WorkspaceId;
use tokio::sync::OnceCell;

/// The reads that are going on. Many requests together, as after a start, would take all connections
/// from each other, so those for one workspace share one read.
pub(crate) struct SharedReads<T>(Mutex<HashMap<WorkspaceId, Arc<OnceCell<T>>>>);

impl<T: Clone> SharedReads<T> {
    pub(crate) fn new() -> Self {
        Self(Mutex::default())
    }

    /// Joins the read of a workspace that is going on, or begins one.
    pub(super) async fn read<R>(&self, id: &WorkspaceId, read: impl FnOnce() -> R) -> T
    where
        R: Future<Output = T>,
    {
        let share = Share::join(self, id);
        share.read.get_or_init(read).await.clone()
    }

    /// Whether a read of a workspace is going on.
    pub(super) fn is_reading(&self, id: &WorkspaceId) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(id)
    }
}

/// A share in a read. The last one who leaves, or the first one who has the result, takes it off the
/// list, so that the next request reads anew.
struct Share<'a, T> {
    reads: &'a SharedReads<T>,
    id: &'a WorkspaceId,
    read: Arc<OnceCell<T>>,
}

impl<'a, T> Share<'a, T> {
    fn join(reads: &'a SharedReads<T>, id: &'a WorkspaceId) -> Self {
        let mut all = reads.0.lock().unwrap_or_else(PoisonError::into_inner);
        let read = Arc::clone(all.entry(id.clone()).or_default());
        Self { reads, id, read }
    }
}

impl<T> Drop for Share<'_, T> {
    fn drop(&mut self) {
        let mut all = self.reads.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The list has one reference, this has one.
        let is_last = Arc::strong_count(&self.read) == 2;
        let is_listed = all.get(self.id).is_some_and(|listed| Arc::ptr_eq(listed, &self.read));
        if is_listed && (is_last || self.read.initialized()) {
            all.remove(self.id);
        }
    }
}
