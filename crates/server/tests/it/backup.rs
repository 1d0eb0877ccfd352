//! A backup goes into a new cluster by the commands of `docs/backup.md`.

use std::path::Path;
use std::time::Duration;

use emulator::Behaviour;
use localpg::{Options, SUPERUSER, Search};
use tokio::process::Command;
use tokio_postgres::NoTls;

use crate::handover::{Process, program, reserve};
use crate::world::{LOGIN, World};

const CALLER: &str = "+15005551234";
const SECOND: Duration = Duration::from_secs(1);

/// Runs a command of the page on a cluster, in the directory of the backup.
async fn run(tools: &Path, socket: &Path, dir: &Path, command: &[&str]) {
    let [name, args @ ..] = command else { panic!("a command") };
    let output = Command::new(tools.join(name))
        .args(args)
        .current_dir(dir)
        .env("PGHOST", socket)
        .env("PGUSER", SUPERUSER)
        .output()
        .await
        .expect("it runs");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Each row of Switchroom's tables and of the log.
async fn rows(url: &str) -> Vec<String> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("a connection");
    tokio::spawn(connection);
    let mut all = Vec::new();
    for table in store_pg::OURS.into_iter().chain(store_pg::LIVE_CHAT) {
        let sql = format!("select '{table} ' || t::text from public.{table} t order by t::text");
        let rows = client.query(&sql, &[]).await.expect("rows");
        all.extend(rows.iter().map(|row| row.get::<_, String>(0)));
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_restored_into_a_new_cluster_and_serves() {
    let mut world = World::new().await;
    let cluster = world.data_dir(8);
    let started = tokio::task::spawn_blocking(move || {
        localpg::start(&Options::new(cluster, Search::from_env())).expect("a new cluster")
    });
    let server = started.await.expect("it starts");
    let (tools, new) = (server.binaries().bin.clone(), server.socket_dir().to_owned());
    if !tools.join("pg_dump").is_file() {
        println!("this PostgreSQL comes without pg_dump, so the page is not tried");
        return world.stop().await;
    }
    let team = world.team("acme").await;
    let agents = world.agents(&team, 2).await;
    world.contact(&team, CALLER, &[2]).await;
    agents[1].behaves(Behaviour::talks(2 * SECOND, 30 * SECOND));
    let story = world.phone(CALLER).call(&team.number).ended().await;
    assert_eq!(team.answered(&story), Some(2), "{story}");
    world.applied().await;
    drop(world.stop_first().await);

    let dir = world.data_dir(7);
    std::fs::create_dir_all(&dir).expect("a directory");
    let admin = world.database.connection_string(SUPERUSER);
    let before = rows(&admin).await;
    let old = world.database.socket_dir();
    run(&tools, old, &dir, &["pg_dump", "-Fc", "-f", "chat.dump", &admin]).await;
    run(&tools, old, &dir, &["pg_dumpall", "--roles-only", "-f", "roles.sql"]).await;

    run(&tools, &new, &dir, &["psql", "-f", "roles.sql", "postgres"]).await;
    run(&tools, &new, &dir, &["createdb", "-O", SUPERUSER, "chat"]).await;
    run(&tools, &new, &dir, &["pg_restore", "-d", "chat", "chat.dump"]).await;

    let admin = server.connection_string(SUPERUSER, "chat");
    assert_eq!(rows(&admin).await, before);
    let (_port, address) = reserve();
    let (url, data) = (format!("http://{address}"), world.data_dir(9));
    let restored = server.connection_string(LOGIN, "chat");
    let listen = address.to_string();
    let env = [
        ("DATABASE_URL", &*restored),
        ("SWITCHROOM_ADMIN_DATABASE_URL", &*admin),
        ("SWITCHROOM_PUBLIC_URL", &*url),
        ("SWITCHROOM_LISTEN", &*listen),
        ("SWITCHROOM_DATA_DIR", data.to_str().expect("UTF-8")),
        ("RUST_LOG", "server::serve=info,server::command=info"),
    ];
    let say = async |command: &str| {
        let mut program = program(&world, command);
        let output = program.envs(env).output().await.expect("it runs");
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(text).expect("UTF-8"))
    };
    let (good, text) = say("check").await;
    assert!(!good && text.contains("any role may make temporary tables"), "{text}");
    let (good, text) = say("migrate").await;
    assert!(good, "{text}");
    let serving = Process::start_with(&world, address, &env).await;
    let (good, text) = say("check").await;
    assert!(good && text.contains("no fault was found"), "{text}");
    for line in [
        "good: database: role, policies and schema",
        "good: credentials of workspace acme",
        "good: log of workspace acme",
        "good: workspace acme: 2 members take calls",
        "good: the server is ready",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    // The server that looks at Twilio's record has a lease there.
    let of_calls = |rows: Vec<String>| -> Vec<String> {
        rows.into_iter().filter(|row| !row.starts_with("voice_workspaces ")).collect()
    };
    assert_eq!(of_calls(rows(&admin).await), of_calls(before), "nothing was lost or written");
    serving.stop().await;
    tokio::task::spawn_blocking(move || server.stop()).await.expect("it ends").expect("stopped");
    world.stop().await;
}
