//! Forms that the target wants of a text, and defaults that are always there.

use transform::FindingKind::{MayBeMissing, TypeMismatch};

use crate::produced::{TEXT, found, one_more, required};

#[test]
fn an_email_that_the_target_wants_is_made_by_that_conversion_or_known_to_come() {
    let email = r#"{"type": "string", "format": "email"}"#;
    assert_eq!(found(&one_more(TEXT, email, "from = \"extra\"")), [(TypeMismatch, None)]);
    assert_eq!(found(&one_more(TEXT, email, "from = \"extra\"\nas = \"email\"")), []);
    assert_eq!(found(&one_more(email, email, "from = \"extra\"")), []);
    let uri = r#"{"type": "string", "format": "uri"}"#;
    assert_eq!(found(&one_more(TEXT, uri, "from = \"extra\"")), [], "a hint");
}

#[test]
fn a_default_without_a_condition_is_always_there_however_it_is_written() {
    let rule = |default: &str| format!("from = \"note\"\ndefault = {default}");
    let made = |default: &str| found(&required(one_more(TEXT, TEXT, &rule(default))));
    assert_eq!(made("\"x\""), []);
    assert_eq!(made("{ value = \"x\" }"), []);
    let conditional = "{ value = \"x\", when = \"country == 'DE'\", with = { country = \"country\" } }";
    assert_eq!(made(conditional), [(MayBeMissing, None)]);
    let expr = "expr = \"note\"\nwith = { note = \"note\" }\ndefault = { value = \"x\" }";
    assert_eq!(found(&required(one_more(TEXT, TEXT, expr))), []);
}
