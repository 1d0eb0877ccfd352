//! Timestamps, without a clock.

use core::fmt;
use core::str::FromStr;
use core::time::Duration;

use crate::ParseError;
use crate::text::text_forms;

/// A point in time in UTC, to the microsecond.
///
/// It is always an argument: without the feature `std`, nothing in this crate reads a clock. The range is the years 0000 to
/// 9999, so that whatever is displayed parses back; leap seconds are counted as the second after
/// them, as Unix does.
///
/// # Examples
///
/// ```
/// use core::time::Duration;
/// use identity::Timestamp;
///
/// let now = Timestamp::from_unix_seconds(1_767_225_600);
/// assert_eq!(now.to_string(), "2026-01-01T00:00:00Z");
/// assert_eq!((now + Duration::from_millis(1500)).to_string(), "2026-01-01T00:00:01.5Z");
/// assert_eq!(Timestamp::parse_rfc2822("Thu, 01 Jan 2026 00:00:00 +0000")?, now);
/// # Ok::<(), identity::ParseError>(())
/// ```
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The first moment of the year 0000.
    pub const MIN: Self = Self(days_from_civil(0, 1, 1) * DAY * MICROS);

    /// The last microsecond of the year 9999.
    pub const MAX: Self = Self(days_from_civil(10_000, 1, 1) * DAY * MICROS - 1);

    /// The moment this many whole seconds after 1970-01-01T00:00:00Z.
    ///
    /// Values outside the range become the end of the range.
    pub const fn from_unix_seconds(seconds: i64) -> Self {
        Self::from_unix_micros(seconds.saturating_mul(MICROS))
    }

    /// The moment this many microseconds after 1970-01-01T00:00:00Z.
    ///
    /// Values outside the range become the end of the range.
    pub const fn from_unix_micros(micros: i64) -> Self {
        if micros < Self::MIN.0 {
            Self::MIN
        } else if micros > Self::MAX.0 {
            Self::MAX
        } else {
            Self(micros)
        }
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    pub const fn unix_seconds(self) -> i64 {
        self.0.div_euclid(MICROS)
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub const fn unix_micros(self) -> i64 {
        self.0
    }

    /// The time since `earlier`; zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        let micros = i128::from(self.0) - i128::from(earlier.0);
        u64::try_from(micros).map_or(Duration::ZERO, Duration::from_micros)
    }

    /// This moment plus a length of time, at most the last moment of the range.
    #[must_use]
    pub fn after(self, length: Duration) -> Self {
        let micros = i64::try_from(length.as_micros()).unwrap_or(i64::MAX);
        Self::from_unix_micros(self.0.saturating_add(micros))
    }

    /// This moment minus a length of time, at least the first moment of the range.
    #[must_use]
    pub fn before(self, length: Duration) -> Self {
        let micros = i64::try_from(length.as_micros()).unwrap_or(i64::MAX);
        Self::from_unix_micros(self.0.saturating_sub(micros))
    }

    /// Reads the form of Twilio's webhooks, `Thu, 01 Jun 2017 20:48:32 +0000` (RFC 2822, 3.3).
    ///
    /// The day of the week may be absent and is not checked; the day may come without its
    /// leading zero.
    ///
    /// # Errors
    ///
    /// [`ParseError::Character`] where the form is broken, or at a day that its month does not have.
    pub fn parse_rfc2822(text: &str) -> Result<Self, ParseError> {
        let mut at = Cursor { text, at: 0 };
        if let Some(comma) = text.find(',') {
            at.at = comma + 1;
        }
        at.blanks();
        let day_at = at.at;
        let day = at.number(1, 2, 31)?;
        at.blanks();
        let month = at.month()?;
        at.blanks();
        let year = at.number(4, 4, 9999)?;
        let date = date(year, month, day).ok_or(wrong_date(day_at))?;
        at.blanks();
        let hour = at.number(2, 2, 23)?;
        at.byte(b':', "a colon")?;
        let minute = at.number(2, 2, 59)?;
        at.byte(b':', "a colon")?;
        let second = at.number(2, 2, 60)?;
        at.blanks();
        let offset = if at.rest() == "GMT" {
            at.at += 3;
            0
        } else {
            let sign = at.sign()?;
            let hours = at.number(2, 2, 23)?;
            sign * (hours * 3600 + at.number(2, 2, 59)? * 60)
        };
        at.end()?;
        moment(date + hour * 3600 + minute * 60 + second - offset, 0)
    }

    /// Writes the form of Twilio's webhooks, `Thu, 01 Jun 2017 20:48:32 +0000`.
    pub fn to_rfc2822(self) -> impl fmt::Display {
        Rfc2822(self)
    }
}

impl core::ops::Add<Duration> for Timestamp {
    type Output = Self;

    /// This moment plus a length of time, at most the last moment of the range.
    fn add(self, length: Duration) -> Self {
        self.after(length)
    }
}

impl FromStr for Timestamp {
    type Err = ParseError;

    /// Reads RFC 3339, `2026-01-01T00:00:00.25Z` or with an offset such as `+02:00`.
    ///
    /// Digits beyond the microsecond are dropped.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut at = Cursor { text, at: 0 };
        let year = at.number(4, 4, 9999)?;
        at.byte(b'-', "a hyphen")?;
        let month = at.number(2, 2, 12)?;
        at.byte(b'-', "a hyphen")?;
        let day = at.number(2, 2, 31)?;
        let date = date(year, month, day).ok_or(wrong_date(5))?;
        if !matches!(at.next(), Some(b'T' | b't' | b' ')) {
            return Err(at.wrong_before("`T`"));
        }
        let hour = at.number(2, 2, 23)?;
        at.byte(b':', "a colon")?;
        let minute = at.number(2, 2, 59)?;
        at.byte(b':', "a colon")?;
        let second = at.number(2, 2, 60)?;
        let micros = at.fraction()?;
        let offset = if matches!(at.peek(), Some(b'Z' | b'z')) {
            at.at += 1;
            0
        } else {
            let sign = at.sign()?;
            let hours = at.number(2, 2, 23)?;
            at.byte(b':', "a colon")?;
            sign * (hours * 3600 + at.number(2, 2, 59)? * 60)
        };
        at.end()?;
        moment(date + hour * 3600 + minute * 60 + second - offset, micros)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts { year, month, day, hour, minute, second } = Parts::of(*self);
        // Into a buffer, because the formatter is slow and moments are written for every event.
        let mut rest = *b"-00-00T00:00:00.000000";
        for (at, value) in [(1, month), (4, day), (7, hour), (10, minute), (13, second)] {
            write_digits(value, &mut rest[at..at + 2]);
        }
        write_digits(self.0.rem_euclid(MICROS), &mut rest[WHOLE_SECONDS + 1..]);
        let digits = rest.iter().rposition(|digit| !b"0.".contains(digit)).unwrap_or(0) + 1;
        let length = if digits <= WHOLE_SECONDS { WHOLE_SECONDS } else { digits };
        write!(f, "{year:04}{}Z", str::from_utf8(&rest[..length]).unwrap_or_default())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({self})")
    }
}

text_forms!(Timestamp, { "format": "date-time" });

struct Rfc2822(Timestamp);

impl fmt::Display for Rfc2822 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts { year, month, day, hour, minute, second } = Parts::of(self.0);
        let days = self.0.unix_seconds().div_euclid(DAY);
        let weekday = WEEKDAYS[usize::try_from(days.rem_euclid(7)).unwrap_or(0)];
        let month = MONTHS[usize::try_from(month - 1).unwrap_or(0)];
        write!(f, "{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} +0000")
    }
}

/// The length of `-01-01T00:00:00`.
const WHOLE_SECONDS: usize = 15;

/// Writes a number that is not negative in as many decimal digits as there is room.
fn write_digits(mut value: i64, text: &mut [u8]) {
    for digit in text.iter_mut().rev() {
        *digit = b'0' + u8::try_from(value % 10).unwrap_or(0);
        value /= 10;
    }
}

/// The parts of a moment in UTC.
struct Parts {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
}

impl Parts {
    fn of(moment: Timestamp) -> Self {
        let seconds = moment.unix_seconds();
        let (year, month, day) = civil_from_days(seconds.div_euclid(DAY));
        let time = seconds.rem_euclid(DAY);
        Self { year, month, day, hour: time / 3600, minute: time / 60 % 60, second: time % 60 }
    }
}

/// Reads a text from its start.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl Cursor<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek();
        self.at += 1;
        byte
    }

    fn wrong(&self, expected: &'static str) -> ParseError {
        ParseError::Character { what: WHAT, at: self.at.min(self.text.len()), expected }
    }

    fn wrong_before(&self, expected: &'static str) -> ParseError {
        let at = (self.at - 1).min(self.text.len());
        ParseError::Character { what: WHAT, at, expected }
    }

    fn byte(&mut self, byte: u8, expected: &'static str) -> Result<(), ParseError> {
        if self.next() == Some(byte) { Ok(()) } else { Err(self.wrong_before(expected)) }
    }

    fn blanks(&mut self) {
        while self.peek() == Some(b' ') {
            self.at += 1;
        }
    }

    fn number(&mut self, min: usize, max: usize, limit: i64) -> Result<i64, ParseError> {
        let start = self.at;
        let mut value = 0;
        while self.at - start < max {
            let Some(digit) = self.peek().filter(u8::is_ascii_digit) else { break };
            value = value * 10 + i64::from(digit - b'0');
            self.at += 1;
        }
        if self.at - start < min {
            return Err(self.wrong("a digit"));
        }
        if value > limit {
            self.at = start;
            return Err(self.wrong("a number within its range"));
        }
        Ok(value)
    }

    /// Microseconds of an optional fraction.
    fn fraction(&mut self) -> Result<i64, ParseError> {
        if self.peek() != Some(b'.') {
            return Ok(0);
        }
        self.at += 1;
        let (mut micros, mut weight, start) = (0, MICROS / 10, self.at);
        while let Some(digit) = self.peek().filter(u8::is_ascii_digit) {
            micros += i64::from(digit - b'0') * weight;
            weight /= 10;
            self.at += 1;
        }
        if self.at == start { Err(self.wrong("a digit")) } else { Ok(micros) }
    }

    fn sign(&mut self) -> Result<i64, ParseError> {
        match self.next() {
            Some(b'+') => Ok(1),
            Some(b'-') => Ok(-1),
            _ => Err(self.wrong_before("an offset from UTC")),
        }
    }

    fn month(&mut self) -> Result<i64, ParseError> {
        let number = MONTHS.iter().zip(1..).find(|(name, _)| self.rest().starts_with(**name));
        let (_, number) = number.ok_or_else(|| self.wrong("the name of a month"))?;
        self.at += 3;
        Ok(number)
    }

    fn end(&self) -> Result<(), ParseError> {
        if self.rest().is_empty() { Ok(()) } else { Err(self.wrong("the end")) }
    }
}

/// The seconds from 1970-01-01 to a date, if its month has that day.
fn date(year: i64, month: i64, day: i64) -> Option<i64> {
    let days = days_from_civil(year, month, day);
    (civil_from_days(days) == (year, month, day)).then_some(days * DAY)
}

const fn wrong_date(at: usize) -> ParseError {
    ParseError::Character { what: WHAT, at, expected: "a date" }
}

/// A moment, if it is in the range: an offset from UTC may lead out of it.
fn moment(seconds: i64, micros: i64) -> Result<Timestamp, ParseError> {
    let moment = Timestamp::from_unix_micros(seconds * MICROS + micros);
    if moment.0 == seconds * MICROS + micros { Ok(moment) } else { Err(OUT_OF_RANGE) }
}

/// Days since 1970-01-01 of a date of the proleptic Gregorian calendar (Hinnant, "chrono-Compatible
/// Low-Level Date Algorithms").
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year, month and day of a day since 1970-01-01 (the same source).
const fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

const WHAT: &str = "timestamp";
const OUT_OF_RANGE: ParseError =
    ParseError::Character { what: WHAT, at: 0, expected: "a moment of the years 0000 to 9999" };
const MICROS: i64 = 1_000_000;
const DAY: i64 = 86_400;
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// 1970-01-01 was a Thursday.
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn reads_and_writes_both_forms() {
        let cases = [
            (0, "1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 +0000"),
            (1_496_350_112, "2017-06-01T20:48:32Z", "Thu, 01 Jun 2017 20:48:32 +0000"),
            (951_782_400, "2000-02-29T00:00:00Z", "Tue, 29 Feb 2000 00:00:00 +0000"),
            (-1, "1969-12-31T23:59:59Z", "Wed, 31 Dec 1969 23:59:59 +0000"),
        ];
        for (seconds, rfc3339, rfc2822) in cases {
            let moment = Timestamp::from_unix_seconds(seconds);
            assert_eq!(moment.to_string(), rfc3339);
            assert_eq!(moment.to_rfc2822().to_string(), rfc2822);
            assert_eq!(rfc3339.parse(), Ok(moment));
            assert_eq!(Timestamp::parse_rfc2822(rfc2822), Ok(moment));
        }
    }

    #[test]
    fn offsets_and_fractions_count() {
        let moment = Timestamp::from_unix_micros(1_767_225_600_250_000);
        for text in [
            "2026-01-01T00:00:00.25Z",
            "2026-01-01T02:00:00.2500009+02:00",
            "2025-12-31 23:00:00.25-01:00",
        ] {
            assert_eq!(text.parse(), Ok(moment), "{text}");
        }
        let twilio = Timestamp::parse_rfc2822("Thu, 1 Jan 2026 01:00:00 +0100");
        assert_eq!(twilio, Ok(Timestamp::from_unix_seconds(1_767_225_600)));
    }

    #[test]
    fn says_where_a_form_is_broken() {
        let cases = [
            ("", 0, "a digit"),
            ("2026-13-01T00:00:00Z", 5, "a number within its range"),
            ("2026-01-01X00:00:00Z", 10, "`T`"),
            ("2026-01-01T00:00:00", 19, "an offset from UTC"),
            ("2026-01-01T00:00:00Zz", 20, "the end"),
            ("2026-02-31T00:00:00Z", 5, "a date"),
            ("2026-00-01T00:00:00Z", 5, "a date"),
            ("2026-01-00T00:00:00Z", 5, "a date"),
            ("2100-02-29T00:00:00Z", 5, "a date"),
            ("0000-01-01T00:00:00+00:01", 0, "a moment of the years 0000 to 9999"),
            ("9999-12-31T23:59:60Z", 0, "a moment of the years 0000 to 9999"),
        ];
        for (text, at, expected) in cases {
            let want = ParseError::Character { what: WHAT, at, expected };
            assert_eq!(text.parse::<Timestamp>(), Err(want), "{text}");
        }
        for (text, at) in [("Tue, 31 Feb 2026 00:00:00 +0000", 5), ("0 Jan 2026 00:00:00 GMT", 0)] {
            let want = ParseError::Character { what: WHAT, at, expected: "a date" };
            assert_eq!(Timestamp::parse_rfc2822(text), Err(want), "{text}");
        }
    }

    #[test]
    fn the_ends_of_the_range_are_written_and_read() {
        let cases = [
            (Timestamp::MIN, "0000-01-01T00:00:00Z"),
            (Timestamp::MAX, "9999-12-31T23:59:59.999999Z"),
            (Timestamp::from_unix_seconds(0) + Duration::MAX, "9999-12-31T23:59:59.999999Z"),
            (Timestamp::from_unix_seconds(0).before(Duration::MAX), "0000-01-01T00:00:00Z"),
            (Timestamp::from_unix_seconds(i64::MAX), "9999-12-31T23:59:59.999999Z"),
            (Timestamp::from_unix_micros(i64::MIN), "0000-01-01T00:00:00Z"),
        ];
        for (moment, text) in cases {
            assert_eq!(moment.to_string(), text);
            assert_eq!(text.parse(), Ok(moment), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_displayed_parses_back(micros: i64) {
            let moment = Timestamp::from_unix_micros(micros);
            proptest::prop_assert_eq!(moment.to_string().parse(), Ok(moment));
            let second = Timestamp::from_unix_seconds(moment.unix_seconds());
            let rfc2822 = moment.to_rfc2822().to_string();
            proptest::prop_assert_eq!(Timestamp::parse_rfc2822(&rfc2822), Ok(second));
        }
    }

    #[test]
    fn lengths_never_go_below_zero() {
        let (early, late) = (Timestamp::from_unix_seconds(1), Timestamp::from_unix_seconds(3));
        assert_eq!(late.since(early), Duration::from_secs(2));
        assert_eq!(early.since(late), Duration::ZERO);
        assert_eq!(late.before(Duration::from_secs(2)), early);
    }
}
