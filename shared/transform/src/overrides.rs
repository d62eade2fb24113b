//! Changes of a mapping while it runs: entries of value maps, and defaults. They are values like those in its file, put
//! over them, and are checked as the file is.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::check::check;
use crate::mapping::file::{DefaultValue, MappingFile};
use crate::{Catalog, CatalogError, Finding, FindingKind, Mapping, Plan};

/// What is put over one mapping, as it stands after so many changes.
#[derive(Clone, PartialEq, Default, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overrides {
    /// Raised by every change; 0 where there never was one.
    pub revision: u64,
    /// By the name of the value map, then by the source's value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, BTreeMap<String, Value>>,
    /// By what the rule makes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub defaults: BTreeMap<String, Value>,
}

/// One change.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "change")]
pub enum Change {
    /// A value of the source becomes this, whether it was known or not.
    SetValue {
        map: String,
        value: String,
        becomes: Value,
    },
    /// As the file has it again.
    UnsetValue {
        map: String,
        value: String,
    },
    SetDefault {
        rule: String,
        becomes: Value,
    },
    UnsetDefault {
        rule: String,
    },
}

/// Entries of all overrides of one mapping together.
const MOST_ENTRIES: usize = 500;
/// Bytes of one value.
const LONGEST_VALUE: usize = 256;

#[derive(Clone, PartialEq, Debug, Error)]
pub enum OverrideError {
    #[error("{mapping} has no value map {map}")]
    NoSuchMap { mapping: String, map: String },
    #[error("{mapping} has no rule that makes {rule}")]
    NoSuchRule { mapping: String, rule: String },
    #[error("nothing is set there")]
    NotSet,
    #[error("{what}: more than {limit}")]
    TooMuch { what: &'static str, limit: usize },
    /// No rule converts what is put over a mapping: it stands in messages as it is.
    #[error("{place} {problem}")]
    Text { place: String, problem: &'static str },
    #[error("{rule} of {mapping} is a constant: its default is never used")]
    NeverUsed { mapping: String, rule: String },
    /// The mapping would not be right any more.
    #[error("{}", told(.0))]
    Findings(Vec<Finding>),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

fn told(findings: &[Finding]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

impl OverrideError {
    /// For logs: a finding quotes the value that it is about, which may be somebody's.
    pub fn without_values(&self) -> String {
        let Self::Findings(findings) = self else { return self.to_string() };
        let place = |finding: &Finding| format!("{:?}: {}: {}", finding.kind, finding.rule, finding.path);
        findings.iter().map(place).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join("; ")
    }
}

impl Overrides {
    /// With one change more. Not checked yet: [`Catalog::overridden`] does.
    pub fn with(&self, change: &Change) -> Result<Self, OverrideError> {
        let mut next = Self { revision: self.revision + 1, ..self.clone() };
        match change {
            Change::SetValue { map, value, becomes } => {
                next.values.entry(map.clone()).or_default().insert(value.clone(), becomes.clone());
            }
            Change::UnsetValue { map, value } => {
                let entries = next.values.get_mut(map).ok_or(OverrideError::NotSet)?;
                entries.remove(value).ok_or(OverrideError::NotSet)?;
                if entries.is_empty() {
                    next.values.remove(map);
                }
            }
            Change::SetDefault { rule, becomes } => {
                next.defaults.insert(rule.clone(), becomes.clone());
            }
            Change::UnsetDefault { rule } => {
                next.defaults.remove(rule).ok_or(OverrideError::NotSet)?;
            }
        }
        Ok(next)
    }

    fn within_limits(&self) -> Result<(), OverrideError> {
        let entries = self.values.values().map(BTreeMap::len).sum::<usize>() + self.defaults.len();
        if entries > MOST_ENTRIES {
            return Err(OverrideError::TooMuch { what: "overrides", limit: MOST_ENTRIES });
        }
        let values = self.values.values().flatten();
        let texts = values.map(|(value, becomes)| value.len().max(becomes.to_string().len()));
        let defaults = self.defaults.values().map(|becomes| becomes.to_string().len());
        if texts.chain(defaults).any(|bytes| bytes > LONGEST_VALUE) {
            return Err(OverrideError::TooMuch { what: "bytes of a value", limit: LONGEST_VALUE });
        }
        Ok(())
    }

    fn texts(&self, file: &MappingFile) -> Result<(), OverrideError> {
        let wrong = |place: String, problem| Err(OverrideError::Text { place, problem });
        for (map, entries) in &self.values {
            let empty_counts =
                || file.rule.iter().any(|rule| rule.empty && rule.values.as_ref() == Some(map));
            for (value, becomes) in entries {
                let place = format!("a value of {map}");
                if value.trim() != value {
                    let problem = "begins or ends with white space; what sources send is compared without";
                    return wrong(place, problem);
                }
                if value.is_empty() && !empty_counts() {
                    return wrong(place, "is empty; an empty text counts as nothing");
                }
                if let Some(problem) = unfit(value) {
                    return wrong(place, problem);
                }
                if let Some(problem) = unfit_in(becomes) {
                    return wrong(format!("what a value of {map} becomes"), problem);
                }
            }
        }
        for (rule, becomes) in &self.defaults {
            if let Some(problem) = unfit_in(becomes) {
                return wrong(format!("the default of {rule}"), problem);
            }
        }
        Ok(())
    }

    fn over(&self, file: &MappingFile) -> Result<MappingFile, OverrideError> {
        let mut file = file.clone();
        for (name, entries) in &self.values {
            let map = file.values.get_mut(name).ok_or_else(|| OverrideError::NoSuchMap {
                mapping: file.mapping.clone(),
                map: name.clone(),
            })?;
            for (value, becomes) in entries {
                map.refuse.remove(value);
                map.map.insert(value.clone(), becomes.clone());
            }
        }
        for (to, becomes) in &self.defaults {
            let rule = file.rule.iter_mut().find(|rule| rule.to == *to).ok_or_else(|| {
                OverrideError::NoSuchRule { mapping: file.mapping.clone(), rule: to.clone() }
            })?;
            // That of a rule whose places every message has is a finding of the check.
            if rule.value.is_some() {
                let (mapping, rule) = (file.mapping.clone(), to.clone());
                return Err(OverrideError::NeverUsed { mapping, rule });
            }
            rule.default = Some(match rule.default.take() {
                Some(DefaultValue::When(mut default)) => {
                    default.value = becomes.clone();
                    DefaultValue::When(default)
                }
                _ => DefaultValue::Always(becomes.clone()),
            });
        }
        Ok(file)
    }
}

/// What is wrong with a text that no conversion has cleaned.
fn unfit(text: &str) -> Option<&'static str> {
    if text.trim() != text {
        Some("begins or ends with white space")
    } else if text.contains(char::is_control) {
        Some("holds a control character")
    } else {
        None
    }
}

fn unfit_in(value: &Value) -> Option<&'static str> {
    match value {
        Value::String(text) => unfit(text),
        Value::Array(items) => items.iter().find_map(unfit_in),
        Value::Object(members) => members.values().find_map(unfit_in),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

impl Catalog {
    /// The mapping with what is put over it, if that is right: checked against the contracts as the file is. A value that the
    /// contract does not know yet is no fault here: that a source sends it is why it is set.
    pub fn overridden(&self, name: &str, overrides: &Overrides) -> Result<Mapping, OverrideError> {
        let mapping = self.mapping(name)?;
        overrides.within_limits()?;
        overrides.texts(&mapping.file)?;
        let mapping = Mapping { path: mapping.path.clone(), file: overrides.over(&mapping.file)? };
        let is_set = |value: &String| overrides.values.values().any(|entries| entries.contains_key(value));
        let is_news = |finding: &Finding| {
            finding.kind == FindingKind::Dead && finding.value.as_ref().is_some_and(is_set)
        };
        let findings: Vec<_> =
            check(&mapping, self.contracts()).into_iter().filter(|finding| !is_news(finding)).collect();
        if findings.is_empty() { Ok(mapping) } else { Err(OverrideError::Findings(findings)) }
    }

    /// As [`Catalog::plan`], with what is put over the mapping.
    pub fn plan_with(
        &self,
        name: &str,
        overrides: &Overrides,
        settings: &Value,
    ) -> Result<Plan, OverrideError> {
        if overrides.revision == 0 {
            return Ok(self.plan(name, settings)?);
        }
        let mapping = self.overridden(name, overrides)?;
        self.compile(&mapping.file, overrides.revision, settings)
            .map_err(|error| CatalogError::from(error).into())
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SetValue { map, value, becomes } => write!(f, "value {value:?} of {map} becomes {becomes}"),
            Self::UnsetValue { map, value } => write!(f, "value {value:?} of {map} is as the file has it"),
            Self::SetDefault { rule, becomes } => write!(f, "default of {rule} becomes {becomes}"),
            Self::UnsetDefault { rule } => write!(f, "default of {rule} is as the file has it"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set(value: &str, becomes: Value) -> Change {
        Change::SetValue { map: "fulfillment".to_owned(), value: value.to_owned(), becomes }
    }

    #[test]
    fn a_change_and_its_reverse_leave_nothing_but_a_revision() {
        let set = Overrides::default().with(&set("scheduled", json!("open"))).unwrap();
        assert_eq!((set.revision, set.values["fulfillment"]["scheduled"].clone()), (1, json!("open")));
        let unset = Change::UnsetValue { map: "fulfillment".to_owned(), value: "scheduled".to_owned() };
        assert_eq!(set.with(&unset).unwrap(), Overrides { revision: 2, ..Overrides::default() });
        assert_eq!(Overrides::default().with(&unset), Err(OverrideError::NotSet));
        let json = serde_json::to_string(&set).unwrap();
        assert_eq!(serde_json::from_str::<Overrides>(&json).unwrap(), set);
    }

    #[test]
    fn what_would_not_be_right_is_refused() {
        let catalog = Catalog::built_in().unwrap();
        let with = |change: &Change| {
            let overrides = Overrides::default().with(change).unwrap();
            catalog.overridden("shopify-order", &overrides).map(|_| ())
        };
        assert_eq!(with(&set("scheduled", json!("open"))), Ok(()));
        let weight = |becomes| Change::SetDefault { rule: "lines[].weight_grams".to_owned(), becomes };
        assert_eq!(with(&weight(json!(250))), Ok(()));
        for becomes in [json!("heavy"), json!(-1), json!(null), json!(1_000_001)] {
            assert!(matches!(with(&weight(becomes)), Err(OverrideError::Findings(_))));
        }
        let no_map =
            Change::SetValue { map: "colour".to_owned(), value: "x".to_owned(), becomes: json!("y") };
        assert!(matches!(with(&no_map), Err(OverrideError::NoSuchMap { .. })));
        let no_rule = Change::SetDefault { rule: "colour".to_owned(), becomes: json!("red") };
        assert!(matches!(with(&no_rule), Err(OverrideError::NoSuchRule { .. })));
        let long = set(&"x".repeat(300), json!("open"));
        assert!(matches!(with(&long), Err(OverrideError::TooMuch { .. })));
    }

    #[test]
    fn a_text_that_never_matches_or_that_no_message_should_hold_is_refused() {
        let catalog = Catalog::built_in().unwrap();
        let told = |mapping: &str, change: &Change| {
            let overrides = Overrides::default().with(change).unwrap();
            catalog.overridden(mapping, &overrides).unwrap_err().to_string()
        };
        let blank =
            "a value of fulfillment begins or ends with white space; what sources send is compared without";
        for value in [" scheduled", "scheduled\u{a0}", "\t"] {
            assert_eq!(told("shopify-order", &set(value, json!("open"))), blank);
        }
        let nothing = "a value of fulfillment is empty; an empty text counts as nothing";
        assert_eq!(told("shopify-order", &set("", json!("open"))), nothing);
        let control = "a value of fulfillment holds a control character";
        assert_eq!(told("shopify-order", &set("on\u{7}hold", json!("open"))), control);
        for (becomes, problem) in [
            (json!("open "), "begins or ends with white space"),
            (json!("op\nen"), "holds a control character"),
            (json!({ "state": ["op\u{1b}en"] }), "holds a control character"),
        ] {
            let expected = format!("what a value of fulfillment becomes {problem}");
            assert_eq!(told("shopify-order", &set("scheduled", becomes.clone())), expected);
            let change = Change::SetDefault { rule: "recipient.phone_number".to_owned(), becomes };
            assert_eq!(
                told("karrio-shipment", &change),
                format!("the default of recipient.phone_number {problem}")
            );
        }
    }

    #[test]
    fn a_default_that_is_never_used_is_refused() {
        let catalog = Catalog::built_in().unwrap();
        let with = |mapping: &str, rule: &str, becomes: Value| {
            let change = Change::SetDefault { rule: rule.to_owned(), becomes };
            catalog.overridden(mapping, &Overrides::default().with(&change).unwrap()).map(|_| ())
        };
        let error = with("karrio-shipment", "label_type", json!("PDF")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "label_type of karrio-shipment is a constant: its default is never used"
        );
        let error = with("shopify-order", "currency", json!("EUR")).unwrap_err();
        assert!(error.to_string().contains("what stands behind it is never used"), "{error}");
    }

    #[test]
    fn what_is_logged_of_a_refusal_names_places_and_no_value() {
        let catalog = Catalog::built_in().unwrap();
        let rule = "lines[].weight_grams".to_owned();
        let change = Change::SetDefault { rule, becomes: json!("Ann Example") };
        let error = catalog.overridden("shopify-order", &Overrides::default().with(&change).unwrap());
        let error = error.unwrap_err();
        assert!(error.to_string().contains("Ann Example"));
        assert_eq!(error.without_values(), "ValueNotAllowed: lines[].weight_grams: lines[].weight_grams");
    }

    #[test]
    fn the_stamp_says_that_something_is_put_over_it() {
        let catalog = Catalog::built_in().unwrap();
        let stamp = |overrides: &Overrides| {
            catalog.plan_with("shopify-order", overrides, &Value::Null).unwrap().stamp()
        };
        assert_eq!(stamp(&Overrides::default()), "shopify-order/2 canonical.order@1");
        let changed = Overrides::default().with(&set("scheduled", json!("open"))).unwrap();
        assert_eq!(stamp(&changed), "shopify-order/2+1 canonical.order@1");
    }
}
