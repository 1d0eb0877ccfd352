//! The campaigns: each breaks one kind of thing.

mod burst;
mod clock;
mod database;
mod failover;
mod isolation;
mod kills;
mod secrets;
mod shuffle;
mod slow;
mod tests;

use std::pin::Pin;

use crate::context::Context;

/// One campaign.
pub(crate) struct Campaign {
    pub(crate) name: &'static str,
    /// What is broken.
    pub(crate) about: &'static str,
    pub(crate) work: Work,
}

/// What a campaign does. It fails by a panic, and tells its figures otherwise.
#[derive(Clone, Copy)]
pub(crate) enum Work {
    /// Against the program, from here.
    Here(Here),
    /// By tests of a crate, which reach what the program does not show.
    Tests(fn(&Context) -> String),
}

/// All of them. The secrets come last, because they are looked for in what all others wrote.
pub(crate) const CAMPAIGNS: [Campaign; 13] = [
    here("kills", "two servers killed under load, Postgres coming and going", |context| {
        Box::pin(kills::run(context))
    }),
    here("database", "Postgres killed, frozen, slow, silent, cut off, restarted", |context| {
        Box::pin(database::run(context))
    }),
    here("failover", "the primary killed, its synchronous standby promoted", |context| {
        Box::pin(failover::run(context))
    }),
    here("shuffle", "callbacks late, twice and out of order, on two servers", |context| {
        Box::pin(shuffle::run(context))
    }),
    here("clock", "the server's clock leaping by minutes, forwards and back", |context| {
        Box::pin(clock::run(context))
    }),
    here("slow", "5,000 clients that are silent, drip, or do not read", |context| {
        Box::pin(slow::run(context))
    }),
    here("burst", "1,000 calls in one second, and their callbacks", |context| {
        Box::pin(burst::run(context))
    }),
    here("isolation", "every route, asked by everybody who must not", |context| {
        Box::pin(isolation::run(context))
    }),
    here(
        "secrets",
        "everything that was written, searched for what must not be there",
        |context| Box::pin(secrets::run(context)),
    ),
    Campaign {
        name: "spool-kills",
        about: "the spool alone, killed while it appends and applies",
        work: Work::Tests(tests::spool_kills),
    },
    Campaign {
        name: "spool-disk",
        about: "writes and syncs refused, files cut and damaged, the power gone",
        work: Work::Tests(tests::spool_disk),
    },
    Campaign {
        name: "cancel",
        about: "requests dropped while they hold a connection",
        work: Work::Tests(tests::cancel),
    },
    Campaign {
        name: "policies",
        about: "row-level security probed, and broken on purpose",
        work: Work::Tests(tests::policies),
    },
];

type Here = for<'a> fn(&'a Context) -> Pin<Box<dyn Future<Output = String> + 'a>>;

const fn here(name: &'static str, about: &'static str, run: Here) -> Campaign {
    Campaign { name, about, work: Work::Here(run) }
}
