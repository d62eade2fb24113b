//! What stands in a mapping and does nothing is told.

use transform::FindingKind::{Dead, Unusable};
use transform::{Finding, FindingKind};

use crate::produced::{A_OR_B, TEXT, found, one_more, required};
use crate::{Files, MAPPING};

#[test]
fn keys_that_a_conversion_does_not_look_at() {
    let id = r#"{"type": "integer"}"#;
    for more in
        ["match = \"^(a)$\"", "expected = \"a\"", "formats = [\"%Y\"]", "unit = \"g -> kg\"", "yes = [\"y\"]"]
    {
        let rule = format!("from = \"extra\"\nas = \"id\"\n{more}");
        let kinds: Vec<_> = found(&one_more(id, TEXT, &rule)).into_iter().map(|(kind, _)| kind).collect();
        assert!(!kinds.is_empty() && kinds.iter().all(|kind| *kind == Dead), "{more}: {kinds:?}");
    }
    let with = "from = \"extra\"\nwith = { extra = \"extra\" }";
    assert!(found(&one_more(TEXT, TEXT, with)).contains(&(Dead, None)));
}

#[test]
fn a_match_takes_a_group_and_a_rule_reads_something() {
    assert_eq!(found(&one_more(TEXT, TEXT, "from = \"extra\"\nmatch = \"^[a-z]+$\"")), [(Unusable, None)]);
    assert!(found(&one_more(TEXT, TEXT, "")).contains(&(Dead, None)));
}

#[test]
fn a_default_behind_an_expression_that_always_makes_something() {
    let rule = "expr = \"extra == 'a'\"\nas = \"boolean\"\ndefault = true\nwith = { extra = \"extra\" }";
    assert!(found(&required(one_more(A_OR_B, r#"{"type": "boolean"}"#, rule))).contains(&(Dead, None)));
}

#[test]
fn a_condition_that_never_holds() {
    let rule = |when: &str| format!("from = \"extra\"\nwhen = \"{when}\"\nwith = {{ extra = \"extra\" }}");
    let boolean = r#"{"type": "boolean"}"#;
    let made = |when: &str| one_more(boolean, boolean, &format!("{}\nas = \"boolean\"", rule(when)));
    let is_dead = |files| found(&required(files)).contains(&(Dead, None));
    assert!(is_dead(made("extra && extra == false")));
    assert!(!is_dead(made("extra == true")));
    // Of texts that are free another one may come.
    assert!(!is_dead(one_more(TEXT, TEXT, &rule("extra.startsWith('zz')"))));
    assert!(is_dead(one_more(A_OR_B, TEXT, &rule("extra.startsWith('z')"))));
}

fn dead(mapping: String, rule: &str) {
    let findings = Files { mapping, ..Files::new() }.catalog().check();
    let told = |it: &Finding| (it.kind, it.rule.as_str()) == (FindingKind::Dead, rule);
    assert!(findings.iter().any(told), "{findings:#?}");
}

#[test]
fn parts_of_a_file_that_say_nothing() {
    dead(format!("{MAPPING}\n[[list]]\nto = \"items[]\"\nfrom = \"products[]\"\n"), "items[]");
    dead(format!("{MAPPING}\n[[refuse]]\nat = \"note\"\n"), "refuse at note");
    dead(MAPPING.replace(r#"["1", "2"]"#, r#"["1", "1", "2"]"#), "accepts");
    dead(MAPPING.replace("version_at = \"version\"\n", ""), "accepts");
}
