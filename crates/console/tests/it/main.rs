//! Rules for every file that is served.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::Path;

use console::{Encoding, File, file, files};
use flate2::read::GzDecoder;

#[test]
fn every_file_is_found_by_its_path() {
    for one in files() {
        assert_eq!(file(&one.path()), Some(one));
    }
    for path in ["", "/index.html", "/console/", "/console/index.html", "/console/../Cargo.toml"] {
        assert_eq!(file(path), None, "{path}");
    }
}

#[test]
fn compressed_bodies_are_the_same_bodies() {
    for one in files() {
        let mut body = Vec::new();
        GzDecoder::new(one.body(Encoding::Gzip)).read_to_end(&mut body).unwrap();
        assert_eq!(body, one.body(Encoding::Identity), "{one:?}");
        assert_ne!(one.etag(Encoding::Gzip), one.etag(Encoding::Identity));
    }
}

/// The served text equals the source, line by line, except for comments.
#[test]
fn only_comments_are_left_out() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    for one in files() {
        let path = one.path();
        let name = if path == "/" { "index.html" } else { path.trim_start_matches("/console/") };
        let source = std::fs::read_to_string(root.join(name)).unwrap();
        let sent = text(&path);
        assert_eq!(source.lines().count(), sent.lines().count(), "{name}");
        for (line, sent) in source.lines().zip(sent.lines()) {
            let start = line.trim_start();
            let is_comment = ["/**", "*", "//"].iter().any(|mark| start.starts_with(mark));
            assert!(sent == line || sent.is_empty() && is_comment, "{name}: {line}");
        }
    }
}

/// Everything that the page loads, without the SDK.
#[test]
fn the_page_weighs_less_than_75_kilobytes() {
    let loaded = files().iter().filter(|file| !is_declaration(file));
    let weight: usize = loaded.map(|file| file.body(Encoding::Gzip).len()).sum();
    assert!(weight < 75_000, "{weight} bytes compressed");
}

/// A strict policy refuses inline scripts and styles; this test keeps them out of the sources.
#[test]
fn nothing_is_inline() {
    let page = text("/");
    let handlers = [" style=", " onclick=", " onload=", "javascript:", "<style"];
    for inline in handlers {
        assert!(!page.contains(inline), "{inline}");
    }
    for script in page.split("<script").skip(1) {
        let (tag, rest) = script.split_once('>').unwrap();
        assert!(tag.contains("src=") && rest.starts_with("</script>"), "{tag}");
    }
    for one in modules() {
        let source = text(&one.path());
        for risk in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
            assert!(!source.contains(risk), "{risk} in {one:?}");
        }
    }
}

/// Every module and style sheet that is referenced exists, and every one that exists is referenced.
#[test]
fn every_reference_has_its_file() {
    let mut named = BTreeSet::from(["/".to_owned()]);
    let page = text("/");
    for attribute in ["src=\"", "href=\""] {
        named.extend(between(&page, attribute).filter(|path| path.starts_with('/')));
    }
    for one in modules() {
        let base = one.path();
        let source = text(&base);
        let imports = between(&source, "from \"").chain(between(&source, "import(\""));
        named.extend(imports.filter(|path| path.starts_with('.')).map(|path| join(&base, &path)));
    }
    named.remove("/console/voice-sdk.js");
    let there = files().iter().filter(|file| !is_declaration(file));
    assert_eq!(named, there.map(File::path).collect());
}

/// Types for pages in TypeScript, which no page loads.
fn is_declaration(file: &File) -> bool {
    file.path().ends_with(".d.ts")
}

fn modules() -> impl Iterator<Item = &'static File> {
    files().iter().filter(|file| file.content_type().starts_with("text/javascript"))
}

fn text(path: &str) -> String {
    String::from_utf8(file(path).unwrap().body(Encoding::Identity).to_vec()).unwrap()
}

fn between<'a>(text: &'a str, start: &'a str) -> impl Iterator<Item = String> + 'a {
    text.split(start).skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()))
}

/// A relative path, from the path of the file that names it.
fn join(base: &str, path: &str) -> String {
    let mut parts: Vec<&str> = base.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            name => parts.push(name),
        }
    }
    parts.join("/")
}
