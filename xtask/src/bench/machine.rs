//! The machine of a measurement.

use std::fs;
use std::thread;

use crate::workspace::Workspace;

/// One line: date, processor, memory, load and the given programs.
pub(crate) fn described(workspace: &Workspace, programs: &[String]) -> String {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or_default();
    let mut said = vec![
        format!("Measured on {}", line_of(workspace, "date", &["-u", "+%Y-%m-%d"])),
        format!("{cores} cores of {}", field(&read("/proc/cpuinfo"), "model name")),
        memory(&read("/proc/meminfo")),
        line_of(workspace, "rustc", &["--version"]),
    ];
    said.extend(programs.iter().cloned());
    said.push(format!("load {load} when it began"));
    said.retain(|word| !word.is_empty());
    said.join(", ") + "."
}

/// The processor to run on alone: the last one that is allowed.
pub(crate) fn last_core() -> Option<String> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    last_of(field(&status, "Cpus_allowed_list"))
}

/// The version of the server that `PG_BIN` or `PATH` holds.
pub(crate) fn postgres(workspace: &Workspace) -> String {
    let program = match std::env::var("PG_BIN") {
        Ok(folder) => format!("{folder}/postgres"),
        Err(_) => "postgres".to_owned(),
    };
    let said = line_of(workspace, &program, &["--version"]);
    // Else it is the one that `localpg` finds or fetches.
    said.strip_prefix("postgres (")
        .map_or("the PostgreSQL of crates/localpg".into(), |version| version.replacen(')', "", 1))
}

/// The first line that a program prints; empty if it cannot be run.
pub(crate) fn line_of(workspace: &Workspace, program: &str, arguments: &[&str]) -> String {
    let output = workspace.command(program).args(arguments).output();
    let text = output.map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&text).lines().next().unwrap_or_default().to_owned()
}

/// The value of a line `name : value`.
fn field<'a>(text: &'a str, name: &str) -> &'a str {
    let fields = text.lines().filter_map(|line| line.split_once(':'));
    let mut values =
        fields.filter(|(found, _)| found.trim() == name).map(|(_, value)| value.trim());
    values.next().unwrap_or("an unknown model")
}

/// `MemTotal` in GiB, rounded.
fn memory(meminfo: &str) -> String {
    let total = field(meminfo, "MemTotal").trim_end_matches(" kB").parse::<u64>();
    total.map_or(String::new(), |kib| format!("{} GiB of memory", (kib + (1 << 19)) >> 20))
}

/// The last number of `0-3,8`.
fn last_of(list: &str) -> Option<String> {
    let number = list.rsplit([',', '-']).next()?;
    number.parse::<u32>().ok().map(|core| core.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_linux_tells() {
        let cpuinfo = "processor\t: 0\nmodel name\t: Some CPU @ 2.00GHz\nmodel name\t: Other\n";
        assert_eq!(field(cpuinfo, "model name"), "Some CPU @ 2.00GHz");
        assert_eq!(field("", "model name"), "an unknown model");
        assert_eq!(memory("MemTotal:       25165824 kB\nMemFree: 1 kB\n"), "24 GiB of memory");
        assert_eq!(memory(""), "");
    }

    #[test]
    fn the_last_processor_of_a_list() {
        let cases = [("0-3,8", Some("8")), ("0-1", Some("1")), ("0", Some("0")), ("", None)];
        for (list, want) in cases {
            assert_eq!(last_of(list).as_deref(), want, "{list}");
        }
    }
}
