//! Which operations of AWS a function calls, read off its source: the crates that it depends on by path, with the features that are asked for
//! and without what is for tests alone, and of them what can be reached from `main` by the names of functions. A name stands for every function that has it, in a crate that the
//! caller's depends on, or of a trait from there: so what is found may be more than what is called, never less. What an operator's command
//! alone calls (`by_target_id`) no function reaches.

mod read;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use read::{Crate, Function};

/// Of all functions of the application: crates that are there, and those of new integrations, which are only planned.
pub(crate) struct Sources {
    root: PathBuf,
    planned: BTreeMap<PathBuf, String>,
}

type Features = BTreeSet<String>;

/// A service as its SDK's crate is called (`dynamodb`), and an operation (`batch_get_item`).
pub(crate) type Operation = (String, String);

#[derive(Debug, Default)]
pub(crate) struct Calls {
    pub(crate) operations: BTreeSet<Operation>,
    /// First words of PartiQL statements: INSERT, UPDATE.
    pub(crate) statements: BTreeSet<String>,
}

impl Sources {
    pub(crate) fn of(root: &Path) -> Self {
        let mut planned = BTreeMap::new();
        for integration in crate::new_integrations() {
            planned.extend(new_integration::plan(root, &integration).unwrap().new);
        }
        Self { root: root.to_owned(), planned }
    }

    /// Of the function whose crate is in this folder.
    pub(crate) fn calls(&self, folder: &str) -> Calls {
        let read = |(folder, features): (&PathBuf, &Features)| {
            let mut one = self.read(folder, features);
            one.sees = self.closure(folder).into_keys().collect();
            one
        };
        let crates: Vec<_> = self.closure(&PathBuf::from(folder)).iter().map(read).collect();
        reached(&crates)
    }

    fn text(&self, path: &Path) -> String {
        self.planned.get(path).cloned().unwrap_or_else(|| {
            std::fs::read_to_string(self.root.join(path))
                .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        })
    }

    /// The crate's folder, and those of all that it depends on by path, each with the features that any of them asks for.
    fn closure(&self, folder: &Path) -> BTreeMap<PathBuf, Features> {
        let workspace: toml::Table = toml::from_str(&self.text(Path::new("Cargo.toml"))).unwrap();
        let known = &workspace["workspace"]["dependencies"];
        let mut folders = BTreeMap::<PathBuf, Features>::new();
        let mut left = vec![(folder.to_owned(), Features::new())];
        while let Some((folder, features)) = left.pop() {
            let is_known = folders.get(&folder).is_some_and(|known| features.is_subset(known));
            if is_known {
                continue;
            }
            let manifest: toml::Table = toml::from_str(&self.text(&folder.join("Cargo.toml"))).unwrap();
            let own = asked_for(&manifest, features);
            for (name, dependency) in manifest["dependencies"].as_table().unwrap() {
                let known = known.get(name);
                let features = [Some(dependency), known].into_iter().flatten().flat_map(list).collect();
                match known.map(|dependency| dependency.get("path").and_then(toml::Value::as_str)) {
                    Some(Some(path)) => left.push((PathBuf::from(path), features)),
                    Some(None) => {}
                    // A connector that is planned.
                    None => left.push((Path::new("shared").join(name), features)),
                }
            }
            folders.entry(folder).or_default().extend(own);
        }
        folders
    }

    fn read(&self, folder: &Path, features: &Features) -> Crate {
        let source = folder.join("src");
        let mut files: BTreeSet<PathBuf> =
            self.planned.keys().filter(|path| path.starts_with(&source)).cloned().collect();
        let mut left = vec![source];
        while let Some(folder) = left.pop() {
            let Ok(entries) = std::fs::read_dir(self.root.join(&folder)) else { continue };
            for entry in entries {
                let path = folder.join(entry.unwrap().file_name());
                if self.root.join(&path).is_dir() {
                    left.push(path);
                } else if path.extension().is_some_and(|kind| kind == "rs") {
                    files.insert(path);
                }
            }
        }
        Crate::read(folder, features.clone(), files.iter().map(|path| (path.as_path(), self.text(path))))
    }
}

/// Of a dependency, those beside its default.
fn list(dependency: &toml::Value) -> impl Iterator<Item = String> {
    let features = dependency.get("features").and_then(toml::Value::as_array).into_iter().flatten();
    features.filter_map(toml::Value::as_str).map(str::to_owned)
}

/// These features of a crate and its default, with all that they bring.
fn asked_for(manifest: &toml::Table, features: Features) -> Features {
    let mut all = Features::new();
    let mut left: Vec<_> = features.into_iter().chain(["default".to_owned()]).collect();
    while let Some(feature) = left.pop() {
        let more = manifest.get("features").and_then(|all| all.get(&feature)).and_then(toml::Value::as_array);
        let more = more.into_iter().flatten().filter_map(toml::Value::as_str);
        for more in more.filter(|more| !more.starts_with("dep:") && !all.contains(*more)) {
            assert!(
                !more.contains('/'),
                "{feature} asks for {more}: features of dependencies are not followed"
            );
            left.push(more.to_owned());
        }
        all.insert(feature);
    }
    all
}

fn reached(crates: &[Crate]) -> Calls {
    let traits: BTreeSet<_> = crates.iter().flat_map(|one| &one.traits).collect();
    let all: Vec<(&Crate, &Function)> =
        crates.iter().flat_map(|one| one.functions.iter().map(move |function| (one, function))).collect();
    // What implements a trait of somebody else's is called by somebody else, by no name that stands here.
    let is_root = |function: &Function| {
        function.name == "main" || function.of_trait.as_ref().is_some_and(|name| !traits.contains(name))
    };
    let mut is_reached: Vec<bool> = all.iter().map(|(_, function)| is_root(function)).collect();
    loop {
        // Said in each crate.
        let mut said: BTreeMap<&Path, (BTreeSet<&String>, BTreeSet<&String>)> = BTreeMap::new();
        for (one, function) in all.iter().zip(&is_reached).filter(|(_, is)| **is).map(|(both, _)| both) {
            let (words, members) = said.entry(&one.folder).or_default();
            words.extend(&function.words);
            members.extend(&function.members);
        }
        let is_named = |one: &Crate, function: &Function| {
            let asks_for_it =
                |other: &&Crate| function.of_trait.as_ref().is_some_and(|name| other.traits.contains(name));
            let homes: Vec<_> =
                [one].into_iter().chain(crates.iter().filter(asks_for_it)).map(|home| &home.folder).collect();
            crates.iter().filter(|other| homes.iter().any(|home| other.sees.contains(*home))).any(|other| {
                said.get(other.folder.as_path()).is_some_and(|(words, members)| {
                    let name = &function.name;
                    let is_known =
                        one.folder == other.folder || other.imports.contains(name) || other.imports_all;
                    let is_free = !function.is_member && is_known;
                    members.contains(name)
                        || (is_free && (words.contains(name) || other.renamed.contains(name)))
                })
            })
        };
        let next: Vec<_> =
            all.iter().zip(&is_reached).map(|((one, function), is)| *is || is_named(one, function)).collect();
        if next == is_reached {
            break;
        }
        is_reached = next;
    }
    let mut calls = Calls::default();
    for (one, function) in all.iter().zip(&is_reached).filter(|(_, is)| **is).map(|(both, _)| both) {
        calls.operations.extend(one.operations(function));
        calls.statements.extend(function.statements.iter().cloned());
    }
    calls
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(text: &str) -> Vec<String> {
        let folder = Path::new("shop");
        let file = (Path::new("shop/src/lib.rs"), text.to_owned());
        let one = Crate::read(folder, Features::new(), [file].into_iter());
        let Calls { operations, statements } = reached(&[one]);
        let operations = operations.into_iter().map(|(service, operation)| format!("{service} {operation}"));
        operations.chain(statements).collect()
    }

    const STORE: &str = "
        use aws_sdk_dynamodb::Client;
        struct Store { client: Client }
        impl Store {
            async fn find(&self) { self.client.get_item().table_name(\"t\").send().await; }
            async fn put(&self) { let insert = format!(\"INSERT INTO {} VALUE\", 1); self.client.batch_execute_statement(); }
            async fn trace(&self) { self.client.query().send().await; }
        }
        #[cfg(test)]
        mod tests { fn find(client: Client) { client.scan(); } }
    ";

    #[test]
    fn an_operation_is_called_if_what_calls_it_is_reached_from_main() {
        let main = |body: &str| calls(&format!("{STORE} fn main() {{ {body} }}"));
        assert_eq!(main(""), Vec::<String>::new());
        assert_eq!(main("store.find();"), ["dynamodb get_item"]);
        assert_eq!(main("let find = 1; other(find);"), Vec::<String>::new());
        assert_eq!(
            main("join![store.find(), later(Store::put)];"),
            ["dynamodb batch_execute_statement", "dynamodb get_item", "INSERT"]
        );
    }

    /// As `gate` has a function of its own called as one of `control`, and flows have variables of that name.
    #[test]
    fn a_name_stands_for_functions_that_its_crate_can_see_and_has_imported() {
        let read = |name: &str, sees: &[&str], text: &str| {
            let folder = Path::new(name);
            let file = folder.join("src/main.rs");
            let mut one =
                Crate::read(folder, Features::new(), [(file.as_path(), text.to_owned())].into_iter());
            one.sees.extend(sees.iter().map(PathBuf::from));
            one
        };
        let library = "use aws_sdk_sqs::Client; pub fn change(sqs: &Client) { sqs.purge_queue(); }
            pub trait Store { fn keep(&self); } struct Kept; impl Kept { fn swap(&self, sqs: &Client) { sqs.send_message(); } }";
        let is_called = |sees: &[&str], main: &str| {
            let crates = [read("shop", sees, main), read("library", &[], library)];
            !reached(&crates).operations.is_empty()
        };
        assert!(is_called(&["library"], "use library::change; fn main() { change(sqs) }"));
        assert!(is_called(&["library"], "use library::change as other; fn main() { other(sqs) }"));
        assert!(is_called(&["library"], "use library::*; fn main() { change(sqs) }"));
        assert!(is_called(&["library"], "fn main() { library::change(sqs) }"));
        assert!(is_called(&["library"], "fn main() { kept.swap(sqs) }"));
        assert!(!is_called(&["library"], "fn main() { let change = 1; other(change) }"));
        assert!(!is_called(&[], "fn main() { mine.swap(1) }"));
    }

    #[test]
    fn what_a_trait_of_another_crate_asks_for_is_reached_by_nobodys_name() {
        let implemented = format!("{STORE} impl Drop for Store {{ fn drop(&mut self) {{ self.trace() }} }}");
        assert_eq!(calls(&implemented), ["dynamodb query"]);
    }

    #[test]
    fn clients_are_known_by_their_type_whatever_they_are_called() {
        let text = "
            use aws_sdk_sqs::{Client as Sqs, types::Message};
            fn main() { let sqs = Sqs::new(&config); sqs.send_message(); held.clone(); sqs.clone(); other(&aws_sdk_sts::Client::new()) }
            fn other(who: &aws_sdk_sts::Client) { who.get_caller_identity(); }
        ";
        assert_eq!(calls(text), ["sqs send_message", "sts get_caller_identity"]);
    }

    #[test]
    fn a_module_of_a_feature_is_read_where_somebody_asks_for_it() {
        let library = "
            #[cfg(feature = \"aws\")] mod aws { fn main(sqs: &aws_sdk_sqs::Client) { sqs.send_message(); } }
            #[cfg(any(test, feature = \"memory\"))] mod memory { fn main(sqs: &aws_sdk_sqs::Client) { sqs.purge_queue(); } }
            #[cfg(all(feature = \"aws\", not(feature = \"memory\")))] mod alone { fn main(sqs: &aws_sdk_sqs::Client) { sqs.list_queues(); } }
        ";
        let calls = |features: &[&str]| -> Vec<String> {
            let features = features.iter().map(|feature| (*feature).to_owned()).collect();
            let file = (Path::new("shop/src/lib.rs"), library.to_owned());
            let calls = reached(&[Crate::read(Path::new("shop"), features, [file].into_iter())]);
            calls.operations.into_iter().map(|(_, operation)| operation).collect()
        };
        assert_eq!(calls(&[]), Vec::<String>::new());
        assert_eq!(calls(&["aws"]), ["list_queues", "send_message"]);
        assert_eq!(calls(&["aws", "memory"]), ["purge_queue", "send_message"]);
    }

    #[test]
    fn features_are_those_that_dependents_ask_for_and_what_they_bring() {
        let manifest = "
            [features]
            default = [\"small\"]
            aws = [\"dep:aws\", \"queues\"]
            queues = [\"aws\"]
            memory = []
        ";
        let all = asked_for(&toml::from_str(manifest).unwrap(), ["aws".to_owned()].into());
        assert_eq!(all, ["aws", "default", "queues", "small"].map(str::to_owned).into());
        // As the functions' crates are.
        let sources = Sources { root: local::Workspace::here().root().to_owned(), planned: BTreeMap::new() };
        let review = |function: &str| sources.closure(Path::new(function)).remove(Path::new("shared/review"));
        assert_eq!(review("functions/watchdog"), Some(["aws", "default"].map(str::to_owned).into()));
        assert_eq!(review("functions/orders-to-inventory"), None);
    }

    #[test]
    fn fields_and_arguments_that_are_called_alike_are_clients_of_their_own_services() {
        let text = "
            struct Queue { client: aws_sdk_sqs::Client }
            struct Table { client: aws_sdk_dynamodb::Client }
            impl Queue { fn put(&self, table: &Table) { self.client.send_message(); table.client.query(); } }
            impl Table { fn put(&self) { self.client.put_item(); } }
            fn main(client: &aws_sdk_sts::Client) { client.get_caller_identity(); }
            fn other() { queue.put(table) }
        ";
        let main = "fn main() { other() }";
        // Whose client another's field is, nobody looks up.
        let all = ["dynamodb put_item", "dynamodb query", "sqs query", "sqs send_message"];
        let found = calls(&format!("{text} {main}"));
        assert!(all.iter().all(|one| found.contains(&(*one).to_owned())), "{found:?}");
        assert!(found.contains(&"sts get_caller_identity".to_owned()), "{found:?}");
        let wrong = ["sqs put_item", "dynamodb send_message", "sqs get_caller_identity", "sts put_item"];
        assert!(!wrong.iter().any(|one| found.contains(&(*one).to_owned())), "{found:?}");
    }
}
