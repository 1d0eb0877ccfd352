//! Medians, quartiles, and how they are written.

/// The middle half of what was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Figure {
    pub(crate) low: f64,
    pub(crate) median: f64,
    pub(crate) high: f64,
}

impl Figure {
    /// Zero throughout if there is nothing.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let quartile = |quarters: usize| {
            let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
            let at = last * quarters / 4;
            let part = [0.0, 0.25, 0.5, 0.75][last * quarters % 4];
            sorted[at] + (sorted[last.min(at + 1)] - sorted[at]) * part
        };
        Self { low: quartile(1), median: quartile(2), high: quartile(3) }
    }

    /// `1.32 µs (1.30–1.41)`, from nanoseconds.
    pub(crate) fn time(&self) -> String {
        let (unit, name) = unit(self.median);
        let [low, median, high] =
            [self.low, self.median, self.high].map(|value| digits(value / unit));
        format!("{median} {name} ({low}–{high})")
    }

    /// `2.8 (2.7–3.0)`.
    pub(crate) fn ratio(&self) -> String {
        let [low, median, high] = [self.low, self.median, self.high].map(digits);
        format!("{median} ({low}–{high})")
    }
}

fn unit(nanoseconds: f64) -> (f64, &'static str) {
    match nanoseconds {
        ..1e3 => (1.0, "ns"),
        ..1e6 => (1e3, "µs"),
        _ => (1e6, "ms"),
    }
}

/// With three digits, or more before the point.
pub(crate) fn digits(value: f64) -> String {
    match value {
        ..10.0 => format!("{value:.2}"),
        ..100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// Nanoseconds of `1.32 µs`.
pub(crate) fn nanoseconds(text: &str) -> Option<f64> {
    let (value, unit) = text.trim().split_once(' ')?;
    let unit = match unit {
        "ps" => 1e-3,
        "ns" => 1.0,
        "µs" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        _ => return None,
    };
    Some(value.parse::<f64>().ok()? * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_of_any_number_of_values() {
        let cases: [(&[f64], [f64; 3]); 5] = [
            (&[], [0.0; 3]),
            (&[7.0], [7.0; 3]),
            (&[3.0, 1.0], [1.5, 2.0, 2.5]),
            (&[5.0, 1.0, 2.0, 4.0, 3.0], [2.0, 3.0, 4.0]),
            (&[4.0, 1.0, 2.0, 3.0], [1.75, 2.5, 3.25]),
        ];
        for (values, [low, median, high]) in cases {
            let got = Figure::of(values.iter().copied());
            assert_eq!(got, Figure { low, median, high }, "{values:?}");
        }
    }

    #[test]
    fn times_have_three_digits_in_the_unit_of_the_median() {
        let cases = [
            ([70.0, 78.77, 101.2], "78.8 ns (70.0–101)"),
            ([999.0, 1320.0, 1410.0], "1.32 µs (1.00–1.41)"),
            ([1.4e6, 2.5e6, 3e6], "2.50 ms (1.40–3.00)"),
        ];
        for ([low, median, high], want) in cases {
            assert_eq!(Figure { low, median, high }.time(), want);
        }
        assert_eq!(Figure { low: 2.0, median: 15.25, high: 300.4 }.ratio(), "15.2 (2.00–300)");
    }

    #[test]
    fn reads_the_times_of_divan() {
        let cases = [
            ("466.1 ns", Some(466.1)),
            ("1.5 µs", Some(1500.0)),
            ("2 ms", Some(2e6)),
            ("0.5 s", Some(5e8)),
            ("100", None),
            ("1 day", None),
            ("", None),
        ];
        for (text, want) in cases {
            assert_eq!(nanoseconds(text), want, "{text}");
        }
    }
}
