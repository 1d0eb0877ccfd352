//! Which module uses which: every path of the source, followed to what it names.

use std::collections::BTreeMap;

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, ImplItemFn, Item, ItemUse, Macro, UseTree};

use super::names::{Names, Target};
use super::tree::{self, Crate};

/// One use of a module by another, with the line of the first that was found.
pub(crate) type Edges = BTreeMap<(usize, usize), usize>;

/// One name of a `use`, or everything of a module.
pub(crate) struct Import {
    pub(crate) path: Vec<String>,
    /// The name it gets here; none for `*`.
    pub(crate) name: Option<String>,
    pub(crate) line: usize,
}

/// All uses between modules of a crate.
pub(crate) fn edges(source: &Crate, names: &Names<'_>) -> Edges {
    let mut edges = Edges::new();
    for (from, module) in source.modules.iter().enumerate() {
        let found = read(&module.items);
        let paths = found.paths.iter().map(|(path, line)| (path, *line, false));
        let imports = found.imports.iter();
        let imports = imports.map(|import| (&import.path, import.line, import.name.is_none()));
        for (path, line, whole) in paths.chain(imports) {
            let to = match names.resolve(from, path) {
                Some(Target::Item(module)) => module,
                // The name of a module alone is no use of what it holds.
                Some(Target::Module(module)) if whole => module,
                _ => continue,
            };
            if to != from {
                let first = edges.entry((from, to)).or_insert(line);
                *first = line.min(*first);
            }
        }
    }
    edges
}

/// The imports among the items, those inside functions included.
pub(crate) fn imports(items: &[Item]) -> Vec<Import> {
    read(items).imports
}

#[derive(Default)]
struct Found {
    paths: Vec<(Vec<String>, usize)>,
    imports: Vec<Import>,
}

fn read(items: &[Item]) -> Found {
    let mut found = Found::default();
    for item in items {
        found.visit_item(item);
    }
    found
}

impl<'ast> Visit<'ast> for Found {
    fn visit_item(&mut self, item: &'ast Item) {
        if !tree::only_for_tests(tree::attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        if !tree::only_for_tests(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if item.leading_colon.is_none() {
            self.import(&item.tree, &mut Vec::new());
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.leading_colon.is_none() {
            let names: Vec<&Ident> = path.segments.iter().map(|segment| &segment.ident).collect();
            self.path(&names);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        visit::visit_macro(self, call);
        self.tokens(call.tokens.clone());
    }

    // Attributes name derives and options, not modules.
    fn visit_attribute(&mut self, _: &'ast Attribute) {}
}

impl Found {
    fn path(&mut self, names: &[&Ident]) {
        if let Some(first) = names.first() {
            let path = names.iter().map(ToString::to_string).collect();
            self.paths.push((path, first.span().start().line));
        }
    }

    fn import(&mut self, tree: &UseTree, before: &mut Vec<String>) {
        let leaf = |ident: &Ident, name: Option<&Ident>, before: &[String]| {
            let mut path = before.to_vec();
            if ident != "self" || path.is_empty() {
                path.push(ident.to_string());
            }
            let name = name.map_or_else(|| path.last().cloned(), |name| Some(name.to_string()));
            Import { path, name, line: ident.span().start().line }
        };
        match tree {
            UseTree::Path(tree) => {
                before.push(tree.ident.to_string());
                self.import(&tree.tree, before);
                before.pop();
            }
            UseTree::Name(tree) => self.imports.push(leaf(&tree.ident, None, before)),
            UseTree::Rename(tree) => {
                self.imports.push(leaf(&tree.ident, Some(&tree.rename), before));
            }
            UseTree::Glob(tree) => {
                let line = tree.star_token.spans[0].start().line;
                self.imports.push(Import { path: before.clone(), name: None, line });
            }
            UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.import(tree, before));
            }
        }
    }

    /// The paths in what is handed to a macro: names joined by `::`.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<Ident> = Vec::new();
        // How many colons stand after the last name; three mean that no path goes on here.
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    // A name after `::` goes on; one after `::` alone is of another crate.
                    if colons != 2 {
                        self.end(&mut path);
                        path.push(name);
                    } else if !path.is_empty() {
                        path.push(name);
                    }
                    colons = 0;
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' => colons += 1,
                other => {
                    self.end(&mut path);
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        self.end(&mut path);
    }

    /// A single name may be anything; an import has told what it is.
    fn end(&mut self, path: &mut Vec<Ident>) {
        if path.len() > 1 {
            self.path(&path.iter().collect::<Vec<_>>());
        }
        path.clear();
    }
}
