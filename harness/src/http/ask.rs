//! Requests.

use serde_json::Value;

/// A request, to be changed at will before it is sent.
#[derive(Clone, Debug)]
#[must_use]
pub struct Ask {
    /// `GET` and others.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// In the order in which they are sent.
    pub headers: Vec<(String, String)>,
    /// The body; often empty.
    pub body: Vec<u8>,
}

impl Ask {
    /// Without headers and body.
    pub fn new(method: &str, target: &str) -> Self {
        let (method, target) = (method.to_owned(), target.to_owned());
        Self { method, target, headers: Vec::new(), body: Vec::new() }
    }

    /// `GET`.
    pub fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    /// One more header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A body of this type.
    pub fn body(self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { body: body.into(), ..self.header("Content-Type", content_type) }
    }

    /// A body of JSON.
    pub fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// A form.
    pub fn form(self, params: &[(impl AsRef<str>, impl AsRef<str>)]) -> Self {
        self.body("application/x-www-form-urlencoded", encode(params))
    }

    /// Sends this session.
    pub fn bearer(self, session: &str) -> Self {
        self.header("Authorization", &format!("Bearer {session}"))
    }

    /// The request with the headers that every client sends, `Host` if it has none. The connection
    /// ends with the answer.
    pub fn bytes(&self) -> Vec<u8> {
        self.bytes_with(&self.plain())
    }

    /// The same on a connection that goes on.
    pub fn kept_bytes(&self) -> Vec<u8> {
        self.written(&self.plain())
    }

    /// The request with these lines in place of `Host` and `Content-Length`. The connection ends
    /// with the answer.
    pub fn bytes_with(&self, lines: &str) -> Vec<u8> {
        self.written(&format!("Connection: close\r\n{lines}"))
    }

    fn written(&self, lines: &str) -> Vec<u8> {
        let mut text = format!("{} {} HTTP/1.1\r\n{lines}", self.method, self.target);
        for (name, value) in &self.headers {
            text.extend([name, ": ", value, "\r\n"]);
        }
        text.push_str("\r\n");
        [text.as_bytes(), &self.body].concat()
    }

    fn plain(&self) -> String {
        let has_host = self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host"));
        let host = if has_host { "" } else { "Host: voice.example.com\r\n" };
        format!("{host}Content-Length: {}\r\n", self.body.len())
    }
}

/// A form as browsers and Twilio send it.
pub fn encode(params: &[(impl AsRef<str>, impl AsRef<str>)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_what_clients_send() {
        let ask = Ask::new("POST", "/a?b").bearer("x").form(&[("From", "+1 2")]);
        assert_eq!(
            String::from_utf8(ask.bytes()).unwrap(),
            "POST /a?b HTTP/1.1\r\nConnection: close\r\nHost: voice.example.com\r\n\
             Content-Length: 11\r\nAuthorization: Bearer x\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n\r\nFrom=%2B1+2"
        );
        assert_eq!(
            Ask::get("/").bytes_with("Host: h\r\n"),
            b"GET / HTTP/1.1\r\nConnection: close\r\nHost: h\r\n\r\n"
        );
        assert_eq!(
            Ask::get("/").kept_bytes(),
            b"GET / HTTP/1.1\r\nHost: voice.example.com\r\nContent-Length: 0\r\n\r\n"
        );
    }
}
