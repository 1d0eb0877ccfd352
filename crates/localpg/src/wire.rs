//! The part of the protocol that is needed to send a statement: version 3.0, simple query
//! ("Frontend/Backend Protocol" in the manual).
//!
//! Hand-written, to avoid a client crate and its runtime. The sockets here need no
//! password.

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use crate::Error;
use crate::layout::SOCKET;

/// How long the server may be silent.
const LIMIT: Duration = Duration::from_secs(120);

/// Messages here are short; a longer one means that the other side is not a server.
const MESSAGE_MAX: usize = 1 << 24;

/// Runs `sql`, which may be several statements, on a connection of its own.
pub(crate) fn execute(socket_dir: &Path, user: &str, db: &str, sql: &str) -> Result<(), Error> {
    let path = socket_dir.join(SOCKET);
    run(&path, user, db, sql).map_err(Error::io("use", &path))?
}

fn run(path: &Path, user: &str, database: &str, sql: &str) -> io::Result<Result<(), Error>> {
    let mut stream = UnixStream::connect(path)?;
    stream.set_read_timeout(Some(LIMIT))?;
    let mut startup = 196_608_u32.to_be_bytes().to_vec();
    for text in ["user", user, "database", database, "client_encoding", "UTF8"] {
        startup.extend_from_slice(text.as_bytes());
        startup.push(0);
    }
    startup.push(0);
    send(&mut stream, None, &startup)?;
    if let Some(refusal) = until_ready(&mut stream)? {
        return Ok(Err(refusal));
    }
    let mut query = sql.as_bytes().to_vec();
    query.push(0);
    send(&mut stream, Some(b'Q'), &query)?;
    let refusal = until_ready(&mut stream)?;
    send(&mut stream, Some(b'X'), &[])?;
    // The server closes when the session is gone, so that its database is free again.
    let _ = stream.read(&mut [0]);
    Ok(refusal.map_or(Ok(()), Err))
}

/// Sends one message: its kind, its length (which counts itself), and the body.
fn send(stream: &mut UnixStream, kind: Option<u8>, body: &[u8]) -> io::Result<()> {
    let length = u32::try_from(body.len() + 4).map_err(io::Error::other)?;
    let mut message = Vec::with_capacity(body.len() + 5);
    message.extend(kind);
    message.extend_from_slice(&length.to_be_bytes());
    message.extend_from_slice(body);
    stream.write_all(&message)
}

/// Reads until the server waits for a statement, and returns the first error on the way.
fn until_ready(stream: &mut UnixStream) -> io::Result<Option<Error>> {
    let mut refusal = None;
    loop {
        let mut head = [0; 5];
        match (stream.read_exact(&mut head), refusal.take()) {
            (Ok(()), before) => refusal = before,
            // The server closes after a refused start.
            (Err(_), Some(refusal)) => return Ok(Some(refusal)),
            (Err(error), None) => return Err(error),
        }
        let [kind, length @ ..] = head;
        let length = usize::try_from(u32::from_be_bytes(length)).map_err(io::Error::other)?;
        if !(4..MESSAGE_MAX).contains(&length) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut body = vec![0; length - 4];
        stream.read_exact(&mut body)?;
        match kind {
            b'Z' => return Ok(refusal),
            b'E' => refusal = refusal.or_else(|| Some(parse_refusal(&body))),
            // Any other authentication than "ok" would wait for a password.
            b'R' if body != [0; 4] => return Err(io::ErrorKind::PermissionDenied.into()),
            _ => {}
        }
    }
}

/// Fields of one letter and a text that ends in zero: `C` is the code, `M` the message.
fn parse_refusal(body: &[u8]) -> Error {
    let field = |letter: u8| {
        let mut fields = body.split(|byte| *byte == 0);
        let text = fields.find_map(|field| field.strip_prefix(&[letter]));
        text.map(|text| String::from_utf8_lossy(text).into_owned()).unwrap_or_default()
    };
    Error::Sql { code: field(b'C'), message: field(b'M') }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_refusals() {
        let error = parse_refusal(b"SERROR\0VERROR\0C42P04\0Mdatabase \"a\" already exists\0\0");
        assert_eq!(error.to_string(), "statement refused (42P04): database \"a\" already exists");
    }

    #[test]
    fn refuses_other_talk() {
        let (mut server, mut client) = UnixStream::pair().unwrap();
        server.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        let error = until_ready(&mut client).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
