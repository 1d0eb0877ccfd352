//! Callbacks come late, twice and out of order, on two servers; the records must be right.

use tokio::sync::watch;

use crate::context::Context;
use crate::judge::Kept;
use crate::load::{Load, Persistence};
use crate::story::{Calls, Step};
use crate::world::World;

pub(crate) async fn run(context: &Context) -> String {
    let world = World::new(context, 2).await;
    let servers = [world.server(0).await, world.server(1).await];
    let mut calls = Calls::of(&world.workspaces);
    let mut steps: Vec<Step> =
        (0..context.pick(2, 20)).flat_map(|_| calls.round().collect::<Vec<_>>()).collect();
    steps.extend(calls.rest());

    // Voice webhooks come first and keep their order; of the rest each comes once, twice or three
    // times, in any order.
    let mut dice = context.dice();
    let (voice, rest): (Vec<Step>, Vec<Step>) = steps.into_iter().partition(|step| step.is_voice);
    let mut rest: Vec<Step> =
        rest.into_iter().flat_map(|step| (0..=dice.below(3)).map(move |_| step.clone())).collect();
    dice.shuffle(&mut rest);
    let copies = rest.len();

    let (first, second) =
        (watch::channel(Some(servers[0].address())), watch::channel(Some(servers[1].address())));
    let load = Load::start(&[first.1, second.1], 16, Persistence::UntilAcknowledged);
    voice.into_iter().chain(rest).for_each(|step| load.send(step));
    let sent = load.finish().await;
    for server in &servers {
        server.drained().await;
    }
    let kept = Kept::read(&world.client().await).await;
    let acknowledged = kept.has_all_once(&sent);
    kept.tells(calls.all());
    kept.has_no_negative_time();
    format!(
        "{} calls, {copies} callbacks in any order, {} of them again, on two servers: \
         {acknowledged} events, each once, every call correct",
        calls.all().len(),
        copies - calls.all().len() * 8,
    )
}
