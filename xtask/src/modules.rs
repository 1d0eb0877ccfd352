//! `cargo xtask modules`: checks how the modules of every crate depend on each other.
//!
//! Four rules. Modules of different concepts do not use each other in a circle. A concept is a
//! module directly below a crate's root, with everything inside it, or the root itself. No
//! source file has more than 500 lines. A module with children is `x.rs` beside a folder `x/`, never `x/mod.rs`.
//! And no map of the server is keyed by a number of Twilio's alone: see [`tenants`].
//!
//! A use is a path in the source: an import, a type, a call. A re-export leads to the module that
//! defines the name. Methods are not followed: their call does not say which module has them. Code
//! under `#[cfg(test)]` does not count.

mod cycles;
mod files;
mod names;
mod tenants;
mod tree;
mod uses;

use std::fs;
use std::path::Path;

use harness::Failure;

use self::names::Names;
use self::tree::Crate;
use crate::metadata::{Metadata, Package};
use crate::workspace::Workspace;

const FIX: &str = "move what both sides need into a module that uses neither; split a long file by \
                   concept; rename `x/mod.rs` to `x.rs`; key a map by workspace and number";

/// At most so many cycles are shown for one crate: most long ones go when the short ones are cut.
const MOST: usize = 10;

pub(crate) fn run(workspace: &Workspace) -> Result<String, Failure> {
    let metadata = Metadata::load(workspace)?;
    let (mut modules, mut faults) = (0, Vec::new());
    for package in metadata.ours() {
        for root in &package.roots {
            let read = |file: &Path| fs::read_to_string(workspace.path("").join(file)).ok();
            let root = root.strip_prefix(workspace.path("")).unwrap_or(root);
            match Crate::load(&root_name(package, root), root, &read) {
                Ok(source) => {
                    modules += source.modules.len();
                    faults.extend(cycles_of(&source));
                    if package.name == tenants::CRATE {
                        faults.extend(tenants::faults(&source));
                    }
                }
                Err(fault) => faults.push(fault),
            }
        }
    }
    let sources = files::list(&workspace.path("")).map_err(|error| {
        Failure::new(format!("the files cannot be listed: {error}"), "check their permissions")
    })?;
    faults.extend(files::faults(&sources));
    if faults.is_empty() {
        Ok(format!("{modules} modules without a cycle, {} files within 500 lines", sources.len()))
    } else {
        Err(Failure::faults("the modules do not follow the rules", &faults, FIX))
    }
}

/// The package; for a second target of it, its file too.
fn root_name(package: &Package, root: &Path) -> String {
    if package.roots.len() == 1 || root.ends_with("src/lib.rs") {
        package.name.clone()
    } else {
        let stem = root.file_stem().unwrap_or_default().to_string_lossy();
        format!("{} ({stem})", package.name)
    }
}

/// Every cycle of a crate, as a line that can be read and followed.
fn cycles_of(source: &Crate) -> Vec<String> {
    let edges = uses::edges(source, &Names::of(source));
    let concept = |module: usize| source.modules[module].concept();
    let found = cycles::between_concepts(&edges, concept);
    let shown = found.iter().take(MOST).map(|cycle| cycles::shown(source, &edges, cycle));
    let more = found.len().saturating_sub(MOST);
    let rest = (more > 0).then(|| format!("{}: {more} longer cycles", source.name));
    shown.chain(rest).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    use super::*;

    /// A crate made of `(file, text)`, whose root is the first.
    fn crate_of(files: &[(&str, &str)]) -> Crate {
        let texts: BTreeMap<PathBuf, String> =
            files.iter().map(|(file, text)| (file.into(), (*text).to_owned())).collect();
        let read = |file: &Path| texts.get(file).cloned();
        Crate::load("sample", Path::new(files[0].0), &read).unwrap()
    }

    #[test]
    fn finds_cycles_between_concepts_and_no_others() {
        type Files = &'static [(&'static str, &'static str)];
        let cases: [(&str, Files, &[&str]); 14] = [
            (
                "two files that import each other",
                &[
                    ("src/lib.rs", "mod a;\nmod b;"),
                    ("src/a.rs", "use crate::b::B;\npub struct A(B);"),
                    ("src/b.rs", "pub struct B;\nimpl From<crate::a::A> for B {}"),
                ],
                &["sample: a -> b -> a (src/a.rs:1, src/b.rs:2)"],
            ),
            (
                "one way only",
                &[
                    ("src/lib.rs", "mod a;\nmod b;"),
                    ("src/a.rs", "use super::b::B;"),
                    ("src/b.rs", "pub struct B;"),
                ],
                &[],
            ),
            (
                "inside one concept",
                &[
                    ("src/lib.rs", "mod a;"),
                    ("src/a.rs", "mod x;\nmod y;\npub struct A(x::X);"),
                    ("src/a/x.rs", "use super::y::Y;\npub struct X(super::A);"),
                    ("src/a/y.rs", "use super::x::X;\npub struct Y;"),
                ],
                &[],
            ),
            (
                "a re-export by the parent leads to the child",
                &[
                    ("src/lib.rs", "mod a;\nmod b;\nmod c;"),
                    ("src/a.rs", "mod x;\nmod y;\npub use self::x::X;\npub use self::y::*;"),
                    ("src/a/x.rs", "pub struct X;"),
                    ("src/a/y.rs", "use crate::b::B;\npub struct Y;"),
                    ("src/b.rs", "use crate::a::X;\npub struct B;"),
                    ("src/c.rs", "use crate::a::Y;"),
                ],
                &[],
            ),
            (
                "and from there to the cycle",
                &[
                    ("src/lib.rs", "mod a;\nmod b;\npub use a::Y;"),
                    ("src/a.rs", "mod y;\npub use self::y::*;"),
                    ("src/a/y.rs", "use crate::b::B;\npub struct Y;"),
                    ("src/b.rs", "use crate::Y as Other;\npub struct B;"),
                ],
                &["sample: a::y -> b -> a::y (src/a/y.rs:1, src/b.rs:1)"],
            ),
            (
                "a module's name alone is no use, a path through it is",
                &[
                    ("src/lib.rs", "mod a;\nmod b;\nmod c;"),
                    ("src/a.rs", "use crate::b;\npub fn f() { b::f() }"),
                    ("src/b.rs", "use crate::a;\npub fn f() { println!(\"{}\", a::f()) }"),
                    ("src/c.rs", "use crate::a;"),
                ],
                &["sample: a -> b -> a (src/a.rs:2, src/b.rs:2)"],
            ),
            (
                "three concepts",
                &[
                    ("src/lib.rs", "mod a; mod b; mod c;"),
                    ("src/a.rs", "pub fn f() { crate::b::f() }"),
                    ("src/b.rs", "pub fn f() { crate::c::f() }"),
                    ("src/c.rs", "pub fn f() { crate::a::f() }"),
                ],
                &["sample: a -> b -> c -> a (src/a.rs:1, src/b.rs:1, src/c.rs:1)"],
            ),
            (
                "tests do not count",
                &[
                    ("src/lib.rs", "mod a; mod b; #[cfg(all(test, unix))] mod gone;"),
                    ("src/a.rs", "use crate::b::B; pub struct A;"),
                    ("src/b.rs", "pub struct B; #[cfg(test)] mod tests { use crate::a::A; }"),
                ],
                &[],
            ),
            (
                "what is not under test does",
                &[
                    ("src/lib.rs", "mod a; mod b;"),
                    ("src/a.rs", "use crate::b::B; pub struct A;"),
                    ("src/b.rs", "pub struct B; #[cfg(not(test))] use crate::a::A;"),
                ],
                &["sample: a -> b -> a (src/a.rs:1, src/b.rs:1)"],
            ),
            (
                "a module inside a file, and an import inside a function",
                &[
                    ("src/lib.rs", "mod a { pub fn f() { use super::b::g; g() } }\nmod b;"),
                    ("src/b.rs", "pub fn g() { crate::a::f() }"),
                ],
                &["sample: a -> b -> a (src/lib.rs:1, src/b.rs:1)"],
            ),
            (
                "names of other crates and local names",
                &[
                    ("src/lib.rs", "mod a; mod b;"),
                    ("src/a.rs", "use ::b::B; use std::b::C; use crate::b::D;"),
                    ("src/b.rs", "pub struct D; pub fn f<T: A>(a: T) { T::a(); other::a::f() }"),
                ],
                &[],
            ),
            (
                "a name that a macro makes, re-exported as a whole",
                &[
                    ("src/lib.rs", "mod a; mod b; pub use b::*;"),
                    ("src/a.rs", "use crate::{B, C};"),
                    ("src/b.rs", "make! { B { x: y } C }\npub fn f() { crate::a::f() }"),
                ],
                &["sample: a -> b -> a (src/a.rs:1, src/b.rs:2)"],
            ),
            (
                "an exported macro belongs to its module",
                &[
                    ("src/lib.rs", "mod a; mod b; pub use a::A;"),
                    (
                        "src/a.rs",
                        "#[macro_export] macro_rules! m { () => { $crate::n!() } }\n\
                                  #[macro_export] macro_rules! n { () => {} }\npub struct A;",
                    ),
                    ("src/b.rs", "crate::m!();"),
                ],
                &[],
            ),
            (
                "a name that the root defines",
                &[
                    ("src/main.rs", "mod a; mod b;\nstruct Context(a::A);"),
                    ("src/a.rs", "use crate::b::B; pub struct A;"),
                    ("src/b.rs", "use crate::Context; pub struct B;"),
                ],
                &["sample: (root) -> a -> b -> (root) (src/main.rs:2, src/a.rs:1, src/b.rs:1)"],
            ),
        ];
        for (name, files, want) in cases {
            assert_eq!(cycles_of(&crate_of(files)), want, "{name}");
        }
    }

    #[test]
    fn a_second_program_of_a_package_is_a_crate_of_its_own() {
        let package = |roots: &[&str]| Package {
            name: "emulator".to_owned(),
            ours: true,
            uses: Vec::new(),
            roots: roots.iter().map(PathBuf::from).collect(),
        };
        let two = package(&["src/lib.rs", "src/bin/run.rs"]);
        assert_eq!(root_name(&two, &two.roots[0]), "emulator");
        assert_eq!(root_name(&two, &two.roots[1]), "emulator (run)");
        let one = package(&["src/main.rs"]);
        assert_eq!(root_name(&one, &one.roots[0]), "emulator");
    }
}
