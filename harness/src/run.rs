//! Starts programs.

use std::io::{self, BufRead as _, BufReader};
use std::process::{Command, ExitCode, Stdio};

use crate::failure::Failure;

/// The end of a program, with both of its outputs in the order of writing.
pub struct Ended {
    /// Whether it ended with success.
    pub ok: bool,
    /// Everything that it printed.
    pub output: String,
}

/// Runs a program without input and hands each line to `line` as it is printed.
///
/// # Errors
///
/// Only if the program cannot be started.
pub fn watch(command: &mut Command, mut line: impl FnMut(&str)) -> io::Result<Ended> {
    let (reader, writer) = io::pipe()?;
    let mut child =
        command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer).spawn()?;
    // The command keeps its ends of the pipe; without this the reader would wait for ever.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut output = String::new();
    let mut reader = BufReader::new(reader);
    let mut bytes = Vec::new();
    while reader.read_until(b'\n', &mut bytes)? > 0 {
        let text = String::from_utf8_lossy(&bytes);
        line(text.trim_end());
        output.push_str(&text);
        bytes.clear();
    }
    let ok = child.wait()?.success();
    Ok(Ended { ok, output })
}

/// Runs a program and prints each line as it comes. Returns the last line.
///
/// # Errors
///
/// The given failure, without output: it was printed already.
pub fn printing(command: &mut Command, what: &str, fix: &str) -> Result<String, Failure> {
    let mut closing = String::new();
    let ended = watch(command, |line| {
        println!("{line}");
        line.clone_into(&mut closing);
    });
    match ended {
        Ok(ended) if ended.ok => Ok(closing),
        Ok(_) => Err(Failure::new(what, fix)),
        Err(error) => {
            Err(Failure::new(format!("`{}` cannot be started: {error}", shown(command)), fix))
        }
    }
}

/// Prints the result of a command. Returns the exit code of its process.
pub fn report(ended: Result<String, Failure>) -> ExitCode {
    match ended {
        Ok(said) => {
            println!("{said}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            println!("{failure}");
            ExitCode::FAILURE
        }
    }
}

/// A script of the shell.
pub fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]);
    command
}

/// Runs a program to its end.
///
/// # Errors
///
/// A [`Failure`] with all output of the program and the given fix.
pub fn quiet(command: &mut Command, fix: &str) -> Result<String, Failure> {
    let shown = shown(command);
    match watch(command, |_| ()) {
        Ok(ended) if ended.ok => Ok(ended.output),
        Ok(ended) => Err(Failure::new(format!("`{shown}`"), fix).output(ended.output)),
        Err(error) => Err(Failure::new(format!("`{shown}` cannot be started: {error}"), fix)),
    }
}

/// Replaces this process by the program, so that signals and the terminal's input go to it. Returns
/// only if that fails.
pub fn replace_process(command: &mut Command) -> Failure {
    use std::os::unix::process::CommandExt as _;
    let error = command.exec();
    Failure::new(format!("`{}` cannot be started: {error}", shown(command)), "build it again")
}

/// The command line as typed in a shell.
pub fn shown(command: &Command) -> String {
    let program = command.get_program().to_string_lossy();
    let name = program.rsplit('/').next().unwrap_or_default().to_owned();
    command.get_args().fold(name, |line, argument| format!("{line} {}", argument.to_string_lossy()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_order_of_both_outputs() {
        let mut lines = Vec::new();
        let ended = watch(&mut shell("echo one; echo two >&2; printf three"), |line| {
            lines.push(line.to_owned());
        })
        .unwrap();
        assert!(ended.ok);
        assert_eq!(ended.output, "one\ntwo\nthree");
        assert_eq!(lines, ["one", "two", "three"]);
    }

    #[test]
    fn a_failure_shows_the_command_its_output_and_the_fix() {
        let failure = quiet(&mut shell("echo broken; exit 3"), "fix it").unwrap_err();
        assert_eq!(failure.what, "`sh -c echo broken; exit 3`");
        assert_eq!(failure.output, "broken\n");
        assert_eq!(failure.fix, "fix it");
        let absent = quiet(&mut Command::new("no-such-program-here"), "install it").unwrap_err();
        assert!(absent.what.contains("cannot be started"), "{}", absent.what);
    }
}
