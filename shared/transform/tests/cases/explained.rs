//! What is told of a message, rule by rule.

use std::fs;

use message::Code;
use serde_json::{Value, json};
use transform::cases::{envelope, read};
use transform::{Catalog, Explanation, Outcome, RuleExplained};

use crate::{json_of, project};

fn explain(mapping: &str, case: &str, most_items: usize) -> Explanation {
    let folder = project().join(mapping).join(case);
    explain_text(mapping, &fs::read_to_string(folder.join("input.json")).unwrap(), most_items)
}

fn explain_text(mapping: &str, payload: &str, most_items: usize) -> Explanation {
    let catalog = Catalog::built_in().unwrap();
    let attributes = json!({ "source": "/shopify/acme.myshopify.com" });
    let envelope =
        envelope(&catalog.mapping(mapping).unwrap().file, attributes.as_object().unwrap()).unwrap();
    let plan = catalog.plan(mapping, &Value::Null).unwrap();
    plan.explain(payload, Some(&envelope), most_items)
}

fn rule<'e>(explanation: &'e Explanation, to: &str) -> &'e RuleExplained {
    explanation
        .rules
        .iter()
        .find(|rule| rule.to == to)
        .unwrap_or_else(|| panic!("{to}: {:#?}", explanation.rules))
}

fn looked(rule: &RuleExplained) -> Vec<String> {
    rule.from.iter().map(|looked| format!("{} {}", looked.path, looked.came)).collect()
}

#[test]
fn each_rule_tells_what_it_read_and_made() {
    let explanation = explain("shopify-order", "full", usize::MAX);
    let output: Value = json_of(&project().join("shopify-order/full/output.json"));
    assert_eq!(explanation.output, Some(output));
    let shop = rule(&explanation, "shop");
    assert_eq!(looked(shop), ["@envelope.source \"/shopify/acme.myshopify.com\""]);
    assert_eq!(shop.outcome, Outcome::Made { value: json!("acme.myshopify.com"), by: 0 });
    let price = rule(&explanation, "lines[1].unit_price");
    assert_eq!(looked(price), ["$.line_items[1].price \"149.00\"", "$.currency \"EUR\""]);
    assert_eq!(price.outcome, Outcome::Made { value: json!({"minor": 14900, "currency": "EUR"}), by: 0 });
}

/// Over all cases: what the rules are told to have made is what was made, and what is wrong stands with a rule or a refusal.
#[test]
fn the_rules_together_are_the_outcome() {
    let (catalog, mut looked_into) = (Catalog::built_in().unwrap(), 0);
    for case in read(&project()).unwrap().cases {
        let plan = catalog.plan(&case.mapping, &case.settings).unwrap();
        let envelope = envelope(&catalog.mapping(&case.mapping).unwrap().file, &case.attributes).unwrap();
        let told = plan.explain(&case.input, Some(&envelope), usize::MAX);
        let name = format!("{}/{}", case.mapping, case.name);
        if told.rules.is_empty() {
            assert_eq!(told.problems[0].code, Code::VersionUnsupported, "{name}");
            continue;
        }
        looked_into += 1;
        let Some(output) = told.output else {
            let of_rules = told.rules.iter().flat_map(|rule| match &rule.outcome {
                Outcome::Refused(problems) => problems.clone(),
                _ => Vec::new(),
            });
            let wrong: Vec<_> =
                told.refusals.iter().filter_map(|it| it.refused.clone()).chain(of_rules).collect();
            let missing = told.rules.iter().filter(|rule| rule.outcome == Outcome::Missing).count();
            let unexplained = told.problems.iter().filter(|problem| !wrong.contains(problem)).count();
            // A place that many rules miss is told once, and so is that there are too many problems or no items.
            assert!(unexplained <= missing.max(1), "{name}: {:#?}", told.problems);
            continue;
        };
        for rule in &told.rules {
            let pointer = format!("/{}", rule.to.replace(['.', '['], "/").replace(']', ""));
            let made = output.pointer(&pointer).filter(|value| !value.is_null());
            match &rule.outcome {
                Outcome::Made { value, .. } | Outcome::Default { value } => {
                    assert_eq!(made, Some(value), "{name}")
                }
                Outcome::Absent => assert_eq!(made, None, "{name}: {}", rule.to),
                other => panic!("{name}: {}: {other:?}", rule.to),
            }
        }
    }
    assert!(looked_into > 30);
}

#[test]
fn which_alternative_was_taken_and_where_a_default_was() {
    let guest = explain("shopify-order", "guest", usize::MAX);
    assert!(matches!(rule(&guest, "customer.name").outcome, Outcome::Made { by: 2, .. }));
    assert_eq!(rule(&guest, "customer.id").outcome, Outcome::Absent);
    let hongkong = explain("shopify-order", "light-and-no-postal-code", usize::MAX);
    let postal_code = rule(&hongkong, "ship_to.postal_code");
    assert_eq!(postal_code.outcome, Outcome::Default { value: json!("") });
    assert_eq!(
        looked(postal_code),
        ["$.shipping_address.zip null", "$.shipping_address.country_code \"HK\""]
    );
}

#[test]
fn items_are_numbered_as_each_side_has_them_and_as_many_are_told_as_are_wanted() {
    let explanation = explain("shopify-order", "edited-with-digital-lines", usize::MAX);
    let sku = rule(&explanation, "lines[1].sku");
    assert_eq!(looked(sku), ["$.line_items[3].sku \"SKU-3\""]);
    let [list] = explanation.lists.as_slice() else { panic!("{:#?}", explanation.lists) };
    assert_eq!((list.to.as_str(), list.from.came.as_str(), list.kept), ("lines[]", "4 items", 2));
    let first = explain("shopify-order", "edited-with-digital-lines", 1);
    assert_eq!(first.rules.iter().filter(|rule| rule.to.ends_with(".sku")).count(), 1);
    assert_eq!(first.output, explanation.output);
}

#[test]
fn an_item_that_is_wrong_is_told_however_few_are_wanted() {
    let told = explain("shopify-order", "prices-that-must-not-be-rounded", 0);
    let prices: Vec<_> = told
        .rules
        .iter()
        .filter(|rule| rule.to.ends_with(".unit_price"))
        .map(|rule| rule.to.as_str())
        .collect();
    assert_eq!(prices, [0, 1, 2, 3, 4].map(|index| format!("lines[{index}].unit_price")));
    let sale = explain("tryton-sale", "line-in-another-currency", 0);
    let refused: Vec<_> = sale.refusals.iter().map(|refusal| refusal.at.path.as_str()).collect();
    assert_eq!(refused, ["$.lines[1].unit_price.currency"]);
}

#[test]
fn what_is_refused_says_by_whom_and_what_was_looked_up() {
    let explanation = explain("shopify-order", "already-fulfilled", usize::MAX);
    let refused: Vec<_> = explanation.refusals.iter().filter(|refusal| refusal.refused.is_some()).collect();
    let [refusal] = refused.as_slice() else { panic!("{refused:#?}") };
    assert_eq!(
        (refusal.at.path.as_str(), refusal.key.as_deref()),
        ("$.fulfillment_status", Some("fulfilled"))
    );
    assert_eq!((explanation.output, explanation.problems.len()), (None, 1));

    let prices = explain("shopify-order", "prices-that-must-not-be-rounded", usize::MAX);
    let refused = prices.rules.iter().filter_map(|rule| match &rule.outcome {
        Outcome::Refused(problems) => Some(problems.clone()),
        _ => None,
    });
    assert_eq!(refused.flatten().collect::<Vec<_>>(), prices.problems, "every problem has its rule");
}

#[test]
fn what_the_target_needs_is_missing_and_what_it_can_do_without_is_absent() {
    let explanation = explain_text("tryton-sale", "{}", usize::MAX);
    assert_eq!(rule(&explanation, "party.name").outcome, Outcome::Missing);
    assert_eq!(rule(&explanation, "party.email").outcome, Outcome::Absent);
}

#[test]
fn a_message_that_is_not_looked_into_has_its_problem_and_no_rules() {
    let large = format!("{{\"note\": \"{}\"}}", "x".repeat(1_048_576));
    for (payload, code) in
        [("{", Code::ValueInvalid), ("[]", Code::TypeMismatch), (large.as_str(), Code::LimitExceeded)]
    {
        let explanation = explain_text("shopify-order", payload, usize::MAX);
        assert_eq!((explanation.problems[0].code, explanation.rules.len()), (code, 0), "{payload:.20}");
    }
    let plan = Catalog::built_in().unwrap().plan("shopify-order", &Value::Null).unwrap();
    let explanation = plan.explain("{}", None, usize::MAX);
    assert_eq!((explanation.problems[0].code, explanation.rules.len()), (Code::VersionUnsupported, 0));
}
