//! Directories that another process uses.

use std::io::{self, ErrorKind};
use std::path::Path;

/// Deletes a directory under a process that may make new files in it meanwhile.
pub fn delete(directory: &Path) -> io::Result<()> {
    loop {
        match std::fs::remove_dir_all(directory) {
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => {}
            result => return result,
        }
    }
}
