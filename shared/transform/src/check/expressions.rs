use super::{Checker, FindingKind};
use crate::contract::{Schema, Type};
use crate::engine::{Trial, try_expression};
use crate::mapping::file::{DefaultValue, MappingFile, With};

/// Combinations of values that an expression is tried with.
const MOST_TRIALS: usize = 256;

/// Every expression of the file.
pub(super) fn sources(file: &MappingFile) -> Vec<&str> {
    each(file).into_iter().map(|(_, text, _, _)| text).collect()
}

/// Rule, expression, its names, and whether it has to be a condition.
fn each(file: &MappingFile) -> Vec<(&str, &str, &With, bool)> {
    let mut all = Vec::new();
    all.extend(
        file.list.iter().filter_map(|list| Some((list.to.as_str(), list.when.as_deref()?, &list.with, true))),
    );
    all.extend(
        file.refuse.iter().filter_map(|it| Some((it.at.as_str(), it.when.as_deref()?, &it.with, true))),
    );
    for rule in &file.rule {
        let to = rule.to.as_str();
        all.extend(rule.when.as_deref().map(|when| (to, when, &rule.with, true)));
        all.extend(rule.expr.as_deref().map(|expr| (to, expr, &rule.with, false)));
        if let Some(DefaultValue::When(default)) = &rule.default {
            all.extend(default.when.as_deref().map(|when| (to, when, &default.with, true)));
        }
    }
    all
}

impl Checker<'_> {
    /// Tries every expression with the kinds of values that its places may have.
    pub(super) fn expressions(&mut self) {
        let file = self.file;
        for (rule, text, with, condition) in each(file) {
            let names: Vec<(&str, Vec<Trial>)> = with
                .iter()
                .map(|(name, places)| {
                    let mut trials = Vec::new();
                    for place in places.iter().filter_map(Self::place) {
                        let versions = self.sources.iter().map(|(version, _)| *version);
                        if !versions.into_iter().all(|version| self.always(&place, version)) {
                            trials.push(Trial::Null);
                        }
                        for (_, schema) in self.says(&place) {
                            trials.extend(schema.map(kinds).unwrap_or_default());
                        }
                    }
                    trials.sort();
                    trials.dedup();
                    (name.as_str(), trials)
                })
                .collect();
            if let Some(failed) = try_expression(text, &file.sets, &names, condition, MOST_TRIALS) {
                let mend = "compare with null first, or with a value of the same kind";
                self.find(FindingKind::ExpressionFails, rule, "$", failed, mend);
            }
        }
    }
}

fn kinds(schema: &Schema) -> Vec<Trial> {
    schema
        .types
        .of_values()
        .filter_map(|one| match one {
            Type::Boolean => Some(Trial::Boolean),
            Type::Integer => Some(Trial::Integer),
            Type::Number => Some(Trial::Number),
            Type::String => Some(Trial::Text),
            Type::Null | Type::Array | Type::Object => None,
        })
        .collect()
}
