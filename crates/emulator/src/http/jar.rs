//! Cookies: each call has its own, like a browser.

use std::sync::{Arc, Mutex, PoisonError};

/// The cookies of one call, by host. Paths and expiry are ignored, because a call is short.
#[derive(Clone, Debug, Default)]
pub(crate) struct Jar(Arc<Mutex<Vec<Cookie>>>);

#[derive(Debug)]
struct Cookie {
    host: String,
    name: String,
    value: String,
}

impl Jar {
    /// Keeps the cookie of a header `Set-Cookie`.
    pub(crate) fn keep(&self, host: &str, set_cookie: &str) {
        let pair = set_cookie.split(';').next().unwrap_or("");
        let Some((name, value)) = pair.split_once('=') else { return };
        let (name, value) = (name.trim().to_owned(), value.trim().to_owned());
        let mut cookies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cookies.retain(|cookie| cookie.host != host || cookie.name != name);
        cookies.push(Cookie { host: host.to_owned(), name, value });
    }

    /// The header `Cookie` for this host, if there is one to send.
    pub(crate) fn header(&self, host: &str) -> Option<String> {
        let cookies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pairs: Vec<String> = cookies
            .iter()
            .filter(|cookie| cookie.host == host)
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::Jar;

    #[test]
    fn keeps_the_newest_value_by_host() {
        let jar = Jar::default();
        jar.keep("a.example", "s=1; Path=/; HttpOnly");
        jar.keep("a.example", "t=2");
        jar.keep("b.example", "s=3");
        jar.keep("a.example", "s=4");
        jar.keep("a.example", "nonsense");
        assert_eq!(jar.header("a.example").as_deref(), Some("t=2; s=4"));
        assert_eq!(jar.header("b.example").as_deref(), Some("s=3"));
        assert_eq!(jar.header("c.example"), None);
    }
}
