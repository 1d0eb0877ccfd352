//! docs/benchmarks.md: text by hand, with figures between markers.

use std::fs;

use harness::Failure;

use crate::workspace::Workspace;

pub(crate) const PATH: &str = "docs/benchmarks.md";

/// Puts each text between the markers of its name.
pub(crate) fn write(workspace: &Workspace, sections: &[(&str, String)]) -> Result<(), Failure> {
    let mut page = workspace.read(PATH)?;
    for (name, text) in sections {
        page = replaced(&page, name, text).ok_or_else(|| {
            let [begin, end] = markers(name);
            Failure::new(
                format!("{PATH} has no place for `{name}`"),
                format!("put the lines `{begin}` and `{end}` where the figures shall stand"),
            )
        })?;
    }
    fs::write(workspace.path(PATH), page)
        .map_err(|error| Failure::new(format!("{PATH}: {error}"), "make the file writable"))
}

fn markers(name: &str) -> [String; 2] {
    [format!("<!-- begin: {name} -->"), format!("<!-- end: {name} -->")]
}

/// The page with another text between the markers.
fn replaced(page: &str, name: &str, text: &str) -> Option<String> {
    let [begin, end] = markers(name);
    let (before, rest) = page.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}\n{}\n{end}{after}", text.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# Page\n<!-- begin: a -->\nold\n<!-- end: a -->\n\
                        <!-- begin: b -->\nkept\n<!-- end: b -->\n";

    #[test]
    fn replaces_what_stands_between_the_markers_of_a_name() {
        let page = replaced(PAGE, "a", "new\nlines\n").unwrap();
        assert_eq!(page, PAGE.replace("old", "new\nlines"));
        assert_eq!(replaced(&page, "a", "old").unwrap(), PAGE);
    }

    #[test]
    fn a_missing_marker_is_no_reason_to_change_anything() {
        let cases = [("no begin", PAGE, "c"), ("no end", "<!-- begin: a -->\nold\n", "a")];
        for (case, page, name) in cases {
            assert_eq!(replaced(page, name, "new"), None, "{case}");
        }
    }

    #[test]
    fn the_page_has_a_place_for_every_benchmark() {
        let page = Workspace::here().unwrap().read(PATH).unwrap();
        let names = super::super::crates::ALL.map(|bench| bench.name);
        for name in names.into_iter().chain(["libraries", "peers"]) {
            assert!(replaced(&page, name, "").is_some(), "{name}");
        }
    }
}
