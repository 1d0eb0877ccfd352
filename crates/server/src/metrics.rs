//! Counters for Prometheus. Labels are bounded: no id, number or name is ever one.

use std::fmt::Write;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use spool::Stats;
use store_pg::PoolUse;

use crate::log::LostLines;

/// Everything that is counted.
pub(crate) struct Metrics {
    registry: Registry,
    answers: Family<Answer, Counter>,
    webhook_seconds: Family<Endpoint, Histogram, Buckets>,
    refusals: Family<Class, Counter>,
    calls: Family<Outcome, Counter>,
    journal: Family<Outcome, Counter>,
    keeping: Family<Outcome, Counter>,
    over_budget: Family<What, Counter>,
    removed: Family<What, Counter>,
    behind: Family<State, Gauge>,
    streams: Gauge,
    resets: Family<Reason, Counter>,
    event_lag: Histogram,
    unrecorded: Gauge,
    clock_skew: Gauge<f64, AtomicU64>,
    dated_ahead: Counter,
    nobody: Counter,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Answer {
    endpoint: &'static str,
    status: u16,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Endpoint {
    endpoint: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Class {
    class: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Reason {
    reason: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct What {
    what: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct State {
    state: &'static str,
}

#[derive(Clone, Debug, EncodeLabelSet, Eq, Hash, PartialEq)]
struct Outcome {
    outcome: &'static str,
}

/// From a quarter of a millisecond to Twilio's own limit of 15 s.
#[derive(Clone)]
struct Buckets;

impl MetricConstructor<Histogram> for Buckets {
    fn new_metric(&self) -> Histogram {
        Histogram::new([
            0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
            5.0, 15.0,
        ])
    }
}

impl Metrics {
    pub(crate) fn new(lost_lines: &LostLines) -> Self {
        let mut registry = Registry::with_prefix("switchroom");
        registry.register(
            "log_lines_lost",
            "Lines of the log that were lost because its reader was too slow",
            lost_lines.counter().clone(),
        );
        let answers = Family::default();
        let webhook_seconds = Family::new_with_constructor(Buckets);
        let refusals = Family::default();
        let calls = Family::default();
        let journal = Family::default();
        let keeping = Family::default();
        let over_budget = Family::default();
        let removed = Family::default();
        registry.register("answers", "Answers by endpoint and status", answers.clone());
        registry.register(
            "webhook_seconds",
            "Time from the headers of a webhook to its answer",
            webhook_seconds.clone(),
        );
        registry.register(
            "signature_refusals",
            "Webhooks refused because of their signature, by class",
            refusals.clone(),
        );
        registry.register("calls", "Voice webhooks by decision", calls.clone());
        registry.register("journal", "Records of the journal by result", journal.clone());
        registry.register(
            "keeping",
            "Rounds in which known workspaces were written to disk, by result",
            keeping.clone(),
        );
        registry.register(
            "over_budget",
            "Times that a workspace wanted more than its share, by what it wanted",
            over_budget.clone(),
        );
        registry.register(
            "removed",
            "Old calls and requests that were removed, as the workspaces want it",
            removed.clone(),
        );
        let behind = Family::default();
        registry.register(
            "workspaces_behind",
            "Workspaces whose records wait after a failure of their own, or are parked",
            behind.clone(),
        );
        let (streams, resets) = (Gauge::default(), Family::default());
        let event_lag = Buckets.new_metric();
        registry.register("event_streams", "Open streams of events", streams.clone());
        registry.register(
            "event_resets",
            "Streams of events that restarted with a snapshot, by reason",
            resets.clone(),
        );
        registry.register(
            "event_lag_seconds",
            "Time from the writing of a change to its event",
            event_lag.clone(),
        );
        let (clock_skew, dated_ahead) = (Gauge::default(), Counter::default());
        registry.register(
            "clock_skew_seconds",
            "How far this machine's clock is from the database's",
            clock_skew.clone(),
        );
        registry.register(
            "dated_ahead",
            "Webhooks from the future, which are dated by their receipt",
            dated_ahead.clone(),
        );
        let nobody = Counter::default();
        registry.register(
            "nobody",
            "Calls that rang nobody because no member of the workspace takes calls",
            nobody.clone(),
        );
        let unrecorded = Gauge::default();
        registry.register(
            "unrecorded_workspaces",
            "Workspaces whose open pages cannot be recorded in the database",
            unrecorded.clone(),
        );
        Self {
            registry,
            answers,
            webhook_seconds,
            refusals,
            calls,
            journal,
            keeping,
            over_budget,
            removed,
            behind,
            streams,
            resets,
            event_lag,
            unrecorded,
            clock_skew,
            dated_ahead,
            nobody,
        }
    }

    pub(crate) fn answered(&self, endpoint: &'static str, status: u16) {
        self.answers.get_or_create(&Answer { endpoint, status }).inc();
    }

    pub(crate) fn webhook_took(&self, endpoint: &'static str, time: Duration) {
        self.webhook_seconds.get_or_create(&Endpoint { endpoint }).observe(time.as_secs_f64());
    }

    pub(crate) fn clock_skew(&self, skew: Duration) {
        self.clock_skew.set(skew.as_secs_f64());
    }

    /// A webhook came from the future.
    pub(crate) fn dated_ahead(&self) {
        self.dated_ahead.inc();
    }

    /// A call rang nobody, because the workspace has nobody who takes calls.
    pub(crate) fn nobody(&self) {
        self.nobody.inc();
    }

    /// How many workspaces' open pages cannot be recorded.
    pub(crate) fn unrecorded(&self, workspaces: usize) {
        self.unrecorded.set(i64::try_from(workspaces).unwrap_or(i64::MAX));
    }

    /// `class` is the reason: `missing`, `mismatch`, `account`, …
    pub(crate) fn refused(&self, class: &'static str) {
        self.refusals.get_or_create(&Class { class }).inc();
    }

    /// `outcome` is the decision about a call.
    pub(crate) fn call(&self, outcome: &'static str) {
        self.calls.get_or_create(&Outcome { outcome }).inc();
    }

    /// `outcome` is the result: `written`, `refused`, `over_share`, `applied`, `retried`,
    /// `left_out`, `set_aside`.
    pub(crate) fn journal(&self, outcome: &'static str, records: usize) {
        self.journal.get_or_create(&Outcome { outcome }).inc_by(records as u64);
    }

    /// `outcome` is the result of writing the known workspaces: `done` or `failed`.
    pub(crate) fn keeping(&self, outcome: &'static str) {
        self.keeping.get_or_create(&Outcome { outcome }).inc();
    }

    /// `what` is what a workspace wanted more of than its share: `wave`, `members`,
    /// `known_bytes`, `reconciliation`.
    pub(crate) fn over_budget(&self, what: &'static str) {
        self.over_budget.get_or_create(&What { what }).inc();
    }

    /// `what` was removed because it is older than its workspace wants it: `calls`, `requests`.
    pub(crate) fn removed(&self, what: &'static str, count: i64) {
        self.removed.get_or_create(&What { what }).inc_by(count.unsigned_abs());
    }

    /// How many workspaces of one spool wait after a failure of their own, and how many have a log of
    /// their own: before and now. A server may apply several spools.
    pub(crate) fn behind(&self, before: (usize, usize), now: (usize, usize)) {
        for (state, before, now) in [("waiting", before.0, now.0), ("parked", before.1, now.1)] {
            let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
            self.behind.get_or_create(&State { state }).inc_by(count(now) - count(before));
        }
    }

    /// How many workspaces' records wait for a reason of their own.
    pub(crate) fn workspaces_behind(&self) -> i64 {
        let count = |state| self.behind.get_or_create(&State { state }).get();
        count("waiting").max(count("parked"))
    }

    pub(crate) fn stream_opened(&self) {
        self.streams.inc();
    }

    pub(crate) fn stream_closed(&self) {
        self.streams.dec();
    }

    /// `reason` is why a stream restarted with a snapshot: `gap`, `slow`.
    pub(crate) fn events_reset(&self, reason: &'static str) {
        self.resets.get_or_create(&Reason { reason }).inc();
    }

    pub(crate) fn event_lag(&self, time: Duration) {
        self.event_lag.observe(time.as_secs_f64());
    }

    /// Everything in Prometheus' text form, with the gauges of this moment.
    pub(crate) fn render(&self, pools: &[PoolUse], spool: &Stats) -> String {
        let mut page = String::new();
        // Writing to a String cannot fail.
        let _ = text::encode(&mut page, &self.registry);
        let mut gauges = String::new();
        gauge(&mut gauges, "pool_connections", "Database connections by pool and state");
        for pool in pools {
            let states = [
                ("limit", pool.limit),
                ("open", pool.open),
                ("idle", pool.idle),
                ("waiting", pool.waiting),
            ];
            for (state, value) in states {
                let name = pool.name;
                let _ = writeln!(
                    gauges,
                    "switchroom_pool_connections{{pool=\"{name}\",state=\"{state}\"}} {value}"
                );
            }
        }
        let _ = writeln!(
            gauges,
            "# HELP switchroom_pool_over_share Statements refused because their workspace had its share \
             of the pool.\n# TYPE switchroom_pool_over_share counter"
        );
        for pool in pools {
            let (name, value) = (pool.name, pool.over_share);
            let _ = writeln!(gauges, "switchroom_pool_over_share_total{{pool=\"{name}\"}} {value}");
        }
        for (name, help, value) in [
            ("spool_pending_records", "Durable records not applied yet", spool.pending_records),
            (
                "spool_pending_bytes",
                "Bytes of durable records not applied yet",
                spool.pending_bytes,
            ),
            ("spool_disk_bytes", "Bytes the spool takes on disk", spool.disk_bytes),
            ("spool_set_aside_records", "Records set aside for a person", spool.set_aside),
            ("spool_faults", "Refusals of the disk since the start", spool.faults),
        ] {
            gauge(&mut gauges, name, help);
            let _ = writeln!(gauges, "switchroom_{name} {value}");
        }
        let end = page.rfind("# EOF").unwrap_or(page.len());
        page.insert_str(end, &gauges);
        page
    }
}

fn gauge(page: &mut String, name: &str, help: &str) {
    let _ = writeln!(page, "# HELP switchroom_{name} {help}.\n# TYPE switchroom_{name} gauge");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_holds_counters_and_gauges() {
        let metrics = Metrics::new(&LostLines::default());
        metrics.answered("voice", 200);
        metrics.refused("mismatch");
        metrics.webhook_took("voice", Duration::from_millis(3));
        metrics.call("rings");
        metrics.journal("written", 2);
        metrics.over_budget("wave");
        let pool =
            PoolUse { name: "webhook", limit: 8, open: 2, idle: 1, waiting: 0, over_share: 7 };
        let spool = Stats {
            pending_records: 5,
            pending_bytes: 500,
            oldest: None,
            disk_bytes: 4096,
            segments: 1,
            set_aside: 0,
            damaged: 0,
            faults: 0,
            refusal: None,
        };
        let page = metrics.render(&[pool], &spool);
        for line in [
            "switchroom_answers_total{endpoint=\"voice\",status=\"200\"} 1",
            "switchroom_signature_refusals_total{class=\"mismatch\"} 1",
            "switchroom_webhook_seconds_bucket{le=\"0.005\",endpoint=\"voice\"} 1",
            "switchroom_calls_total{outcome=\"rings\"} 1",
            "switchroom_over_budget_total{what=\"wave\"} 1",
            "switchroom_journal_total{outcome=\"written\"} 2",
            "switchroom_pool_connections{pool=\"webhook\",state=\"open\"} 2",
            "switchroom_pool_over_share_total{pool=\"webhook\"} 7",
            "switchroom_spool_pending_records 5",
            "switchroom_log_lines_lost_total 0",
        ] {
            assert!(page.lines().any(|found| found == line), "{line} is not in\n{page}");
        }
        assert!(page.ends_with("# EOF\n"));
    }
}
