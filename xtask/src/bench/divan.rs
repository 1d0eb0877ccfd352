//! The tables that divan prints.

use super::figures::{digits, nanoseconds};

/// One measured row.
#[derive(Debug, PartialEq)]
pub(crate) struct Row {
    /// The path in the tree: `plain / build_and_render / 10`.
    pub(crate) name: String,
    pub(crate) fastest: String,
    pub(crate) median: String,
}

/// The measured rows of everything that was printed.
pub(crate) fn rows(output: &str) -> Vec<Row> {
    let mut path: Vec<String> = Vec::new();
    let mut rows = Vec::new();
    for line in output.lines() {
        let text = line.trim_start_matches(['│', '├', '╰', '─', ' ']);
        let indent = line.chars().count() - text.chars().count();
        // A line of the tree begins with three characters a level and has six columns.
        if indent == 0 || !indent.is_multiple_of(3) || line.matches('│').count() < 5 {
            continue;
        }
        let (name, figures) = text.split_once("  ").unwrap_or((text, ""));
        path.truncate(indent / 3 - 1);
        path.push(name.to_owned());
        let cells: Vec<&str> = figures.split('│').map(str::trim).collect();
        if let [fastest, _, median, ..] = cells[..]
            && nanoseconds(median).is_some()
        {
            let name = path.join(" / ");
            rows.push(Row { name, fastest: fastest.to_owned(), median: median.to_owned() });
        }
    }
    rows
}

/// Which row bounds another: where the name has the first text, it has the second instead. An empty
/// first text stands for every name.
pub(crate) type Bound = (&'static str, &'static str);

/// A Markdown table, with the ratio to the row that bounds each.
pub(crate) fn table(rows: &[Row], bounds: &[Bound]) -> String {
    let mut lines = vec![
        "| case | median | fastest | × lower bound |".to_owned(),
        "| --- | --- | --- | --- |".to_owned(),
    ];
    for row in rows {
        let ratio = bound(row, rows, bounds).and_then(|bound| {
            Some(digits(nanoseconds(&row.median)? / nanoseconds(&bound.median)?))
        });
        let Row { name, fastest, median } = row;
        lines.push(format!("| {name} | {median} | {fastest} | {} |", ratio.unwrap_or_default()));
    }
    lines.join("\n")
}

fn bound<'a>(row: &Row, rows: &'a [Row], bounds: &[Bound]) -> Option<&'a Row> {
    let names = bounds.iter().filter(|(part, _)| row.name.contains(part)).map(|(part, by)| {
        if part.is_empty() { (*by).to_owned() } else { row.name.replace(part, by) }
    });
    let mut found = names.filter_map(|name| rows.iter().find(|row| row.name == name));
    found.next().filter(|bound| bound.name != row.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "\
    Finished `bench` profile [optimized] target(s) in 24.02s
     Running benches/twiml.rs (target/release/deps/twiml-90ad48)
Timer precision: 20 ns
twiml                             fastest       │ slowest       │ median        │ mean          │ samples │ iters
├─ escape_4_kb                    11.23 µs      │ 59.63 µs      │ 12.08 µs      │ 12.55 µs      │ 100     │ 100
├─ full                                         │               │               │               │         │
│  ├─ build_and_render                          │               │               │               │         │
│  │  ├─ 2                        1.661 µs      │ 2.452 µs      │ 1.837 µs      │ 1.852 µs      │ 100     │ 100
│  │  ╰─ two words                26.4 µs       │ 85.47 µs      │ 27.61 µs      │ 28.81 µs      │ 100     │ 100
│  ╰─ hand_written                              │               │               │               │         │
│     ╰─ 2                        239.5 ns      │ 3.414 µs      │ 320 ns        │ 349.8 ns      │ 100     │ 100
╰─ plain                                        │               │               │               │         │
   ╰─ parse                       519.5 ns      │ 4.806 µs      │ 595 ns        │ 642.2 ns      │ 100     │ 100

";

    #[test]
    fn reads_the_tree() {
        let rows = rows(OUTPUT);
        let told: Vec<[&str; 3]> =
            rows.iter().map(|row| [&*row.name, &row.fastest, &row.median]).collect();
        let want = [
            ["escape_4_kb", "11.23 µs", "12.08 µs"],
            ["full / build_and_render / 2", "1.661 µs", "1.837 µs"],
            ["full / build_and_render / two words", "26.4 µs", "27.61 µs"],
            ["full / hand_written / 2", "239.5 ns", "320 ns"],
            ["plain / parse", "519.5 ns", "595 ns"],
        ];
        assert_eq!(told, want);
        assert!(super::rows("error: no │ table │ of │ six │ columns │ here").is_empty());
    }

    #[test]
    fn ratios_to_the_row_that_bounds() {
        let text = table(&rows(OUTPUT), &[("build_and_render", "hand_written")]);
        let lines: Vec<&str> = text.lines().skip(2).take(3).collect();
        let want = [
            "| escape_4_kb | 12.08 µs | 11.23 µs |  |",
            "| full / build_and_render / 2 | 1.837 µs | 1.661 µs | 5.74 |",
            "| full / build_and_render / two words | 27.61 µs | 26.4 µs |  |",
        ];
        assert_eq!(lines, want);
        let text = table(&rows(OUTPUT), &[("", "plain / parse")]);
        let ends: Vec<&str> =
            text.lines().skip(2).filter_map(|line| line.rsplit('|').nth(1)).collect();
        assert_eq!(ends, [" 20.3 ", " 3.09 ", " 46.4 ", " 0.54 ", "  "]);
    }
}
