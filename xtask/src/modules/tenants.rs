//! What is kept under a number of Twilio's is kept under its workspace, too.
//!
//! A tenant can name another's call in a request that it signs itself, so a map or a set whose key is a
//! `CallSid` or another `…Sid` alone would let it change what is known of that call. The fields of structs
//! and enums, statics and type aliases are read. A field is right if the key has a `WorkspaceId` beside the
//! number, if a map keyed by a `WorkspaceId` stands around it, or if its struct is about one workspace: it
//! has a field of type `WorkspaceId` or `Workspace`. A number that is kept as text is not seen.

use syn::visit::{self, Visit};
use syn::{
    Fields, GenericArgument, ItemEnum, ItemStatic, ItemStruct, ItemType, PathArguments, Type,
};

use super::tree::Crate;

/// What keeps something of several workspaces in memory. The store's values are of one transaction, and so
/// of one workspace.
pub(super) const CRATE: &str = "server";

const KEYED: [&str; 6] = ["HashMap", "HashSet", "BTreeMap", "BTreeSet", "IndexMap", "IndexSet"];

/// Every map or set of a crate whose key lacks the workspace.
pub(super) fn faults(source: &Crate) -> Vec<String> {
    let mut faults = Vec::new();
    for module in &source.modules {
        for item in &module.items {
            let mut search = Search { found: Vec::new() };
            search.visit_item(item);
            let place = module.file.display();
            faults.extend(search.found.into_iter().map(|name| {
                format!("{place}: `{name}` is keyed by a number of Twilio's without its workspace")
            }));
        }
    }
    faults
}

struct Search {
    found: Vec<String>,
}

impl Search {
    fn judge(&mut self, name: String, ty: &Type) {
        let mut keys = Keys { is_bare: false };
        keys.visit_type(ty);
        if keys.is_bare {
            self.found.push(name);
        }
    }

    fn fields(&mut self, owner: &str, fields: &Fields) {
        let of_one = fields.iter().any(|field| is_workspace(&field.ty));
        for (number, field) in fields.iter().enumerate().filter(|_| !of_one) {
            let name = field.ident.as_ref().map_or(number.to_string(), ToString::to_string);
            self.judge(format!("{owner}.{name}"), &field.ty);
        }
    }
}

impl<'a> Visit<'a> for Search {
    fn visit_item_struct(&mut self, item: &'a ItemStruct) {
        self.fields(&item.ident.to_string(), &item.fields);
    }

    fn visit_item_enum(&mut self, item: &'a ItemEnum) {
        for variant in &item.variants {
            self.fields(&format!("{}::{}", item.ident, variant.ident), &variant.fields);
        }
    }

    fn visit_item_static(&mut self, item: &'a ItemStatic) {
        self.judge(item.ident.to_string(), &item.ty);
    }

    fn visit_item_type(&mut self, item: &'a ItemType) {
        self.judge(item.ident.to_string(), &item.ty);
    }
}

/// Looks for a map or a set with a bare number as its key.
struct Keys {
    is_bare: bool,
}

impl<'a> Visit<'a> for Keys {
    fn visit_path_segment(&mut self, segment: &'a syn::PathSegment) {
        if KEYED.contains(&&*segment.ident.to_string())
            && let PathArguments::AngleBracketed(arguments) = &segment.arguments
            && let Some(GenericArgument::Type(key)) = arguments.args.first()
        {
            let names = Names::of(key);
            if names.has_workspace {
                return;
            }
            self.is_bare |= names.has_sid;
        }
        visit::visit_path_segment(self, segment);
    }
}

/// The names in a type.
#[derive(Default)]
struct Names {
    has_workspace: bool,
    has_sid: bool,
}

impl Names {
    fn of(ty: &Type) -> Self {
        let mut names = Self::default();
        names.visit_type(ty);
        names
    }
}

impl<'a> Visit<'a> for Names {
    fn visit_ident(&mut self, ident: &'a proc_macro2::Ident) {
        let name = ident.to_string();
        self.has_workspace |= name == "WorkspaceId";
        self.has_sid |= name.ends_with("Sid");
    }
}

/// Whether a field says of which workspace its struct is.
fn is_workspace(ty: &Type) -> bool {
    match ty {
        Type::Reference(reference) => is_workspace(&reference.elem),
        Type::Path(path) => path.path.segments.last().is_some_and(|last| {
            let is_plain = matches!(last.arguments, PathArguments::None);
            let around = last.ident == "Arc";
            let inner = || {
                matches!(&last.arguments, PathArguments::AngleBracketed(arguments)
                    if matches!(arguments.args.first(), Some(GenericArgument::Type(ty)) if is_workspace(ty)))
            };
            (is_plain && (last.ident == "WorkspaceId" || last.ident == "Workspace"))
                || (around && inner())
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn found(text: &str) -> Vec<String> {
        let read = |_: &Path| Some(text.to_owned());
        let source = Crate::load("sample", Path::new("src/lib.rs"), &read).unwrap();
        faults(&source)
    }

    #[test]
    fn a_key_of_twilios_needs_its_workspace() {
        let wrong = [
            "struct A { calls: HashSet<CallSid> }",
            "struct A { calls: Mutex<HashMap<identity::CallSid, Timestamp>> }",
            "struct A(BTreeMap<(AccountSid, u8), u8>);",
            "struct A { waiting: HashMap<UserId, BTreeSet<CallSid>> }",
            "enum A { B { of: HashMap<MessageSid, u8> } }",
            "static A: LazyLock<Mutex<HashMap<CallSid, u8>>> = LazyLock::new(Default::default);",
            "type A = HashMap<CallSid, u8>;",
            "fn f() { struct A { calls: HashSet<CallSid> } }",
            "mod a { struct A { calls: HashSet<CallSid> } }",
            "struct A { ids: Vec<WorkspaceId>, calls: HashSet<CallSid> }",
        ];
        for text in wrong {
            assert_eq!(found(text).len(), 1, "{text}");
        }
        let right = [
            "struct A { calls: HashSet<(WorkspaceId, CallSid)> }",
            "struct A { calls: HashMap<WorkspaceId, BTreeSet<CallSid>> }",
            "struct A { id: WorkspaceId, calls: HashSet<CallSid> }",
            "struct A<'a> { workspace: &'a Arc<Workspace>, calls: HashSet<CallSid> }",
            "struct A { calls: Vec<CallSid>, users: HashMap<UserId, CallSid> }",
            "fn f() { let calls: HashSet<CallSid> = HashSet::new(); }",
            "#[cfg(test)] struct A { calls: HashSet<CallSid> }",
        ];
        for text in right {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }
}
