//! kill -9 of servers at random points under load, while Postgres comes and goes.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use crate::context::Context;
use crate::dice::Dice;
use crate::judge::Kept;
use crate::load::{Load, Persistence};
use crate::postgres::Postgres;
use crate::program::{Serve, Server};
use crate::story::Calls;
use crate::times::Times;
use crate::world::{DATABASE, World, connect};

pub(crate) async fn run(context: &Context) -> String {
    let world = World::new(context, 2).await;
    let serves = [world.serve(0), world.serve(1)];
    let World { mut postgres, proxy: _proxy, workspaces, .. } = world;
    let kills = context.pick(200, 1_000);

    let [first, second] = [(); 2].map(|()| watch::channel(None));
    let load = Load::start(&[first.1, second.1], 32, Persistence::UntilAcknowledged);
    let mut calls = Calls::of(&workspaces);
    let (over, is_over) = watch::channel(false);
    let mut dice = context.dice();
    let lives = async {
        let [mine, others] = [0, 1].map(|lane| context.seed + lane);
        let lanes = tokio::join!(
            live_and_die(context, &serves[0], &first.0, Dice::new(mine, "first"), kills / 2),
            live_and_die(context, &serves[1], &second.0, Dice::new(others, "second"), kills / 2),
        );
        over.send_replace(true);
        lanes
    };
    let pace = async {
        while !*is_over.borrow() {
            load.pace(&mut calls, PER_SECOND, Duration::from_millis(250)).await;
        }
    };
    let (servers, (), flaps) =
        tokio::join!(lives, pace, flap(&mut postgres, &mut dice, is_over.clone()));
    context.progress("all killed; now the rest is sent and applied without faults");
    load.rest(&mut calls);
    let sent = load.finish().await;
    let (first, second) = servers;
    first.drained().await;
    second.drained().await;

    let kept = Kept::read(&connect(&postgres.url(DATABASE)).await).await;
    let acknowledged = kept.has_all_once(&sent);
    kept.tells(calls.all());
    kept.has_no_negative_time();
    for serve in &serves {
        let dead = std::fs::read_dir(serve.data.join("spool/dead")).map_or(0, Iterator::count);
        assert_eq!(dead, 0, "records were set aside in {}", serve.data.display());
    }
    let again = sent.iter().filter(|sent| sent.attempts > 1).count();
    format!(
        "{kills} kills, {flaps} of Postgres; {acknowledged} acknowledged, {again} only at a later \
         attempt: 0 lost, 0 doubled; {} calls correct; {}",
        calls.all().len(),
        Times::of_sent(&sent).told(),
    )
}

/// Starts and kills a server, so many times; then starts one more and keeps it.
async fn live_and_die(
    context: &Context,
    serve: &Serve,
    place: &watch::Sender<Option<SocketAddr>>,
    mut dice: Dice,
    kills: u64,
) -> Server {
    for life in 0..=kills {
        let serve = Serve { name: format!("{}-{life}", serve.name), ..serve.clone() };
        let mut server = context.program.serve(&serve).await;
        place.send_replace(Some(server.address()));
        if life == kills {
            return server;
        }
        sleep(Duration::from_millis(dice.between(10, 250))).await;
        server.kill();
        place.send_replace(None);
        if life % 25 == 24 {
            context.progress(&format!("{} killed {} times", serve.name, life + 1));
        }
    }
    unreachable!("the last one lives")
}

/// Kills Postgres, freezes it, restarts it or leaves it alone, until the load ends. Postgres runs
/// again afterwards.
async fn flap(postgres: &mut Postgres, dice: &mut Dice, is_over: watch::Receiver<bool>) -> u32 {
    let mut flaps = 0;
    while !*is_over.borrow() {
        sleep(Duration::from_millis(dice.between(300, 1_500))).await;
        let length = Duration::from_millis(dice.between(0, 700));
        match dice.below(4) {
            0 => {
                postgres.kill().await;
                sleep(length).await;
                postgres.start_again().await;
            }
            1 => {
                postgres.freeze();
                sleep(length).await;
                postgres.thaw();
            }
            2 => postgres.restart().await,
            _ => continue,
        }
        flaps += 1;
    }
    flaps
}

/// Webhooks.
const PER_SECOND: u32 = 200;
