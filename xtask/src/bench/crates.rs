//! The benchmarks of the crates.

use harness::Failure;
use harness::run;

use super::divan::{self, Bound};
use super::{machine, webhook};
use crate::workspace::Workspace;

/// One benchmark of a crate.
pub(crate) struct Bench {
    pub(crate) name: &'static str,
    package: &'static str,
    target: &'static str,
    prints: Prints,
}

/// What a benchmark prints.
#[derive(Clone, Copy)]
enum Prints {
    /// The tree of divan; which rows bound others.
    Divan(&'static [Bound]),
    /// Lines for people.
    Text,
    /// Tables in Markdown, after a load over HTTP.
    Markdown,
}

pub(crate) const ALL: [Bench; 9] = [
    Bench {
        name: "twiml",
        package: "twiml",
        target: "twiml",
        prints: Prints::Divan(&[("dial_twiml", "dial_pushed"), ("dial_formatted", "dial_pushed")]),
    },
    Bench {
        name: "voice-token",
        package: "voice-token",
        target: "token",
        prints: Prints::Divan(&[("", "a_bare_hmac")]),
    },
    Bench {
        name: "twilio-sig",
        package: "twilio-sig",
        target: "verify",
        prints: Prints::Divan(&[("", "a_bare_hmac")]),
    },
    Bench {
        name: "twilio-sig-timing",
        package: "twilio-sig",
        target: "timing",
        prints: Prints::Text,
    },
    Bench {
        name: "session",
        package: "session",
        target: "verify",
        prints: Prints::Divan(&[("verify / hs256 session", "bare_hs256_of_the_library")]),
    },
    Bench { name: "dialling", package: "dialling", target: "read", prints: Prints::Divan(&[]) },
    Bench { name: "routing", package: "routing", target: "resolve", prints: Prints::Divan(&[]) },
    Bench { name: "spool", package: "spool", target: "append", prints: Prints::Text },
    Bench { name: "webhook", package: "server", target: "webhook", prints: Prints::Markdown },
];

impl Bench {
    /// Runs it, prints every line, and returns the text for docs/benchmarks.md.
    pub(crate) fn run(&self, workspace: &Workspace, seconds: u32) -> Result<String, Failure> {
        let own = self.arguments(seconds);
        let (package, target) = (self.package, self.target);
        let mut typed = vec!["bench", "-p", package, "--bench", target];
        if !own.is_empty() {
            typed.push("--");
            typed.extend(own.iter().map(|argument| &**argument));
        }
        let line = format!("cargo {}", typed.join(" "));
        println!("\n{line}");
        let programs = match self.prints {
            Prints::Markdown => vec![machine::postgres(workspace)],
            Prints::Divan(_) | Prints::Text => Vec::new(),
        };
        let machine = machine::described(workspace, &programs);
        let ended = run::watch(workspace.cargo().args(typed), |line| println!("  {line}"));
        let ended = ended
            .map_err(|error| Failure::new(format!("cargo: {error}"), "run this with cargo"))?;
        if !ended.ok {
            // Every line of it was printed already.
            return Err(Failure::new(format!("`{line}`"), "read what it printed"));
        }
        let measured = self.measured(&ended.output).ok_or_else(|| {
            Failure::new(format!("`{line}` printed no figures"), "read the lines above")
        })?;
        Ok(format!("{machine}\n\n```sh\n{line}\n```\n\n{measured}"))
    }

    /// Arguments of the benchmark itself.
    fn arguments(&self, seconds: u32) -> Vec<String> {
        match self.prints {
            // At most a second for each case.
            Prints::Divan(_) => vec!["--max-time".to_owned(), "1".to_owned()],
            Prints::Text => Vec::new(),
            Prints::Markdown => vec!["--seconds".to_owned(), seconds.to_string()],
        }
    }

    fn measured(&self, output: &str) -> Option<String> {
        match self.prints {
            Prints::Divan(bounds) => {
                let rows = divan::rows(output);
                (!rows.is_empty()).then(|| divan::table(&rows, bounds))
            }
            Prints::Text => after_cargo(output).map(|text| format!("```text\n{text}\n```")),
            Prints::Markdown => after_cargo(output).and_then(webhook::report),
        }
    }
}

/// What the benchmark printed after cargo had started it.
fn after_cargo(output: &str) -> Option<&str> {
    let (_, rest) = output.split_once("Running benches/")?;
    let (_, text) = rest.split_once('\n')?;
    Some(text.trim()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "   Compiling spool v0.1.0\n     Running benches/append.rs (target/x)\n\
                          median of 9 rounds\nwrites  1000 /s\n\n";

    fn bench(name: &str) -> &'static Bench {
        ALL.iter().find(|bench| bench.name == name).unwrap()
    }

    #[test]
    fn lines_for_people_stay_as_they_are() {
        let text = bench("spool").measured(OUTPUT).unwrap();
        assert_eq!(text, "```text\nmedian of 9 rounds\nwrites  1000 /s\n```");
        assert_eq!(bench("spool").measured("error: no"), None);
        assert_eq!(bench("twiml").measured(OUTPUT), None);
    }

    #[test]
    fn every_benchmark_is_one_of_its_crate() {
        let workspace = Workspace::here().unwrap();
        for Bench { name, package, target, .. } in &ALL {
            let manifest = workspace.read(&format!("crates/{package}/Cargo.toml")).unwrap();
            let entry = format!("[[bench]]\nname = \"{target}\"");
            assert!(manifest.contains(&entry), "{name}");
        }
    }
}
