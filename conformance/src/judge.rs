//! The judges: Twilio's own libraries, each in a process that answers line by line.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

/// A running judge. It ends when its input is closed, that is when this is dropped.
pub(crate) struct Judge {
    name: &'static str,
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

/// Both judges.
pub(crate) struct Judges {
    pub(crate) node: Judge,
    pub(crate) python: Judge,
}

impl Judges {
    /// Starts both: `node_modules` is in `node`, and `python` is an interpreter with the library.
    ///
    /// # Errors
    ///
    /// If one cannot be started.
    pub(crate) fn start(scripts: &Path, node: &Path, python: &Path) -> io::Result<Self> {
        let mut of_node = Command::new("node");
        of_node.arg(scripts.join("judge.js")).arg(node);
        let mut of_python = Command::new(python);
        of_python.arg(scripts.join("judge.py"));
        Ok(Self {
            node: Judge::start("node", &mut of_node)?,
            python: Judge::start("python", &mut of_python)?,
        })
    }
}

impl Judge {
    fn start(name: &'static str, command: &mut Command) -> io::Result<Self> {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let piped = || io::Error::other("no pipe");
        let input = Some(process.stdin.take().ok_or_else(piped)?);
        let output = BufReader::new(process.stdout.take().ok_or_else(piped)?);
        Ok(Self { name, process, input, output })
    }

    /// Puts one question about each case, and returns an answer for each.
    ///
    /// # Errors
    ///
    /// If the judge ended or gave an unexpected answer; its messages are on standard error.
    pub(crate) fn ask(&mut self, judge: &str, cases: &[Value]) -> io::Result<Vec<Value>> {
        let mut answers = Vec::with_capacity(cases.len());
        // Small enough that neither side waits for the other with full pipes.
        for batch in cases.chunks(BATCH) {
            let question = json!({ "judge": judge, "cases": batch });
            let input = self.input.as_mut().ok_or_else(|| io::Error::other("input is closed"))?;
            writeln!(input, "{question}")?;
            input.flush()?;
            let mut line = String::new();
            self.output.read_line(&mut line)?;
            match serde_json::from_str(&line) {
                Ok(Value::Array(some)) if some.len() == batch.len() => answers.extend(some),
                _ => return Err(io::Error::other(format!("{} failed at `{judge}`", self.name))),
            }
        }
        Ok(answers)
    }

    /// As [`ask`](Self::ask), for questions that are answered with a text.
    pub(crate) fn texts(&mut self, judge: &str, cases: &[Value]) -> io::Result<Vec<String>> {
        let text = |answer: Value| match answer {
            Value::String(text) => Ok(text),
            other => Err(io::Error::other(format!("`{judge}` answered {other}"))),
        };
        self.ask(judge, cases)?.into_iter().map(text).collect()
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        drop(self.input.take());
        // It has nothing left to do; how it ends says nothing about the cases.
        self.process.wait().map(drop).unwrap_or_default();
    }
}

/// Cases in one line.
const BATCH: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    /// A judge that answers every line with the same text.
    fn answering(line: &str) -> Judge {
        let script = format!("while read -r _; do printf '%s\\n' '{line}'; done");
        Judge::start("sh", Command::new("sh").args(["-c", &script])).unwrap()
    }

    #[test]
    fn one_answer_for_each_case() {
        let mut judge = answering(r#"["yes","no"]"#);
        let cases = [json!(1), json!(2)];
        assert_eq!(judge.texts("verify", &cases).unwrap(), ["yes", "no"]);
        assert_eq!(judge.ask("verify", &cases).unwrap().len(), 2);
        let error = judge.ask("verify", &cases[..1]).unwrap_err();
        assert_eq!(error.to_string(), "sh failed at `verify`");
    }

    #[test]
    fn a_judge_that_ends_is_an_error() {
        let mut judge = Judge::start("sh", Command::new("sh").args(["-c", "read -r _"])).unwrap();
        let error = judge.ask("verify", &[json!(1)]).unwrap_err();
        assert_eq!(error.to_string(), "sh failed at `verify`");
    }
}
