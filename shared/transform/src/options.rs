//! Values that a target takes now, beside those that a mapping makes and the contract knows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use crate::mapping::file::{DefaultValue, Rule, Source, UnknownValue};
use crate::mapping::path::{Place, Space, without_indices};
use crate::{Catalog, CatalogError};

/// A difference between what is and what we know.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum OptionDrift {
    /// The mapping makes it, and the target does not take it.
    Refused { field: String, value: String },
    /// The contract knows it, and the target does not take it any more.
    Gone { field: String, value: String },
    /// The target takes it, and the contract does not know it yet.
    New { field: String, value: String },
}

impl fmt::Display for OptionDrift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { field, value } => {
                write!(f, "{field}: the mapping makes {value:?}, which the target does not take")
            }
            Self::Gone { field, value } => write!(f, "{field}: the target does not take {value:?} any more"),
            Self::New { field, value } => {
                write!(f, "{field}: the target takes {value:?}, which the contract does not know")
            }
        }
    }
}

impl Catalog {
    /// Compares what a target offers, by field, with a mapping to it.
    pub fn option_drift(
        &self,
        mapping: &str,
        offered: &BTreeMap<String, Vec<String>>,
        settings: &Value,
    ) -> Result<Vec<OptionDrift>, CatalogError> {
        let file = &self.mapping(mapping)?.file;
        let target = crate::contract::ContractId::parse(&file.to).and_then(|id| self.contracts().get(&id));
        let mut found = BTreeSet::new();
        for (field, values) in offered {
            let takes = |value: &String| values.contains(value);
            let rules = file.rule.iter().filter(|rule| without_indices(&rule.to) == *field);
            let made: Vec<_> = rules.flat_map(|rule| made(rule, file, settings)).collect();
            for value in made.into_iter().filter(|value| !takes(value)) {
                found.insert(OptionDrift::Refused { field: field.clone(), value });
            }
            let place = Place::parse(field).ok();
            let known = place.and_then(|place| target?.at(place.in_schema())?.values.as_deref());
            let Some(known) = known else { continue };
            let known: Vec<_> = known.iter().filter_map(text).collect();
            for value in known.iter().filter(|value| !takes(value)) {
                found.insert(OptionDrift::Gone { field: field.clone(), value: value.clone() });
            }
            for value in values.iter().filter(|value| !known.contains(value)) {
                found.insert(OptionDrift::New { field: field.clone(), value: value.clone() });
            }
        }
        Ok(found.into_iter().collect())
    }
}

/// The values that a rule is known to make, whatever comes.
fn made(rule: &Rule, file: &crate::mapping::file::MappingFile, settings: &Value) -> Vec<String> {
    let mut made: Vec<_> = rule.value.iter().filter_map(text).collect();
    match &rule.default {
        Some(DefaultValue::Always(value)) => made.extend(text(value)),
        Some(DefaultValue::When(default)) => made.extend(text(&default.value)),
        None => {}
    }
    if let Some(map) = rule.values.as_ref().and_then(|name| file.values.get(name)) {
        made.extend(map.map.values().filter_map(text));
        if let UnknownValue::Default(value) = &map.unknown {
            made.extend(text(value));
        }
    }
    for source in rule.from.iter() {
        if let Source::Place(place) = source
            && let Ok(place) = Place::parse(place)
            && place.space == Space::Settings
        {
            let value = place.in_schema().try_fold(settings, |here, step| here.get(step));
            made.extend(value.and_then(text));
        }
    }
    made
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn drift(offered: &[(&str, &[&str])]) -> Vec<String> {
        let offered = offered
            .iter()
            .map(|(field, values)| ((*field).to_owned(), values.iter().map(|it| (*it).to_owned()).collect()))
            .collect();
        let settings = json!({ "service": "standard_service", "ship_from": { "country": "DE" } });
        let found =
            Catalog::built_in().unwrap().option_drift("karrio-shipment", &offered, &settings).unwrap();
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_made_and_taken_is_no_difference() {
        assert!(
            drift(&[("service", &["express", "standard_service"]), ("parcels[].weight_unit", &["KG"])])
                .is_empty()
        );
    }

    #[test]
    fn a_value_that_is_made_and_not_taken_any_more_is_found_wherever_it_comes_from() {
        let found = drift(&[("service", &["express"]), ("shipper.country_code", &["US"])]);
        let expected = [
            "service: the mapping makes \"standard_service\", which the target does not take",
            "shipper.country_code: the mapping makes \"DE\", which the target does not take",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn lists_that_differ_from_the_contract_are_told() {
        let found = drift(&[("label_type", &["PDF", "ZPL"]), ("parcels[].weight_unit", &["LB"])]);
        let expected = [
            "parcels[].weight_unit: the mapping makes \"KG\", which the target does not take",
            "parcels[].weight_unit: the target does not take \"KG\" any more",
            "label_type: the target takes \"ZPL\", which the contract does not know",
            "parcels[].weight_unit: the target takes \"LB\", which the contract does not know",
        ];
        assert_eq!(found, expected);
    }
}
