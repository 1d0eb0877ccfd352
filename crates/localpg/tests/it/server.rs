//! One server and its directory.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::sync::Mutex;
use std::time::Duration;

use localpg::{Error, Notice, SUPERUSER, start};
use tokio_postgres::config::Host;

use crate::support::{TempDir, ensure};

#[test]
fn clients_read_the_connection_string() {
    let dir = TempDir::new();
    let server = start(&dir.options()).expect("a start");
    let how = server.connection_string(r"o'neil\", "my db");
    let config: tokio_postgres::Config = how.parse().expect("a connection string");
    assert_eq!(config.get_hosts(), [Host::Unix(server.socket_dir().to_path_buf())]);
    assert_eq!(config.get_ports(), [5432]);
    assert_eq!(config.get_user(), Some(r"o'neil\"));
    assert_eq!(config.get_dbname(), Some("my db"));
}

#[test]
fn keeps_data() {
    let dir = TempDir::new();
    let mut options = dir.options();
    options.throw_away = false;
    let server = start(&options).expect("a first start");
    server.execute("postgres", "create table t as select 7 as n").expect("a table");
    let data = server.data_dir().to_path_buf();
    server.stop().expect("a stop in order");
    assert!(!data.join("postmaster.pid").exists(), "stopped");

    let server = start(&options).expect("a later start");
    server.execute("postgres", &ensure("(select n from t) = 7")).expect("the data");
    server.execute("postgres", &ensure("current_setting('fsync') = 'on'")).expect("synced");
    let socket = server.socket_dir().join(".s.PGSQL.5432");
    assert!(socket.exists());
    drop(server);
    assert!(!data.join("postmaster.pid").exists(), "dropping stops, too");
    assert!(!socket.exists());
}

#[test]
fn is_closed_to_others() {
    let dir = TempDir::new();
    let server = start(&dir.options()).expect("a start");
    let own = fs::metadata(dir.path()).expect("the directory").uid();
    for path in [server.data_dir(), server.socket_dir()] {
        let metadata = fs::metadata(path).expect("a directory");
        assert_eq!(metadata.mode() & 0o777, 0o700, "{}", path.display());
        // PostgreSQL refuses to run as root; any other account runs it as itself.
        assert_eq!(metadata.uid() == own, own != 0, "{}", path.display());
    }
    server
        .execute("postgres", &ensure("current_setting('listen_addresses') = ''"))
        .expect("no TCP");
}

#[test]
fn takes_settings_except_the_ones_it_needs_itself() {
    let dir = TempDir::new();
    let mut options = dir.options();
    for (name, value) in [("work_mem", "5MB"), ("listen_addresses", "*"), ("port", "5433")] {
        options.settings.push((name.into(), value.into()));
    }
    let server = start(&options).expect("a start");
    let conditions = [
        "current_setting('work_mem') = '5MB'",
        "current_setting('listen_addresses') = ''",
        "current_setting('port') = '5432'",
        "current_setting('server_encoding') = 'UTF8'",
        "current_setting('TimeZone') = 'UTC'",
        "(select datcollate from pg_database where datname = 'template1') = 'C'",
    ];
    for condition in conditions {
        server.execute("postgres", &ensure(condition)).expect(condition);
    }
}

#[test]
fn reports_why_it_does_not_start() {
    let dir = TempDir::new();
    let mut options = dir.options();
    options.settings.push(("no_such_parameter".into(), "1".into()));
    let error = start(&options).expect_err("an unknown parameter");
    assert!(matches!(error, Error::Program { name: "postgres", .. }), "{error:?}");
    assert!(error.to_string().contains("parameter \"no_such_parameter\""), "{error}");

    // The directory is free again.
    start(&dir.options()).expect("a start").stop().expect("a stop");
}

#[test]
fn reports_which_sql_was_refused() {
    let dir = TempDir::new();
    let server = start(&dir.options()).expect("a start");
    let error = server.execute("postgres", "select * from nothing").expect_err("no such table");
    assert_eq!(error.to_string(), "statement refused (42P01): relation \"nothing\" does not exist");
    let error = server.execute("nowhere", "select 1").expect_err("no such database");
    assert_eq!(error.to_string(), "statement refused (3D000): database \"nowhere\" does not exist");
}

#[test]
fn is_alone_in_its_directory() {
    let dir = TempDir::new();
    let mut options = dir.options();
    let first = start(&options).expect("a start");
    options.lock_limit = Duration::ZERO;
    let error = start(&options).expect_err("the directory is taken");
    assert!(matches!(&error, Error::InUse { dir } if first.data_dir().starts_with(dir)), "{error}");
    first.execute("postgres", "select 1").expect("the first still runs");
}

#[test]
fn makes_short_sockets_for_long_paths() {
    let dir = TempDir::new();
    let mut options = dir.options();
    options.dir = dir.path().join("d".repeat(100)).join("with, odd 'letters'");
    let server = start(&options).expect("a start");
    let socket = server.socket_dir().to_path_buf();
    assert!(socket.starts_with("/tmp"), "{}", socket.display());
    assert_eq!(fs::metadata(&socket).expect("the directory").mode() & 0o777, 0o700);
    server.execute("postgres", "select 1").expect("an answer");
    let how = server.connection_string(SUPERUSER, "postgres");
    assert_eq!(
        how,
        format!("host='{}' port=5432 user='postgres' dbname='postgres'", socket.display())
    );
    server.stop().expect("a stop");
    assert!(!socket.exists(), "nothing stays in /tmp");
}

#[test]
fn begins_an_interrupted_cluster_anew() {
    let dir = TempDir::new();
    let options = dir.options();
    let server = start(&options).expect("a start");
    let data = server.data_dir().to_path_buf();
    server.stop().expect("a stop");
    // As if `initdb` had been killed half-way.
    let attempt = data.with_extension("new-1-1");
    fs::rename(&data, &attempt).expect("a rename");
    fs::remove_file(attempt.join("PG_VERSION")).expect("half a cluster");
    let server = start(&options).expect("another start");
    server.execute("postgres", "select 1").expect("an answer");
    assert!(!attempt.exists(), "removed");
}

static MOVED: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn record_move(notice: &Notice<'_>) {
    if let Notice::Moved { to, .. } = notice {
        MOVED.lock().expect("a whole list").push(to.display().to_string());
    }
}

#[test]
fn moves_if_the_account_cannot_enter() {
    let dir = TempDir::new();
    let closed = dir.path().join("closed");
    fs::create_dir(&closed).expect("a directory");
    fs::set_permissions(&closed, Permissions::from_mode(0o700)).expect("closed");
    let mut options = dir.options();
    options.dir = closed.join("pg");
    options.notice = record_move;
    let server = start(&options).expect("a start");
    server.execute("postgres", "create table t as select 7 as n").expect("a table");
    let is_root = fs::metadata(dir.path()).expect("the directory").uid() == 0;
    let below = if is_root { &options.system_dir } else { &options.dir };
    assert!(server.data_dir().starts_with(below), "{}", server.data_dir().display());
    assert_eq!(MOVED.lock().expect("a whole list").len(), usize::from(is_root));
    drop(server);

    // Data stays where it is, although the directory could be entered now.
    fs::set_permissions(&closed, Permissions::from_mode(0o755)).expect("open");
    let server = start(&options).expect("another start");
    server.execute("postgres", &ensure("(select n from t) = 7")).expect("the same data");
    assert_eq!(MOVED.lock().expect("a whole list").len(), usize::from(is_root), "told once");
}
