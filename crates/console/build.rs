//! Embeds every file below `assets/`, plain and compressed. Modules lose their comments.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=assets");
    let root = directory("CARGO_MANIFEST_DIR")?.join("assets");
    let out = directory("OUT_DIR")?;
    let mut table = String::from("&[\n");
    for (number, name) in names(&root)?.iter().enumerate() {
        let body = served(name, fs::read_to_string(root.join(name))?);
        fs::write(out.join(format!("{number}.plain")), &body)?;
        fs::write(out.join(format!("{number}.gz")), pack(body.as_bytes())?)?;
        let tag = tag(body.as_bytes());
        let built = |kind: &str| {
            format!("include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{number}.{kind}\"))")
        };
        let (body, gzip) = (built("plain"), built("gz"));
        writeln!(
            table,
            "    File {{ name: {name:?}, tag: \"{tag}\", body: {body}, gzip: {gzip} }},"
        )
        .map_err(io::Error::other)?;
    }
    table.push(']');
    fs::write(out.join("files.rs"), table)
}

fn directory(variable: &str) -> io::Result<PathBuf> {
    env::var_os(variable).map(PathBuf::from).ok_or_else(|| io::Error::other("run this with cargo"))
}

/// The relative path of every file below a directory, sorted.
fn names(root: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else if let Some(name) = path.strip_prefix(root).ok().and_then(Path::to_str) {
                names.push(name.to_owned());
            }
        }
    }
    names.sort();
    Ok(names)
}

/// The body that is served for a file. Comments that fill whole lines are half of a module's size, so
/// they are left out. Their lines stay empty, so that errors name the lines of the source. The
/// documentation of the module for other pages is in its declarations.
fn served(name: &str, source: String) -> String {
    let is_module = Path::new(name).extension().is_some_and(|extension| extension == "js");
    if !is_module {
        return source;
    }
    let mut is_inside = false;
    let lean = source.lines().map(|line| {
        let text = line.trim();
        let opens = text.starts_with("/**") && (text.ends_with("*/") || !text.contains("*/"));
        let is_comment = is_inside || opens || text.starts_with("//");
        is_inside = (is_inside || opens) && !text.ends_with("*/");
        if is_comment { "\n".to_owned() } else { format!("{line}\n") }
    });
    lean.collect()
}

/// Compresses a body. The header has no time and no name, so that the same file gives the same bytes.
fn pack(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body)?;
    encoder.finish()
}

/// The first sixteen digits of the content's hash.
fn tag(body: &[u8]) -> String {
    let hash = Sha256::digest(body);
    hash.iter().take(8).fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
