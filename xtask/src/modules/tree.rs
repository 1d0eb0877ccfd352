//! The modules of a crate, read from their files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use syn::{Attribute, Expr, ExprLit, Item, ItemMod, Lit, Meta};

/// A crate's modules; the first is its root.
pub(crate) struct Crate {
    pub(crate) name: String,
    pub(crate) modules: Vec<Module>,
}

/// One module, in a file of its own or inside another's.
pub(crate) struct Module {
    /// From the root down; empty for the root.
    pub(crate) path: Vec<String>,
    pub(crate) file: PathBuf,
    /// The root is its own parent.
    pub(crate) parent: usize,
    pub(crate) children: BTreeMap<String, usize>,
    pub(crate) items: Vec<Item>,
}

impl Module {
    /// As one writes it in the crate, or `(root)`.
    pub(crate) fn shown(&self) -> String {
        if self.path.is_empty() { "(root)".to_owned() } else { self.path.join("::") }
    }

    /// The top-level module it belongs to; none for the root.
    pub(crate) fn concept(&self) -> Option<&str> {
        self.path.first().map(String::as_str)
    }
}

/// Where a file's text comes from.
type Read<'a> = &'a dyn Fn(&Path) -> Option<String>;

impl Crate {
    /// Reads the root and every module that it declares, code of tests left out.
    ///
    /// # Errors
    ///
    /// The file that is missing or that cannot be parsed.
    pub(crate) fn load(name: &str, root: &Path, read: Read<'_>) -> Result<Self, String> {
        let mut tree = Self { name: name.to_owned(), modules: Vec::new() };
        let items = parse(root, read)?;
        let folder = root.parent().unwrap_or(Path::new("")).to_owned();
        let module = Module {
            path: Vec::new(),
            file: root.to_owned(),
            parent: 0,
            children: BTreeMap::new(),
            items,
        };
        tree.add(module, &folder, read)?;
        Ok(tree)
    }

    /// Adds a module whose children lie in `folder`, and them.
    fn add(&mut self, mut module: Module, folder: &Path, read: Read<'_>) -> Result<usize, String> {
        let number = self.modules.len();
        let (declared, items) = module
            .items
            .into_iter()
            .filter(|item| !only_for_tests(attributes(item)))
            .partition(|item| matches!(item, Item::Mod(_)));
        module.items = items;
        let (path, file) = (module.path.clone(), module.file.clone());
        self.modules.push(module);
        for item in declared {
            let Item::Mod(item) = item else { continue };
            let name = item.ident.to_string();
            let below = folder.join(&name);
            let (file, items) = match item.content {
                Some((_, items)) => (file.clone(), items),
                None => file_of(&item, &file, folder, read)?,
            };
            let path = [&path[..], std::slice::from_ref(&name)].concat();
            let child = Module { path, file, parent: number, children: BTreeMap::new(), items };
            let child = self.add(child, &below, read)?;
            self.modules[number].children.insert(name, child);
        }
        Ok(number)
    }
}

/// Finds the file of `mod name;`, which stands in file `parent`, and reads it.
fn file_of(
    item: &ItemMod,
    parent: &Path,
    folder: &Path,
    read: Read<'_>,
) -> Result<(PathBuf, Vec<Item>), String> {
    let beside = folder.join(format!("{}.rs", item.ident));
    let file = match item.attrs.iter().find_map(path_attribute) {
        Some(path) => parent.with_file_name(path),
        None if read(&beside).is_some() => beside,
        None => beside.with_extension("").join("mod.rs"),
    };
    let items = parse(&file, read)?;
    Ok((file, items))
}

fn parse(file: &Path, read: Read<'_>) -> Result<Vec<Item>, String> {
    let text = read(file).ok_or(format!("{}: cannot be read", file.display()))?;
    let parsed = syn::parse_file(&text)
        .map_err(|error| format!("{}:{}: {error}", file.display(), error.span().start().line))?;
    Ok(parsed.items)
}

/// The text of `#[path = "…"]`.
fn path_attribute(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

/// Whether the code is compiled for tests only.
pub(crate) fn only_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => {
            syn::parse2::<Meta>(list.tokens.clone()).is_ok_and(|condition| needs_test(&condition))
        }
        Meta::Path(path) => path.is_ident("test"),
        _ => false,
    })
}

/// Whether a condition can hold only where `test` holds.
fn needs_test(condition: &Meta) -> bool {
    let inner = |list: &syn::MetaList| {
        let separated = syn::punctuated::Punctuated::<Meta, syn::Token![,]>::parse_terminated;
        list.parse_args_with(separated).unwrap_or_default()
    };
    match condition {
        Meta::Path(path) => path.is_ident("test"),
        Meta::List(list) if list.path.is_ident("all") => inner(list).iter().any(needs_test),
        Meta::List(list) if list.path.is_ident("any") => {
            let alternatives = inner(list);
            !alternatives.is_empty() && alternatives.iter().all(needs_test)
        }
        _ => false,
    }
}

/// The attributes of an item; none for text that syn only keeps.
pub(crate) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(files: &[(&str, &str)]) -> Result<Vec<(String, String)>, String> {
        let read = |file: &Path| {
            let found = files.iter().find(|(name, _)| Path::new(name) == file);
            found.map(|(_, text)| (*text).to_owned())
        };
        let tree = Crate::load("sample", Path::new("src/lib.rs"), &read)?;
        let shown = |module: &Module| (module.shown(), module.file.display().to_string());
        Ok(tree.modules.iter().map(shown).collect())
    }

    #[test]
    fn finds_every_module_where_the_compiler_looks() {
        let files = [
            ("src/lib.rs", "mod a; mod b; mod c { mod d; } #[path = \"other.rs\"] mod e;"),
            ("src/a.rs", "mod x; #[path = \"a/absent.rs\"] mod z;"),
            ("src/a/x.rs", ""),
            ("src/a/absent.rs", ""),
            ("src/b/mod.rs", "mod y;"),
            ("src/b/y.rs", ""),
            ("src/c/d.rs", ""),
            ("src/other.rs", ""),
        ];
        let found = load(&files).unwrap();
        let found: Vec<(&str, &str)> =
            found.iter().map(|(name, file)| (&**name, &**file)).collect();
        assert_eq!(
            found,
            [
                ("(root)", "src/lib.rs"),
                ("a", "src/a.rs"),
                ("a::x", "src/a/x.rs"),
                ("a::z", "src/a/absent.rs"),
                ("b", "src/b/mod.rs"),
                ("b::y", "src/b/y.rs"),
                ("c", "src/lib.rs"),
                ("c::d", "src/c/d.rs"),
                ("e", "src/other.rs"),
            ]
        );
    }

    #[test]
    fn names_the_file_that_cannot_be_read() {
        let cases = [
            ("missing", "mod a;", "src/a/mod.rs: cannot be read"),
            ("no Rust", "\nfn ;", "src/lib.rs:2: expected identifier"),
        ];
        for (name, text, fault) in cases {
            let found = load(&[("src/lib.rs", text)]).unwrap_err();
            assert!(found.starts_with(fault), "{name}: {found}");
        }
    }
}
