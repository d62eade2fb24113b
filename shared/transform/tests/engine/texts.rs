//! Every text obeys the same rules, whichever way it is made.

use message::Code::{LimitExceeded, ValueInvalid};
use serde_json::{Value, json};

use super::translate;

/// Ways to make a text of `came`.
const WAYS: [&str; 5] = [
    "from = \"came\"",
    "from = { join = [\"came\", \"other\"] }",
    "from = { template = \" {came} \" }",
    "expr = \"came == null ? ' ' : came + ' '\"\nwith = { came = \"came\" }",
    "from = \"came\"\nas = \"subdivision\"",
];

fn made(way: &str, came: &str) -> Result<Value, message::Code> {
    let rules = format!("[[rule]]\nto = \"made\"\n{way}\n");
    let translated = translate(&rules, json!({ "came": came }));
    translated.map(|it| it.value["made"].clone()).map_err(|(code, _)| code)
}

#[test]
fn a_text_has_no_blanks_at_its_ends_and_no_line_breaks_of_a_message_however_it_is_made() {
    for way in WAYS {
        assert_eq!(made(way, " a\r\nb\tc\n"), Ok(json!("a  b c")), "{way}");
        assert_eq!(made(way, " \n "), Ok(Value::Null), "{way}");
        assert_eq!(made(way, "a\u{7}b"), Err(ValueInvalid), "{way}");
    }
    assert_eq!(made("from = \"came\"\nmatch = \"^(.*),\"", "a , b"), Ok(json!("a")));
}

#[test]
fn a_number_a_time_or_a_code_has_64_bytes_at_most() {
    for way in ["id", "integer", "decimal", "instant", "date", "country", "currency"] {
        let way = format!("from = \"came\"\nas = \"{way}\"");
        assert_eq!(made(&way, &"1".repeat(65)), Err(LimitExceeded), "{way}");
    }
    let seconds = "from = \"came\"\nas = \"instant\"\nformats = [\"unix-seconds\"]";
    assert_eq!(made(seconds, &"0".repeat(65)), Err(LimitExceeded));
}

#[test]
fn line_breaks_that_the_mapping_puts_in_stay() {
    let rules = "[[rule]]\nto = \"made\"\nfrom = { join = [\"came\", \"other\"], by = \"\\n\" }\n\
        [[rule]]\nto = \"other\"\nfrom = { template = \"{came}\\n{other}\" }\n";
    let made = translate(rules, json!({ "came": "a\n", "other": "b" })).unwrap().value;
    assert_eq!(made, json!({ "made": "a\nb", "other": "a\nb" }));
}

#[test]
fn a_text_has_64_kib_at_most_however_it_is_made() {
    for way in ["", "as = \"subdivision\"", "as = \"date\"", "match = \"(x)\""] {
        let way = format!("from = \"came\"\n{way}");
        assert_eq!(made(&way, &"x".repeat(65_537)), Err(LimitExceeded), "{way}");
    }
    for way in [
        "from = { join = [\"came\", \"came\", \"came\", \"came\", \"came\"] }",
        "from = { template = \"{came}{came}{came}{came}{came}\" }",
        "expr = \"came + came + came + came + came\"\nwith = { came = \"came\" }",
    ] {
        assert_eq!(made(way, &"x".repeat(13_108)), Err(LimitExceeded), "{way}");
    }
    assert_eq!(made("from = \"came\"", &"x".repeat(65_536)), Ok(json!("x".repeat(65_536))));
}

#[test]
fn a_text_that_an_expression_looks_at_has_16_kib_at_most() {
    let with = "with = { came = \"came\" }";
    for rules in [
        format!("[[rule]]\nto = \"made\"\nexpr = \"size(came)\"\nas = \"integer\"\n{with}\n"),
        format!("[[rule]]\nto = \"other\"\nfrom = \"currency\"\nwhen = \"came != null\"\n{with}\n"),
        format!("[[refuse]]\nat = \"other\"\nwhen = \"came.startsWith('y')\"\nexpected = \"no y\"\n{with}\n"),
    ] {
        let told = |length: usize| translate(&rules, json!({ "came": "x".repeat(length) })).map(|_| ());
        assert_eq!(told(16_384), Ok(()), "{rules}");
        assert_eq!(told(16_385), Err((LimitExceeded, "$.came".to_owned())), "{rules}");
    }
}
