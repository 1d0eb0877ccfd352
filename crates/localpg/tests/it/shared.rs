//! The cluster that all tests share.

use std::collections::BTreeSet;
use std::env;
use std::process::{Command, Output, id};
use std::thread;

use localpg::testing::{DatabaseError, cluster};
use localpg::{Error, SUPERUSER};

use crate::support::ensure;

const SCHEMA: &str = "create table agents (name text primary key)";

#[test]
fn every_test_has_its_own_database() {
    let make = || {
        let database = cluster().expect("a cluster").database(SCHEMA, |template| {
            template.execute(SCHEMA)?;
            Ok(())
        });
        database.expect("a database")
    };
    let (one, other) = (make(), make());
    one.execute("insert into agents values ('ann')").expect("a row");
    other.execute(&ensure("(select count(*) from agents) = 0")).expect("no row");
    assert_ne!(one.name(), other.name());
    assert_eq!(
        one.connection_string(SUPERUSER),
        one.cluster().connection_string(SUPERUSER, one.name())
    );

    let (cluster, name) = (one.cluster().clone(), one.name().to_owned());
    drop(one);
    let error = cluster.execute(&name, "select 1").expect_err("it is gone");
    assert!(matches!(&error, Error::Sql { code, .. } if code == "3D000"), "{error}");
}

#[test]
fn a_failed_build_leaves_no_template() {
    let cluster = cluster().expect("a cluster");
    let key = format!("a failed build {}", id());
    let error = cluster.database(&key, |template| {
        template.execute("create table half ()")?;
        template.execute("create table half ()")?;
        Ok(())
    });
    match error.expect_err("the table exists") {
        DatabaseError::Build(error) => assert_eq!(
            error.to_string(),
            "statement refused (42P07): relation \"half\" already exists"
        ),
        error => panic!("{error}"),
    }
    let database = cluster.database(&key, |template| {
        template.execute("create table whole ()")?;
        Ok(())
    });
    let database = database.expect("built at the second attempt");
    database.execute(&ensure("to_regclass('half') is null")).expect("begun anew");
    database.execute(&ensure("to_regclass('whole') is not null")).expect("and whole");
}

/// Builds a template slowly from several threads; also run by the test below in other processes,
/// which share the key.
#[test]
fn a_template_is_built_once() {
    let cluster = cluster().expect("a cluster");
    let key = env::var("LOCALPG_TEST_KEY").unwrap_or_else(|_| format!("built once {}", id()));
    // The count is kept outside the template; several processes may create it at once.
    let count = "select pg_advisory_lock(7); create table if not exists builds (key text)";
    cluster.execute("postgres", count).expect("a table");
    let insert = format!("insert into builds values ('{key}')");
    let expect_one = ensure(&format!("(select count(*) from builds where key = '{key}') = 1"));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let database = cluster.database(&key, |template| {
                    template.execute("create table t as select 7 as n")?;
                    cluster.execute("postgres", &insert)?;
                    Ok(())
                });
                let database = database.expect("a database");
                database.execute(&ensure("(select n from t) = 7")).expect("a copy");
            });
        }
    });
    cluster.execute("postgres", &expect_one).expect("one build");
    // Read by the test below.
    println!("\nsocket={}", cluster.socket_dir().display());
}

#[test]
fn processes_share_one_cluster() {
    let key = format!("shared {}", id());
    let run = || -> Output {
        Command::new(env::current_exe().expect("this program"))
            .args(["--exact", "shared::a_template_is_built_once", "--nocapture"])
            .env("LOCALPG_TEST_KEY", &key)
            .output()
            .expect("another process")
    };
    let outputs: Vec<Output> = thread::scope(|scope| {
        let runs: Vec<_> = (0..3).map(|_| scope.spawn(run)).collect();
        runs.into_iter().map(|run| run.join().expect("an output")).collect()
    });
    let mut sockets = BTreeSet::new();
    for output in outputs {
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        let socket = text.lines().find_map(|line| line.strip_prefix("socket="));
        sockets.insert(socket.expect("the socket").to_owned());
    }
    let own = cluster().expect("a cluster").socket_dir().display().to_string();
    assert_eq!(sockets, BTreeSet::from([own]));
}
