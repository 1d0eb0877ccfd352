//! The heads of a connection's requests, byte by byte as they come in: hyper drops what two readers could
//! understand differently before a handler can see it.

use std::collections::VecDeque;

use hyper::StatusCode;

/// Reads along what a client sends, and judges the head of each request.
///
/// A head that is refused is the last: nothing behind it is read.
#[derive(Debug, Default)]
pub(crate) struct Heads {
    place: Place,
    /// The line of a head that has begun.
    line: Vec<u8>,
    head: Head,
    judged: VecDeque<Result<(), StatusCode>>,
}

/// What the next byte belongs to.
#[derive(Clone, Copy, Debug, Default)]
enum Place {
    #[default]
    Head,
    Body(u64),
    /// A chunk's size: its value so far, and whether its digits go on.
    Size(u64, bool),
    Chunk(u64),
    /// The line end after a chunk.
    ChunkEnd,
    /// The lines after the last chunk: whether the line is empty so far.
    Trailer(bool),
    /// Behind a head that was refused, or a body that cannot be read.
    Lost,
}

/// What a head has said so far.
#[derive(Debug, Default)]
struct Head {
    bytes: usize,
    lines: usize,
    is_old: bool,
    hosts: usize,
    lengths: usize,
    length: u64,
    codings: usize,
    is_odd: bool,
}

impl Heads {
    /// Reads the bytes that have come.
    pub(crate) fn read(&mut self, mut bytes: &[u8]) {
        while let Some((&byte, rest)) = bytes.split_first() {
            let skip =
                |left: u64| usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
            match self.place {
                Place::Body(left) | Place::Chunk(left) if left > 1 => {
                    let skipped = skip(left - 1);
                    bytes = &bytes[skipped..];
                    let left = left - skipped as u64;
                    let is_body = matches!(self.place, Place::Body(_));
                    self.place = if is_body { Place::Body(left) } else { Place::Chunk(left) };
                    continue;
                }
                Place::Lost => return,
                Place::Head => self.head_byte(byte),
                Place::Body(_) => self.place = Place::Head,
                Place::Chunk(_) => self.place = Place::ChunkEnd,
                Place::Size(size, goes_on) => self.place = after_size(size, goes_on, byte),
                Place::ChunkEnd => {
                    if byte == b'\n' {
                        self.place = Place::Size(0, true);
                    }
                }
                Place::Trailer(is_empty) => {
                    self.place = match byte {
                        b'\n' if is_empty => Place::Head,
                        b'\n' => Place::Trailer(true),
                        b'\r' => Place::Trailer(is_empty),
                        _ => Place::Trailer(false),
                    }
                }
            }
            bytes = rest;
        }
    }

    /// The verdict on the next request. One whose head was not understood is refused.
    pub(crate) fn next(&mut self) -> Result<(), StatusCode> {
        self.judged.pop_front().unwrap_or(Err(StatusCode::BAD_REQUEST))
    }

    fn head_byte(&mut self, byte: u8) {
        self.head.bytes += 1;
        if self.head.bytes > MAX_HEAD_BYTES {
            return self.judge(Err(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
        }
        if byte != b'\n' {
            return self.line.push(byte);
        }
        let line = std::mem::take(&mut self.line);
        let line = line.strip_suffix(b"\r").unwrap_or(&line);
        match (line.is_empty(), self.head.lines) {
            // An empty line before a request counts for nothing (RFC 9112, 2.2).
            (true, 0) => {}
            (true, _) => self.judge(self.head.verdict()),
            (false, lines) => {
                self.head.lines += 1;
                if lines == 0 {
                    self.head.is_old = !line.ends_with(b" HTTP/1.1");
                } else {
                    self.head.field(line);
                }
            }
        }
    }

    fn judge(&mut self, verdict: Result<(), StatusCode>) {
        let head = std::mem::take(&mut self.head);
        self.line.clear();
        self.judged.push_back(verdict);
        self.place = match (verdict, head.length) {
            (Err(_), _) => Place::Lost,
            (Ok(()), _) if head.codings > 0 => Place::Size(0, true),
            (Ok(()), 0) => Place::Head,
            (Ok(()), length) => Place::Body(length),
        };
    }
}

impl Head {
    fn field(&mut self, line: &[u8]) {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { return };
        let (name, value) = (&line[..colon], &line[colon + 1..]);
        if name.eq_ignore_ascii_case(b"host") {
            self.hosts += 1;
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.codings += 1;
        } else if name.eq_ignore_ascii_case(b"content-length") {
            self.lengths += 1;
            let text = str::from_utf8(value.trim_ascii()).unwrap_or_default();
            let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            match text.parse() {
                Ok(length) if is_number => self.length = length,
                _ => self.is_odd = true,
            }
        } else if name.eq_ignore_ascii_case(b"origin") {
            // A browser writes one blank and the origin.
            self.is_odd |= value.contains(&b'\t');
        }
    }

    /// A request is refused before anything else if two readers could understand its length differently,
    /// or if it does not name exactly one host (RFC 9112, 3.2, 6.1 and 6.3).
    fn verdict(&self) -> Result<(), StatusCode> {
        let bodies = self.lengths + self.codings;
        let is_clear = bodies <= 1 && self.hosts == 1 && !(self.is_old && self.codings > 0);
        if is_clear && !self.is_odd { Ok(()) } else { Err(StatusCode::BAD_REQUEST) }
    }
}

/// The place after a byte of the line with a chunk's size.
fn after_size(size: u64, goes_on: bool, byte: u8) -> Place {
    match (char::from(byte).to_digit(16), byte) {
        (Some(digit), _) if goes_on => {
            let longer = size.checked_mul(16).and_then(|size| size.checked_add(digit.into()));
            longer.map_or(Place::Lost, |size| Place::Size(size, true))
        }
        (_, b'\n') if size == 0 => Place::Trailer(true),
        (_, b'\n') => Place::Chunk(size),
        _ => Place::Size(size, false),
    }
}

/// The request line and the headers, with the empty line behind them.
pub(crate) const MAX_HEAD_BYTES: usize = 32 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "GET / HTTP/1.1\r\nHost: a\r\n";
    const REFUSED: Result<(), StatusCode> = Err(StatusCode::BAD_REQUEST);

    /// The verdicts on what comes in, in pieces of this size.
    fn verdicts(text: &str, piece: usize) -> Vec<Result<(), StatusCode>> {
        let mut heads = Heads::default();
        text.as_bytes().chunks(piece).for_each(|bytes| heads.read(bytes));
        heads.judged.into()
    }

    #[test]
    fn what_two_readers_could_understand_differently_is_refused() {
        let cases = [
            ("plain", "", Ok(())),
            ("a length", "Content-Length: 0\r\n", Ok(())),
            ("chunks", "Transfer-Encoding: chunked\r\n", Ok(())),
            ("an origin", "Origin: https://a.example\r\n", Ok(())),
            ("a length and chunks", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", REFUSED),
            ("chunks and a length", "transfer-encoding: chunked\r\ncontent-length: 3\r\n", REFUSED),
            ("a length twice", "Content-Length: 0\r\nCONTENT-LENGTH: 0\r\n", REFUSED),
            ("a list of lengths", "Content-Length: 3, 3\r\n", REFUSED),
            ("a sign", "Content-Length: +3\r\n", REFUSED),
            ("no length", "Content-Length:\r\n", REFUSED),
            ("chunks twice", "Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n", REFUSED),
            ("another host", "Host: b\r\n", REFUSED),
            ("an origin with a tab", "Origin: https://a.example\t\r\n", REFUSED),
        ];
        for (name, lines, want) in cases {
            for piece in [1, 7, 4096] {
                let text = format!("{HOST}{lines}\r\n");
                assert_eq!(verdicts(&text, piece), [want], "{name}");
                let bare = text.replace("\r\n", "\n");
                assert_eq!(verdicts(&bare, piece), [want], "{name}, without carriage returns");
            }
        }
        assert_eq!(verdicts("GET / HTTP/1.1\r\n\r\n", 1), [REFUSED], "no host");
        let old = "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(verdicts(old, 1), [REFUSED]);
    }

    #[test]
    fn every_request_of_a_connection_has_its_own_verdict() {
        let plain = format!("{HOST}\r\n");
        let bodies = [
            format!("{HOST}Content-Length: {}\r\n\r\n{plain}", plain.len()),
            format!(
                "{HOST}Transfer-Encoding: chunked\r\n\r\n3;a=b\r\n\r\n\r\r\n0A \r\n{}\r\n0\r\n\r\n",
                "\n".repeat(10)
            ),
            format!("{HOST}Transfer-Encoding: chunked\r\n\r\n00\r\nX: y\r\nHost: b\r\n\r\n"),
            format!("\r\n{plain}"),
        ];
        let all = bodies.concat() + &plain;
        for piece in [1, 3, 100, 4096] {
            assert_eq!(verdicts(&all, piece), [Ok(()); 5], "in pieces of {piece}");
            let refused = format!("{all}GET / HTTP/1.1\r\n\r\n{all}");
            let got = verdicts(&refused, piece);
            assert_eq!((got.len(), got[5]), (6, REFUSED), "nothing is read after a doubt");
        }
        let endless = format!("{HOST}Transfer-Encoding: chunked\r\n\r\n{}\r\n", "f".repeat(17));
        let mut heads = Heads::default();
        heads.read((endless + &all).as_bytes());
        assert_eq!([heads.next(), heads.next()], [Ok(()), REFUSED], "a size that is none");
    }

    #[test]
    fn a_head_has_32_kib_and_not_a_byte_more() {
        let fill = MAX_HEAD_BYTES - HOST.len() - "X: \r\n\r\n".len();
        let head = |fill: usize| format!("{HOST}X: {}\r\n\r\n", "x".repeat(fill));
        assert_eq!(head(fill).len(), MAX_HEAD_BYTES);
        for piece in [1000, 100_000] {
            assert_eq!(verdicts(&head(fill), piece), [Ok(())]);
            let large = Err(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
            assert_eq!(verdicts(&head(fill + 1), piece), [large]);
        }
    }
}
