//! Amounts of systems that count a currency in other units than ISO 4217 has.

use message::Code::{FieldMissing, LimitExceeded, TypeMismatch, ValueInvalid};
use serde_json::{Value, json};
use transform::{Catalog, Plan};

const COUNTS: &str = "exponents = { ISK = 2, MGA = 0 }";

fn plan(conversion: &str, exponents: &str) -> Result<Plan, String> {
    let source = r#"{"$id": "spillway:any.sum@1", "type": "object",
        "properties": {"n": {"type": "integer"}, "c": {"type": "string"}}}"#;
    let target = r#"{"$id": "spillway:made.sum@1", "type": "object", "properties": {"made": {}}}"#;
    let mapping = format!(
        "mapping = \"any-sum\"\nversion = 1\nfrom = \"any.sum\"\naccepts = [\"1\"]\nto = \"made.sum@1\"\n\
         [[rule]]\nto = \"made\"\nfrom = \"n\"\nas = \"{conversion}\"\ncurrency = \"c\"\n{exponents}\n"
    );
    let catalog = Catalog::read([("any-sum.toml", mapping.as_str())], [source, target]).unwrap();
    catalog.plan("any-sum", &Value::Null).map_err(|error| error.to_string())
}

fn made(conversion: &str, message: &Value) -> Result<Value, (message::Code, String)> {
    let made = plan(conversion, COUNTS).unwrap().translate(&message.to_string(), None);
    made.map(|translated| translated.value["made"].clone()).map_err(|error| {
        let problem = error.problems.into_iter().next().unwrap();
        (problem.code, problem.path)
    })
}

#[test]
fn a_currency_that_is_counted_otherwise_becomes_iso_s_minor_units() {
    for (count, currency, minor) in [
        (500, "ISK", 5),
        (-500, "isk", -5),
        (5, "MGA", 500),
        (5, "mga", 500),
        (4_200, "EUR", 4_200),
        (4_200, "jpy", 4_200),
        (5_120, "kwd", 5_120),
    ] {
        assert_eq!(made("minor", &json!({ "n": count, "c": currency })), Ok(json!(minor)), "{currency}");
    }
    let isk = json!({ "n": 500, "c": "ISK" });
    assert_eq!(made("minor-money", &isk), Ok(json!({ "minor": 5, "currency": "ISK" })));
    assert_eq!(made("amount", &isk), Ok(json!("5")));
    assert_eq!(made("amount", &json!({ "n": 5, "c": "MGA" })), Ok(json!("5.00")));
}

#[test]
fn what_iso_s_minor_units_cannot_say_is_refused_and_not_rounded() {
    for (message, code, path) in [
        (json!({ "n": 501, "c": "isk" }), ValueInvalid, "$.n"),
        (json!({ "n": i64::MAX, "c": "mga" }), LimitExceeded, "$.n"),
        (json!({ "n": u64::MAX, "c": "eur" }), LimitExceeded, "$.n"),
        (json!({ "n": 5.5, "c": "isk" }), TypeMismatch, "$.n"),
        (json!({ "n": 5, "c": "euro" }), ValueInvalid, "$.c"),
        (json!({ "n": 5, "c": "e1r" }), ValueInvalid, "$.c"),
        (json!({ "n": 5 }), FieldMissing, "$.c"),
    ] {
        assert_eq!(made("minor", &message), Err((code, path.to_owned())), "{message}");
    }
}

#[test]
fn exponents_that_say_nothing_are_no_mapping() {
    for (exponents, problem) in [
        ("{ isk = 2 }", "exponents, \"isk\": expected a currency of three capital letters"),
        ("{ ISK = 10 }", "exponents, ISK: expected at most 9"),
        ("{ EUR = 2 }", "exponents, EUR: 2 is what ISO 4217 says: take it out"),
    ] {
        let error = plan("minor", &format!("exponents = {exponents}")).unwrap_err();
        assert_eq!(error, format!("mapping any-sum/1, made: {problem}"));
    }
}
