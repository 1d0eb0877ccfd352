//! Answers.

use std::fmt;

use serde_json::Value;

/// An answer.
#[derive(Clone, Eq, PartialEq)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as it came.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body, which must be text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }

    /// The body, which must be JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// The `code` of an error of the server's API.
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// Without what differs between any two answers.
    #[must_use]
    pub fn comparable(mut self) -> Self {
        self.headers.retain(|(name, _)| name != "date" && name != "x-request-id");
        self
    }

    /// Reads everything that came until the connection was closed.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&bytes[..end]).ok()?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        Some(Self { status, headers, body: bytes[end + 4..].to_vec() })
    }

    /// Reads one answer of a connection that may go on, once it is whole.
    pub(super) fn parse_one(bytes: &[u8]) -> Option<Self> {
        let mut answer = Self::parse(bytes)?;
        let length = answer.header("content-length").and_then(|text| text.parse().ok());
        let length = length.unwrap_or(0);
        (answer.body.len() >= length).then(|| {
            answer.body.truncate(length);
            answer
        })
    }

    /// Whether the server closes the connection after it.
    pub(super) fn closes(&self) -> bool {
        self.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, headers, body } = self;
        write!(f, "{status} {headers:?} {:?}", String::from_utf8_lossy(body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_an_answer_once_it_is_whole() {
        let text = b"HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 3\r\n\r\nabc";
        assert_eq!(Answer::parse_one(&text[..text.len() - 1]), None);
        let answer = Answer::parse_one(text).unwrap();
        assert_eq!((answer.status, answer.text(), answer.closes()), (200, "abc", false));
        let shown = r#"200 [("date", "now"), ("content-length", "3")] "abc""#;
        assert_eq!(format!("{answer:?}"), shown);
        let kept = [("content-length".to_owned(), "3".to_owned())];
        assert_eq!(answer.comparable().headers, kept);
        let answer = Answer::parse_one(b"HTTP/1.1 204 No\r\nconnection: close\r\n\r\n").unwrap();
        assert_eq!((answer.status, answer.text(), answer.closes()), (204, "", true));
    }
}
