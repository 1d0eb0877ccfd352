//! Reads the TAP output of Node's test runner: one line for each test, and the reason of a failure.

/// The counts of a run.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Counts {
    pub(super) passed: usize,
    pub(super) failed: usize,
    pub(super) skipped: usize,
}

/// The state of the output that was read so far.
#[derive(Default)]
pub(super) struct Tap {
    total: Counts,
    /// The test whose details follow.
    test: Option<Test>,
}

const SKIPPED: &str = "skipped";

struct Test {
    name: String,
    verdict: &'static str,
    seconds: f64,
    details: Vec<String>,
}

impl Tap {
    /// Takes one line; returns the text to print.
    pub(super) fn line(&mut self, line: &str) -> Option<String> {
        if let Some(test) = &mut self.test {
            let told = test.detail(line).then(|| self.test.take()).flatten()?;
            return (told.verdict != SKIPPED).then(|| told.told());
        }
        let (verdict, rest) = match (line.strip_prefix("ok "), line.strip_prefix("not ok ")) {
            (Some(rest), _) => ("ok", rest),
            (_, Some(rest)) => ("FAILED", rest),
            _ => return spoken(line),
        };
        let name = rest.split_once(" - ").map_or(rest, |(_, name)| name);
        let verdict = match name.split_once(" # ") {
            // It does not match the pattern of `--only`.
            Some((_, why)) if why.starts_with("SKIP") => SKIPPED,
            _ => verdict,
        };
        match verdict {
            "ok" => self.total.passed += 1,
            SKIPPED => self.total.skipped += 1,
            _ => self.total.failed += 1,
        }
        let name = name.to_owned();
        self.test = Some(Test { name, verdict, seconds: 0.0, details: Vec::new() });
        None
    }

    pub(super) fn total(&self) -> Counts {
        self.total
    }
}

impl Test {
    /// Takes one line of its details. Returns whether that was the last.
    fn detail(&mut self, line: &str) -> bool {
        let text = line.trim();
        if let Some(took) = text.strip_prefix("duration_ms: ") {
            self.seconds = took.parse().unwrap_or(0.0) / 1000.0;
        } else if !matches!(text, "---" | "...") {
            self.details.push(line.strip_prefix("  ").unwrap_or(line).to_owned());
        }
        text == "..."
    }

    fn told(&self) -> String {
        let Self { name, verdict, seconds, details } = self;
        let mut told = format!("{verdict:>8}  {seconds:>5.1} s  {name}");
        if *verdict == "FAILED" {
            told.extend(details.iter().flat_map(|line| ["\n  | ", line]));
        }
        told
    }
}

/// The tests' own output; the other lines belong to the format.
fn spoken(line: &str) -> Option<String> {
    let formal = ["TAP version", "# ", "1.."].iter().any(|start| line.starts_with(start));
    (!formal && !line.trim().is_empty()).then(|| format!("          {line}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "TAP version 13
# Subtest: a registers
ok 1 - a registers
  ---
  duration_ms: 1234.5
  ...
20 calls so far
# Subtest: b rings
not ok 2 - b rings
  ---
  duration_ms: 20
  error: 'does not ring'
  ...
ok 3 - c # SKIP test name does not match pattern
  ---
  duration_ms: 0.1
  ...
1..3
# pass 1
";

    #[test]
    fn tells_every_test_and_adds_them_up() {
        let mut tap = Tap::default();
        let told: Vec<String> = OUTPUT.lines().filter_map(|line| tap.line(line)).collect();
        let want = [
            "      ok    1.2 s  a registers",
            "          20 calls so far",
            "  FAILED    0.0 s  b rings\n  | error: 'does not ring'",
        ];
        assert_eq!(told, want);
        assert_eq!(tap.total(), Counts { passed: 1, failed: 1, skipped: 1 });
    }
}
