//! Which pages may call the API (Fetch standard, CORS protocol).

use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, StatusCode};

use super::reply::{self, Reply};

/// The origins that may call the API, compared letter by letter.
#[derive(Debug)]
pub(crate) struct Cors {
    allowed: Vec<String>,
}

impl Cors {
    pub(crate) const fn new(allowed: Vec<String>) -> Self {
        Self { allowed }
    }

    /// Adds the headers that tell the browser whether its page may read the answer.
    pub(crate) fn mark(&self, headers: &HeaderMap, reply: &mut Reply) {
        reply.headers_mut().append(header::VARY, HeaderValue::from_static("Origin"));
        if let Some(origin) = self.allowed_origin(headers) {
            reply::set(reply, header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            reply::set(reply, header::ACCESS_CONTROL_EXPOSE_HEADERS, "Retry-After, X-Request-Id");
        }
    }

    /// Answers the request that a browser sends before the actual one.
    pub(crate) fn preflight(&self, method: &Method, headers: &HeaderMap) -> Reply {
        let mut reply = reply::empty(StatusCode::NO_CONTENT);
        if self.allowed_origin(headers).is_some() {
            let methods = format!("{method}, OPTIONS");
            reply::set(&mut reply, header::ACCESS_CONTROL_ALLOW_METHODS, &methods);
            let names = "Authorization, Content-Type, Last-Event-ID";
            reply::set(&mut reply, header::ACCESS_CONTROL_ALLOW_HEADERS, names);
            reply::set(&mut reply, header::ACCESS_CONTROL_MAX_AGE, "600");
        }
        self.mark(headers, &mut reply);
        reply
    }

    fn allowed_origin(&self, headers: &HeaderMap) -> Option<&str> {
        let mut sent = headers.get_all(header::ORIGIN).iter();
        let (Some(origin), None) = (sent.next(), sent.next()) else { return None };
        let same = |allowed: &&String| allowed.as_bytes() == origin.as_bytes();
        self.allowed.iter().find(same).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_origins_are_let_in() {
        let cors = Cors::new(vec!["https://chat.example.com".to_owned()]);
        let cases = [
            ("https://chat.example.com", true),
            ("https://chat.example.com:443", false),
            ("http://chat.example.com", false),
            ("https://chat.example.com.evil.example", false),
            ("https://CHAT.example.com", false),
            ("null", false),
            ("", false),
        ];
        for (origin, allowed) in cases {
            let mut headers = HeaderMap::new();
            headers.insert(header::ORIGIN, origin.parse().unwrap());
            let reply = cors.preflight(&Method::GET, &headers);
            let got = reply.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN);
            assert_eq!(got.is_some(), allowed, "{origin}");
            assert_eq!(reply.headers()[header::VARY], "Origin");
        }
    }
}
