//! The files, and how each is served.

use std::fmt;

/// A file of the console.
#[derive(Eq, PartialEq)]
pub struct File {
    name: &'static str,
    tag: &'static str,
    body: &'static [u8],
    gzip: &'static [u8],
}

/// How a body is encoded (RFC 9110, 8.4.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Encoding {
    /// Not compressed.
    Identity,
    /// Compressed when the crate was built.
    Gzip,
}

/// Finds the file at a path of a URL: the page at `/`, every other file below `/console/`.
pub fn file(path: &str) -> Option<&'static File> {
    let name = match path {
        "/" => PAGE,
        _ => path.strip_prefix(BELOW).filter(|name| *name != PAGE)?,
    };
    let at = FILES.binary_search_by(|file| file.name.cmp(name)).ok()?;
    FILES.get(at)
}

/// Every file, by name.
pub fn files() -> &'static [File] {
    FILES
}

impl File {
    /// The path of its URL.
    pub fn path(&self) -> String {
        if self.name == PAGE { "/".to_owned() } else { format!("{BELOW}{}", self.name) }
    }

    /// Its media type.
    pub fn content_type(&self) -> &'static str {
        match self.name.rsplit('.').next() {
            Some("html") => "text/html; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("svg") => "image/svg+xml",
            Some("json" | "webmanifest") => "application/json",
            _ => "text/plain; charset=utf-8",
        }
    }

    /// Its bytes in an encoding.
    pub const fn body(&self, encoding: Encoding) -> &'static [u8] {
        match encoding {
            Encoding::Identity => self.body,
            Encoding::Gzip => self.gzip,
        }
    }

    /// The entity tag of its bytes in an encoding: different bytes have different tags.
    pub fn etag(&self, encoding: Encoding) -> String {
        match encoding {
            Encoding::Identity => format!("\"{}\"", self.tag),
            Encoding::Gzip => format!("\"{}-gz\"", self.tag),
        }
    }

    /// The value of `Cache-Control`: browsers keep the file, and revalidate it before each use. Modules
    /// import each other by plain paths, so a page never mixes the files of two versions.
    pub const fn cache_control(&self) -> &'static str {
        "no-cache"
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, tag, .. } = self;
        f.debug_struct("File").field("name", name).field("tag", tag).finish_non_exhaustive()
    }
}

impl Encoding {
    /// The encoding to send, from the request's `Accept-Encoding`.
    pub fn accepted(header: Option<&str>) -> Self {
        let mut offers = header.unwrap_or_default().split(',').map(|offer| {
            let (name, weight) = offer.split_once(';').unwrap_or((offer, ""));
            let weight: String = weight.chars().filter(|c| !c.is_whitespace()).collect();
            (name.trim().to_ascii_lowercase(), weight)
        });
        let refused = ["q=0", "q=0.0", "q=0.00", "q=0.000"];
        match offers.find(|(name, _)| matches!(&**name, "gzip" | "x-gzip")) {
            Some((_, weight)) if !refused.contains(&&*weight) => Self::Gzip,
            _ => Self::Identity,
        }
    }

    /// The value of `Content-Encoding`, if there is one.
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
        }
    }
}

/// Whether the browser's copy is current: its `If-None-Match` names the tag.
pub fn is_current(if_none_match: &str, etag: &str) -> bool {
    let mut tags = if_none_match.split(',').map(str::trim);
    tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

const PAGE: &str = "index.html";
const BELOW: &str = "/console/";

/// Sorted by name.
static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_negotiated() {
        let cases = [
            (None, Encoding::Identity),
            (Some(""), Encoding::Identity),
            (Some("br"), Encoding::Identity),
            (Some("gzip, deflate, br"), Encoding::Gzip),
            (Some("br;q=1.0, GZIP;q=0.5"), Encoding::Gzip),
            (Some("gzip; q=0"), Encoding::Identity),
            (Some("gzipped"), Encoding::Identity),
        ];
        for (header, want) in cases {
            assert_eq!(Encoding::accepted(header), want, "{header:?}");
        }
    }

    #[test]
    fn tags_are_compared() {
        let cases = [
            ("\"a\"", true),
            ("W/\"a\"", true),
            ("\"b\", \"a\"", true),
            ("*", true),
            ("\"b\"", false),
            ("a", false),
            ("", false),
        ];
        for (header, want) in cases {
            assert_eq!(is_current(header, "\"a\""), want, "{header}");
        }
    }
}
