//! A thousand calls within one second, and their callbacks.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::context::Context;
use crate::judge::Kept;
use crate::load::{Load, Persistence, Sent};
use crate::story::{Calls, Step};
use crate::times::Times;
use crate::verdict::Verdict;
use crate::world::World;

pub(crate) async fn run(context: &Context) -> String {
    let world = World::new(context, 10).await;
    let server = world.server(0).await;
    let mut calls = Calls::of(&world.workspaces);
    let mut all = calls.few(&server, 2 * world.workspaces.len()).await;
    // Then each caller calls each workspace once: a thousand calls, most from callers who are new to
    // this server.
    let mut steps: Vec<Step> = calls.round().collect();
    steps.extend(calls.rest());
    let (voice, rest): (Vec<Step>, Vec<Step>) = steps.into_iter().partition(|step| step.is_voice);
    let (burst, callbacks) = (voice.len(), rest.len());

    let (_place, watched) = watch::channel(Some(server.address()));
    let load = Load::start(&[watched], 256, Persistence::Once);
    let began = Instant::now();
    let second = Duration::from_secs(1);
    load.spread(voice, second).await;
    let sent_after = began.elapsed();
    load.spread(rest, 10 * second).await;
    let sent = load.finish().await;
    let answered_after = began.elapsed();
    server.drained().await;

    let wrong: Vec<&Verdict> =
        sent.iter().map(|sent| &sent.verdict).filter(|v| matches!(v, Verdict::Wrong(_))).collect();
    assert!(wrong.is_empty(), "{} of {}: {:?}", wrong.len(), sent.len(), wrong[0]);
    assert_eq!(sent.len(), burst + callbacks, "not everything was sent");
    let times = |is_voice| {
        Times::of_sent(sent.iter().filter(|sent: &&Sent| sent.is_voice == is_voice)).told()
    };
    let (voice, callbacks_took) = (times(true), times(false));
    let rings = sent.iter().filter(|sent| sent.verdict == Verdict::Rings).count();
    all.extend(sent);
    let kept = Kept::read(&world.client().await).await;
    let acknowledged = kept.has_all_once(&all);
    kept.tells(calls.all());
    format!(
        "{burst} calls in {:.1} s, {rings} of them ring; {callbacks} callbacks, all answered after {:.1} s: 0 refused; {acknowledged} acknowledged, 0 lost, 0 doubled; voice {voice}; callbacks {callbacks_took}",
        sent_after.as_secs_f64(),
        answered_after.as_secs_f64(),
    )
}
