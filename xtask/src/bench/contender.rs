//! A program that is measured: one command a line, one JSON answer a line.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use harness::Failure;
use serde_json::Value;

/// A running program. It ends when its input is closed, that is when this is dropped.
pub(crate) struct Contender {
    /// Its own description, from its first line.
    pub(crate) name: String,
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Contender {
    pub(crate) fn start(command: &mut Command) -> Result<Self, Failure> {
        let shown = harness::run::shown(command);
        Self::piped(command).map_err(|error| {
            Failure::new(format!("`{shown}`: {error}"), "read what the program printed")
        })
    }

    fn piped(command: &mut Command) -> io::Result<Self> {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let no_pipe = || io::Error::other("no pipe");
        let input = Some(process.stdin.take().ok_or_else(no_pipe)?);
        let output = BufReader::new(process.stdout.take().ok_or_else(no_pipe)?);
        let mut contender = Self { name: String::new(), process, input, output };
        match contender.answer()? {
            Value::String(name) => contender.name = name,
            other => return Err(io::Error::other(format!("it began with {other}"))),
        }
        Ok(contender)
    }

    /// The output of a case.
    pub(crate) fn show(&mut self, case: &str) -> Result<Value, Failure> {
        self.ask(&format!("show {case}"))
    }

    /// The time of one run of a case in nanoseconds, measured for about so many milliseconds.
    pub(crate) fn measure(&mut self, case: &str, milliseconds: u32) -> Result<f64, Failure> {
        let answer = self.ask(&format!("measure {case} {milliseconds}"))?;
        answer.as_f64().filter(|time| *time > 0.0).ok_or_else(|| {
            Failure::new(format!("{} took {answer} for `{case}`", self.name), "fix the program")
        })
    }

    pub(crate) fn ask(&mut self, line: &str) -> Result<Value, Failure> {
        let put = |input: &mut ChildStdin| writeln!(input, "{line}").and_then(|()| input.flush());
        let sent = self.input.as_mut().map_or_else(|| Err(io::ErrorKind::BrokenPipe.into()), put);
        sent.and_then(|()| self.answer()).map_err(|error| {
            let what = format!("{} did not answer `{line}`: {error}", self.name);
            Failure::new(what, "read what the program printed")
        })
    }

    fn answer(&mut self) -> io::Result<Value> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            return Err(io::Error::other("it ended"));
        }
        serde_json::from_str(&line).map_err(|error| io::Error::other(format!("{error}: {line}")))
    }
}

impl Drop for Contender {
    fn drop(&mut self) {
        drop(self.input.take());
        // It has nothing left to do; how it ends says nothing about the figures.
        self.process.wait().map(drop).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Result<Contender, Failure> {
        Contender::start(Command::new("sh").args(["-c", script]))
    }

    #[test]
    fn answers_line_by_line() {
        let script = r#"echo '"me"'; while read -r a b c; do echo "\"$a+$b+$c\""; done"#;
        let mut contender = shell(script).unwrap();
        assert_eq!(contender.name, "me");
        assert_eq!(contender.show("case").unwrap(), "show+case+");
        let failure = contender.measure("case", 30).unwrap_err();
        assert_eq!(failure.what, "me took \"measure+case+30\" for `case`");
        let mut contender = shell(r#"echo '"it"'; read -r _; echo 12.5"#).unwrap();
        assert!((contender.measure("case", 1).unwrap() - 12.5).abs() < 1e-9);
    }

    #[test]
    fn one_that_ends_or_babbles_is_a_failure() {
        let failure = shell("exit 1").err().unwrap();
        assert_eq!(failure.what, "`sh -c exit 1`: it ended");
        let failure = shell(r#"echo '"me"'; read -r _"#).unwrap().show("case").unwrap_err();
        assert_eq!(failure.what, "me did not answer `show case`: it ended");
        assert!(shell("echo words").err().unwrap().what.contains("expected value"));
    }
}
