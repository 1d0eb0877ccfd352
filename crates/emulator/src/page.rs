//! The emulator's own page.

use hyper::StatusCode;
use serde_json::json;

use crate::exchange::{HttpRequest, Reply, json as reply, text, with_header};

/// Answers a request for a file of the page.
pub(crate) fn answer(http: &HttpRequest) -> Reply {
    let file = FILES.iter().find(|(path, ..)| *path == http.path);
    match file {
        Some((_, content_type, body)) if http.method == hyper::Method::GET => {
            let reply = with_header(text(content_type, *body), "content-security-policy", POLICY);
            let reply = with_header(reply, "x-content-type-options", "nosniff");
            with_header(reply, "referrer-policy", "no-referrer")
        }
        _ => reply(StatusCode::NOT_FOUND, &json!({ "error": "there is no such page" })),
    }
}

const FILES: [(&str, &str, &str); 3] = [
    ("/", "text/html; charset=utf-8", include_str!("page/index.html")),
    ("/page.css", "text/css; charset=utf-8", include_str!("page/page.css")),
    ("/page.js", "text/javascript; charset=utf-8", include_str!("page/page.js")),
];

/// Only the page's own files are loaded, and no other page may frame it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
