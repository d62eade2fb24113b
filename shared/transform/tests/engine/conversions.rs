use message::Code::{FieldMissing, LimitExceeded, TypeMismatch, ValueInvalid, ValueUnknown};
use serde_json::{Value, json};

use super::{made, translate};

#[track_caller]
fn all(rule: &str, cases: &[(Value, Value)]) {
    for (came, expected) in cases {
        assert_eq!(made(rule, came.clone()).as_ref(), Ok(expected), "{rule} of {came}");
    }
}

#[track_caller]
fn none(rule: &str, cases: &[(Value, message::Code)]) {
    for (came, expected) in cases {
        assert_eq!(made(rule, came.clone()), Err(*expected), "{rule} of {came}");
    }
}

#[test]
fn texts_lose_blanks_at_their_ends_and_line_breaks_and_nothing_else() {
    all(
        "",
        &[
            (json!(" a\u{a0}b "), json!("a\u{a0}b")),
            (json!("a\r\nb\tc"), json!("a  b c")),
            (json!("日本"), json!("日本")),
        ],
    );
    none(
        "",
        &[
            (json!(7), TypeMismatch),
            (json!(true), TypeMismatch),
            (json!(["a"]), TypeMismatch),
            (json!("a\u{7}b"), ValueInvalid),
        ],
    );
}

#[test]
fn a_pattern_takes_its_first_group() {
    let rule = "match = \"^ord-([0-9]+)$\"";
    all(rule, &[(json!("ord-17"), json!("17"))]);
    none(rule, &[(json!("ORD-17"), ValueInvalid), (json!("ord-17x"), ValueInvalid)]);
}

#[test]
fn ids_are_texts_and_exact_up_to_64_bits() {
    let largest = json!(18_446_744_073_709_551_615_u64);
    all(
        "as = \"id\"",
        &[(json!(7), json!("7")), (largest, json!("18446744073709551615")), (json!(" x-1 "), json!("x-1"))],
    );
    all("as = \"id\"", &["007", "-", "1.2.3", "1.", ".5", "0x", "-a"].map(|id| (json!(id), json!(id))));
    none(
        "as = \"id\"",
        &[
            (json!(0), ValueInvalid),
            (json!(-3), ValueInvalid),
            (json!("0"), ValueInvalid),
            (json!("000"), ValueInvalid),
            (json!("-3"), ValueInvalid),
            (json!("-5.0"), ValueInvalid),
            (json!("7.0"), ValueInvalid),
            (json!(1.5), TypeMismatch),
            (json!({}), TypeMismatch),
        ],
    );
}

#[test]
fn integers_are_whole_and_never_rounded() {
    all(
        "as = \"integer\"",
        &[
            (json!(-7), json!(-7)),
            (json!("42"), json!(42)),
            (json!(i64::MIN), json!(i64::MIN)),
            (json!(u64::MAX), json!(u64::MAX)),
        ],
    );
    none(
        "as = \"integer\"",
        &[
            (json!(1.0), TypeMismatch),
            (json!("1.0"), TypeMismatch),
            (json!("18446744073709551616"), LimitExceeded),
            (json!(true), TypeMismatch),
        ],
    );
}

#[test]
fn decimals_are_kept_exactly() {
    all(
        "as = \"decimal\"",
        &[
            (json!("0019.90"), json!("19.9")),
            (json!(19.9), json!("19.9")),
            (json!(7), json!("7")),
            (json!("-0.05"), json!("-0.05")),
        ],
    );
    none(
        "as = \"decimal\"",
        &[(json!("1e3"), ValueInvalid), (json!("1,5"), ValueInvalid), (json!("NaN"), ValueInvalid)],
    );
}

#[test]
fn money_is_minor_units_of_its_currency() {
    let (major, minor) =
        ("as = \"money\"\ncurrency = \"currency\"", "as = \"minor-money\"\ncurrency = \"currency\"");
    all(
        major,
        &[
            (json!("19.90"), json!({"minor": 1990, "currency": "EUR"})),
            (json!("-3"), json!({"minor": -300, "currency": "EUR"})),
        ],
    );
    all(minor, &[(json!(1990), json!({"minor": 1990, "currency": "EUR"}))]);
    none(
        major,
        &[
            (json!(19.9), TypeMismatch),
            (json!("19.901"), ValueInvalid),
            (json!("92233720368547758.08"), ValueInvalid),
        ],
    );
    none(
        minor,
        &[(json!("1990"), TypeMismatch), (json!(19.9), TypeMismatch), (json!(u64::MAX), LimitExceeded)],
    );
}

#[test]
fn a_wrong_currency_is_told_at_its_own_place() {
    let rules = "[[rule]]\nto = \"made\"\nfrom = \"came\"\nas = \"money\"\ncurrency = \"currency\"\n";
    for (currency, code) in [(json!("euro"), ValueInvalid), (json!(null), FieldMissing)] {
        let refused = translate(rules, json!({"came": "19.90", "currency": currency})).unwrap_err();
        assert_eq!(refused, (code, "$.currency".to_owned()));
    }
}

#[test]
fn amounts_are_decimals_of_their_currency_again() {
    let rule = "as = \"amount\"\ncurrency = \"currency\"";
    all(
        rule,
        &[
            (json!(1990), json!("19.90")),
            (json!(-5), json!("-0.05")),
            (json!(i64::MAX), json!("92233720368547758.07")),
        ],
    );
    none(rule, &[(json!("1990"), TypeMismatch)]);
}

#[test]
fn instants_of_every_format_are_the_same_instant() {
    let instant = json!("2026-11-24T09:15:30Z");
    for (formats, came) in [
        ("", json!("2026-11-24T10:15:30+01:00")),
        ("formats = [\"rfc2822\"]", json!("Tue, 24 Nov 2026 10:15:30 +0100")),
        ("formats = [\"unix-seconds\"]", json!(1_795_511_730)),
        ("formats = [\"unix-milliseconds\"]", json!("1795511730000")),
        ("formats = [\"%d.%m.%Y %H:%M:%S %z\"]", json!("24.11.2026 10:15:30 +0100")),
        ("formats = [\"%Y-%m-%d %H:%M:%S\"]\noffset = \"+01:00\"", json!("2026-11-24 10:15:30")),
        ("formats = [\"rfc3339\", \"unix-seconds\"]", json!(1_795_511_730)),
    ] {
        all(&format!("as = \"instant\"\n{formats}"), &[(came, instant.clone())]);
    }
    none(
        "as = \"instant\"",
        &[
            (json!("2026-11-24T09:15:30"), ValueInvalid),
            (json!(1_795_511_730), ValueInvalid),
            (json!(true), TypeMismatch),
        ],
    );
    let without_offset = "as = \"instant\"\nformats = [\"%Y-%m-%d %H:%M:%S\"]";
    none(without_offset, &[(json!("2026-11-24 10:15:30"), ValueInvalid)]);
}

#[test]
fn dates_are_of_the_calendar() {
    all("as = \"date\"", &[(json!("2026-11-24"), json!("2026-11-24"))]);
    all("as = \"date\"\nformats = [\"%d/%m/%Y\"]", &[(json!("24/11/2026"), json!("2026-11-24"))]);
    none(
        "as = \"date\"",
        &[
            (json!("2026-02-30"), ValueInvalid),
            (json!("24.11.2026"), ValueInvalid),
            (json!("2026-11-24T23:30:00-05:00"), ValueInvalid),
            (json!(20_261_124), TypeMismatch),
        ],
    );
}

#[test]
fn codes_of_countries_currencies_and_subdivisions() {
    all("as = \"country\"", &[(json!("DE"), json!("DE"))]);
    all("as = \"currency\"", &[(json!("EUR"), json!("EUR"))]);
    all(
        "as = \"subdivision\"\ncountry = \"country\"",
        &[(json!("JP-13"), json!("13")), (json!("CA"), json!("CA")), (json!("JP-"), Value::Null)],
    );
    none(
        "as = \"country\"",
        &[(json!("de"), ValueInvalid), (json!("DEU"), ValueInvalid), (json!("Germany"), ValueInvalid)],
    );
    none("as = \"currency\"", &[(json!("eur"), ValueInvalid), (json!("€"), ValueInvalid)]);
}

#[test]
fn booleans_are_booleans_or_the_texts_that_are_said() {
    all("as = \"boolean\"", &[(json!(true), json!(true)), (json!(false), json!(false))]);
    none("as = \"boolean\"", &[(json!("true"), TypeMismatch), (json!(1), TypeMismatch)]);
    let texts = "as = \"boolean\"\nyes = [\"Y\", \"1\"]\nno = [\"N\", \"0\"]";
    all(texts, &[(json!("Y"), json!(true)), (json!(0), json!(false)), (json!(true), json!(true))]);
    none(texts, &[(json!("y"), ValueInvalid), (json!(2), ValueInvalid)]);
}

#[test]
fn an_address_that_none_could_mail_to_is_refused_or_left_out() {
    all("as = \"email\"", &[(json!(" ann@example.com "), json!("ann@example.com"))]);
    none(
        "as = \"email\"",
        &[(json!("ann"), ValueInvalid), (json!("a b@example.com"), ValueInvalid), (json!(7), TypeMismatch)],
    );
    all("as = \"email\"\nlenient = true", &[(json!("ann"), Value::Null)]);
    none("as = \"email\"\nlenient = true", &[(json!(7), TypeMismatch)]);
}

#[test]
fn quantities_change_their_unit_exactly_or_not_at_all() {
    all(
        "as = \"unit\"\nunit = \"g -> kg\"",
        &[(json!(2750), json!(2.75)), (json!("2000"), json!(2)), (json!(0), json!(0))],
    );
    all("as = \"unit\"\nunit = \"kg -> g\"", &[(json!(1.234), json!(1234))]);
    all("as = \"unit\"\nunit = \"lb -> oz\"", &[(json!(2), json!(32))]);
    none("as = \"unit\"\nunit = \"in -> ft\"", &[(json!(1), ValueInvalid)]);
    none("as = \"unit\"\nunit = \"g -> kg\"", &[(json!("heavy"), ValueInvalid)]);
}

#[test]
fn value_maps_know_park_pass_or_replace() {
    let map =
        "[values.size]\nmap = { S = \"small\", 1 = \"one\", true = \"yes\" }\nrefuse = { X = \"no X\" }\n";
    let with = |policy: &str, came: Value| {
        let rules = format!("{map}{policy}\n[[rule]]\nto = \"made\"\nfrom = \"came\"\nvalues = \"size\"\n");
        translate(&rules, json!({ "came": came })).map(|it| (it.value["made"].clone(), it.notes.len()))
    };
    for (came, made) in
        [(json!("S"), "small"), (json!(" S "), "small"), (json!(1), "one"), (json!(true), "yes")]
    {
        assert_eq!(with("", came.clone()), Ok((json!(made), 0)), "{came}");
    }
    let at = |code| Err((code, "$.came".to_owned()));
    assert_eq!(with("", json!("X")), at(ValueInvalid));
    assert_eq!(with("", json!("M")), at(ValueUnknown));
    assert_eq!(with("", json!({})), at(TypeMismatch));
    assert_eq!(with("unknown = \"pass\"", json!("M")), Ok((json!("M"), 1)));
    assert_eq!(with("unknown = { default = \"other\" }", json!("M")), Ok((json!("other"), 1)));
    assert_eq!(with("unknown = { default = \"other\" }", json!("X")), at(ValueInvalid));
}

#[test]
fn what_a_value_map_refuses_or_parks_no_rule_lets_pass() {
    let rules = "[values.size]\nmap = { S = \"1\" }\nrefuse = { X = \"no X\" }\n\
        [[rule]]\nto = \"made\"\nfrom = [\"came\", \"other\"]\nvalues = \"size\"\nlenient = true\n";
    let with = |came: &str| {
        let message = json!({ "came": came, "other": "S" });
        translate(rules, message).map(|it| it.value["made"].clone()).map_err(|(code, _)| code)
    };
    assert_eq!(with("X"), Err(ValueInvalid));
    assert_eq!(with("M"), Err(ValueUnknown));
    // What the value map passes is converted, and left out where it cannot be.
    let passes = rules.replace("[values.size]", "[values.size]\nunknown = \"pass\"") + "as = \"email\"\n";
    let message = json!({ "came": "M", "other": "S" });
    assert_eq!(translate(&passes, message).unwrap().value, json!({ "made": "1" }));
}

#[test]
fn a_number_that_was_rounded_before_we_saw_it_is_refused() {
    for rule in ["as = \"decimal\"", "as = \"unit\"\nunit = \"g -> kg\""] {
        let beyond: Value = serde_json::from_str("18446744073709551617").unwrap();
        none(rule, &[(beyond, LimitExceeded), (json!(9_007_199_254_740_992.0), LimitExceeded)]);
    }
}

#[test]
fn a_text_that_names_its_offset_keeps_it_beside_one_that_names_none() {
    let rule =
        "as = \"instant\"\noffset = \"+01:00\"\nformats = [\"%Y-%m-%d %H:%M:%S %z\", \"%Y-%m-%d %H:%M:%S\"]";
    all(
        rule,
        &[
            (json!("2026-01-02 03:04:05 +0500"), json!("2026-01-01T22:04:05Z")),
            (json!("2026-01-02 03:04:05"), json!("2026-01-02T02:04:05Z")),
        ],
    );
}

#[test]
fn fractions_that_a_double_has_rounded_are_refused() {
    let unit = "as = \"unit\"\nunit = \"kg -> g\"";
    let number = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    for text in ["9007199254740.9931", "123456.12345678902", "0.30000000000000004", "-4503599627370497.5"] {
        for rule in ["as = \"decimal\"", unit] {
            assert_eq!(made(rule, number(text)), Err(LimitExceeded), "{text}");
        }
    }
    for (text, decimal) in [
        ("123456.123456789", "123456.123456789"),
        ("0.000123456789012345", "0.000123456789012345"),
        ("-19.90", "-19.9"),
        ("1e15", "1000000000000000"),
    ] {
        assert_eq!(made("as = \"decimal\"", number(text)), Ok(json!(decimal)), "{text}");
    }
    assert_eq!(made(unit, number("123456.123456789")), Ok(json!(123_456_123.456_789)));
}
