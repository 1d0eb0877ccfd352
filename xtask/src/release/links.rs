//! Do the pages lead to what is there? Relative links, their anchors, and the paths that pages
//! name in backticks.

use std::fs;
use std::path::{Path, PathBuf};

use harness::Failure;

use crate::workspace::Workspace;

pub(super) fn run(workspace: &Workspace) -> Result<String, Failure> {
    let root = workspace.path("");
    let mut pages = Vec::new();
    for folder in FOLDERS {
        collect(&root.join(folder), &mut pages);
    }
    for parent in PARENTS {
        let folders = fs::read_dir(root.join(parent)).into_iter().flatten().flatten();
        folders.for_each(|folder| collect(&folder.path(), &mut pages));
    }
    pages.sort();
    let mut faults = Vec::new();
    let mut links = 0;
    for page in &pages {
        let text = fs::read_to_string(page).unwrap_or_default();
        let shown = page.strip_prefix(&root).unwrap_or(page).display().to_string();
        for Reference { line, target } in references(&text) {
            links += 1;
            if let Err(fault) = resolve(&root, page, &text, &target) {
                faults.push(format!("{shown}:{line}: {fault}"));
            }
        }
    }
    if faults.is_empty() {
        Ok(format!("{links} in {} pages", pages.len()))
    } else {
        Err(Failure::faults("a page leads nowhere", &faults, "correct the page"))
    }
}

/// Folders of pages.
const FOLDERS: [&str; 2] = [".", ".github/ISSUE_TEMPLATE"];

/// Folders whose folders have pages.
const PARENTS: [&str; 2] = [".", "crates"];

/// The pages directly in a folder.
fn collect(folder: &Path, pages: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    pages.extend(entries.filter(|path| path.extension().is_some_and(|end| end == "md")));
}

/// One thing that a page leads to.
struct Reference {
    line: usize,
    target: Target,
}

#[derive(Debug, Eq, PartialEq)]
enum Target {
    /// Relative to the page, perhaps with an anchor.
    Link(String),
    /// Relative to the checkout.
    Path(String),
}

/// Everything outside of code blocks.
fn references(text: &str) -> Vec<Reference> {
    let mut found = Vec::new();
    let mut code = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            code = !code;
        }
        if code {
            continue;
        }
        let mut add = |target| found.push(Reference { line: index + 1, target });
        // Outside of backticks are links, inside are paths.
        for (piece, inside) in line.split('`').zip([false, true].into_iter().cycle()) {
            if inside && is_path(piece) {
                add(Target::Path(piece.to_owned()));
            }
        }
        let links = line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
        let definition = line.strip_prefix('[').and_then(|line| line.split_once("]: "));
        let links = links.chain(definition.map(|(_, target)| target.trim()));
        links.filter(|link| is_relative(link)).for_each(|link| add(Target::Link(link.to_owned())));
    }
    found
}

/// Whether this is a path of the checkout, and no pattern or command.
fn is_path(code: &str) -> bool {
    let roots = [
        "chaos/",
        "conformance/",
        "crates/",
        "docs/",
        "fuzz/",
        "harness/",
        "stage/",
        "xtask/",
        ".github/",
        ".ci/",
    ];
    roots.iter().any(|root| code.starts_with(root))
        && code.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c))
}

/// Neither the web, nor an item of the crate, which rustdoc checks.
fn is_relative(link: &str) -> bool {
    !link.contains("://")
        && !link.starts_with("mailto:")
        && !link.contains("::")
        && (link.contains(['/', '.', '#']))
}

fn resolve(root: &Path, page: &Path, text: &str, target: &Target) -> Result<(), String> {
    let (path, anchor) = match target {
        Target::Path(path) => (root.join(path), None),
        Target::Link(link) => {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let folder = page.parent().unwrap_or(root);
            let path = if path.is_empty() { page.to_path_buf() } else { folder.join(path) };
            (path, (!anchor.is_empty()).then_some(anchor))
        }
    };
    let (Target::Link(shown) | Target::Path(shown)) = target;
    if !path.exists() {
        return Err(format!("`{shown}` does not exist"));
    }
    let Some(anchor) = anchor else { return Ok(()) };
    let other =
        if path == page { text.to_owned() } else { fs::read_to_string(&path).unwrap_or_default() };
    if anchors(&other).iter().any(|known| known == anchor) {
        Ok(())
    } else {
        Err(format!("`{shown}` names no heading of that page"))
    }
}

/// The anchors that code hosts give the headings.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    let titles = headings.map(|line| line.trim_start_matches('#').trim().to_lowercase());
    let kept = |c: &char| c.is_alphanumeric() || " -_".contains(*c);
    titles.map(|title| title.chars().filter(kept).collect::<String>().replace(' ', "-")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# A page\n\n## What `it` is, and why\n\nSee [b](b.md), [here](#a-page),\n\
        [web](https://example.com/x.md), [`T`](crate::T) and `crates/a/src/lib.rs` or `crates/*`.\n\
        ```sh\n[no](code.md)\n```\n[ref]: ../c.md\n";

    #[test]
    fn finds_links_and_paths_outside_of_code() {
        let found: Vec<_> =
            references(PAGE).into_iter().map(|one| (one.line, one.target)).collect();
        let link = |line, text: &str| (line, Target::Link(text.to_owned()));
        let path = (6, Target::Path("crates/a/src/lib.rs".to_owned()));
        assert_eq!(found, [link(5, "b.md"), link(5, "#a-page"), path, link(10, "../c.md")]);
    }

    #[test]
    fn a_link_needs_its_page_and_its_heading() {
        let workspace = Workspace::here().unwrap();
        let root = workspace.path("");
        let page = root.join("README.md");
        let try_link = |link: &str| resolve(&root, &page, PAGE, &Target::Link(link.to_owned()));
        assert_eq!(try_link("docs/architecture.md"), Ok(()));
        assert_eq!(try_link("docs/architecture.md#layers"), Ok(()));
        assert_eq!(try_link("#what-it-is-and-why"), Ok(()));
        assert_eq!(try_link("docs/none.md"), Err("`docs/none.md` does not exist".to_owned()));
        assert_eq!(try_link("#none"), Err("`#none` names no heading of that page".to_owned()));
    }
}
