//! The tasks that drive the world: one sends webhooks and advances the clock, one carries sound.

mod sound;

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::http::{Client, Delivered};
use crate::shared::Shared;

pub(crate) use sound::run as run_sound;

/// Drives the world until it is dropped.
pub(crate) async fn run(shared: Arc<Shared>) {
    let client = Arc::new(Client::default());
    let mut under_way: JoinSet<(u64, Delivered)> = JoinSet::new();
    loop {
        let (requests, moved, wait) = shared.turn();
        for request in requests {
            let client = Arc::clone(&client);
            under_way.spawn(async move { (request.id, client.deliver(request).await) });
        }
        if moved {
            shared.mark_changed();
            continue;
        }
        let pause = async {
            match wait {
                Some(wait) => tokio::time::sleep(wait).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Some(done) = under_way.join_next() => {
                if let Ok((id, delivered)) = done {
                    shared.write(|world| world.answered(id, delivered));
                }
            }
            () = shared.wake.notified() => {}
            () = pause => {}
        }
    }
}
