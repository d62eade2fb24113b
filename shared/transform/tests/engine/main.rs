//! The engine on small mappings: every conversion, policy and shape that a mapping can be written with.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking and say where"
)]

#[cfg(test)]
mod amounts;
#[cfg(test)]
mod bounds;
#[cfg(test)]
mod conversions;
#[cfg(test)]
mod expressions;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod shapes;
#[cfg(test)]
mod texts;

use message::Code;
use serde_json::Value;
use transform::{Catalog, Plan, Translated};

const SOURCE: &str = include_str!("source.json");
const TARGET: &str = include_str!("target.json");

/// A mapping from `any.thing@1` to `made.thing@1` with these rules, and whatever else stands before them.
fn plan(rules: &str) -> Plan {
    let text = format!(
        "mapping = \"any-thing\"\nversion = 1\nfrom = \"any.thing\"\naccepts = [\"1\", \"2\"]\nversion_at = \"version\"\n\
         to = \"made.thing@1\"\n{rules}"
    );
    let second = r#"{"$id": "spillway:any.thing@2", "x-version-of": "spillway:any.thing@1"}"#;
    let catalog = Catalog::read([("any-thing.toml", text.as_str())], [SOURCE, second, TARGET]);
    catalog.unwrap().plan("any-thing", &Value::Null).unwrap_or_else(|error| panic!("{error}"))
}

fn translate(rules: &str, mut message: Value) -> Result<Translated, (Code, String)> {
    message["version"] = "1".into();
    plan(rules).translate(&message.to_string(), None).map_err(|error| {
        let problem = error.problems.into_iter().next().unwrap();
        (problem.code, problem.path)
    })
}

/// What the rule `to = "made"` with this makes of what stands at `from`.
fn made(rule: &str, came: Value) -> Result<Value, Code> {
    let rules = format!("[[rule]]\nto = \"made\"\nfrom = \"came\"\n{rule}\n");
    let translated =
        translate(&rules, serde_json::json!({ "came": came, "currency": "EUR", "country": "JP" }));
    translated.map(|it| it.value["made"].clone()).map_err(|(code, _)| code)
}
