//! The primary dies, its synchronous standby takes over, and the server finds it without help.

use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::sleep;
use tokio_postgres::Client;

use crate::context::Context;
use crate::judge::Kept;
use crate::load::{Load, Persistence};
use crate::program::Serve;
use crate::story::Calls;
use crate::times::Times;
use crate::verdict::Verdict;
use crate::world::{DATABASE, World, connect, login_at};

pub(crate) async fn run(context: &Context) -> String {
    let mut world = World::new(context, 2).await;
    let standby = world.postgres.standby(&context.directory.join("standby")).await;
    follow(&world).await;
    let both = format!("{},{}", world.postgres.socket().display(), standby.socket().display());
    let database_url = format!("{} target_session_attrs=read-write", login_at(&both));
    let serve = Serve { database_url, ..world.serve(0) };
    let server = context.program.serve(&serve).await;
    let World { mut postgres, proxy: _proxy, workspaces, .. } = world;

    let mut calls = Calls::of(&workspaces);
    let mut all = calls.warm(&server).await;
    let (_place, watched) = watch::channel(Some(server.address()));
    let load = Load::start(&[watched], 96, Persistence::Once);
    let heir = connect(&standby.url(DATABASE)).await;
    let length = Duration::from_secs(context.pick(6, 60));
    let change = async {
        sleep(length / 3).await;
        let before = events(&heir).await;
        postgres.kill().await;
        heir.execute("select pg_promote()", &[]).await.expect("the standby is promoted");
        let promoted = Instant::now();
        // Rows replayed before the promotion do not count; further rows are new.
        let replayed = events(&heir).await.max(before);
        while events(&heir).await <= replayed {
            assert!(promoted.elapsed() < NOISE, "the new primary is not used");
            sleep(Duration::from_millis(20)).await;
        }
        promoted.elapsed()
    };
    let pace = load.pace(&mut calls, context.pick(50, 100), length);
    let ((), found) = tokio::join!(pace, change);
    load.rest(&mut calls);
    let sent = load.finish().await;
    server.drained().await;
    let wrong: Vec<_> =
        sent.iter().map(|sent| &sent.verdict).filter(|v| matches!(v, Verdict::Wrong(_))).collect();
    assert!(wrong.is_empty(), "{} of {}: {:?}", wrong.len(), sent.len(), wrong[0]);
    let told = Times::of_sent(sent.iter().filter(|sent| sent.is_voice)).told();
    all.extend(sent);
    let kept = Kept::read(&heir).await;
    let acknowledged = kept.has_all_once(&all);
    kept.tells(calls.all());
    format!(
        "{acknowledged} acknowledged, all on the new primary, 0 doubled; used {:.1} s after its \
         promotion; voice {told}",
        found.as_secs_f64()
    )
}

async fn events(client: &Client) -> i64 {
    let row = client.query_one("select count(*) from public.voice_events", &[]).await;
    row.expect("a count").get(0)
}

/// From here on the primary confirms a commit only when the standby has it.
async fn follow(world: &World<'_>) {
    world.postgres.execute("postgres", "alter system set synchronous_standby_names = '*'");
    world.postgres.execute("postgres", "select pg_reload_conf()");
    let client = world.client().await;
    let deadline = Instant::now() + NOISE;
    loop {
        let sql = "select count(*) from pg_stat_replication where sync_state = 'sync'";
        let row = client.query_one(sql, &[]).await.expect("a count");
        if row.get::<_, i64>(0) == 1 {
            return;
        }
        assert!(Instant::now() < deadline, "the standby does not follow");
        sleep(Duration::from_millis(20)).await;
    }
}

/// The time that a busy machine may need.
const NOISE: Duration = Duration::from_secs(30);
