//! What a path in a module means: the module that defines what it names.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenTree;
use syn::Item;

use super::tree::Crate;
use super::uses::{Import, imports};

/// Where a path leads.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Target {
    /// To a module itself.
    Module(usize),
    /// To something that this module defines.
    Item(usize),
}

/// The names of every module of a crate.
pub(crate) struct Names<'a> {
    tree: &'a Crate,
    scopes: Vec<Scope>,
    /// Macros that are names of the root, wherever they are defined.
    exported: BTreeMap<String, usize>,
}

#[derive(Default)]
struct Scope {
    defined: BTreeSet<String>,
    /// Names in what is handed to macros: a macro may define them.
    made: BTreeSet<String>,
    imported: BTreeMap<String, Vec<Vec<String>>>,
    globs: Vec<Vec<String>>,
}

/// Longer chains of re-exports, and imports that lead to themselves, end here.
const DEPTH: usize = 16;

impl<'a> Names<'a> {
    pub(crate) fn of(tree: &'a Crate) -> Self {
        let scopes = tree.modules.iter().map(|module| scope(&module.items)).collect();
        let mut exported = BTreeMap::new();
        for (number, module) in tree.modules.iter().enumerate() {
            exported.extend(module.items.iter().filter_map(exported_macro).map(|it| (it, number)));
        }
        Self { tree, scopes, exported }
    }

    /// Where a path leads that is written in module `from`; none for a name of another crate, of
    /// the language or of a function's own.
    pub(crate) fn resolve(&self, from: usize, path: &[String]) -> Option<Target> {
        self.follow(from, path, true, 0)
    }

    /// With `last`, the path's end may be something else than a module of the same name.
    fn follow(&self, from: usize, path: &[String], last: bool, depth: usize) -> Option<Target> {
        let (first, rest) = path.split_first()?;
        if depth > DEPTH {
            return None;
        }
        let mut at = match &**first {
            "crate" => Target::Module(0),
            "self" => Target::Module(from),
            "super" => Target::Module(self.tree.modules[from].parent),
            name => self.member(from, name, last && rest.is_empty(), depth)?,
        };
        for (index, name) in rest.iter().enumerate() {
            let Target::Module(module) = at else { break };
            at = match &**name {
                "self" => at,
                "super" => Target::Module(self.tree.modules[module].parent),
                // What no item shows, a macro makes; what the module has of another crate is its.
                name => self
                    .member(module, name, last && index + 1 == rest.len(), depth)
                    .unwrap_or(Target::Item(module)),
            };
        }
        Some(at)
    }

    fn member(&self, module: usize, name: &str, last: bool, depth: usize) -> Option<Target> {
        let scope = &self.scopes[module];
        let child = self.tree.modules[module].children.get(name).copied().map(Target::Module);
        let item = scope.defined.contains(name).then_some(Target::Item(module));
        let own = if last { item.or(child) } else { child.or(item) };
        let exported = self.exported.get(name).filter(|_| module == 0).copied().map(Target::Item);
        own.or(exported)
            .or_else(|| {
                let mut imported = scope.imported.get(name).into_iter().flatten();
                imported.find_map(|path| self.follow(module, path, last, depth + 1))
            })
            .or_else(|| scope.made.contains(name).then_some(Target::Item(module)))
            .or_else(|| {
                scope.globs.iter().find_map(|path| {
                    match self.follow(module, path, false, depth + 1)? {
                        Target::Module(other) if other != module && depth < DEPTH => {
                            self.member(other, name, last, depth + 1)
                        }
                        _ => None,
                    }
                })
            })
    }
}

fn scope(items: &[Item]) -> Scope {
    let mut scope = Scope::default();
    scope.defined.extend(items.iter().filter_map(defined));
    scope.made.extend(items.iter().flat_map(made));
    for Import { path, name, .. } in imports(items) {
        match name {
            Some(name) => scope.imported.entry(name).or_default().push(path),
            None => scope.globs.push(path),
        }
    }
    scope
}

/// The name that an item gives to what it defines.
fn defined(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::TraitAlias(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

/// The name of a macro with `#[macro_export]`.
fn exported_macro(item: &Item) -> Option<String> {
    let Item::Macro(item) = item else { return None };
    let is_exported = item.attrs.iter().any(|attribute| attribute.path().is_ident("macro_export"));
    item.ident.as_ref().filter(|_| is_exported).map(ToString::to_string)
}

/// The names outside brackets in what is handed to a macro.
fn made(item: &Item) -> Vec<String> {
    let Item::Macro(item) = item else { return Vec::new() };
    let tokens = item.mac.tokens.clone().into_iter();
    tokens
        .filter_map(|token| match token {
            TokenTree::Ident(name) => Some(name.to_string()),
            _ => None,
        })
        .collect()
}
