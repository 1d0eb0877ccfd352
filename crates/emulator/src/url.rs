//! URLs as Twilio treats them: resolved against the document, kept byte for byte.

/// The URL without its fragment.
pub(crate) fn without_fragment(url: &str) -> &str {
    url.split_once('#').map_or(url, |(front, _)| front)
}

/// Whether the URL has a scheme that webhooks may have and a host.
pub(crate) fn is_absolute(url: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| {
        url.get(..scheme.len()).is_some_and(|front| front.eq_ignore_ascii_case(scheme))
            && !authority(url).is_empty()
    })
}

/// Whether the host is a loopback name or address.
pub(crate) fn is_loopback(url: &str) -> bool {
    let authority = authority(url);
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host == "localhost"
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Scheme and authority, `https://host:8443`; everything if there is no path.
pub(crate) fn origin(url: &str) -> &str {
    let after_scheme = url.find("://").map_or(0, |at| at + 3);
    let end = url[after_scheme..].find(['/', '?', '#']).map_or(url.len(), |at| after_scheme + at);
    &url[..end]
}

/// Host and port, without user and password.
pub(crate) fn authority(url: &str) -> &str {
    let origin = origin(url);
    let whole = origin.find("://").map_or(origin, |at| &origin[at + 3..]);
    whole.rsplit_once('@').map_or(whole, |(_, host)| host)
}

/// The same path and query at another origin; `base` may end with a path of its own.
pub(crate) fn at(base: &str, url: &str) -> String {
    let rest = &url[origin(url).len()..];
    format!("{}{}", base.trim_end_matches('/'), if rest.is_empty() { "/" } else { rest })
}

/// Resolves a reference of a document at `base` (RFC 3986, section 5.2).
///
/// The query of the document is dropped, as Twilio documents it. Only an empty reference is
/// the document itself.
pub(crate) fn resolve(base: &str, reference: &str) -> String {
    let reference = reference.trim();
    if reference.contains("://") {
        return reference.to_owned();
    }
    let base = without_fragment(base);
    if reference.is_empty() {
        return base.to_owned();
    }
    let scheme = base.split_once("://").map_or("http", |(scheme, _)| scheme);
    if reference.starts_with("//") {
        return format!("{scheme}:{reference}");
    }
    let origin = origin(base);
    let path = base[origin.len()..].split('?').next().unwrap_or("");
    if reference.starts_with(['?', '#']) {
        return format!("{origin}{path}{reference}");
    }
    let cut = reference.find(['?', '#']).unwrap_or(reference.len());
    let (new_path, tail) = reference.split_at(cut);
    let joined = if new_path.starts_with('/') {
        new_path.to_owned()
    } else {
        format!("{}/{new_path}", path.rsplit_once('/').map_or("", |(folder, _)| folder))
    };
    format!("{origin}{}{tail}", without_dots(&joined))
}

/// Removes `.` and `..` from a path (RFC 3986, section 5.2.4).
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut parts = path.split('/').skip(1).peekable();
    while let Some(part) = parts.next() {
        let last = parts.peek().is_none();
        match part {
            "." | ".." => {
                if part == ".." {
                    kept.pop();
                }
                if last {
                    kept.push("");
                }
            }
            _ => kept.push(part),
        }
    }
    format!("/{}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resolves_against_the_document() {
        let base = "https://a.example:8443/x/voice?ws=1#rc=2";
        let cases = [
            ("https://b.example/y", "https://b.example/y"),
            ("//b.example/y", "https://b.example/y"),
            ("/y?z=1#rc=3", "https://a.example:8443/y?z=1#rc=3"),
            ("dial", "https://a.example:8443/x/dial"),
            ("../dial", "https://a.example:8443/dial"),
            ("./", "https://a.example:8443/x/"),
            ("?wave=2", "https://a.example:8443/x/voice?wave=2"),
            ("", "https://a.example:8443/x/voice?ws=1"),
            ("../../../up", "https://a.example:8443/up"),
        ];
        for (reference, want) in cases {
            assert_eq!(resolve(base, reference), want, "{reference}");
        }
        assert_eq!(resolve("http://a.example", "dial"), "http://a.example/dial");
    }

    #[test]
    fn moves_a_url_to_another_origin() {
        let url = "https://user:pw@a.example/x?y=1";
        assert_eq!(at("http://127.0.0.1:9/", url), "http://127.0.0.1:9/x?y=1");
        assert_eq!(at("http://127.0.0.1:9", "https://a.example"), "http://127.0.0.1:9/");
        assert_eq!(authority(url), "a.example");
        assert_eq!(origin(url), "https://user:pw@a.example");
    }

    #[test]
    fn knows_an_absolute_url() {
        for (url, want) in [
            ("https://a.example", true),
            ("HTTP://a.example/x", true),
            ("/voice", false),
            ("https:///voice", false),
            ("ftp://a.example", false),
            ("", false),
        ] {
            assert_eq!(is_absolute(url), want, "{url}");
        }
    }
}
