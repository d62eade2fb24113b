use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};

/// What is asked of a client that asks nothing of AWS.
const NO_OPERATIONS: [&str; 2] = ["clone", "config"];

#[derive(Clone, Debug)]
enum On {
    /// A field of `self`.
    Own(String),
    Word(String),
    /// A field of something else.
    Field(String),
}

#[derive(Debug, Default)]
pub(super) struct Function {
    pub(super) name: String,
    /// A word alone cannot mean what belongs to a type.
    pub(super) is_member: bool,
    /// Whose it implements a function of.
    pub(super) of_trait: Option<String>,
    /// Of functions that it names: by a word, and behind a dot or a path.
    pub(super) words: BTreeSet<String>,
    pub(super) members: BTreeSet<String>,
    pub(super) statements: BTreeSet<String>,
    /// What is called without arguments, and what it is called on.
    asked: Vec<(On, String)>,
    /// Clients that it is given or makes, with their service.
    clients: BTreeMap<String, String>,
    /// Whose `self` it has.
    of_type: String,
}

#[derive(Debug, Default)]
pub(super) struct Crate {
    pub(super) folder: PathBuf,
    /// Folders of what it depends on, and its own.
    pub(super) sees: BTreeSet<PathBuf>,
    pub(super) functions: Vec<Function>,
    pub(super) traits: BTreeSet<String>,
    /// What its `use`s name: without one, a word of another crate's means something else.
    pub(super) imports: BTreeSet<String>,
    pub(super) renamed: BTreeSet<String>,
    /// All that some crate has, which is not looked up.
    pub(super) imports_all: bool,
    /// Those of its own that whoever depends on it asks for.
    features: BTreeSet<String>,
    /// Of a type, which of its fields is a client, and of which service.
    fields: BTreeMap<(String, String), String>,
    /// What is a client, by its name alone, and of which services.
    clients: BTreeMap<String, BTreeSet<String>>,
}

impl Crate {
    pub(super) fn read<'a>(
        folder: &Path,
        features: BTreeSet<String>,
        files: impl Iterator<Item = (&'a Path, String)>,
    ) -> Self {
        let sees = [folder.to_owned()].into();
        let mut one = Self { folder: folder.to_owned(), sees, features, ..Self::default() };
        let mut left_out = BTreeSet::new();
        let parsed: Vec<_> = files
            .map(|(path, text)| {
                (
                    path.to_owned(),
                    syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())),
                )
            })
            .collect();
        for (path, file) in &parsed {
            left_out.extend(modules_left_out(path, file, &one.features));
        }
        for (path, file) in &parsed {
            if left_out.iter().any(|folder| path.starts_with(folder))
                || left_out.contains(&path.with_extension(""))
            {
                continue;
            }
            let mut reader = Reader {
                aliases: BTreeMap::new(),
                one: &mut one,
                open: Vec::new(),
                of_trait: None,
                of_type: String::new(),
            };
            reader.visit_file(file);
        }
        one
    }

    pub(super) fn operations(&self, function: &Function) -> Vec<(String, String)> {
        let of = |(on, operation): &(On, String)| {
            let (known, client) = match on {
                On::Own(name) => (self.fields.get(&(function.of_type.clone(), name.clone())), name),
                On::Word(name) => (function.clients.get(name), name),
                On::Field(name) => (None, name),
            };
            let known = known.map(|one| [one.clone()].into());
            let services = known.or_else(|| self.clients.get(client).cloned())?;
            let is_one = !NO_OPERATIONS.contains(&operation.as_str());
            is_one
                .then(|| services.into_iter().map(|service| (service, operation.clone())).collect::<Vec<_>>())
        };
        function.asked.iter().filter_map(of).flatten().collect()
    }
}

/// Files of `mod x;` that stands under `cfg`: for tests, or for a feature that nobody asks for.
fn modules_left_out(path: &Path, file: &syn::File, features: &BTreeSet<String>) -> Vec<PathBuf> {
    let is_root = path.file_stem().is_some_and(|stem| stem == "lib" || stem == "main" || stem == "mod");
    let folder = if is_root { path.parent().unwrap_or(path).to_owned() } else { path.with_extension("") };
    let modules = file.items.iter().filter_map(|item| match item {
        syn::Item::Mod(module) if module.content.is_none() && !is_compiled(&module.attrs, features) => {
            Some(module)
        }
        _ => None,
    });
    modules.map(|module| folder.join(module.ident.to_string())).collect()
}

fn is_compiled(attributes: &[syn::Attribute], features: &BTreeSet<String>) -> bool {
    let conditions = attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    conditions.map(|condition| condition.parse_args().unwrap()).all(|condition| holds(&condition, features))
}

/// Of a function, which is no test; on whichever machine.
fn holds(condition: &syn::Meta, features: &BTreeSet<String>) -> bool {
    match condition {
        syn::Meta::Path(path) => !path.is_ident("test"),
        syn::Meta::NameValue(pair) => match &pair.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(name), .. }) => {
                !pair.path.is_ident("feature") || features.contains(&name.value())
            }
            _ => true,
        },
        syn::Meta::List(list) => {
            let several = Punctuated::<syn::Meta, syn::Token![,]>::parse_terminated;
            let within = list.parse_args_with(several).unwrap();
            let mut hold = within.iter().map(|condition| holds(condition, features));
            match list.path.get_ident().map(ToString::to_string).as_deref() {
                Some("any") => hold.any(|holds| holds),
                Some("not") => hold.all(|holds| !holds),
                _ => hold.all(|holds| holds),
            }
        }
    }
}

fn has_glob(tree: &syn::UseTree) -> bool {
    match tree {
        syn::UseTree::Path(path) => has_glob(&path.tree),
        syn::UseTree::Group(group) => group.items.iter().any(has_glob),
        syn::UseTree::Glob(_) => true,
        _ => false,
    }
}

struct Reader<'a> {
    /// The file's names of clients, with their service.
    aliases: BTreeMap<String, String>,
    one: &'a mut Crate,
    /// Functions that are being read, the innermost last.
    open: Vec<Function>,
    of_trait: Option<String>,
    /// The type whose fields or functions are being read.
    of_type: String,
}

impl Reader<'_> {
    fn function(&mut self, name: &syn::Ident, is_member: bool, within: impl FnOnce(&mut Self)) {
        let of_trait = self.of_trait.clone().filter(|_| is_member);
        let of_type = self.of_type.clone();
        self.open.push(Function {
            name: name.to_string(),
            is_member,
            of_trait,
            of_type,
            ..Function::default()
        });
        within(self);
        self.one.functions.extend(self.open.pop());
    }

    fn names(&mut self, name: &syn::Ident, is_member: bool) {
        for function in &mut self.open {
            let names = if is_member { &mut function.members } else { &mut function.words };
            names.insert(name.to_string());
        }
    }

    fn text(&mut self, text: &str) {
        let words = ["INSERT INTO ", "UPDATE ", "DELETE FROM ", "SELECT "];
        for word in words.iter().filter(|word| text.starts_with(**word)) {
            for function in &mut self.open {
                function.statements.extend(word.split(' ').next().map(str::to_owned));
            }
        }
    }

    /// Of a path to a client's type, or to a function of it.
    fn service<'p>(&self, segments: impl Iterator<Item = &'p syn::PathSegment>) -> Option<String> {
        let names: Vec<_> = segments.map(|segment| segment.ident.to_string()).collect();
        match names.as_slice() {
            [.., sdk, client] if client == "Client" => sdk.strip_prefix("aws_sdk_").map(str::to_owned),
            [alias] => self.aliases.get(alias).cloned(),
            _ => None,
        }
    }

    fn typed(&mut self, name: &syn::Ident, kind: &syn::Type) {
        let kind = if let syn::Type::Reference(reference) = kind { &*reference.elem } else { kind };
        if let syn::Type::Path(path) = kind {
            self.client(name, self.service(path.path.segments.iter()));
        }
    }

    fn client(&mut self, name: &syn::Ident, service: Option<String>) {
        if let Some(service) = service {
            match self.open.last_mut() {
                Some(function) => drop(function.clients.insert(name.to_string(), service.clone())),
                None => {
                    drop(self.one.fields.insert((self.of_type.clone(), name.to_string()), service.clone()))
                }
            }
            self.one.clients.entry(name.to_string()).or_default().insert(service);
        }
    }

    fn imported(&mut self, sdk: Option<&str>, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => {
                let name = path.ident.to_string();
                self.imported(Some(name.strip_prefix("aws_sdk_").unwrap_or_default()), &path.tree);
            }
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.imported(sdk, tree)),
            syn::UseTree::Name(name) => self.alias(sdk, &name.ident, &name.ident),
            syn::UseTree::Rename(renamed) => {
                // What it is called then is not followed: whoever renames it calls it.
                self.one.renamed.insert(renamed.ident.to_string());
                self.alias(sdk, &renamed.ident, &renamed.rename);
            }
            syn::UseTree::Glob(_) => {}
        }
    }

    fn alias(&mut self, sdk: Option<&str>, name: &syn::Ident, alias: &syn::Ident) {
        self.one.imports.insert(name.to_string());
        if let Some(sdk) = sdk.filter(|sdk| !sdk.is_empty() && name == "Client") {
            self.aliases.insert(alias.to_string(), sdk.to_owned());
        }
    }

    /// Of a macro, whose words are no syntax yet. A function may be handed on by its name alone; a word behind a dot without arguments is a
    /// field.
    fn tokens(&mut self, tokens: proc_macro2::TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        let mut before = ' ';
        while let Some(token) = tokens.next() {
            match &token {
                proc_macro2::TokenTree::Ident(ident) => {
                    let is_asked = match tokens.peek() {
                        Some(proc_macro2::TokenTree::Group(_)) => true,
                        Some(proc_macro2::TokenTree::Punct(sign)) => sign.as_char() == ':',
                        _ => false,
                    };
                    if before != '.' || is_asked {
                        self.names(ident, ".:".contains(before));
                    }
                }
                proc_macro2::TokenTree::Group(group) => self.tokens(group.stream()),
                proc_macro2::TokenTree::Literal(literal) => {
                    self.text(literal.to_string().trim_start_matches('"'));
                }
                proc_macro2::TokenTree::Punct(_) => {}
            }
            before = if let proc_macro2::TokenTree::Punct(sign) = &token { sign.as_char() } else { ' ' };
        }
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if is_compiled(&module.attrs, &self.one.features) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_use(&mut self, used: &'ast syn::ItemUse) {
        let is_own = matches!(&used.tree, syn::UseTree::Path(path) if ["crate", "self", "super"].iter().any(|own| path.ident == own));
        self.one.imports_all |= !is_own && has_glob(&used.tree);
        self.imported(None, &used.tree);
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.one.traits.insert(item.ident.to_string());
        visit::visit_item_trait(self, item);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let of = item.trait_.as_ref().and_then(|(path, ..)| path.segments.last());
        self.of_trait = of.map(|segment| segment.ident.to_string());
        if let syn::Type::Path(own) = &*item.self_ty {
            self.of_type = own.path.segments.last().map(|own| own.ident.to_string()).unwrap_or_default();
        }
        visit::visit_item_impl(self, item);
        (self.of_trait, self.of_type) = (None, String::new());
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.of_type = item.ident.to_string();
        visit::visit_item_struct(self, item);
        self.of_type = String::new();
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig.ident, false, |reader| visit::visit_item_fn(reader, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.sig.ident, true, |reader| visit::visit_impl_item_fn(reader, item));
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        self.function(&item.sig.ident, true, |reader| visit::visit_trait_item_fn(reader, item));
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        if let Some(name) = &field.ident {
            self.typed(name, &field.ty);
        }
        visit::visit_field(self, field);
    }

    fn visit_pat_type(&mut self, typed: &'ast syn::PatType) {
        if let syn::Pat::Ident(name) = &*typed.pat {
            self.typed(&name.ident, &typed.ty);
        }
        visit::visit_pat_type(self, typed);
    }

    /// `let sqs = Client::new(…)`.
    fn visit_local(&mut self, local: &'ast syn::Local) {
        if let (syn::Pat::Ident(name), Some(made)) = (&local.pat, &local.init)
            && let syn::Expr::Call(call) = &*made.expr
            && let syn::Expr::Path(path) = &*call.func
        {
            let segments = &path.path.segments;
            let kind = segments.iter().take(segments.len().saturating_sub(1));
            self.client(&name.ident, self.service(kind));
        }
        visit::visit_local(self, local);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.names(&call.method, true);
        let on = match &*call.receiver {
            syn::Expr::Path(path) => {
                path.path.segments.last().map(|segment| On::Word(segment.ident.to_string()))
            }
            syn::Expr::Field(field) => match (&field.member, &*field.base) {
                (syn::Member::Named(name), syn::Expr::Path(own)) if own.path.is_ident("self") => {
                    Some(On::Own(name.to_string()))
                }
                (syn::Member::Named(name), _) => Some(On::Field(name.to_string())),
                (syn::Member::Unnamed(_), _) => None,
            },
            _ => None,
        };
        if let Some(on) = on.filter(|_| call.args.is_empty()) {
            for function in &mut self.open {
                function.asked.push((on.clone(), call.method.to_string()));
            }
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_path(&mut self, path: &'ast syn::ExprPath) {
        if let Some(segment) = path.path.segments.last() {
            self.names(&segment.ident, path.path.segments.len() > 1);
        }
        visit::visit_expr_path(self, path);
    }

    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.text(&text.value());
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        self.tokens(called.tokens.clone());
    }
}
