//! Our libraries beside Twilio's own and beside their lower bounds, in turns, on one core.
//!
//! The measured programs are in conformance/benches/libraries.

use std::path::PathBuf;
use std::process::Command;

use harness::Failure;
use harness::run;
use serde_json::{Value, json};

use super::contender::Contender;
use super::figures::Figure;
use super::machine;
use crate::conformance;
use crate::workspace::Workspace;

const SCRIPTS: &str = "conformance/benches/libraries";

/// Of one case in one round; long enough for a dozen batches, short enough that the machine is the
/// same for all.
const TURN_MS: u32 = 20;
/// Before the rounds, until Node has compiled what is hot.
const WARM_UP_MS: u32 = 800;

/// Cases that are bounded by the same.
struct Group {
    title: &'static str,
    floor: &'static str,
    second: &'static str,
    cases: &'static [Case],
}

struct Case {
    name: &'static str,
    title: &'static str,
    aim: Aim,
}

/// The limit of a ratio.
#[derive(Clone, Copy)]
enum Aim {
    None,
    /// Of either floor.
    Ratio(f64),
    /// Of the second floor: what careful code by hand must do.
    OfSecond(f64),
    Nanoseconds(f64),
}

const GROUPS: [Group; 2] = [
    Group {
        title: "TwiML, built and rendered",
        floor: "pushed by hand",
        second: "escaped by hand",
        cases: &[
            Case { name: "dial-2", title: "`<Dial>`, 2 clients", aim: Aim::None },
            Case { name: "dial-10", title: "`<Dial>`, 10 clients", aim: Aim::OfSecond(3.0) },
            Case { name: "dial-50", title: "`<Dial>`, 50 clients in 5 waves", aim: Aim::None },
            Case {
                name: "dial-10-full",
                title: "`<Dial>`, 10 clients with callbacks and parameters",
                aim: Aim::None,
            },
        ],
    },
    Group {
        title: "Tokens and signatures",
        floor: "bare HMAC",
        second: "HMAC, key hashed beforehand",
        cases: &[
            Case { name: "token", title: "voice token", aim: Aim::Nanoseconds(2000.0) },
            Case {
                name: "request",
                title: "request of 25 fields, parsed and checked",
                aim: Aim::Ratio(2.5),
            },
            Case { name: "check", title: "the same, checked alone", aim: Aim::Ratio(1.3) },
        ],
    },
];

/// Index of each contender in the order in which they take their turns.
const FLOOR: usize = 0;
const SECOND: usize = 1;
const OURS: usize = 2;
const NODE: usize = 3;
const PYTHON: usize = 4;

/// Times in nanoseconds, by contender and round.
type Times = [Vec<f64>; 5];

pub(crate) fn run(workspace: &Workspace, rounds: u32) -> Result<String, Failure> {
    let mut contenders = start(workspace)?;
    for case in cases() {
        agree(&mut contenders, case.name)?;
    }
    println!("all outputs are equal; warming up");
    for case in cases() {
        for contender in &mut contenders {
            contender.measure(case.name, WARM_UP_MS)?;
        }
    }
    let libraries = [&contenders[NODE], &contenders[PYTHON]].map(|it| it.name.clone());
    let machine = machine::described(workspace, &libraries);
    let mut times: Vec<Times> = cases().map(|_| Times::default()).collect();
    for round in 1..=rounds {
        for (case, times) in cases().zip(&mut times) {
            for (contender, times) in contenders.iter_mut().zip(times) {
                times.push(contender.measure(case.name, TURN_MS)?);
            }
        }
        println!("round {round} of {rounds}");
    }
    Ok(report(&machine, rounds, &times))
}

fn cases() -> impl Iterator<Item = &'static Case> {
    GROUPS.iter().flat_map(|group| group.cases)
}

/// Builds ours, installs the others, and starts each on the same core.
fn start(workspace: &Workspace) -> Result<[Contender; 5], Failure> {
    let [node, python] = conformance::install(workspace)?;
    println!("building ours");
    let program = build(workspace)?;
    let inputs = workspace.path(SCRIPTS).join("inputs.json");
    let core = machine::last_core();
    let pinned = |program: PathBuf| on(workspace, core.as_deref(), program);
    let ours = |name| Contender::start(pinned(program.clone()).arg(name));
    let script = |name| workspace.path(SCRIPTS).join(name);
    Ok([
        ours("floor")?,
        ours("second")?,
        ours("ours")?,
        Contender::start(pinned("node".into()).arg(script("measure.js")).arg(&inputs).arg(node))?,
        Contender::start(pinned(python).arg(script("measure.py")).arg(&inputs))?,
    ])
}

/// The program, on one core if `taskset` is there.
fn on(workspace: &Workspace, core: Option<&str>, program: PathBuf) -> Command {
    match core {
        Some(core) if !machine::line_of(workspace, "taskset", &["--version"]).is_empty() => {
            let mut command = workspace.command("taskset");
            command.args(["--cpu-list", core]).arg(program);
            command
        }
        _ => workspace.command(program),
    }
}

/// The path of the program that measures ours.
fn build(workspace: &Workspace) -> Result<PathBuf, Failure> {
    let mut command = workspace.cargo();
    command.args(["bench", "--no-run", "--locked", "--package", "conformance"]);
    command.args(["--bench", "libraries", "--message-format", "json"]);
    let output = run::quiet(&mut command, "fix the errors that the compiler lists")?;
    executable(&output).ok_or_else(|| {
        Failure::new("cargo named no program `libraries`", "update cargo").output(output)
    })
}

/// What cargo built, from its messages.
fn executable(output: &str) -> Option<PathBuf> {
    let messages = output.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut built = messages.filter(|message| message["target"]["name"] == "libraries");
    built.find_map(|message| message["executable"].as_str().map(PathBuf::from))
}

/// Only programs with the same output are compared.
fn agree(contenders: &mut [Contender; 5], case: &str) -> Result<(), Failure> {
    let mut made = Vec::with_capacity(5);
    for contender in contenders.iter_mut() {
        made.push(contender.show(case)?);
    }
    for (at, shown) in made.iter().enumerate() {
        let same = match (case, shown) {
            // The HMAC alone makes nothing that others do.
            (_, Value::Null) if at == FLOOR || at == SECOND => true,
            ("token", Value::String(jwt)) => {
                contenders[OURS].ask(&format!("accept {jwt}"))? == true
            }
            ("request" | "check", shown) => *shown == json!(true),
            (_, shown) => *shown != Value::Null && written(shown) == written(&made[OURS]),
        };
        if !same {
            let what = format!("{} gives another output in `{case}`", contenders[at].name);
            let faults = [shown.to_string(), format!("ours: {}", made[OURS])];
            return Err(Failure::faults(what, &faults, "fix the case in that program"));
        }
    }
    Ok(())
}

/// Python writes a blank before the slash of an empty element.
fn written(shown: &Value) -> String {
    shown.to_string().replace(" />", "/>")
}

fn report(machine: &str, rounds: u32, times: &[Times]) -> String {
    let mut lines = vec![format!(
        "{machine} {rounds} rounds in turns of {TURN_MS} ms, all on one core: median and quartiles \
         of the rounds; × is the ratio within a round."
    )];
    let mut times = times.iter();
    for Group { title, floor, second, cases } in &GROUPS {
        lines.push(format!(
            "\n| {title} | {floor} | {second} | ours | × {floor} | × {second} | aim | Node | × ours | \
             Python | × ours |"
        ));
        lines.push("|".to_owned() + &" --- |".repeat(11));
        let rows = cases.iter().zip(&mut times).map(|(case, times)| row(case, times));
        lines.extend(rows);
    }
    lines.join("\n")
}

fn row(case: &Case, times: &Times) -> String {
    let time = |who: usize| Figure::of(times[who].iter().copied());
    let ratio = |who: usize, of: usize| {
        Figure::of(times[who].iter().zip(&times[of]).map(|(time, other)| time / other))
    };
    let [to_floor, to_second] = [FLOOR, SECOND].map(|floor| ratio(OURS, floor));
    let cells = [
        case.title.to_owned(),
        time(FLOOR).time(),
        time(SECOND).time(),
        time(OURS).time(),
        to_floor.ratio(),
        to_second.ratio(),
        verdict(case.aim, [to_floor, to_second], time(OURS)),
        time(NODE).time(),
        ratio(NODE, OURS).ratio(),
        time(PYTHON).time(),
        ratio(PYTHON, OURS).ratio(),
    ];
    format!("| {} |", cells.join(" | "))
}

fn verdict(aim: Aim, ratios: [Figure; 2], time: Figure) -> String {
    let told = |met| if met { "met" } else { "missed" };
    match aim {
        Aim::None => "–".to_owned(),
        Aim::Ratio(most) => {
            let [floor, second] = ratios.map(|ratio| told(ratio.median <= most));
            format!("at most {most} ×: {floor}, {second}")
        }
        Aim::OfSecond(most) => {
            format!("at most {most} × the second: {}", told(ratios[1].median <= most))
        }
        Aim::Nanoseconds(most) => {
            format!("at most {} µs: {}", most / 1e3, told(time.median <= most))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_program_among_the_messages() {
        let output = r#"   Compiling conformance v0.1.0
{"reason":"compiler-artifact","target":{"name":"twiml"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"libraries"},"executable":"/t/release/deps/libraries-1"}
{"reason":"build-finished","success":true}
"#;
        assert_eq!(executable(output), Some("/t/release/deps/libraries-1".into()));
        assert_eq!(executable("   Compiling\n"), None);
    }

    #[test]
    fn a_row_has_ratios_within_rounds_and_the_verdict() {
        // The machine became three times slower in the last round; the ratios do not show it.
        let times = [
            vec![100.0, 100.0, 300.0],
            vec![200.0, 200.0, 600.0],
            vec![250.0, 250.0, 750.0],
            vec![25_000.0, 25_000.0, 75_000.0],
            vec![50_000.0, 50_000.0, 150_000.0],
        ];
        let case = Case { name: "check", title: "check", aim: Aim::Ratio(2.0) };
        assert_eq!(
            row(&case, &times),
            "| check | 100 ns (100–200) | 200 ns (200–400) | 250 ns (250–500) | 2.50 (2.50–2.50) | \
             1.25 (1.25–1.25) | at most 2 ×: missed, met | 25.0 µs (25.0–50.0) | 100 (100–100) | \
             50.0 µs (50.0–100) | 200 (200–200) |"
        );
    }

    #[test]
    fn verdicts() {
        let cases = [
            (Aim::None, "–"),
            (Aim::Ratio(3.0), "at most 3 ×: met, missed"),
            (Aim::Ratio(2.9), "at most 2.9 ×: missed, missed"),
            (Aim::OfSecond(3.1), "at most 3.1 × the second: met"),
            (Aim::OfSecond(3.0), "at most 3 × the second: missed"),
            (Aim::Nanoseconds(2000.0), "at most 2 µs: met"),
            (Aim::Nanoseconds(1999.0), "at most 1.999 µs: missed"),
        ];
        let figure = |median| Figure { low: 0.0, median, high: 9e9 };
        for (aim, want) in cases {
            assert_eq!(verdict(aim, [3.0, 3.1].map(figure), figure(2000.0)), want);
        }
    }

    #[test]
    fn every_case_has_its_row() {
        let times: Vec<Times> = cases().map(|_| [const { Vec::new() }; 5]).collect();
        let report = report("Measured.", 25, &times);
        for case in cases() {
            assert!(report.contains(&format!("| {} |", case.title)), "{}", case.name);
        }
        assert!(report.starts_with("Measured. 25 rounds in turns of 20 ms"), "{report}");
    }
}
