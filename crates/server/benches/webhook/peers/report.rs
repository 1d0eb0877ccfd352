//! The tables, in Markdown.

use std::time::Duration;

use super::{NAMES, OURS};
use crate::calls::Sustained;
use crate::load::Times;
use crate::requests::{Call, Case};

/// One case with one number of connections, and what was measured in each round.
pub(super) struct Row {
    pub(super) case: Case,
    pub(super) connections: usize,
    /// Lookups of the tuned peer in a second, alone.
    pub(super) lookup: Vec<f64>,
    /// Answers of bare hyper in a second.
    pub(super) bare: Vec<f64>,
    /// By server.
    pub(super) spent: [Vec<Spent>; 3],
}

/// One turn of one server: answers in a second, milliseconds, and microseconds for each request.
#[derive(Clone, Copy)]
pub(super) struct Spent {
    pub(super) per_second: f64,
    pub(super) p50: f64,
    pub(super) p99: f64,
    pub(super) server_cpu: f64,
    pub(super) postgres_cpu: f64,
}

impl Row {
    pub(super) fn new(case: Case, connections: usize) -> Self {
        Self { case, connections, lookup: vec![], bare: vec![], spent: Default::default() }
    }

    /// The median over the rounds.
    fn of(&self, server: usize, figure: impl Fn(&Spent) -> f64) -> f64 {
        median(self.spent[server].iter().map(figure))
    }

    /// The median of ratios within a round: ours to that of a peer.
    fn ratio(&self, peer: usize, figure: impl Fn(&Spent) -> f64) -> f64 {
        let pairs = self.spent[OURS].iter().zip(&self.spent[peer]);
        median(pairs.map(|(ours, theirs)| figure(ours) / figure(theirs)))
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

pub(super) fn head(is_quick: bool, rounds: usize, turn: Duration) -> String {
    let quick = if is_quick { "**A smoke run: too short to be quoted.** " } else { "" };
    let s = if rounds == 1 { "" } else { "s" };
    format!("{quick}{rounds} round{s}, turns of {} s, medians of the rounds.", turn.as_secs())
}

pub(super) fn requests(rows: &[Row]) -> String {
    let mut lines = table(&[
        "case",
        "connections",
        "who",
        "requests/s",
        "p50 ms",
        "p99 ms",
        "server CPU µs",
        "Postgres CPU µs",
    ]);
    for row in rows {
        let begin = format!("| {} | {}", row.case.name(), row.connections);
        for (server, name) in NAMES.iter().enumerate() {
            lines.push(format!(
                "{begin} | {name} | {:.0} | {:.3} | {:.2} | {:.0} | {:.0} |",
                row.of(server, |spent| spent.per_second),
                row.of(server, |spent| spent.p50),
                row.of(server, |spent| spent.p99),
                row.of(server, |spent| spent.server_cpu),
                row.of(server, |spent| spent.postgres_cpu),
            ));
        }
        for (name, rates) in [("the lookup alone", &row.lookup), ("bare hyper", &row.bare)] {
            if !rates.is_empty() {
                let rate = median(rates.iter().copied());
                lines.push(format!("{begin} | {name} | {rate:.0} | | | | |"));
            }
        }
    }
    lines.join("\n")
}

pub(super) fn ratios(rows: &[Row]) -> String {
    let mut lines = table(&[
        "Switchroom beside",
        "connections",
        "requests/s × express",
        "× tuned",
        "p50 × express",
        "× tuned",
    ]);
    for row in rows {
        let [rates, times] = [|spent: &Spent| spent.per_second, |spent: &Spent| spent.p50]
            .map(|figure| [0, 1].map(|peer| row.ratio(peer, figure)));
        lines.push(format!(
            "| {} | {} | {:.2} | {:.2} | {:.2} | {:.2} |",
            row.case.name(),
            row.connections,
            rates[0],
            rates[1],
            times[0],
            times[1]
        ));
    }
    lines.join("\n")
}

pub(super) fn paced(rate: u32, length: Duration, measured: &[(String, Times)]) -> String {
    let title = format!("{rate} calls a second, for {} s", length.as_secs());
    let mut lines = table(&[&title, "requests", "p50 ms", "p99 ms", "p99.9 ms", "longest ms"]);
    for (name, times) in measured {
        let [p50, p99, p999, most] = [0.5, 0.99, 0.999, 1.0].map(|part| times.quantile(part));
        lines.push(format!(
            "| {name} | {:.0} | {p50:.2} | {p99:.2} | {p999:.2} | {most:.2} |",
            times.count()
        ));
    }
    lines.join("\n")
}

pub(super) fn whole(sustained: &Sustained) -> String {
    let each = |cpu: Duration| cpu.as_secs_f64() * 1e6 / sustained.calls;
    let [first, second, last] = sustained.backlog;
    let mut lines = table(&["whole calls, Switchroom", ""]);
    let rows = [
        ("calls/s, until everything is in the database", format!("{:.0}", sustained.per_second())),
        ("requests/s", format!("{:.0}", sustained.per_second() * f64::from(Call::STEPS))),
        ("calls in the log", format!("{:.0}, which is all", sustained.calls)),
        ("seconds", format!("{:.1}", sustained.length.as_secs_f64())),
        (
            "rang exactly the two assigned agents",
            format!("{:.1} %", sustained.as_assigned / sustained.calls * 100.0),
        ),
        (
            "voice webhook, p50 and p99 ms",
            format!("{:.2}, {:.2}", sustained.voice.quantile(0.5), sustained.voice.quantile(0.99)),
        ),
        ("most records that waited, by thirds", format!("{first:.0}, {second:.0}, {last:.0}")),
        ("server CPU µs for a call", format!("{:.0}", each(sustained.server_cpu))),
        ("Postgres CPU µs for a call", format!("{:.0}", each(sustained.postgres_cpu))),
    ];
    lines.extend(rows.iter().map(|(name, value)| format!("| {name} | {value} |")));
    lines.join("\n")
}

pub(super) fn idle(server: f64, postgres: f64) -> String {
    format!(
        "While nobody calls: {server:.0} ms of the processor a second for Switchroom, {postgres:.0} ms for \
         Postgres."
    )
}

pub(super) fn memory(idle: f64, webhooks: u64, after: f64) -> String {
    let verdict = told(after <= MEMORY_MIB);
    format!(
        "Resident memory: idle {idle:.1} MiB, after {webhooks} webhooks of whole calls {after:.1} MiB \
         (at most {MEMORY_MIB} MiB: {verdict})."
    )
}

/// Each aim with its verdict.
pub(super) fn musts(rows: &[Row]) -> String {
    let mut lines = vec!["Aims:\n".to_owned()];
    for row in rows {
        let name = format!("{}, {} at a time", row.case.name(), row.connections);
        let is_voice = row.case != Case::Token;
        let rate = |peer| row.ratio(peer, |spent: &Spent| spent.per_second);
        let mut add =
            |what: String, is_met| lines.push(format!("- {name}: {what}: {}", told(is_met)));
        if row.connections > 1 || !is_voice {
            add(format!("{:.2} × tuned, at least 1", rate(1)), rate(1) >= 1.0);
        } else {
            let p50 = row.ratio(1, |spent| spent.p50);
            add(format!("p50 {p50:.2} × tuned, at most 1"), p50 <= 1.0);
        }
        if is_voice {
            if row.connections > 1 {
                add(format!("{:.2} × express, at least 4", rate(0)), rate(0) >= 4.0);
            }
            let [server, postgres] =
                [row.of(OURS, |spent| spent.server_cpu), row.of(OURS, |spent| spent.postgres_cpu)];
            let most = if row.connections > 1 { POSTGRES_US } else { POSTGRES_ALONE_US };
            add(format!("server CPU {server:.0} µs, at most {SERVER_US}"), server <= SERVER_US);
            add(format!("Postgres CPU {postgres:.0} µs, at most {most}"), postgres <= most);
        }
    }
    lines.join("\n")
}

const fn told(is_met: bool) -> &'static str {
    if is_met { "met" } else { "missed" }
}

fn table(columns: &[&str]) -> Vec<String> {
    vec![format!("| {} |", columns.join(" | ")), "|".to_owned() + &" --- |".repeat(columns.len())]
}

/// Of the server for a voice webhook, everything applied.
const SERVER_US: f64 = 80.0;
/// Of Postgres for a voice webhook, everything applied, with several connections and with one.
const POSTGRES_US: f64 = 200.0;
const POSTGRES_ALONE_US: f64 = 500.0;
const MEMORY_MIB: f64 = 60.0;
