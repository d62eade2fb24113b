//! What an expression may make on its way to what it says.

use message::Code::{self, LimitExceeded, TypeMismatch};
use serde_json::{Value, json};
use transform::{Catalog, Plan};

fn plan(expr: &str) -> Plan {
    let source = r#"{"$id": "spillway:any.text@1", "type": "object", "properties": {
        "a": {"type": "string"}, "b": {"type": "string"},
        "l": {"type": "array", "items": {"type": "object", "properties": {"k": {"type": "string"}}}}}}"#;
    let target = r#"{"$id": "spillway:made.text@1", "type": "object", "properties": {"made": {"type": "string"},
        "l": {"type": "array", "items": {"type": "object", "properties": {"k": {"type": "string"}}}}}}"#;
    let mapping = format!(
        "mapping = \"any-text\"\nversion = 1\nfrom = \"any.text\"\naccepts = [\"1\"]\nto = \"made.text@1\"\n{expr}"
    );
    let catalog = Catalog::read([("any-text.toml", mapping.as_str())], [source, target]).unwrap();
    catalog.plan("any-text", &Value::Null).unwrap()
}

fn made(expr: &str, a: &str, b: &str) -> Result<Value, Code> {
    let rule = format!("[[rule]]\nto = \"made\"\nexpr = \"{expr}\"\nwith = {{ a = \"a\", b = \"b\" }}\n");
    code(
        plan(&rule)
            .translate(&json!({ "a": a, "b": b }).to_string(), None)
            .map(|it| it.value["made"].clone()),
    )
}

fn code(made: Result<Value, transform::MappingError>) -> Result<Value, Code> {
    made.map_err(|error| error.problems.into_iter().next().unwrap().code)
}

#[test]
fn texts_are_replaced_split_and_joined_as_the_extension_has_it() {
    for (expr, expected) in [
        ("a.replace('_', '-')", "x-y-z"),
        ("a.replace('_', '-', 1)", "x-y_z"),
        ("a.replace('_', '-', 0)", "x_y_z"),
        ("a.replace('_', '-', -1)", "x-y-z"),
        ("a.replace('', '.')", ".x._.y._.z."),
        ("a.split('_').join()", "xyz"),
        ("a.split('_', 2).join('+')", "x+y_z"),
        ("a.split('').join(' ')", "x _ y _ z"),
        ("a.split('', 2).join(' ')", "x _y_z"),
        ("a.split('', 9).join(' ')", "x _ y _ z"),
        ("string(a.split('_', 0).size() + a.split('_', -1).size())", "3"),
        ("b.split('').join('|')", "ä|ö"),
        ("[a, b].map(c, c.upperAscii()).join('')", "X_Y_Zäö"),
    ] {
        assert_eq!(made(expr, "x_y_z", "äö"), Ok(json!(expected)), "{expr}");
    }
    for expr in ["[a].replace('x', b)", "[1].join()", "a.join('')"] {
        assert_eq!(made(expr, "x", "y"), Err(TypeMismatch), "{expr}");
    }
}

#[test]
fn a_text_that_grows_beyond_all_bounds_is_refused_before_it_is_made() {
    let (long, b) = ("x".repeat(16_000), "y".repeat(16_000));
    for expr in [
        "a.replace('x', b)",
        "a.replace('', b)",
        "a.replace('x', a).replace('x', a)",
        "a.replace('x', b, 100)",
        "a.split('').exists(c, a.contains(c + 'zz')) ? 'x' : 'y'",
        "a.split('', 300).map(c, a).join('')",
        "[a, a, a, a, a].join('')",
        "[a, a, a, a].join(b)",
    ] {
        assert_eq!(made(expr, &long, &b), Err(LimitExceeded), "{expr}");
    }
    assert_eq!(made("a.replace('x', 'yyyy').size() > 0 ? 'x' : 'y'", &long, &b), Ok(json!("x")));
}

#[test]
fn what_a_macro_makes_of_each_part_counts_as_often_as_a_name_stands_there() {
    let expr = "a.split('').map(c, b + b + b + b + b + b).size() > 0 ? 'x' : 'y'";
    let parts = "x".repeat(200);
    assert_eq!(made(expr, &parts, &"y".repeat(1_000)), Ok(json!("x")));
    assert_eq!(made(expr, &parts, &"y".repeat(16_000)), Err(LimitExceeded));
}

#[test]
fn a_text_that_grows_in_every_item_of_a_list_is_refused() {
    let rules = "[[list]]\nto = \"l[]\"\nfrom = \"l[]\"\n[[rule]]\nto = \"l[].k\"\n\
        expr = \"b.replace(k, b) == '' ? 'x' : 'y'\"\nwith = { b = \"b\", k = \"l[].k\" }\n";
    let message = json!({ "b": "x".repeat(16_000), "l": vec![json!({ "k": "x" }); 20] });
    assert_eq!(
        code(plan(rules).translate(&message.to_string(), None).map(|it| it.value)),
        Err(LimitExceeded)
    );
}
