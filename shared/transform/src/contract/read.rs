use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};
use thiserror::Error;

use super::ContractId;
use super::both::and;
use super::schema::{Schema, Type};

/// What a contract may be written with: JSON Schema 2020-12, without what no mapping could be checked against.
pub const KEYWORDS: &[&str] = &[
    "$schema",
    "$id",
    "$ref",
    "$defs",
    "$comment",
    "title",
    "description",
    "examples",
    "deprecated",
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "enum",
    "const",
    "format",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "allOf",
];

/// References that go in circles end here.
const MAX_DEPTH: usize = 64;
/// And those that multiply here: schemas of one contract, each as often as it is referred to.
const MOST_SCHEMAS: usize = 20_000;
pub(crate) const ID_PREFIX: &str = "spillway:";

#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("contract {contract}, at {path}: {problem}")]
pub struct ContractError {
    pub contract: String,
    /// JSON pointer into the document.
    pub path: String,
    pub problem: String,
}

impl ContractError {
    pub(super) fn new(
        contract: impl Into<String>,
        path: impl Into<String>,
        problem: impl fmt::Display,
    ) -> Self {
        Self { contract: contract.into(), path: path.into(), problem: problem.to_string() }
    }
}

/// `$id` is `spillway:<system>.<entity>@<version>`.
pub(super) fn id_of(document: &Value) -> Result<ContractId, ContractError> {
    let id = document.get("$id").and_then(Value::as_str).unwrap_or_default();
    id.strip_prefix(ID_PREFIX).and_then(ContractId::parse).ok_or_else(|| {
        ContractError::new(
            id,
            "/$id",
            "expected spillway:<system>.<entity>@<version>, such as spillway:shopify.order@2026-10",
        )
    })
}

/// All of them, by their ids.
pub(super) fn schemas(
    documents: &BTreeMap<String, Cow<'_, Value>>,
) -> Result<BTreeMap<ContractId, Schema>, ContractError> {
    let done = RefCell::default();
    let schema = |(id, document): (&String, &Cow<'_, Value>)| {
        let (count, deepest) = (Cell::new(0), Cell::new(0));
        let reader =
            Reader { of: id, id, document, documents, done: &done, count: &count, deepest: &deepest };
        let schema = reader.once(document, "", 0)?;
        if let Some((path, problem)) = unlisted(&schema) {
            return reader.wrong(&path, problem);
        }
        Ok((id_of(document)?, schema))
    };
    documents.iter().map(schema).collect()
}

struct Reader<'d> {
    /// The contract that is wanted, and the one that is read for it.
    of: &'d str,
    id: &'d str,
    document: &'d Value,
    documents: &'d BTreeMap<String, Cow<'d, Value>>,
    /// Whole documents, and what is referred to, that are read already: by id and pointer.
    done: &'d RefCell<BTreeMap<String, Done>>,
    count: &'d Cell<usize>,
    /// The deepest level so far.
    deepest: &'d Cell<usize>,
}

struct Done {
    schema: Schema,
    /// Schemas that it is made of.
    count: usize,
    /// Levels below it.
    height: usize,
}

impl<'d> Reader<'d> {
    /// What stands at the pointer, read the first time that it is asked for.
    fn once(&self, value: &Value, pointer: &str, depth: usize) -> Result<Schema, ContractError> {
        let key = format!("{}#{pointer}", self.id);
        if let Some(Done { schema, count, height }) = self.done.borrow().get(&key) {
            self.counted(*count)?;
            self.level(depth + height, pointer)?;
            return Ok(schema.clone());
        }
        let (before, above) = (self.count.get(), self.deepest.replace(depth));
        let schema = self.schema(value, pointer, depth)?;
        let (count, deepest) = (self.count.get() - before, self.deepest.get());
        self.deepest.set(deepest.max(above));
        let done = Done { schema: schema.clone(), count, height: deepest - depth };
        self.done.borrow_mut().insert(key, done);
        Ok(schema)
    }

    fn level(&self, depth: usize, path: &str) -> Result<(), ContractError> {
        self.deepest.set(self.deepest.get().max(depth));
        if depth > MAX_DEPTH {
            return self.wrong(path, "references go in a circle, or too deep");
        }
        Ok(())
    }

    fn counted(&self, more: usize) -> Result<(), ContractError> {
        self.count.set(self.count.get().saturating_add(more));
        if self.count.get() <= MOST_SCHEMAS {
            return Ok(());
        }
        let problem = format!("has more than {MOST_SCHEMAS} schemas, with those that it refers to");
        Err(ContractError::new(self.of, "", problem))
    }

    fn wrong<T>(&self, path: &str, problem: impl fmt::Display) -> Result<T, ContractError> {
        Err(ContractError::new(self.id, path, problem))
    }

    fn schema(&self, value: &Value, path: &str, depth: usize) -> Result<Schema, ContractError> {
        self.level(depth, path)?;
        self.counted(1)?;
        let members = match value {
            Value::Bool(true) => return Ok(Schema { open: true, ..Schema::default() }),
            Value::Bool(false) => return Ok(Schema { never: true, ..Schema::default() }),
            Value::Object(members) => members,
            _ => return self.wrong(path, "expected a schema"),
        };
        if let Some(unknown) = members.keys().find(|name| !KEYWORDS.contains(&name.as_str())) {
            return self
                .wrong(path, format!("the keyword {unknown} is none that mappings are checked against"));
        }
        let referred = members.get("$ref").map(|reference| self.referred(reference, path, depth));
        let mut inherited = referred.transpose()?;
        if let Some(parts) = members.get("allOf") {
            let Some(parts) = parts.as_array() else { return self.wrong(path, "allOf: expected an array") };
            for (index, part) in parts.iter().enumerate() {
                let part = self.schema(part, &format!("{path}/allOf/{index}"), depth + 1)?;
                inherited = Some(and(inherited, part));
            }
        }
        Ok(and(inherited, self.own(members, path, depth)?))
    }

    fn referred(&self, reference: &Value, path: &str, depth: usize) -> Result<Schema, ContractError> {
        let Some(reference) = reference.as_str() else { return self.wrong(path, "$ref: expected a string") };
        let (other, pointer) = reference.split_once('#').unwrap_or((reference, ""));
        let (id, document) = match other.strip_prefix(ID_PREFIX) {
            None if other.is_empty() => (self.id, self.document),
            Some(id) => match self.documents.get_key_value(id) {
                Some((id, document)) => (id.as_str(), document.as_ref()),
                None => return self.wrong(path, format!("$ref: there is no contract {id}")),
            },
            None => return self.wrong(path, format!("$ref: {other} is no contract of ours")),
        };
        let Some(target) = document.pointer(pointer) else {
            return self.wrong(path, format!("$ref: nothing stands at {reference}"));
        };
        Reader { id, document, ..*self }.once(target, pointer, depth + 1)
    }

    fn own(&self, members: &Map<String, Value>, path: &str, depth: usize) -> Result<Schema, ContractError> {
        let mut schema = Schema::default();
        let types = match members.get("type") {
            None => Vec::new(),
            Some(Value::Array(types)) => types.iter().collect(),
            Some(one) => vec![one],
        };
        for one in types {
            match one.as_str().and_then(Type::parse) {
                Some(one) => schema.types.0.insert(one),
                None => return self.wrong(path, "type: expected the name of a JSON type, or several"),
            };
        }
        if let Some(properties) = members.get("properties") {
            let Some(properties) = properties.as_object() else {
                return self.wrong(path, "properties: expected an object");
            };
            for (name, value) in properties {
                let member = self.schema(value, &format!("{path}/properties/{name}"), depth + 1)?;
                schema.properties.insert(name.clone(), Arc::new(member));
            }
        }
        if let Some(required) = members.get("required") {
            let names = required.as_array().map(|names| names.iter().map(Value::as_str).collect::<Vec<_>>());
            for name in names.unwrap_or_else(|| vec![None]) {
                let Some(name) = name else { return self.wrong(path, "required: expected names") };
                schema.required.insert(name.to_owned());
            }
        }
        schema.open = match members.get("additionalProperties") {
            None | Some(Value::Bool(false)) => false,
            Some(Value::Bool(true)) => true,
            Some(_) => return self.wrong(path, "additionalProperties: expected true or false"),
        };
        if let Some(items) = members.get("items") {
            schema.items = Some(Box::new(self.schema(items, &format!("{path}/items"), depth + 1)?));
        }
        schema.values = match (members.get("const"), members.get("enum")) {
            (Some(value), Some(Value::Array(values))) if !values.contains(value) => Some(Vec::new()),
            (Some(value), _) => Some(vec![value.clone()]),
            (None, Some(Value::Array(values))) => Some(values.clone()),
            (None, Some(_)) => return self.wrong(path, "enum: expected an array"),
            (None, None) => None,
        };
        schema.format = self.text(members, "format", path)?;
        schema.pattern = self.text(members, "pattern", path)?;
        if schema.pattern.as_deref().is_some_and(|pattern| !is_read_alike(pattern)) {
            return self.wrong(path, "pattern: classes of a letter (\\d, \\S, \\b), classes in classes ([[:alpha:]]) and flags are read differently by validators: write [0-9], [^ ], \\[");
        }
        schema.description = self.text(members, "description", path)?;
        schema.min_length = self.count(members, "minLength", path)?;
        schema.max_length = self.count(members, "maxLength", path)?;
        schema.min_items = self.count(members, "minItems", path)?;
        schema.max_items = self.count(members, "maxItems", path)?;
        schema.minimum = self.integer(members, "minimum", path)?;
        schema.maximum = self.integer(members, "maximum", path)?;
        Ok(schema)
    }

    fn text(
        &self,
        members: &Map<String, Value>,
        name: &str,
        path: &str,
    ) -> Result<Option<String>, ContractError> {
        match members.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => self.wrong(path, format!("{name}: expected a string")),
        }
    }

    fn count(
        &self,
        members: &Map<String, Value>,
        name: &str,
        path: &str,
    ) -> Result<Option<u64>, ContractError> {
        match members.get(name) {
            None => Ok(None),
            Some(value) if value.is_u64() => Ok(value.as_u64()),
            Some(_) => self.wrong(path, format!("{name}: expected a whole number")),
        }
    }

    fn integer(
        &self,
        members: &Map<String, Value>,
        name: &str,
        path: &str,
    ) -> Result<Option<i64>, ContractError> {
        match members.get(name) {
            None => Ok(None),
            Some(value) if value.is_i64() => Ok(value.as_i64()),
            Some(_) => self.wrong(path, format!("{name}: expected an integer of 64 bits")),
        }
    }
}

/// What is required is described as well: of a name alone nobody could say what to make. Where it is not, and what is wrong.
fn unlisted(schema: &Schema) -> Option<(String, String)> {
    if let Some(name) = schema.required.iter().find(|name| !schema.properties.contains_key(*name)) {
        return Some((String::new(), format!("{name} is required, and not among the properties")));
    }
    if let Some(what) = schema.conflict {
        return Some((String::new(), format!("two {what} at once: write one that says both")));
    }
    // The place is put together on the way back.
    let mut members = schema.properties.iter();
    let of_members = members.find_map(|(name, member)| {
        unlisted(member).map(|(path, problem)| (format!("/{name}{path}"), problem))
    });
    of_members.or_else(|| {
        let (path, problem) = unlisted(schema.items.as_deref()?)?;
        Some((format!("[]{path}"), problem))
    })
}

/// Whether every validator takes the same texts: what `\d` or `\S` is beyond ASCII they do not agree on, nor on what a bracket
/// between brackets is.
fn is_read_alike(pattern: &str) -> bool {
    let mut characters = pattern.chars().peekable();
    let mut in_class = false;
    while let Some(one) = characters.next() {
        match (one, characters.peek()) {
            ('\\', Some(next)) if next.is_ascii_alphanumeric() => return false,
            ('\\', _) => {
                characters.next();
            }
            ('[', _) if in_class => return false,
            ('[', _) => {
                in_class = true;
                characters.next_if_eq(&'^');
                // Empty for the one, for the other a bracket of the class.
                if characters.peek() == Some(&']') {
                    return false;
                }
            }
            (']', _) => in_class = false,
            // What both sides have, or one of them alone.
            ('&' | '-' | '~', Some(next)) if in_class && *next == one => return false,
            ('(', Some('?')) if !in_class => {
                characters.next();
                if characters.peek() != Some(&':') {
                    return false;
                }
            }
            _ => {}
        }
    }
    true
}
