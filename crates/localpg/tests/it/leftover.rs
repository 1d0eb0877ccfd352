//! Remains of killed processes.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio, id};
use std::sync::Mutex;

use localpg::{Notice, Options, Server, start};

use crate::support::{TempDir, ensure, wait_until};

/// Starts a program that starts a server in `dir`; waits until the server is ready.
fn run(dir: &Path) -> (Child, PathBuf) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_localpg-run"))
        .arg(dir)
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program");
    let mut lines = BufReader::new(program.stdout.take().expect("its output")).lines();
    let line = lines.next().expect("a line").expect("text");
    let data = line.strip_prefix("data=").expect("the data directory");
    (program, PathBuf::from(data))
}

#[test]
fn a_killed_parent_leaves_no_server() {
    let dir = TempDir::new();
    let (mut program, data) = run(dir.path());
    assert!(data.join("postmaster.pid").exists(), "it runs");
    // Its whole process group, as runners of tests do: the watchdog must not be in it.
    let group = format!("-{}", program.id());
    let status =
        Command::new("/bin/sh").args(["-c", "kill -s KILL -- \"$1\"", "sh", &group]).status();
    assert!(status.expect("a shell").success());
    assert!(!program.wait().expect("its end").success());
    // The server removes the file as the last step of an orderly stop.
    wait_until("the server stops", || !data.join("postmaster.pid").exists());
}

#[test]
fn the_end_of_its_input_stops_the_program() {
    let dir = TempDir::new();
    let (mut program, data) = run(dir.path());
    drop(program.stdin.take());
    assert!(program.wait().expect("its end").success());
    assert!(!data.join("postmaster.pid").exists(), "stopped before its parent");
}

static LEFTOVERS: Mutex<Vec<u32>> = Mutex::new(Vec::new());

fn record_leftover(notice: &Notice<'_>) {
    if let Notice::Leftover { pid } = notice {
        LEFTOVERS.lock().expect("a whole list").push(*pid);
    }
}

/// Makes a cluster with one row, stopped.
fn cluster(options: &Options) -> (Server, PathBuf) {
    let server = start(options).expect("a first start");
    server.execute("postgres", "create table t as select 7 as n").expect("a table");
    let data = server.data_dir().to_path_buf();
    (server, data)
}

/// Runs a server that nobody watches, as its owner would by hand.
fn run_unwatched(server: Server, data: &Path) -> Child {
    let program = server.binaries().bin.join("postgres");
    server.stop().expect("a stop");
    let owner = fs::metadata(data).expect("the data");
    let mut command = Command::new(program);
    command.arg("-D").arg(data).args(["-c", "listen_addresses=", "-c"]);
    command.arg(format!("unix_socket_directories={}", data.display()));
    command.current_dir("/").stdout(Stdio::null()).stderr(Stdio::null());
    if owner.uid() != fs::metadata(env!("CARGO_BIN_EXE_localpg-run")).expect("this build").uid() {
        command.uid(owner.uid()).gid(owner.gid());
    }
    let child = command.spawn().expect("a server");
    let ready = || {
        let text = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
        text.lines().nth(7).is_some_and(|line| line.trim() == "ready")
    };
    wait_until("the server is ready", ready);
    child
}

#[test]
fn a_running_leftover_is_stopped_first() {
    let dir = TempDir::new();
    let mut options = dir.options();
    options.notice = record_leftover;
    let (server, data) = cluster(&options);
    let mut leftover = run_unwatched(server, &data);

    let server = start(&options).expect("a start in spite of the leftover");
    assert_eq!(*LEFTOVERS.lock().expect("a whole list"), [leftover.id()]);
    assert!(leftover.wait().expect("its end").success(), "stopped in order");
    server.execute("postgres", &ensure("(select n from t) = 7")).expect("the data");
}

#[test]
fn a_killed_server_does_not_block_the_next() {
    let dir = TempDir::new();
    let options = dir.options();
    let (server, data) = cluster(&options);
    let mut killed = run_unwatched(server, &data);
    killed.kill().expect("SIGKILL");

    // The process is not reaped yet: its number still exists.
    let server = start(&options).expect("a start in spite of the dead process");
    server.execute("postgres", &ensure("(select n from t) = 7")).expect("the data");
    killed.wait().expect("its end");
}

#[test]
fn a_number_given_to_another_process_does_not_block() {
    let dir = TempDir::new();
    let options = dir.options();
    let (server, data) = cluster(&options);
    server.stop().expect("a stop");
    // After a power cut; in a container the same numbers come back.
    let text = format!("{}\n{}\n1700000000\n5432\n\n\n\nready   \n", id(), data.display());
    fs::write(data.join("postmaster.pid"), text).expect("a stale file");
    let server = start(&options).expect("a start in spite of the file");
    server.execute("postgres", &ensure("(select n from t) = 7")).expect("the data");
}
