//! The campaigns: each breaks one kind of thing.

mod burst;
mod clock;
mod database;
mod failover;
mod isolation;
mod kills;
mod neighbours;
mod secrets;
mod shuffle;
mod slow;
mod surroundings;
mod tests;

use std::pin::Pin;

use crate::context::Context;

/// One campaign.
pub(crate) struct Campaign {
    pub(crate) name: &'static str,
    /// The fault, in a few words.
    pub(crate) about: &'static str,
    pub(crate) work: Work,
}

/// The work of a campaign. It panics if it fails, and returns its figures otherwise.
#[derive(Clone, Copy)]
pub(crate) enum Work {
    /// Runs here, against the program.
    Here(Here),
    /// Runs tests of a crate, for faults that cannot be caused from outside the program.
    Tests(fn(&Context) -> String),
}

/// All of them. `secrets` comes last, because it searches the output of all others.
pub(crate) const CAMPAIGNS: [Campaign; 15] = [
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
    here("clock", "the server's clock jumping by minutes, forwards and back", |context| {
        Box::pin(clock::run(context))
    }),
    here("slow", "5,000 clients that send nothing, send slowly, or do not read", |context| {
        Box::pin(slow::run(context))
    }),
    here("burst", "1,000 calls in one second, and their callbacks", |context| {
        Box::pin(burst::run(context))
    }),
    here("neighbours", "a workspace beside others that misbehave", |context| {
        Box::pin(neighbours::run(context))
    }),
    here("surroundings", "log, signals, files, clock and key of the server", |context| {
        Box::pin(surroundings::run(context))
    }),
    here("isolation", "every route, requested by everybody who has no access", |context| {
        Box::pin(isolation::run(context))
    }),
    here("secrets", "all output of the program, searched for secrets", |context| {
        Box::pin(secrets::run(context))
    }),
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
        about: "row-level security, probed and broken on purpose",
        work: Work::Tests(tests::policies),
    },
];

type Here = for<'a> fn(&'a Context) -> Pin<Box<dyn Future<Output = String> + 'a>>;

const fn here(name: &'static str, about: &'static str, run: Here) -> Campaign {
    Campaign { name, about, work: Work::Here(run) }
}
