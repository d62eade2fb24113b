use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};
use thiserror::Error;

use super::ContractId;
use super::both::and;
use super::portable::is_read_alike;
use super::schema::{Schema, Type, Types};

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
pub(super) fn schemas<'d>(
    documents: &'d BTreeMap<String, Cow<'d, Value>>,
) -> Result<BTreeMap<ContractId, Arc<Schema>>, ContractError> {
    let done = RefCell::default();
    let schema = |(id, document): (&'d String, &'d Cow<'d, Value>)| {
        let (count, deepest) = (Cell::new(0), Cell::new(0));
        let reader =
            Reader { of: id, id, document, documents, done: &done, count: &count, deepest: &deepest };
        let schema = reader.once(document, "", 0)?;
        if let Some((path, problem)) = unlisted(&schema) {
            return reader.wrong(At::Document(&path), problem);
        }
        Ok((id_of(document)?, schema))
    };
    documents.iter().map(schema).collect()
}

/// A place in a document, put together only for an error.
#[derive(Clone, Copy)]
enum At<'p> {
    /// Where a JSON pointer leads.
    Document(&'p str),
    Below(&'p At<'p>, &'static str),
    Member(&'p At<'p>, &'p str),
    Part(&'p At<'p>, usize),
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Document(pointer) => f.write_str(pointer),
            Self::Below(above, name) => write!(f, "{above}/{name}"),
            Self::Member(above, name) => write!(f, "{above}/properties/{name}"),
            Self::Part(above, index) => write!(f, "{above}/allOf/{index}"),
        }
    }
}

struct Reader<'d, 'r> {
    /// The contract that is wanted, and the one that is read for it.
    of: &'d str,
    id: &'d str,
    document: &'d Value,
    documents: &'d BTreeMap<String, Cow<'d, Value>>,
    /// Whole documents, and what is referred to, that are read already: by id and pointer.
    done: &'r RefCell<BTreeMap<(&'d str, &'d str), Done>>,
    count: &'r Cell<usize>,
    /// The deepest level so far.
    deepest: &'r Cell<usize>,
}

struct Done {
    schema: Arc<Schema>,
    /// Schemas that it is made of.
    count: usize,
    /// Levels below it.
    height: usize,
}

type Read<T> = Result<T, ContractError>;

impl<'d> Reader<'d, '_> {
    /// What stands at the pointer, read the first time that it is asked for.
    fn once(&self, value: &'d Value, pointer: &'d str, depth: usize) -> Read<Arc<Schema>> {
        let at = At::Document(pointer);
        if let Some(Done { schema, count, height }) = self.done.borrow().get(&(self.id, pointer)) {
            self.counted(*count)?;
            self.level(depth + height, at)?;
            return Ok(Arc::clone(schema));
        }
        let (before, above) = (self.count.get(), self.deepest.replace(depth));
        let schema = self.schema(value, at, depth)?;
        let (count, deepest) = (self.count.get() - before, self.deepest.get());
        self.deepest.set(deepest.max(above));
        let done = Done { schema: Arc::clone(&schema), count, height: deepest - depth };
        self.done.borrow_mut().insert((self.id, pointer), done);
        Ok(schema)
    }

    fn level(&self, depth: usize, at: At<'_>) -> Read<()> {
        self.deepest.set(self.deepest.get().max(depth));
        if depth > MAX_DEPTH {
            return self.wrong(at, "references go in a circle, or too deep");
        }
        Ok(())
    }

    fn counted(&self, more: usize) -> Read<()> {
        self.count.set(self.count.get().saturating_add(more));
        if self.count.get() <= MOST_SCHEMAS {
            return Ok(());
        }
        let problem = format!("has more than {MOST_SCHEMAS} schemas, with those that it refers to");
        Err(ContractError::new(self.of, "", problem))
    }

    fn wrong<T>(&self, at: At<'_>, problem: impl fmt::Display) -> Read<T> {
        Err(ContractError::new(self.id, at.to_string(), problem))
    }

    fn schema(&self, value: &'d Value, at: At<'_>, depth: usize) -> Read<Arc<Schema>> {
        self.level(depth, at)?;
        self.counted(1)?;
        match value {
            Value::Bool(true) => Ok(Arc::new(Schema { open: true, ..Schema::default() })),
            Value::Bool(false) => Ok(Arc::new(Schema { never: true, ..Schema::default() })),
            Value::Object(members) => self.members(members, at, depth),
            _ => self.wrong(at, "expected a schema"),
        }
    }

    fn members(&self, members: &'d Map<String, Value>, at: At<'_>, depth: usize) -> Read<Arc<Schema>> {
        let (mut own, mut says) = (Schema::default(), false);
        for (keyword, value) in members {
            says |= self.keyword(&mut own, keyword, value, at, depth)?;
        }
        if let Some(one) = members.get("const") {
            let listed = own.values.as_ref().is_none_or(|values| values.contains(one));
            own.values = Some(if listed { vec![one.clone()] } else { Vec::new() });
        }
        let referred = members.get("$ref").map(|reference| self.referred(reference, at, depth));
        let mut inherited = referred.transpose()?;
        if let Some(parts) = members.get("allOf") {
            let Some(parts) = parts.as_array() else { return self.wrong(at, "allOf: expected an array") };
            for (index, part) in parts.iter().enumerate() {
                let part = self.schema(part, At::Part(&at, index), depth + 1)?;
                inherited = Some(and(inherited, part));
            }
        }
        Ok(match inherited {
            // Nothing stands beside the reference: it is shared as it is.
            Some(inherited) if !says => inherited,
            inherited => and(inherited, Arc::new(own)),
        })
    }

    fn referred(&self, reference: &'d Value, at: At<'_>, depth: usize) -> Read<Arc<Schema>> {
        let Some(reference) = reference.as_str() else { return self.wrong(at, "$ref: expected a string") };
        let (other, pointer) = reference.split_once('#').unwrap_or((reference, ""));
        let (id, document) = match other.strip_prefix(ID_PREFIX) {
            None if other.is_empty() => (self.id, self.document),
            Some(id) => match self.documents.get_key_value(id) {
                Some((id, document)) => (id.as_str(), document.as_ref()),
                None => return self.wrong(at, format!("$ref: there is no contract {id}")),
            },
            None => return self.wrong(at, format!("$ref: {other} is no contract of ours")),
        };
        let Some(target) = document.pointer(pointer) else {
            return self.wrong(at, format!("$ref: nothing stands at {reference}"));
        };
        Reader { id, document, ..*self }.once(target, pointer, depth + 1)
    }

    /// Notes what a keyword says, and tells whether it says anything.
    fn keyword(
        &self,
        schema: &mut Schema,
        keyword: &'d str,
        value: &'d Value,
        at: At<'_>,
        depth: usize,
    ) -> Read<bool> {
        match keyword {
            "type" => schema.types = self.types(value, at)?,
            "properties" => {
                let Some(properties) = value.as_object() else {
                    return self.wrong(at, "properties: expected an object");
                };
                for (name, value) in properties {
                    let member = self.schema(value, At::Member(&at, name), depth + 1)?;
                    schema.properties.insert(name.clone(), member);
                }
            }
            "required" => {
                let names = value
                    .as_array()
                    .map_or_else(|| vec![None], |names| names.iter().map(Value::as_str).collect());
                for name in names {
                    let Some(name) = name else { return self.wrong(at, "required: expected names") };
                    schema.required.insert(name.to_owned());
                }
            }
            "additionalProperties" => match value {
                Value::Bool(open) => schema.open = *open,
                _ => return self.wrong(at, "additionalProperties: expected true or false"),
            },
            "items" => schema.items = Some(self.schema(value, At::Below(&at, "items"), depth + 1)?),
            "enum" => match value {
                Value::Array(values) => schema.values = Some(values.clone()),
                _ => return self.wrong(at, "enum: expected an array"),
            },
            "const" => {}
            "format" => schema.format = self.text(keyword, value, at)?,
            "pattern" => {
                schema.pattern = self.text(keyword, value, at)?;
                if schema.pattern.as_deref().is_some_and(|pattern| !is_read_alike(pattern)) {
                    return self.wrong(at, "pattern: classes of a letter (\\d, \\S, \\b), classes in classes ([[:alpha:]]) and flags are read differently by validators: write [0-9], [^ ], \\[");
                }
            }
            "minLength" => schema.min_length = self.count(keyword, value, at)?,
            "maxLength" => schema.max_length = self.count(keyword, value, at)?,
            "minItems" => schema.min_items = self.count(keyword, value, at)?,
            "maxItems" => schema.max_items = self.count(keyword, value, at)?,
            "minimum" => schema.minimum = self.integer(keyword, value, at)?,
            "maximum" => schema.maximum = self.integer(keyword, value, at)?,
            other if KEYWORDS.contains(&other) => return Ok(false),
            unknown => {
                let problem = format!("the keyword {unknown} is none that mappings are checked against");
                return self.wrong(at, problem);
            }
        }
        Ok(true)
    }

    fn types(&self, value: &Value, at: At<'_>) -> Read<Types> {
        let types = match value {
            Value::Array(types) => types.as_slice(),
            one => std::slice::from_ref(one),
        };
        let types: Option<Types> = types.iter().map(|one| Type::parse(one.as_str()?)).collect();
        types.map_or_else(|| self.wrong(at, "type: expected the name of a JSON type, or several"), Ok)
    }

    fn text(&self, keyword: &str, value: &Value, at: At<'_>) -> Read<Option<String>> {
        match value {
            Value::String(text) => Ok(Some(text.clone())),
            _ => self.wrong(at, format!("{keyword}: expected a string")),
        }
    }

    fn count(&self, keyword: &str, value: &Value, at: At<'_>) -> Read<Option<u64>> {
        match value.as_u64() {
            None => self.wrong(at, format!("{keyword}: expected a whole number")),
            count => Ok(count),
        }
    }

    fn integer(&self, keyword: &str, value: &Value, at: At<'_>) -> Read<Option<i64>> {
        match value.as_i64() {
            None => self.wrong(at, format!("{keyword}: expected an integer of 64 bits")),
            integer => Ok(integer),
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
