//! The table of the server under load, beside its aims.

/// The lookup alone is at most this much faster, with [`CONNECTIONS`].
const OF_LOOKUP: f64 = 0.6;
const CONNECTIONS: &str = "16";
/// The server's own processor time for one voice webhook, in microseconds.
const CPU: f64 = 60.0;

/// The printed table and its comparison with the aims; nothing if there is no table.
pub(crate) fn report(printed: &str) -> Option<String> {
    let mut rows = printed.lines().filter(|line| line.starts_with('|')).map(cells);
    let head = rows.next()?;
    let rows: Vec<Vec<&str>> = rows.skip(1).collect();
    let voice = |row: &&Vec<&str>| {
        row.first().is_some_and(|case| case.starts_with("voice"))
            && value(&head, row, "connections") == Some(CONNECTIONS)
    };
    let verdicts: Vec<String> =
        rows.iter().filter(voice).flat_map(|row| verdicts(&head, row)).collect();
    let aims = if verdicts.is_empty() {
        String::new()
    } else {
        format!("\n\nAims, with {CONNECTIONS} connections:\n\n{}", verdicts.join("\n"))
    };
    // Leave out notices of Postgres and the like.
    let kept =
        |line: &&str| line.starts_with('|') || line.starts_with("resident") || line.is_empty();
    let lines: Vec<&str> = printed.lines().filter(kept).collect();
    Some(lines.join("\n").trim().to_owned() + &aims)
}

fn cells(row: &str) -> Vec<&str> {
    row.trim().trim_matches('|').split('|').map(str::trim).collect()
}

fn value<'a>(head: &[&str], row: &[&'a str], column: &str) -> Option<&'a str> {
    let at = head.iter().position(|name| *name == column)?;
    row.get(at).copied()
}

fn verdicts(head: &[&str], row: &[&str]) -> Vec<String> {
    let number = |column| value(head, row, column)?.parse::<f64>().ok();
    let case = row.first().copied().unwrap_or_default();
    let told =
        |text: String, met| format!("- {case}: {text}: {}", if met { "met" } else { "missed" });
    let mut verdicts = Vec::new();
    if let Some(ratio) = number("of lookup") {
        let text = format!("{ratio} of lookup, at least {OF_LOOKUP}");
        verdicts.push(told(text, ratio >= OF_LOOKUP));
    }
    if let Some(cpu) = number("server CPU µs") {
        verdicts.push(told(format!("{cpu} µs of the processor, below {CPU}"), cpu < CPU));
    }
    verdicts
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINTED: &str = "NOTICE: something\n\
        | case | connections | requests/s | server CPU µs | of lookup |\n\
        | --- | --- | --- | --- | --- |\n\
        | voice, assigned | 1 | 900 | 90 | 0.50 |\n\
        | voice, assigned | 16 | 5000 | 55 | 0.59 |\n\
        | status callback | 16 | 9000 | 20 | 0.10 |\n\n\
        resident memory: idle 20.1 MiB, after 100000 webhooks 40.2 MiB";

    #[test]
    fn compares_the_voice_webhooks_with_their_aims() {
        let report = report(PRINTED).unwrap();
        let (table, aims) = report.split_once("\n\nAims, with 16 connections:\n\n").unwrap();
        assert_eq!(format!("NOTICE: something\n{table}"), PRINTED);
        assert_eq!(
            aims,
            "- voice, assigned: 0.59 of lookup, at least 0.6: missed\n\
             - voice, assigned: 55 µs of the processor, below 60: met"
        );
    }

    #[test]
    fn other_columns_are_kept_without_a_verdict() {
        let printed = "| case | rate |\n| --- | --- |\n| voice | 1 |";
        assert_eq!(report(printed).as_deref(), Some(printed));
        assert_eq!(report("error: no Postgres"), None);
    }
}
